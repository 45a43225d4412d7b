"""Frames of the Unix socket: u32 little-endian length, then that many bytes of JSON."""

import json
import socket
import struct

from harness.waiting import PATIENCE


def pack(document):
    return pack_bytes(json.dumps(document, ensure_ascii=False).encode())


def pack_bytes(payload):
    return struct.pack("<I", len(payload)) + payload


class Closed(Exception):
    """The other side closed the connection."""


class Connection:
    """A client's end of the socket, one frame at a time. Every wait has a deadline."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self._bytes = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, document):
        self.send_bytes(pack(document))

    def send_bytes(self, data):
        self.socket.sendall(data)

    def receive(self, patience=PATIENCE):
        """The next frame's document. Closed at the stream's end, TimeoutError after `patience`."""
        while True:
            if len(self._bytes) >= 4:
                (length,) = struct.unpack_from("<I", self._bytes)
                if len(self._bytes) >= 4 + length:
                    payload = bytes(self._bytes[4 : 4 + length])
                    del self._bytes[: 4 + length]
                    return json.loads(payload)
            self.socket.settimeout(patience)
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                if self._bytes:
                    raise AssertionError(f"the stream ends inside a frame: {bytes(self._bytes)!r}")
                raise Closed
            self._bytes += data

    def is_silent(self, seconds):
        """Whether nothing arrives for that long."""
        try:
            frame = self.receive(patience=seconds)
        except TimeoutError:
            return True
        raise AssertionError(f"expected silence, received {frame}")

    def at_end(self):
        """Whether the daemon closes the connection without another frame."""
        try:
            frame = self.receive()
        except Closed:
            return True
        raise AssertionError(f"expected the end of the connection, received {frame}")

    def finish_writing(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()
