"""make install and make uninstall: all that is needed arrives, works from there, and goes again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.client import answer_to
from harness.home import BIN, ROOT

BUILD = BIN.resolve().parent
EXPECTED = [
    "bin/threadrunner",
    "libexec/threadrunner/threadrunner-daemon",
    "libexec/threadrunner/threadrunner-dummy",
    "share/man/man1/threadrunner.1",
    "share/bash-completion/completions/threadrunner",
    "share/zsh/site-functions/_threadrunner",
    "share/fish/vendor_completions.d/threadrunner.fish",
    "lib/systemd/user/threadrunner.service",
    "lib/systemd/user/threadrunner.socket",
]


def run(script, stage, prefix, *arguments):
    return subprocess.run(
        [str(ROOT / "scripts" / script), *arguments],
        env={**os.environ, "DESTDIR": str(stage), "PREFIX": prefix},
        capture_output=True,
        text=True,
    )


def files_below(folder):
    return {path for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    if not (BUILD / "cmake_install.cmake").exists():
        pytest.skip("the programs do not come from a build folder")
    if not (BUILD / "packaging/threadrunner.1").exists():
        pytest.skip("the pages are not built")
    stage = tmp_path_factory.mktemp("stage with blanks")
    ran = run("install", stage, "/opt/my tools", str(BUILD))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    yield stage, stage / "opt/my tools"
    mine = stage / "opt/my tools/share/threadrunner/mine"
    mine.write_text("a file of the user's")
    ran = run("uninstall", stage, "/opt/my tools")
    assert ran.returncode == 0, ran.stderr
    assert files_below(stage) == {mine}, "exactly what was installed is gone"
    assert "kept, it has other files" in ran.stdout
    again = run("uninstall", stage, "/opt/my tools")
    assert again.returncode == 1 and "nothing is installed" in again.stderr


def test_all_that_is_needed_arrives(installed):
    _, prefix = installed
    missing = [name for name in EXPECTED if not (prefix / name).is_file()]
    assert not missing
    service = (prefix / "lib/systemd/user/threadrunner.service").read_text()
    assert 'ExecStart="/opt/my tools/libexec/threadrunner/threadrunner-daemon"' in service


def test_what_was_installed_works_from_there(installed, home):
    _, prefix = installed
    ran = subprocess.run(
        [prefix / "bin/threadrunner", "Hi"],
        env=home.environment(THREADRUNNER_BACKEND="dummy"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
    )
    assert ran.stdout.decode() == answer_to("Hi") + "\n", ran.stderr
    daemon = Path(os.readlink(f"/proc/{home.daemon().pid}/exe"))
    assert daemon == prefix / "libexec/threadrunner/threadrunner-daemon"


def test_the_sandbox_finds_its_library_beside_it(installed):
    _, prefix = installed
    sandbox = prefix / "libexec/threadrunner/threadrunner-sandbox"
    if not (BIN / "threadrunner-sandbox").exists():
        pytest.skip("the sandbox is not built")
    ran = subprocess.run(["ldd", sandbox], capture_output=True, text=True, check=True)
    assert f"libwasmtime.so => {sandbox.parent}/libwasmtime.so" in ran.stdout
    subprocess.run([sandbox, "--version"], check=True, capture_output=True)


def test_the_man_page_names_every_command(installed):
    _, prefix = installed
    page = (prefix / "share/man/man1/threadrunner.1").read_text()
    for command in ("ask", "config", "logs", "serve"):
        assert f".SS {command}\n" in page
    assert "\\-\\-temperature" in page


def test_a_package_names_the_licences_of_what_is_compiled_in(tmp_path):
    llama = ROOT / "build/deps/llama.cpp"
    wasmtime = ROOT / "build/deps/wasmtime"
    taglib = ROOT / "build/deps/taglib"
    sources = llama, wasmtime, taglib
    if not all(source.is_dir() for source in sources) or not shutil.which("dpkg"):
        pytest.skip("needs the sources of llama.cpp and TagLib, Wasmtime, and Debian's packages")
    subprocess.run([ROOT / "packaging/debian/notices", *sources, tmp_path / "copyright"],
                   check=True)
    text = (tmp_path / "copyright").read_text()
    for words in (
        "Copyright (c) 2023-2026 The ggml authors",
        "Copyright (c) 2017 Sean Barrett",
        "Copyright 2024 Mozilla Foundation",
        "Niels Lohmann",
        "Yann Collet",
        "CLI11",
        "marked",
        "LLVM Exceptions to the Apache 2.0 License",
        "MOZILLA PUBLIC LICENSE",
    ):
        assert words in text, words


def test_a_prefix_that_is_no_place_is_refused(tmp_path):
    refused = run("install", tmp_path, "usr/local", str(BUILD))
    assert refused.returncode == 1 and "PREFIX must begin with /" in refused.stderr
