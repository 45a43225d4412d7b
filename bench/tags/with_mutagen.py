"""Reads tags by mutagen. Lines in and out as reader.cpp has them."""

import json
import sys
import time

import mutagen


def read(path):
    file = mutagen.File(path)
    if not file.info.length > 0:
        sys.exit(f"not read: {path}")
    return dict(file.tags or {})


def main():
    for line in sys.stdin:
        each_us = []
        began = time.perf_counter()
        for path in json.loads(line)["files"]:
            since = time.perf_counter()
            read(path)
            each_us.append((time.perf_counter() - since) * 1e6)
        print(json.dumps({"ms": (time.perf_counter() - began) * 1e3, "each_us": each_us}),
              flush=True)


if __name__ == "__main__":
    main()
