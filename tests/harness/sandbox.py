"""The sandbox by itself: the test takes the daemon's end of the worker protocol and both ends of
the module's pipes."""

import os
import select
import socket
import struct
import subprocess
import time

import msgpack

from harness.home import BIN
from harness.waiting import PATIENCE

FRAME = struct.Struct("<I")
PROBE = BIN.resolve().parent / "tests" / "sandbox" / "probe.wasm"


class Ended(Exception):
    """The process closed the stream."""


class Stream:
    """Frames from a descriptor that is read no further than they go."""

    def __init__(self, fd):
        self.fd = fd
        self._bytes = bytearray()

    def frame(self, patience=PATIENCE):
        """The next frame's payload. Ended at the end of the stream, TimeoutError after that."""
        deadline = time.monotonic() + patience
        while True:
            if len(self._bytes) >= FRAME.size:
                end = FRAME.size + FRAME.unpack_from(self._bytes)[0]
                if len(self._bytes) >= end:
                    payload = bytes(self._bytes[FRAME.size : end])
                    del self._bytes[:end]
                    return payload
            left = max(deadline - time.monotonic(), 0)
            if not select.select([self.fd], [], [], left)[0]:
                raise TimeoutError
            data = os.read(self.fd, 1 << 16)
            if not data:
                raise Ended
            self._bytes += data


class Sandbox:
    """A process of threadrunner-sandbox."""

    def __init__(self, cwd=None):
        self.control, theirs = socket.socketpair()
        number = theirs.fileno()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$0" 3<&{number} {number}<&-', str(BIN / "threadrunner-sandbox")],
            pass_fds=[number],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=cwd,
        )
        theirs.close()
        self._control = Stream(self.control.fileno())
        self._replies = Stream(self.process.stdout.fileno())
        self.hello = self.event()

    def close(self):
        self.control.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()

    # The control line

    def order(self, **members):
        payload = msgpack.packb(members)
        self.control.sendall(FRAME.pack(len(payload)) + payload)

    def event(self, patience=PATIENCE):
        return msgpack.unpackb(self._control.frame(patience))

    def load(self, module=PROBE, *grants, patience=PATIENCE, **members):
        """Loads a module and returns the answer; a grant is host, guest, mode."""
        preopens = [
            {"host": str(host), "guest": guest, "mode": mode} for host, guest, mode in grants
        ]
        self.order(op="load", id=1, module=str(module), preopens=preopens, **members)
        return self.event(patience)

    def arm(self, milliseconds):
        self.order(op="arm", deadline_ms=milliseconds)

    def ping(self):
        self.order(op="ping", t=1)
        return self.event()

    # The module's pipes

    def write(self, data):
        self.process.stdin.write(data)

    def ask(self, *words):
        payload = b"\t".join(os.fsencode(word) for word in words)
        self.write(FRAME.pack(len(payload)) + payload)

    def reply(self, patience=PATIENCE):
        return self._replies.frame(patience).decode()

    def tell(self, *words):
        """Asks the probe, and returns its answer."""
        self.ask(*words)
        return self.reply()

    def wait_exit(self):
        return self.process.wait(PATIENCE)

    @property
    def stderr(self):
        """All that it wrote there, once it has ended."""
        return self.process.stderr.read().decode()
