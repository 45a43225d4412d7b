"""WebAssembly modules of a few bytes, for what no compiler would make. By the core specification's
binary format, chapter 5."""

LOOP_FOREVER = b"\x03\x40\x0c\x00\x0b"  # loop, br 0, end
UNREACHABLE = b"\x00"


def number(value):
    """LEB128, unsigned."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def name(text):
    return number(len(text)) + text.encode()


def section(kind, *entries):
    content = number(len(entries)) + b"".join(entries)
    return bytes([kind]) + number(len(content)) + content


def command(body=b"", pages=1, imports=(), start_section=False):
    """A module with a `_start` of that body; with `start_section` it runs while it is instantiated.
    An import is (module, name, how many i32 it takes); it returns one."""
    function = len(imports)
    types = [b"\x60\0\0"] + [
        b"\x60" + number(count) + b"\x7f" * count + b"\x01\x7f" for _, _, count in imports
    ]
    imported = [
        name(module) + name(field) + b"\0" + number(1 + i)
        for i, (module, field, _) in enumerate(imports)
    ]
    code = b"\0" + body + b"\x0b"
    return b"".join(
        [
            b"\0asm\x01\0\0\0",
            section(1, *types),
            section(2, *imported) if imports else b"",
            section(3, b"\0"),
            section(5, b"\0" + number(pages)),
            section(7, name("_start") + b"\0" + number(function), name("memory") + b"\x02\0"),
            b"\x08" + number(len(number(function))) + number(function) if start_section else b"",
            section(10, number(len(code)) + code),
        ]
    )
