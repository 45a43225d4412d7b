"""A WASI host that is not ours: PyPI's wasmtime, in a process of its own, as a tool's author might
try a module. Run as a program: wasi_host.py COMPILED [HOST::GUEST[:ro]]..."""

import os
import select
import struct
import subprocess
import sys
import time
from pathlib import Path

import msgpack
import wasmtime

from harness.waiting import PATIENCE


def compile_module(module, compiled):
    """Compiles once for all processes."""
    engine = wasmtime.Engine()
    Path(compiled).write_bytes(wasmtime.Module.from_file(engine, str(module)).serialize())


def frame(payload):
    return struct.pack("<I", len(payload)) + payload


def read_exactly(stream, size):
    """So many bytes; None where the stream ends before the first."""
    data = b""
    deadline = time.monotonic() + PATIENCE
    while len(data) < size:
        left = deadline - time.monotonic()
        assert left > 0 and select.select([stream], [], [], left)[0], f"no reply in {PATIENCE:g} s"
        piece = os.read(stream.fileno(), size - len(data))
        if not piece:
            assert not data, f"the replies end within a frame: {data!r}"
            return None
        data += piece
    return data


class Module:
    """A module that runs, with directories as {guest: host} and those of `read_only` not to be
    written to. Ends with the `with`."""

    def __init__(self, compiled, writable=None, read_only=None):
        grants = [f"{host}::{guest}" for guest, host in (writable or {}).items()]
        grants += [f"{host}::{guest}:ro" for guest, host in (read_only or {}).items()]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness.wasi_host", str(compiled), *grants],
            cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.stdout.close()

    def send(self, **request):
        self.send_bytes(frame(msgpack.packb(request)))

    def send_bytes(self, data):
        self.process.stdin.write(data)

    def receive(self):
        """The next reply; None at the end of the stream."""
        header = read_exactly(self.process.stdout, 4)
        if header is None:
            return None
        (length,) = struct.unpack("<I", header)
        return msgpack.unpackb(read_exactly(self.process.stdout, length))

    def ask(self, op, **arguments):
        self.send(op=op, **arguments)
        return self.receive()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def reads(self):
        """How many calls of the system that read anything the process made so far."""
        status = Path(f"/proc/{self.process.pid}/io").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if "syscr" in line))


def main(compiled, *grants):
    engine = wasmtime.Engine()
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    wasi = wasmtime.WasiConfig()
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    for grant in grants:
        host, guest = grant.split("::")
        wasi.preopen_dir(host, guest.removesuffix(":ro"), not guest.endswith(":ro"))
    store = wasmtime.Store(engine)
    store.set_wasi(wasi)
    module = wasmtime.Module.deserialize_file(engine, compiled)
    start = linker.instantiate(store, module).exports(store)["_start"]
    try:
        start(store)
    except wasmtime.ExitTrap as ended:
        sys.stdout.flush()
        os._exit(ended.code)


if __name__ == "__main__":
    main(*sys.argv[1:])
