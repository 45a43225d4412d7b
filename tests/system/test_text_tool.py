"""The tool `text`, which is written in Go: that the modules' protocol is open to any language."""

import os
import struct

import jsonschema_rs
import msgpack
import pytest

from harness.home import BIN
from harness.wasi_host import Module, compile_module, frame

WASM = BIN.parent / "tools/text/text.wasm"
MIB = 1 << 20
POEM = "One crow,\ntwo crows ärgern 🐦\n\nthree  crows.\n"

pytestmark = pytest.mark.skipif(not WASM.exists(), reason="the tool text is not built")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "compiled"
    compile_module(WASM, path)
    return path


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "poem.txt").write_text(POEM)
    return tmp_path


@pytest.fixture
def tool(compiled, folder):
    with Module(compiled, read_only={"/text": folder}) as module:
        yield module


def asked(tool, op, name="poem.txt", **arguments):
    reply = tool.ask(op, path=f"/text/{name}", **arguments)
    assert reply.pop("ok"), reply
    return reply


def refused(tool, op, **arguments):
    reply = tool.ask(op, **arguments)
    assert reply["ok"] is False and set(reply) == {"ok", "error"}, reply
    return reply["error"]


def test_words_are_counted_as_wc_does(tool, folder):
    assert asked(tool, "word_count") == {
        "lines": 4, "words": 8, "characters": len(POEM), "bytes": len(POEM.encode())}
    (folder / "empty").touch()
    assert set(asked(tool, "word_count", "empty").values()) == {0}


def test_grep_finds_lines(tool):
    assert asked(tool, "grep", pattern="^(two|three).*crow") == {"more": False, "matches": [
        {"line": 2, "text": "two crows ärgern 🐦"}, {"line": 4, "text": "three  crows."}]}
    assert asked(tool, "grep", pattern="CROW", max=1, ignore_case=True) == {
        "more": True, "matches": [{"line": 1, "text": "One crow,"}]}
    assert asked(tool, "grep", pattern="raven")["matches"] == []


def test_a_pattern_costs_no_more_than_its_text(tool, folder):
    (folder / "a").write_text("a" * 20_000 + "!\n")
    assert asked(tool, "grep", "a", pattern="^(a+)+$")["matches"] == []


def test_a_range_of_lines_is_read(tool, folder):
    assert asked(tool, "read_range", **{"from": 2, "lines": 1}) == {
        "text": "two crows ärgern 🐦\n", "from": 2, "lines": 1, "more": True}
    assert asked(tool, "read_range")["text"] == POEM
    assert asked(tool, "read_range", **{"from": 9}) == {
        "text": "", "from": 9, "lines": 0, "more": False}
    (folder / "long").write_text(("x" * 99 + "\n") * 20_000)
    read = asked(tool, "read_range", "long", lines=10_000)
    assert len(read["text"]) == 1_000_000 and read["more"]
    (folder / "wide").write_text(("x" * 9_999 + "\n") * 200)
    read = asked(tool, "read_range", "wide")
    assert len(read["text"]) <= MIB and read["more"]


def test_what_is_no_text_is_refused_or_repaired(tool, folder):
    (folder / "one-line").write_bytes(b"x" * (MIB + 1))
    assert asked(tool, "word_count", "one-line")["words"] == 1
    for op, more in (("grep", {"pattern": "y"}), ("read_range", {})):
        assert refused(tool, op, path="/text/one-line", **more) == (
            "Not a text: /text/one-line has a line of more than 1 MiB")
    (folder / "latin").write_bytes(b"caf\xe9\n")
    assert asked(tool, "read_range", "latin")["text"] == "caf\ufffd\n"


def test_files_that_are_none(tool, folder):
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "out").symlink_to("/etc/hostname")
    for op, more in (("word_count", {}), ("grep", {"pattern": "x"}), ("read_range", {})):
        for name in ("folder", "fifo"):
            assert refused(tool, op, path=f"/text/{name}", **more) == (
                f"Not a regular file: /text/{name}")
        for path in ("/text/none", "/etc/hostname", "/text/../etc/hostname", "/text/out"):
            assert refused(tool, op, path=path, **more).startswith(f"Cannot read {path}: ")


@pytest.mark.parametrize("request_, error", [
    ({"op": "grep", "path": "/text/poem.txt"}, "Missing pattern"),
    ({"op": "word_count"}, "Missing path"),
    ({"op": "word_count", "path": "a\0b"}, "Invalid path: it has a NUL"),
    ({"op": "grep", "path": "/text/poem.txt", "pattern": "x", "max": 0},
     'Invalid value of "max": it takes a whole number from 1 to 10000'),
    ({"op": "read_range", "path": "/text/poem.txt", "from": "2"},
     'Invalid value of "from": it takes a whole number from 1 to 9007199254740992'),
    ({"op": "dance"}, "Unknown operation: dance"),
    ({}, "Missing op"),
    ({"op": "batch"}, "Missing requests"),
])
def test_requests_that_are_wrong(tool, request_, error):
    tool.send_bytes(frame(msgpack.packb(request_)))
    assert tool.receive() == {"ok": False, "error": error}


def test_a_pattern_that_is_wrong_is_explained(tool):
    error = refused(tool, "grep", path="/text/poem.txt", pattern="(")
    assert error == "Invalid pattern: error parsing regexp: missing closing ): `(`"


def test_the_protocol_is_that_of_every_tool(tool):
    said = tool.ask("describe", id=7)
    assert (said["ok"], said["name"], said["id"]) == (True, "text", 7)
    assert set(said["ops"]) == {"word_count", "grep", "read_range", "describe", "batch"}
    for operation in said["ops"].values():
        assert operation["summary"]
        jsonschema_rs.meta.validate(operation["args"])
    path = "/text/poem.txt"
    reply = tool.ask("batch", id="b", requests=[
        {"op": "word_count", "path": path, "id": 1}, {"op": "none"}, {"op": "batch"}, 7])
    first, second, third, fourth = reply["replies"]
    assert (reply["id"], first["id"], first["words"]) == ("b", 1, 8)
    assert [each["error"] for each in (second, third, fourth)] == [
        "Unknown operation: none", "A batch holds no batch", "A request is a map"]


@pytest.mark.parametrize("payload", [
    b"\xc1\xff", b"\xdd\xff\xff\xff\xff", b"\x91" * 100_000, b"\x81\xdb\xff\xff\xff\xff", b"\x07",
    b"\x80\x80", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x81\xa2op\xa2\xff\xfe"])
def test_garbage_is_refused_and_the_next_request_answered(tool, payload):
    tool.send_bytes(frame(payload))
    assert tool.receive()["ok"] is False
    assert tool.ask("describe")["ok"]


def test_streams_that_end_and_frames_that_are_too_large(compiled, folder):
    for data, status in ((b"", 0), (struct.pack("<I", 9) + b"abc", 1), (b"\xff" * 4, 2)):
        with Module(compiled, read_only={"/text": folder}) as tool:
            tool.send_bytes(data)
            tool.process.stdin.close()
            if status == 2:
                assert tool.receive()["ok"] is False
            assert tool.process.wait(20) == status
