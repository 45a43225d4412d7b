"""The engine by itself: the test takes the daemon's end of the worker protocol."""

import json
import os
import signal
import socket
import struct
import subprocess
import time

import msgpack

from harness.home import BIN

PATIENCE = 100.0  # seconds; a model on a busy machine computes at a tenth of its speed
FRAME = struct.Struct("<I")
ENDS = ("done", "error")


class Ended(Exception):
    """The engine closed its end of the socket."""


class Job:
    """A load or a route, and the events that came for it so far."""

    def __init__(self, engine, number):
        self.engine = engine
        self.id = number
        self.events = []
        self.times = []

    @property
    def end(self):
        return self.events[-1] if self.events and self.events[-1]["ev"] in ENDS else None

    def until(self, condition, patience=PATIENCE):
        """Reads on until condition(job)."""
        deadline = time.monotonic() + patience
        while not condition(self):
            self.engine.pump(deadline)
        return self

    def wait(self, patience=PATIENCE):
        """Reads on to its last event and returns that."""
        return self.until(lambda job: job.end, patience).end

    def cancel(self):
        self.engine.send(op="cancel", id=self.id)

    def of(self, kind):
        return [event for event in self.events if event["ev"] == kind]

    @property
    def head(self):
        return self.of("head")[0]

    @property
    def data(self):
        return "".join(event["data"] for event in self.of("body"))

    @property
    def document(self):
        return json.loads(self.data)

    @property
    def chunks(self):
        """The documents of a stream."""
        lines = [line for line in self.data.split("\n") if line.startswith("data: {")]
        return [json.loads(line.removeprefix("data: ")) for line in lines]

    @property
    def text(self):
        """What a stream of /completion says."""
        return "".join(chunk["content"] for chunk in self.chunks)


class Engine:
    """A process of threadrunner-engine, or of another worker, whose file descriptor 3 is ours."""

    def __init__(self, program="threadrunner-engine", arguments=()):
        self.socket, theirs = socket.socketpair()
        number = theirs.fileno()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$0" "$@" 3<&{number}', str(BIN / program), *arguments],
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        os.set_blocking(self.process.stderr.fileno(), False)
        self.jobs = {}
        self.pongs = []
        self._bytes = bytearray()
        self._last_id = 0
        self.hello = self.receive(time.monotonic() + PATIENCE)

    def close(self):
        self.socket.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    # Frames

    def send(self, **members):
        self.send_bytes(msgpack.packb(members))

    def send_bytes(self, payload):
        try:
            self.socket.sendall(FRAME.pack(len(payload)) + payload)
        except BrokenPipeError as error:
            raise Ended from error

    def receive(self, deadline):
        """The next frame. Ended at the end of the stream, TimeoutError at the deadline."""
        while True:
            if len(self._bytes) >= FRAME.size:
                (length,) = FRAME.unpack_from(self._bytes)
                end = FRAME.size + length
                if len(self._bytes) >= end:
                    payload = bytes(self._bytes[FRAME.size : end])
                    del self._bytes[:end]
                    return msgpack.unpackb(payload)
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:  # it left without reading all that we sent
                data = b""
            if not data:
                raise Ended
            self._bytes += data

    def pump(self, deadline):
        """Takes one frame in."""
        frame = self.receive(deadline)
        if frame["ev"] == "pong":
            self.pongs.append(frame)
            return
        job = self.jobs[frame["id"]]
        assert job.end is None, f"{frame} after {job.end}"
        job.events.append(frame)
        job.times.append(time.monotonic())

    def is_silent(self, seconds):
        try:
            self.pump(time.monotonic() + seconds)
        except TimeoutError:
            return True
        return False

    # Ops

    def start(self, op, **members):
        self._last_id += 1
        job = self.jobs[self._last_id] = Job(self, self._last_id)
        self.send(op=op, id=job.id, **members)
        return job

    def load(self, path, **members):
        settings = {
            "context": 4096,
            "slots": 2,
            "threads": max(os.cpu_count() // 2, 1),
            "gpu_layers": 0,
            "embed": False,
            "cache_ram_mib": 64,
            "engine_args": [],
        }
        return self.start("load", path=str(path), **{**settings, **members})

    def route(self, path, body, slot=0, method="POST"):
        text = body if isinstance(body, str) else json.dumps(body)
        return self.start("route", method=method, path=path, body=text, slot=slot)

    def call(self, path, body, slot=0, method="POST"):
        """A route, run to its end."""
        job = self.route(path, body, slot, method)
        job.wait()
        return job

    def ping(self, patience=PATIENCE):
        """The answer to a ping."""
        number = len(self.pongs) + 1
        self.send(op="ping", t=number)
        deadline = time.monotonic() + patience
        while not self.pongs or self.pongs[-1]["t"] != number:
            self.pump(deadline)
        return self.pongs[-1]

    def wait_exit(self, patience=PATIENCE):
        return self.process.wait(patience)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    @property
    def stderr(self):
        return (self.process.stderr.read() or b"").decode()
