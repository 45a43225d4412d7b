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


def small_adapter(path):
    """A low-rank adapter (of rank 1) for one matrix of Gemma 3 270m, which upsets the model."""
    rows, columns = 2048, 640  # of blk.0.ffn_down.weight
    entries = [text(key) + struct.pack("<I", 8) + text(value)
               for key, value in {"general.architecture": "gemma3", "general.type": "adapter",
                                  "adapter.type": "lora"}.items()]
    entries += [text("adapter.lora.alpha") + struct.pack("<If", 6, 1.0)]
    tensors = b"".join(
        text(f"blk.0.ffn_down.weight.lora_{side}") + struct.pack("<IQQIQ", 2, *shape, 0, offset)
        for side, shape, offset in (("a", (rows, 1), 0), ("b", (1, columns), 4 * rows))
    )
    header = b"GGUF" + struct.pack("<IQQ", 3, 2, len(entries)) + b"".join(entries) + tensors
    values = struct.pack(f"<{rows + columns}f", *([1.0] * rows + [3.0] * columns))
    path.write_bytes(header + bytes(-len(header) % 32) + values)
    return path
