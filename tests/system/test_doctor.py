"""threadrunner doctor: what is wrong is found, with its remedy, and nothing is started for it."""

import json
import os
import resource
import signal
import socket
import subprocess

import pytest

from harness.home import BIN
from harness.waiting import wait_until


def examined(home, env=None, **options):
    """The findings, and the exit code."""
    ended = home.command("doctor", "--json", env=env, **options)
    assert ended.stderr == b""
    document = json.loads(ended.stdout)
    bad = [finding for finding in document["findings"] if finding["health"] == "problem"]
    assert len(bad) == document["problems"]
    assert ended.returncode == (1 if bad else 0)
    return document["findings"]


def texts(findings, group, health=None):
    return [
        finding["what"] + " -> " + finding.get("remedy", "")
        for finding in findings
        if finding["group"] == group and health in (None, finding["health"])
    ]


def found(findings, group, health, *words):
    """Whether there is a finding with all these words."""
    return any(all(word in text for word in words) for text in texts(findings, group, health))


def healthy(home):
    """A home as a daemon leaves it."""
    home.start()
    home.stop_daemon()
    return home


def test_without_a_home_and_a_daemon_there_is_no_problem_and_none_is_made(home):
    home.root.rmdir()
    findings = examined(home)
    assert found(findings, "home", "note", "is not there yet")
    assert found(findings, "daemon", "note", "none is running")
    assert not home.root.exists() and not home.processes()


def test_people_read_each_finding_with_its_remedy(home):
    shown = home.command("doctor").stdout.decode()
    assert "note     daemon     none is running" in shown
    assert "-> the next command that needs one starts it" in shown
    assert shown.rstrip().splitlines()[-1].startswith("0 problems, ")


def test_a_daemon_that_runs_is_asked_for_its_state_and_budget(home):
    home.start(memory_mib=100)
    findings = examined(home)
    assert found(findings, "daemon", "ok", f"process {home.daemon().pid}")
    assert found(findings, "memory", None, "budget for workers is 100 MiB")
    assert found(findings, "leftovers", "ok", "none")


def test_a_daemon_that_stands_still_is_a_problem_and_not_waited_for(home):
    home.start()
    daemon = home.daemon()
    daemon.send_signal(signal.SIGSTOP)
    try:
        findings = examined(home)
    finally:
        daemon.send_signal(signal.SIGCONT)
    assert found(findings, "daemon", "problem", "does not answer", "SIGTERM")


def test_what_a_killed_daemon_left_is_found(home):
    home.start()
    home.kill_daemon()
    findings = examined(home)
    assert found(findings, "leftovers", "warning", "daemon.sock", "was killed")
    home.start()  # which the next one mends
    assert found(examined(home), "leftovers", "ok", "none")


def test_a_worker_that_has_lost_its_daemon_is_found(home):
    ours, theirs = socket.socketpair()

    def as_descriptor_3():
        os.dup2(theirs.fileno(), 3, inheritable=True)

    worker = home.spawn(
        "threadrunner-dummy", preexec_fn=as_descriptor_3, close_fds=False, stderr=subprocess.PIPE
    )
    theirs.close()
    wait_until(lambda: home.workers(), "the worker is to run")
    findings = examined(home)
    assert found(findings, "leftovers", "warning", "lost its daemon", f"kill {worker.pid}")
    ours.close()
    worker.wait(timeout=10)


@pytest.mark.parametrize(
    "mode, health, words",
    [
        (0o770, "problem", "others may write"),
        (0o755, "warning", "others may look into"),
    ],
)
def test_a_home_that_is_open_to_others_is_found(home, mode, health, words):
    healthy(home)
    home.root.chmod(mode)
    assert found(examined(home), "home", health, words, "chmod 700")
    home.root.chmod(0o700)


def test_a_home_that_cannot_be_written_is_a_problem(home):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    healthy(home)
    home.root.chmod(0o500)
    assert found(examined(home), "home", "problem", "cannot be written", "chmod 700")
    home.root.chmod(0o700)


def test_a_file_in_the_place_of_the_home_is_a_problem(home, tmp_path):
    (tmp_path / "home").write_text("")
    findings = examined(home, env={"THREADRUNNER_HOME": str(tmp_path / "home")})
    assert found(findings, "home", "problem", "is not a directory")


def test_models_that_cannot_be_used_are_named(home):
    healthy(home)
    (home.root / "models" / "cut off.gguf").write_bytes(b"GGUF\x03\0\0\0")
    (home.root / "models" / "text.gguf").write_text("hello")
    (home.root / "models" / "half.gguf.part").write_text("")
    os.mkfifo(home.root / "models" / "pipe.gguf")
    findings = examined(home)
    for name in ("cut off.gguf", "text.gguf", "pipe.gguf"):
        assert found(findings, "models", "warning", name), name
    assert found(findings, "models", "note", "half.gguf.part")


def test_limits_of_the_shell_are_found(home):
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    findings = examined(home, preexec_fn=few_files)
    assert found(findings, "limits", "problem", "at most 64 files", "ulimit -Hn")
    assert found(findings, "limits", "warning", "1.0 MiB", "ulimit -f")


def test_a_socket_path_that_is_too_long_is_a_problem(home):
    findings = examined(home, env={"THREADRUNNER_SOCKET": "/tmp/" + "x" * 120})
    assert found(findings, "socket", "problem", "too long", "--socket")


def test_settings_that_a_daemon_would_refuse_are_found(home):
    healthy(home)
    (home.root / "config.toml").write_text("[engine]\nslotz = 2\n")
    findings = examined(home)
    assert found(findings, "settings", "problem", "engine.slots")


def test_the_walls_of_the_sandbox_are_shown(home):
    findings = examined(home)
    if (BIN / "threadrunner-sandbox").exists():
        assert found(findings, "sandbox", "ok", "Wasmtime 50") or found(
            findings, "sandbox", "warning", "this kernel")
    else:
        assert found(findings, "sandbox", "note", "there is no sandbox")


def test_the_programs_and_the_engines_devices_are_shown(home):
    findings = examined(home)
    assert found(findings, "programs", "ok", "command and daemon")
    if (BIN / "threadrunner-engine").exists():
        assert found(findings, "programs", "ok", "llama.cpp")
        assert found(findings, "devices", "ok", "CPU")
        assert found(findings, "processor", "ok", "the engine uses")
    else:
        assert found(findings, "programs", "note", "there is no engine")
