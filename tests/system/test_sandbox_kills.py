"""Sandboxes that are killed at random moments while they change tags: `make soak` kills 200."""

import os
import random
import struct
import time

import msgpack
import pytest

from harness import audio
from harness.home import BIN
from harness.sandbox import Sandbox

HOST = BIN / "threadrunner-sandbox"
WASM = BIN.resolve().parent / "tools/taglib/taglib-sidecar.wasm"
KILLS = int(os.environ.get("THREADRUNNER_KILLS", "20"))
SECONDS = {"wav": 60, "flac": 60, "mp3": 120, "m4a": 60}
MODE = 0o640
OWNER = (12345, 23456) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
MARK = "user.threadrunner-test"

pytestmark = pytest.mark.skipif(not (HOST.exists() and WASM.exists()),
                                reason="the sandbox or the tools are not built")


class Tool(Sandbox):
    """The tool `taglib` with a folder that it may change."""

    def __init__(self, folder, cache):
        super().__init__()
        loaded = self.load(WASM, (folder, "/music", "rw"), cache=str(cache))
        assert loaded["ev"] == "done", loaded

    def send(self, **request):
        payload = msgpack.packb(request)
        self.write(struct.pack("<I", len(payload)) + payload)

    def answer(self, **request):
        self.send(**request)
        return msgpack.unpackb(self._replies.frame())


def make_files(folder):
    """{name: hash of its sound} of files with a mode, an owner and an attribute of their own."""
    sounds = {}
    for ending, seconds in SECONDS.items():
        path = audio.make(folder / f"a.{ending}", seconds=seconds)
        path.chmod(MODE)
        os.chown(path, *OWNER)
        os.setxattr(path, MARK, b"kept")
        sounds[path.name] = audio.sound(path)
    return sounds


def damage_of(path, sound):
    """What is wrong with a file; nothing when it is whole and as it was but for its tags."""
    facts = path.stat()
    found = {"mode": facts.st_mode & 0o7777 == MODE,
             "owner": (facts.st_uid, facts.st_gid) == OWNER,
             "attribute": MARK in os.listxattr(path) and os.getxattr(path, MARK) == b"kept",
             "sound": audio.sound(path) == sound}
    return [name for name, kept in found.items() if not kept]


def time_to_write(music, cache, name):
    tool = Tool(music, cache)
    try:
        tool.answer(op="read_tags", path=f"/music/{name}")
        since = time.monotonic()
        assert tool.answer(op="write_tags", path=f"/music/{name}", tags={"comment": "x"})["ok"]
        return time.monotonic() - since
    finally:
        tool.close()


@pytest.mark.timeout(60 + 3 * KILLS)
def test_a_sandbox_killed_while_it_writes_damages_no_file_and_leaves_none(tmp_path):
    music, cache = tmp_path / "music", tmp_path / "cache"
    music.mkdir()
    cache.mkdir(mode=0o700)
    sounds = make_files(music)
    # from a write that has not begun to one that is done
    lasting = {name: time_to_write(music, cache, name) for name in sounds}
    dice = random.Random(1)
    changed = 0
    for number in range(KILLS):
        name = dice.choice(sorted(sounds))
        comment = f"{number} " * 10_000
        tool = Tool(music, cache)
        try:
            before = tool.answer(op="read_tags", path=f"/music/{name}")["tags"].get("comment")
            assert sorted(os.listdir(music)) == sorted(sounds), "a killed write's file is left"
            tool.send(op="write_tags", path=f"/music/{name}", tags={"comment": comment})
            time.sleep(dice.uniform(0, 1.3 * lasting[name]))
            tool.process.kill()
        finally:
            tool.close()
        assert damage_of(music / name, sounds[name]) == [], f"kill {number}, {name}"
        tool = Tool(music, cache)
        try:
            after = tool.answer(op="read_tags", path=f"/music/{name}")["tags"].get("comment")
        finally:
            tool.close()
        assert after in (before, comment), f"kill {number}, {name}"
        changed += after == comment
        assert sorted(os.listdir(music)) == sorted(sounds), f"kill {number}, {name}"
    print(f"{KILLS} kills, {changed} after the write")
