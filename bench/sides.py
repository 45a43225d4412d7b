"""The two sides of bench/serve, and llama-swap as a third, where there is one: each with the same
model and settings, started when it is entered, and ended with all its processes when it is left."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from programs import LLAMA_SERVER, need, new_home
from streams import HttpDoor, NotReady, SocketDoor, ask

from harness.processes import Process

MODEL = Path(os.environ.get("THREADRUNNER_TEST_MODEL",
                            "build/deps/models/gemma-3-270m-q4_k_m.gguf")).resolve()
LLAMA_SWAP = os.environ.get("THREADRUNNER_LLAMA_SWAP")
CONTEXT, SLOTS, BATCH, CACHE_MIB = 1024, 8, 128, 256
IDLE_S = 1
POLL_S = 0.002
PATIENCE_S = 60
MIB = 1 << 20


def cores_for_an_engine():
    """As the daemon has it: physical cores less one, at least one."""
    siblings = set()
    for cpu in os.sched_getaffinity(0):
        path = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        siblings.add(path.read_text() if path.exists() else str(cpu))
    return max(1, len(siblings) - 1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
    return json.loads(answer.partition(b"\r\n\r\n")[2])


class Daemon:
    """Our daemon and its engine; `door`: where it is asked."""

    def __init__(self, door, idle_s=IDLE_S):
        self.over_http = door == "HTTP"
        self.idle_s = idle_s

    def __enter__(self):
        self._context = new_home()
        self.home = self._context.__enter__()
        port = free_port()
        self.home.use(http=f"127.0.0.1:{port}", worker_idle=self.idle_s, engine_context=CONTEXT,
                      engine_slots=SLOTS, engine_threads=cores_for_an_engine(),
                      engine_cache_mib=CACHE_MIB)
        self.http = HttpDoor(port, str(MODEL))
        self.socket = SocketDoor(self.home.socket, str(MODEL))
        self.door = self.http if self.over_http else self.socket
        self.started = time.perf_counter()
        self.home.spawn("threadrunner-daemon", stdin=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL, start_new_session=True)
        return self

    def __exit__(self, *failure):
        self._context.__exit__(*failure)

    def is_asleep(self):
        return not self.home.ps()["workers"]

    def processes(self):
        return self.home.processes()


def server_command(port, idle_s):
    """llama-server with what an engine of ours is set to."""
    options = {"--model": MODEL, "--host": "127.0.0.1", "--port": port,
               "--ctx-size": CONTEXT * SLOTS, "--parallel": SLOTS,
               "--threads": cores_for_an_engine(), "--batch-size": BATCH, "--ubatch-size": BATCH,
               "--cache-ram": CACHE_MIB, "--ctx-checkpoints": 8, "--poll": 0, "--fit": "off",
               "--sse-ping-interval": -1, "--sleep-idle-seconds": idle_s}
    return [need(LLAMA_SERVER), *(str(word) for pair in options.items() for word in pair),
            "--no-kv-unified", "--no-warmup"]


class Program:
    """A program of somebody else, and what it starts."""

    def start(self, command):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __exit__(self, *_):
        children = self.processes()[1:]
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        for child in children:
            if child.is_alive:
                child.send_signal(signal.SIGTERM)
                child.wait_gone()

    def processes(self):
        """Itself and its children. proc(5): the second field behind the name is the parent."""
        own = self.process.pid
        found = [Process(own)]
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = path.read_text().rpartition(") ")[2].split()[1]
            except OSError:
                continue  # it has just ended
            if int(parent) == own:
                found.append(Process(path.parent.name))
        return found


class Server(Program):
    """llama-server, which can give its model's memory back by itself."""

    def __init__(self, idle_s=IDLE_S):
        self.idle_s = idle_s

    def __enter__(self):
        port = free_port()
        self.door = HttpDoor(port, str(MODEL))
        self.start(server_command(port, self.idle_s))
        return self

    def is_asleep(self):
        return get(self.door.port, "/props")["is_sleeping"]


class Swap(Program):
    """llama-swap in front of llama-server, which it starts when it is asked and ends when idle."""

    def __enter__(self):
        port = free_port()
        self.door = HttpDoor(port, "model")
        command = " ".join(server_command("${PORT}", -1))
        model = {"cmd": command, "proxy": "http://127.0.0.1:${PORT}", "ttl": IDLE_S}
        self._directory = tempfile.TemporaryDirectory(prefix="tr-")
        settings = Path(self._directory.name) / "config.yaml"
        # JSON is YAML
        settings.write_text(json.dumps({"startPort": free_port(), "models": {"model": model}}))
        self.start([LLAMA_SWAP, "--config", str(settings), "--listen", f"127.0.0.1:{port}"])
        return self

    def __exit__(self, *failure):
        super().__exit__(*failure)
        self._directory.cleanup()

    def is_asleep(self):
        return not get(self.door.port, "/running")["running"] and len(self.processes()) == 1


def pss_mib(side):
    """What its processes hold, pages that several share in proportion. proc(5)."""
    total = 0
    for process in side.processes():
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) << 10
    return total / MIB


def processor_ms(side):
    """What its living processes have computed so far. proc(5): utime and stime, in ticks."""
    ticks = 0
    for process in side.processes():
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def wait_until(condition, what):
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > give_up:
            sys.exit(f"{what} after {PATIENCE_S} s")
        time.sleep(0.05)


def first_answer(side, prompt, tokens):
    """Asks until it is served: as a client does that does not know when its server is ready."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        try:
            return ask(side.door, [prompt], tokens).each[0]
        except NotReady:
            time.sleep(POLL_S)
    sys.exit(f"it does not serve after {PATIENCE_S} s")
