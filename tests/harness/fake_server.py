#!/usr/bin/env python3
"""An OpenAI-compatible server that misbehaves when it is told to, on the standard library alone.

It takes llama-server's arguments, and reads the key from LLAMA_API_KEY. How it starts is said by
arguments (see `arguments`), how it answers by the prompt: one that is a name of `Answers` gets that
answer, any other gets its own words back, one a chunk. With --plain it is no llama-server: it has
/v1/models, /v1/chat/completions and /v1/embeddings only.
"""

import argparse
import json
import os
import select
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOREVER_S = 3600
FLOOD = 600_000  # chunks; far more than buffers on the way hold


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("--model", "--host", "--port", "--n-gpu-layers", "--ctx-size", "--threads",
                 "--parallel"):
        parser.add_argument(name, default="")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--dies", type=int, default=0, help="die at so many first starts")
    parser.add_argument("--starts", help="a file to which each start adds a byte")
    parser.add_argument("--silent-ms", type=int, default=0, help="before it listens")
    parser.add_argument("--loading-ms", type=int, default=0, help="with 503 at /health")
    parser.add_argument("--hangs", action="store_true", help="it takes connections, no more")
    parser.add_argument("--health", default="", help="a status for /health, such as 302")
    parser.add_argument("--dies-loading", action="store_true")
    parser.add_argument("--ignores-term", action="store_true")
    parser.add_argument("--says-key", action="store_true", help="on stderr, and in errors")
    return parser.parse_args()


