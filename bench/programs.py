"""The programs that are measured and those that measure."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from report import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from harness.home import BIN, Home  # noqa: E402  (after the path to it)

TOOLS = BIN.parent / "bench"  # next to bin/ in every build directory
LLAMA_SERVER = Path(os.environ.get("THREADRUNNER_LLAMA_SERVER", BIN / "llama-server"))
SILENCE_S_MAX = 300
END_S_MAX = 10


def need(program):
    if not program.exists():
        sys.exit(f"{program} is missing; make bench builds it")
    return str(program)


# what is ended from outside ends its daemons too
signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@contextmanager
def new_home():
    """An installation of its own; afterwards nothing of it is left."""
    home = Home()
    try:
        yield home
    finally:
        left = home.close()
        home.remove()
    if left:
        sys.exit(f"left behind: {left}")


def load(*arguments):
    """One run of threadrunner-bench-client: its JSON document."""
    client = need(TOOLS / "threadrunner-bench-client")
    ended = subprocess.run([client, *map(str, arguments)], capture_output=True, text=True,
                           timeout=SILENCE_S_MAX)
    if ended.returncode != 0:
        sys.exit(ended.stderr.strip())
    return json.loads(ended.stdout)


class BareEngine:
    """threadrunner-bench-engine: server-context without our engine, daemon and socket."""

    def __init__(self, model, context, slots, threads, cache_mib):
        program = need(TOOLS / "threadrunner-bench-engine")
        self.process = subprocess.Popen(
            [program, str(model), *map(str, (context, slots, threads, cache_mib))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.receive()

    def receive(self):
        watch = threading.Timer(SILENCE_S_MAX, self.process.kill)
        watch.start()
        line = self.process.stdout.readline()
        watch.cancel()
        if not line:
            sys.exit("threadrunner-bench-engine has ended")
        return json.loads(line)

    def ask(self, path, body):
        """The chunks of the answer: (ms since the request, document)."""
        print(json.dumps({"path": path, "body": body}), file=self.process.stdin, flush=True)
        answer = self.receive()
        if answer["status"] != 200:
            sys.exit(f"server-context answered {answer}")
        return [(ms, json.loads(line.removeprefix("data: ")))
                for ms, text in answer["chunks"]
                for line in text.splitlines()
                if line.startswith("data: {")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(SILENCE_S_MAX)


class LlamaServer:
    """A llama-server on a free port, ready when it is made."""

    def __init__(self, model, *arguments, key=""):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.process = subprocess.Popen(
            [need(LLAMA_SERVER), "--model", model, "--host", "127.0.0.1", "--port", str(self.port),
             *map(str, arguments)],
            env=os.environ | ({"LLAMA_API_KEY": key} if key else {}),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait_until_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:  # it waits for its clients
            self.process.kill()
            self.process.wait()

    def _wait_until_ready(self):
        give_up = time.monotonic() + SILENCE_S_MAX
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                if self.get("/health")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        sys.exit(f"{LLAMA_SERVER} does not serve")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SILENCE_S_MAX)

    def get(self, path):
        connection = self.connect()
        connection.request("GET", path, headers=self.headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def post(self, path, body):
        """The connection on which the answer comes."""
        connection = self.connect()
        connection.request("POST", path, json.dumps(body), self.headers)
        return connection
