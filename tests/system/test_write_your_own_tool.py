"""The example of docs/tools/write-your-own.md is a tool that works."""

import os
import re
import shutil
import subprocess

import pytest

from harness.home import ROOT
from harness.wasi_host import Module, compile_module

PAGE = ROOT / "docs/tools/write-your-own.md"


@pytest.fixture(scope="module")
def go():
    found = subprocess.run([ROOT / "scripts/find-go"], capture_output=True, text=True)
    if found.returncode != 0:
        pytest.skip("no go of 1.24 or newer")
    return found.stdout.strip() + "/go"


def test_the_example_builds_and_answers(go, tmp_path):
    (code,) = re.findall(r"^```go\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "main.go").write_text(code)
    for name in ("go.mod", "go.sum"):
        shutil.copy(ROOT / "tools/text" / name, tmp_path)
    kept = ROOT / "build/deps/go-kept"
    environment = {**os.environ, "GOOS": "wasip1", "GOARCH": "wasm", "GOTOOLCHAIN": "local",
                   "GOFLAGS": "-modcacherw", "GOPATH": str(kept), "GOCACHE": str(kept / "build")}
    subprocess.run([go, "build", "-o", "lines.wasm", "."], cwd=tmp_path, env=environment,
                   check=True, timeout=300)
    compile_module(tmp_path / "lines.wasm", tmp_path / "compiled")
    with Module(tmp_path / "compiled", read_only={"/here": tmp_path}) as tool:
        assert tool.ask("count_lines", path="/here/main.go", id=4) == {
            "ok": True, "lines": code.count("\n"), "id": 4}
        assert tool.ask("count_lines", path="/etc/passwd")["ok"] is False
        assert tool.ask("nonsense")["ok"] is False
        assert list(tool.ask("describe")["ops"]) == ["count_lines"]
