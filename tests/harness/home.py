"""An installation of its own under the temporary directory: its daemon, commands and clients."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from harness.client import Client
from harness.frames import Connection
from harness.processes import Process, processes_with
from harness.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("THREADRUNNER_BIN", ROOT / "build/release/bin"))
LASTING_FILES = {
    "daemon.lock",
    "start.lock",
}  # of run/: locks outlive their holders, empty names do not


def setting_variables(settings):
    """worker_idle=… is the setting worker.idle, as its environment variable."""
    return {f"THREADRUNNER_{name.upper()}": str(value) for name, value in settings.items()}


class Home:
    def __init__(self):
        # A socket's path may have 107 bytes: keep it short.
        self.root = Path(tempfile.mkdtemp(prefix="tr-", dir="/tmp"))
        self.socket = self.root / "run" / "daemon.sock"
        # any free port: several daemons, and the one of whoever runs the tests, live side by side
        self.variables = {"THREADRUNNER_HTTP": "127.0.0.1:0"}
        self._lasting_files = set(LASTING_FILES)
        self._started = []
        self._clients = []

    # Programs

    def environment(self, **more):
        """Ours without anything that would steer the programs, plus this home."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("THREADRUNNER_") and name not in ("RUST_LOG", "LS_COLORS")
        }
        return {**kept, "THREADRUNNER_HOME": str(self.root), **self.variables, **more}

    def use(self, **settings):
        """Settings of every daemon that this home starts from now on."""
        self.variables.update(setting_variables(settings))

    def spawn(self, program, *arguments, env=None, **options):
        """Starts a program of ours; it is ended with the home at the latest."""
        process = subprocess.Popen(
            [str(BIN / program), *map(str, arguments)],
            env=self.environment(**(env or {})),
            **options,
        )
        self._started.append(process)
        return process

    def look_after(self, process):
        """A process that was started for this home in another way is ended with it, too."""
        self._started.append(process)
        return process

    def command(self, *arguments, env=None, input=None, timeout=30, **options):
        """Runs `threadrunner` to its end; stdout and stderr are bytes."""
        stdin = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
        return subprocess.run(
            [str(BIN / "threadrunner"), *map(str, arguments)],
            env=self.environment(**(env or {})),
            capture_output=True,
            timeout=timeout,
            **stdin,
            **options,
        )

    def start(self, env=None, **settings):
        """Starts the daemon, in a session of its own as the command does; returns when it is up."""
        self.use(**settings)
        reader, writer = os.pipe()
        daemon = self.spawn(
            "threadrunner-daemon",
            "--ready-fd",
            writer,
            env=env,
            pass_fds=[writer],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            word = pipe.readline()
        assert word == b"ready\n", f"the daemon said {word!r}: {daemon.communicate()[1].decode()}"
        return daemon

    # Clients

    def client(self):
        client = Client(self.socket)
        self._clients.append(client)
        return client

    @property
    def http_url(self):
        """The address at which the daemon serves HTTP."""
        return "http://" + (self.root / "run" / "http.addr").read_text().splitlines()[0]

    def connect(self):
        connection = Connection(self.socket)
        self._clients.append(connection)
        return connection

    # What runs

    def processes(self, program=None):
        found = processes_with("THREADRUNNER_HOME", self.root)
        return [process for process in found if program in (None, process.program)]

    def workers(self):
        return [
            p
            for p in self.processes()
            if p.program in ("threadrunner-dummy", "threadrunner-engine")
        ]

    def worker(self):
        """The one worker, when it is there."""
        (worker,) = wait_until(self.workers, "a worker is to run")
        return worker

    def daemon(self):
        """The daemon, by the pid in its lock."""
        return Process(int((self.root / "run" / "daemon.lock").read_text()))

    def ps(self):
        with Client(self.socket) as client:
            return client.call("ps")

    def status(self):
        with Client(self.socket) as client:
            return client.call("status")

    def link_model(self, name, file):
        """Puts a model into the home's folder, by that name."""
        models = self.root / "models"
        models.mkdir(mode=0o700)
        (models / f"{name}.gguf").symlink_to(file)

    def nothing_under_way(self):
        jobs = self.status()["jobs"]
        return jobs["running"] == 0 and jobs["waiting"] == 0

    def log(self):
        logs = sorted((self.root / "cache" / "logs").glob("threadrunner-daemon-*.log"))
        return "".join(log.read_text(errors="replace") for log in logs)

    # The end

    def stop_daemon(self):
        """SIGTERM, and every process of this home ends by itself."""
        for daemon in self.processes("threadrunner-daemon"):
            daemon.send_signal(signal.SIGTERM)
        self.wait_empty()

    def kill_daemon(self):
        """SIGKILL: the daemon cannot remove its socket, the next one has to."""
        daemon = self.daemon()
        daemon.kill()
        daemon.wait_gone()
        self.expect_socket_left()

    def expect_socket_left(self):
        """A daemon that is killed leaves its name behind, also when the home ends so."""
        self._lasting_files.update(("daemon.sock", "http.sock", "http.addr"))

    def wait_empty(self):
        wait_until(lambda: not self.processes(), f"processes are to end: {self.processes()}")

    def close(self):
        """Ends what is left. Returns what a well-behaved home would not have left behind."""
        for client in self._clients:
            client.close()
        left = []
        try:
            self.stop_daemon()
        except AssertionError as failure:
            left.append(str(failure))
            for process in self.processes():
                process.kill()
        for process in self._started:
            process.kill() if process.poll() is None else None
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()
        run = self.root / "run"
        files = {path.name for path in run.iterdir()} if run.exists() else set()
        left += [f"left in run/: {name}" for name in sorted(files - self._lasting_files)]
        return left

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