class Answers:
    """What is said to a prompt of that name; blanks are underscores."""

    def hang(self, handler):
        handler.start_stream()
        handler.chunk({"content": "one"})
        handler.wait_for_leaving()

    def silence(self, handler):
        print("info: a request came", file=sys.stderr, flush=True)
        handler.wait_for_leaving()

    def half_line(self, handler):
        handler.start_stream()
        handler.chunk({"content": "one"})
        handler.write('data: {"choices":[{"delta":{"con')
        handler.end_stream()

    def cut(self, handler):
        handler.start_stream()
        handler.chunk({"content": "one"})
        handler.wfile.write(b"ff\r\nhalf a chunk")

    def no_finish(self, handler):
        handler.start_stream()
        handler.chunk({"content": "one"})
        handler.end_stream()

    def not_json(self, handler):
        handler.start_stream()
        handler.write("data: {oops\n\n")
        handler.end_stream()

    def html(self, handler):
        handler.reply(200, "<html>hello</html>", "text/html")

    def huge_line(self, handler):
        handler.start_stream()
        handler.write("data: " + "x" * (5 * 1024 * 1024) + "\n\n")
        handler.end_stream()

    def huge_head(self, handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Filler: " + b"x" * 200_000 + b"\r\n\r\n")

    def unavailable(self, handler):
        handler.fail(503, "Loading model")

    def too_many(self, handler):
        handler.fail(429, "slow down")

    def unauthorized(self, handler):
        handler.fail(401, "Invalid API Key" + handler.server.key_said)

    def redirect(self, handler):
        handler.reply(302, "", "text/plain", Location="http://127.0.0.1:1/elsewhere")

    def close_early(self, handler):
        pass

    def no_http(self, handler):
        handler.wfile.write(b"220 mail.example.com ESMTP\r\n")

    def document(self, handler):
        message = {"role": "assistant", "content": "all at once"}
        handler.reply(200, json.dumps({"choices": [{"message": message, "finish_reason": "stop"}],
                                       "usage": {"prompt_tokens": 2, "completion_tokens": 3}}))

    def error_in_stream(self, handler):
        handler.start_stream()
        handler.chunk({"content": "one"})
        handler.write('data: {"error":{"message":"out of luck","type":"server_error"}}\n\n')
        handler.end_stream()

    def die(self, handler):
        handler.start_stream()
        handler.chunk({"content": "one"})
        os._exit(7)

    def die_at_once(self, handler):
        os._exit(7)

    def flood(self, handler):
        handler.start_stream()
        for number in range(1, FLOOD + 1):
            handler.chunk({"content": "x" * 100})
            handler.server.flooded = number
        handler.end_stream()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    # Saying things

    def reply(self, status, text, content_type="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(text.encode())))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def fail(self, status, message):
        self.reply(status, json.dumps({"error": {"message": message, "code": status}}))

    def start_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def write(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def chunk(self, delta, **more):
        if self.path == "/completion":
            document = {"content": delta.get("content", ""), "stop": "finish_reason" in more}
        else:
            choice = {"index": 0, "delta": delta, "finish_reason": None} | more
            document = {"choices": [choice], "model": "a title of its own"}
        self.write(f"data: {json.dumps(document)}\n\n")

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")

    def wait_for_leaving(self):
        """Until the client closes the connection, which the log is told."""
        readable, _, _ = select.select([self.connection], [], [], FOREVER_S)
        if readable and not self.connection.recv(1):
            print("error: the client has left", file=sys.stderr, flush=True)

    # Hearing things

    def do_GET(self):
        if self.server.options.hangs:
            time.sleep(FOREVER_S)
        if self.path == "/health" and not self.server.options.plain:
            self.health()
        elif self.path == "/flooded":
            self.reply(200, str(self.server.flooded))
        elif self.path == "/v1/models" and self.allowed():
            self.reply(200, json.dumps({"data": [{"id": "fake-1"}, {"id": "fake-2"}]}))
        elif self.path == "/props" and not self.server.options.plain and self.allowed():
            self.reply(200, json.dumps({"total_slots": self.server.options.slots,
                                        "build_info": "fake",
                                        "default_generation_settings": {"n_ctx": 77}}))
        elif not self.wfile.closed:
            self.fail(404, "File Not Found")

    def health(self):
        if self.server.options.dies_loading:
            print("error: no such tensor", file=sys.stderr, flush=True)
            os._exit(1)
        if self.server.options.health:
            self.reply(int(self.server.options.health), "{}", Location="http://127.0.0.1:1/")
        elif time.monotonic() < self.server.ready_at:
            self.fail(503, "Loading model")
        else:
            self.reply(200, '{"status":"ok"}')

    def allowed(self):
        key = self.server.key
        if not key or self.headers.get("Authorization") == f"Bearer {key}":
            return True
        self.fail(401, "Invalid API Key")
        return False

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        routes = {"/v1/chat/completions": self.generate, "/v1/embeddings": self.embed}
        if not self.server.options.plain:
            routes |= {"/completion": self.generate, "/tokenize": self.tokenize,
                       "/detokenize": self.detokenize}
        route = routes.get(self.path)
        if route is None:
            self.fail(404, "File Not Found")
        elif self.server.options.plain and "cache_prompt" in body:
            self.fail(400, "Unrecognized request argument supplied: cache_prompt")
        elif self.server.options.plain and "model" not in body:
            self.fail(400, "you must provide a model parameter")
        elif self.allowed():
            route(body)
        self.close_connection = True

    def generate(self, body):
        prompt = body.get("prompt") or body["messages"][-1]["content"]
        answer = getattr(Answers, prompt.replace(" ", "_"), None)
        if prompt == "which model":
            prompt = body.get("model", "none")
        if answer:
            answer(Answers(), self)
            return
        self.start_stream()
        for word in prompt.split():
            self.chunk({"content": f"{word} "})
        self.chunk({}, finish_reason="stop")
        if body.get("stream_options", {}).get("include_usage"):
            usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": 5}
            self.write(f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n")
        self.write("data: [DONE]\n\n")
        self.end_stream()

    def embed(self, body):
        self.reply(200, json.dumps({"data": [{"index": index, "embedding": [float(len(text))]}
                                             for index, text in enumerate(body["input"])]}))

    def tokenize(self, body):
        self.reply(200, json.dumps({"tokens": [{"id": len(word), "piece": word}
                                               for word in body["content"].split()]}))

    def detokenize(self, body):
        self.reply(200, json.dumps({"content": " ".join("x" * n for n in body["tokens"])}))


def main():
    options = arguments()
    key = os.environ.get("LLAMA_API_KEY", "")
    if options.starts:
        with open(options.starts, "a") as starts:
            starts.write("x")
        if Path(options.starts).stat().st_size <= options.dies:
            print("error: cannot allocate anything", file=sys.stderr, flush=True)
            sys.exit(3)
    if options.ignores_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if options.says_key:
        print(f"error: my key is {key}", file=sys.stderr, flush=True)
    time.sleep(options.silent_ms / 1000)
    server = ThreadingHTTPServer((options.host or "127.0.0.1", int(options.port or 0)), Handler)
    server.daemon_threads = True
    server.options = options
    server.flooded = 0
    server.key = key
    server.key_said = f" {key}" if options.says_key else ""
    server.ready_at = time.monotonic() + options.loading_ms / 1000
    print(f"port {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    threading.stack_size(256 * 1024)
    main()
