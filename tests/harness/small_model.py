"""A GGUF file that is sound and nearly empty: enough for whoever reads only the header."""

import struct


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def small_model(path):
    numbers = {"context_length": 4096, "embedding_length": 64, "block_count": 2,
               "feed_forward_length": 128, "attention.head_count": 8,
               "attention.head_count_kv": 2}
    entries = [text("general.architecture") + struct.pack("<I", 8) + text("llama")]
    entries += [text(f"llama.{name}") + struct.pack("<II", 4, n) for name, n in numbers.items()]
    tensor = text("output.weight") + struct.pack("<IQIQ", 1, 8, 0, 0)
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, len(entries)) + b"".join(entries) + tensor
    path.write_bytes(header + bytes(-len(header) % 32 + 32))
    return path
