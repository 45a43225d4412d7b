"""Who reads tags in bench/sandbox: each a process that answers lines, see reader.cpp."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from programs import BIN, END_S_MAX, SILENCE_S_MAX, TOOLS, need, new_home
from report import ROOT
from tags.library import PLACE

from harness.tools import manifest

HERE = Path(__file__).resolve().parent
NODE = ROOT / "build/deps/bench-node"
PYTHON = ROOT / "build/deps/venv/bin/python"
MODULE = BIN.parent / "tools/taglib/taglib-sidecar.wasm"
NATIVE = TOOLS / "taglib-native/taglib-sidecar"
# one built with Wasmtime in it, to be measured beside ours
STATIC = os.environ.get("THREADRUNNER_STATIC_SANDBOX", "") and Path(
    os.environ["THREADRUNNER_STATIC_SANDBOX"]).resolve()


class Reader:
    """A process that reads tags. It starts when entered and ends when left."""

    def __init__(self, *command, cwd=None):
        self.command = [str(word) for word in command]
        self.cwd = cwd

    def __enter__(self):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(self.command, cwd=self.cwd, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def read(self, files, **how):
        """The answer to one order; ends the bench where there is none."""
        print(json.dumps({"files": [self.name_of(file) for file in files], **how}),
              file=self.process.stdin, flush=True)
        ready = select.select([self.process.stdout], [], [], SILENCE_S_MAX)[0]
        line = self.process.stdout.readline() if ready else ""
        if not line:
            sys.exit(f"{' '.join(self.command)} gives no answer")
        return json.loads(line)

    def name_of(self, file):
        return str(PLACE / file)

    def first_reply_ms(self, file):
        """From its start to its first answer; of a program of ours by its own clock, for it is
        only started to start another."""
        answer = self.read([file])
        return answer.get("since_start_ms", (time.perf_counter() - self.started) * 1000)


class OurReader(Reader):
    """Our client, which puts the names behind a prefix."""

    def __init__(self, kind, prefix, *words):
        super().__init__(need(TOOLS / "threadrunner-bench-tags"), kind, prefix, *words)

    def name_of(self, file):
        return file


def native():
    return OurReader("child", f"{PLACE}/", need(NATIVE))


def sandbox(cache, program=None):
    return OurReader("sandbox", "/files/", program or need(BIN / "threadrunner-sandbox"),
                     need(MODULE), cache, PLACE)


def npm(how):
    modules = NODE / "node_modules"
    found = [modules / f"node-linux-{machine}/bin/node" for machine in ("x64", "arm64")]
    node = next((path for path in found if path.exists()), found[0])
    return Reader(need(node), HERE / "npm.mjs", modules, how)


def mutagen():
    return Reader(need(PYTHON), HERE / "with_mutagen.py")


class ThroughDaemon:
    """The same tool, called by the daemon's socket."""

    def __enter__(self):
        self._stack = ExitStack()
        home = self._stack.enter_context(new_home())
        tool = home.root / "tools/taglib"
        tool.mkdir(parents=True, mode=0o700)
        shutil.copy(MODULE, tool)
        (tool / "tool.toml").write_text(
            manifest("taglib", module=MODULE.name, preopens=[("/files", PLACE, "ro")]))
        home.start()
        return self._stack.enter_context(OurReader("daemon", f"{PLACE}/", home.socket))

    def __exit__(self, *failure):
        self._stack.__exit__(*failure)
