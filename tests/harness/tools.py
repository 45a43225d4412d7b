"""Sandboxed tools for tests: folders as people install them, and a module of a few bytes that does
what the length of a request says."""

import json

import msgpack

from harness import wasm

CRASHING_BYTES = 300  # a request of more crashes the module
ENDLESS_BYTES = 600  # one of more is never answered


def _signed(value):
    """LEB128, signed, of 32 bits."""
    value = value - (1 << 32) if value >= 1 << 31 else value
    out = bytearray()
    while True:
        low = value & 0x7F
        value >>= 7
        ended = (value == 0 and not low & 0x40) or (value == -1 and low & 0x40)
        out.append(low | (0 if ended else 0x80))
        if ended:
            return bytes(out)


def _const(value):
    return b"\x41" + _signed(value)


def _store(address, value):
    return _const(address) + (_const(value) if isinstance(value, int) else value) + b"\x36\x02\x00"


def _load(address):
    return _const(address) + b"\x28\x02\x00"


def answering_module(answer=None):
    """Answers each request with {"ok": true}, or what is given, but for long ones; see above. It
    reads a frame's length to 64, its payload to 1024, and what was read or written is counted at 8;
    the answer stands at 8192."""
    payload = msgpack.packb(answer or {"ok": True})
    reply = len(payload).to_bytes(4, "little") + payload
    begin = b"".join(
        _store(8192 + at, int.from_bytes(reply[at : at + 4].ljust(4, b"\0"), "little"))
        for at in range(0, len(reply), 4)
    )
    begin += _store(16, 8192) + _store(20, len(reply))
    read = _const(0) + _const(0) + _const(1) + _const(8) + b"\x10\x00\x1a"  # call 0, drop
    write = _const(1) + _const(16) + _const(1) + _const(8) + b"\x10\x01\x1a"
    leave_at_end = _load(8) + b"\x45\x04\x40\x0f\x0b"  # i32.eqz, if, return, end

    def longer_than(size):
        return _load(64) + _const(size) + b"\x4a"  # i32.gt_s

    turn = (
        _store(0, 64) + _store(4, 4) + read + leave_at_end
        + longer_than(ENDLESS_BYTES) + b"\x04\x40" + wasm.LOOP_FOREVER + b"\x0b"
        + longer_than(CRASHING_BYTES) + b"\x04\x40" + wasm.UNREACHABLE + b"\x0b"
        + _store(0, 1024) + _store(4, _load(64)) + read
        + write
    )
    body = begin + b"\x03\x40" + turn + b"\x0c\x00\x0b"  # loop, br 0, end
    wasi = "wasi_snapshot_preview1"
    return wasm.command(body, imports=[(wasi, "fd_read", 4), (wasi, "fd_write", 4)])


def described_module():
    """One that says what it can do, whatever it is asked: `look`, and `change`, which writes."""
    arguments = {"type": "object", "properties": {"path": {"type": "string"}}}
    ops = {
        "look": {"summary": "Looks at a file.", "args": arguments},
        "change": {"summary": "Changes a file.", "args": arguments, "writes": True},
    }
    return answering_module({"ok": True, "ops": ops})


def manifest(name, module="module.wasm", preopens=(), **members):
    """The text of a tool.toml; a preopen is (guest, host, mode)."""
    lines = [f"name = {json.dumps(name)}", f"module = {json.dumps(module)}"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in members.items()]
    lines += ["[preopens]"] if preopens else []
    lines += [
        f"{json.dumps(guest)} = {{ host = {json.dumps(str(host))}, mode = {json.dumps(mode)} }}"
        for guest, host, mode in preopens
    ]
    return "\n".join(lines) + "\n"


def write_tool(folder, name, module=None, **members):
    """A tool in folder/name, of the answering module unless another is given."""
    place = folder / name
    place.mkdir(parents=True, mode=0o700)
    (place / "tool.toml").write_text(manifest(name, **members))
    (place / "module.wasm").write_bytes(module or answering_module())
    return place


def install(home, name, module=None, **members):
    """The same, as if it had been installed in the home."""
    tools = home.root / "tools"
    tools.mkdir(mode=0o700, exist_ok=True)
    return write_tool(tools, name, module, **members)
