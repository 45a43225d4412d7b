"""A server of models for tests, on the standard library alone: it serves files with ranges and a
listing as a hub has it, and misbehaves when it is told to, one fault a request."""

import hashlib
import json
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 16 * 1024


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def model_bytes(size=200_000, seed=1, split=None):
    """A sound GGUF file of about this size. `split`: its number, and how many files there are."""
    numbers = {"context_length": 4096, "embedding_length": 64, "block_count": 2,
               "feed_forward_length": 128, "attention.head_count": 8,
               "attention.head_count_kv": 2}
    entries = []
    if split is None or split[0] == 0:
        entries += [text("general.architecture") + struct.pack("<I", 8) + text("llama")]
        entries += [text(f"llama.{n}") + struct.pack("<II", 4, v) for n, v in numbers.items()]
    if split is not None:
        values = {"split.no": split[0], "split.count": split[1], "split.tensors.count": split[1]}
        entries += [text(n) + struct.pack("<IH", 2, v) for n, v in values.items()]
    count = size // 4
    tensor = text(f"blk.{seed}.weight") + struct.pack("<IQIQ", 1, count, 0, 0)
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, len(entries)) + b"".join(entries) + tensor
    data = hashlib.shake_128(bytes([seed % 256])).digest(count * 4)
    return header + bytes(-len(header) % 32) + data


@dataclass
class Fault:
    """What goes wrong with one GET."""

    status: int = 0  # answer with that, and no file
    headers: dict = field(default_factory=dict)
    drop_after: int = -1  # bytes of the body, then the connection is gone
    length_lie: int = 0  # added to Content-Length
    redirect: str = ""
    waits: threading.Event = None  # in the middle of the body, until it is set
    ignores_range: bool = False
    then: object = None  # called when the body is out, before the connection ends


class ModelServer:
    """Serves `files` (bytes by path) at `url`. `faults` are used up one a GET of their path."""

    def __init__(self):
        self.files = {}
        self.faults = {}
        self.listings = {}
        self.linked = {}  # SHA-256 by path, told as a hub tells it of what it links to
        self.requests = []
        self.no_head = False
        self.weak = False  # no validator that a range could stand on
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Bound", (Handler,), {"site": self})
        )
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def add(self, name, data):
        self.files["/" + name] = data
        return f"{self.url}/{name}"

    def fault(self, name, *faults):
        self.faults["/" + name] = list(faults)

    def repository(self, name, files, lfs=True):
        """Files of a hub's repository, by path."""
        listing = []
        for path, data in files.items():
            entry = {"type": "file", "path": path, "size": len(data)}
            if lfs:
                sum_ = hashlib.sha256(data).hexdigest()
                entry["lfs"] = {"oid": sum_, "size": len(data), "pointerSize": 135}
            listing.append(entry)
            self.files[f"/{name}/resolve/main/{path}"] = data
        listing.append({"type": "directory", "path": "sub", "size": 0})
        self.listings[f"/api/models/{name}/tree/main"] = listing

    def gets(self, path=None):
        """The GETs so far: headers by lower-case names."""
        return [headers for method, at, headers in self.requests
                if method == "GET" and (path is None or at == path)]


class Handler(BaseHTTPRequestHandler):
    site = None  # the ModelServer

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.serve(head=True)

    def do_GET(self):
        self.serve(head=False)

    def serve(self, head):
        path = self.path.partition("?")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.site.requests.append((self.command, path, headers))
        faults = self.site.faults.get(path, [])
        fault = Fault()
        if faults and (not head or faults[0].redirect or faults[0].status):
            fault = faults[0] if head and faults[0].redirect else faults.pop(0)
        try:
            self.answer(path, head, headers, fault)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer(self, path, head, headers, fault):
        if head and self.site.no_head:
            return self.short(405)
        if fault.redirect:
            extra = {"Location": fault.redirect}
            if path in self.site.linked:
                extra["X-Linked-Etag"] = f'"{self.site.linked[path]}"'
            return self.short(302, extra)
        if fault.status:
            return self.short(fault.status, fault.headers)
        if path in self.site.listings:
            return self.document(self.site.listings[path])
        if path not in self.site.files:
            return self.short(404)
        return self.file(path, self.site.files[path], head, headers, fault)

    def short(self, status, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def document(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def file(self, path, data, head, headers, fault):
        etag = '"' + hashlib.md5(data).hexdigest() + '"'
        start = 0
        wanted = headers.get("range")
        if wanted and not fault.ignores_range and headers.get("if-range", etag) == etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(data) and start > 0:
            return self.short(416, {"Content-Range": f"bytes */{len(data)}"})
        body = data[start:]
        self.send_response(206 if start else 200)
        self.send_header("ETag", ("W/" if self.site.weak else "") + etag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(body) + fault.length_lie))
        self.end_headers()
        if head:
            return
        if fault.length_lie < 0:
            body = body[: fault.length_lie]
        self.send(body, fault)
        if fault.then:
            fault.then()
        if fault.length_lie > 0 or fault.drop_after >= 0:
            self.close_connection = True

    def send(self, body, fault):
        end = len(body) if fault.drop_after < 0 else min(fault.drop_after, len(body))
        middle = end // 2 if fault.waits else end
        self.write(body[:middle])
        if fault.waits:
            while not fault.waits.wait(0.05):
                time.sleep(0.05)
            self.write(body[middle:end])

    def write(self, data):
        for at in range(0, len(data), PIECE):
            self.wfile.write(data[at : at + PIECE])
        self.wfile.flush()
