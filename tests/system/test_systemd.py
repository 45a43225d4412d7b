"""A service manager around the daemon: sockets that it hands over, and what it is told."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from harness.client import answer_to
from harness.home import BIN, ROOT
from harness.waiting import PATIENCE, wait_until

# What systemd does between fork and exec: the sockets from descriptor 3 on, and whom they are for.
LAUNCHER = """
import os, sys
count = int(sys.argv[1])
for at in range(count):
    os.dup2(int(sys.argv[2 + at]), 3 + at, inheritable=True)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(count)
os.environ["LISTEN_FDNAMES"] = "threadrunner.socket"
os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""


class Manager:
    """Starts the daemon as systemd would."""

    def __init__(self, home):
        self.home = home
        (home.root / "run").mkdir(mode=0o700, parents=True)
        home.root.chmod(0o700)
        self.inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.inbox.bind(str(home.root / "notify"))
        self.inbox.settimeout(PATIENCE)

    def listen(self, path, kind=socket.SOCK_STREAM):
        listening = socket.socket(socket.AF_UNIX, kind)
        listening.bind(str(path))
        os.chmod(path, 0o600)
        if kind == socket.SOCK_STREAM:
            listening.listen(64)
        # above those that the launcher fills
        return os.dup2(listening.detach(), 100, inheritable=True)

    def start(self, *sockets, **variables):
        program = [sys.executable, "-c", LAUNCHER, str(len(sockets)), *map(str, sockets)]
        started = subprocess.Popen(
            [*program, str(BIN / "threadrunner-daemon")],
            env=self.home.environment(NOTIFY_SOCKET=str(self.home.root / "notify"), **variables),
            pass_fds=sockets,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        return self.home.look_after(started)

    def hear(self):
        return self.inbox.recv(4096).decode()

    def hear_until(self, wanted):
        while (heard := self.hear()) != wanted:
            pass
        return heard


@pytest.fixture
def manager(home):
    made = Manager(home)
    yield made
    made.inbox.close()
    (home.root / "run" / "daemon.sock").unlink(missing_ok=True)


def test_a_client_that_came_before_the_daemon_is_served(home, manager):
    listening = manager.listen(home.socket)
    early = home.client()
    job = early.ask("Hi there")
    daemon = manager.start(listening)
    assert job.end()["reason"] == "stop"
    assert job.text == answer_to("Hi there")
    assert manager.hear() == "READY=1"
    daemon.send_signal(signal.SIGTERM)
    manager.hear_until("STOPPING=1")
    assert daemon.wait(timeout=30) == 0
    assert home.socket.exists(), "the name of the socket is the service manager's"
    os.close(listening)


def test_the_command_finds_the_socket_and_its_stop_leaves_it(home, manager):
    listening = manager.listen(home.socket)
    daemon = manager.start(listening)
    manager.hear_until("READY=1")
    assert home.command("Hi", env={"THREADRUNNER_BACKEND": "dummy"}).returncode == 0
    assert home.status()["socket"] == str(home.socket)
    assert home.command("stop").stdout == b"stopped\n"
    assert daemon.wait(timeout=30) == 0
    again = manager.start(listening)
    assert home.command("Hi", env={"THREADRUNNER_BACKEND": "dummy"}).returncode == 0
    assert home.daemon().pid == again.pid
    os.close(listening)


def test_nothing_of_it_reaches_a_worker(home, manager):
    listening = manager.listen(home.socket)
    manager.start(listening, WATCHDOG_USEC="600000000")
    home.client().ask("Hi").end()
    worker = home.worker()
    with open(f"/proc/{worker.pid}/environ", "rb") as file:
        names = {entry.split(b"=")[0].decode() for entry in file.read().split(b"\0")}
    assert not {name for name in names if name.startswith(("LISTEN_", "WATCHDOG_", "NOTIFY_"))}
    inode = os.fstat(listening).st_ino
    held = {os.readlink(f"/proc/{worker.pid}/fd/{fd}") for fd in worker.descriptors}
    assert f"socket:[{inode}]" not in held
    os.close(listening)


def test_a_reload_is_announced_and_its_end_too(home, manager):
    daemon = manager.start()
    manager.hear_until("READY=1")
    daemon.send_signal(signal.SIGHUP)
    reloading = manager.hear()
    assert reloading.startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert int(reloading.rpartition("=")[2]) > 0
    assert manager.hear() == "READY=1"
    assert home.socket.exists(), "without a socket handed over it makes its own"


def test_the_watchdog_hears_a_living_loop_and_no_other(home, manager):
    daemon = manager.start(WATCHDOG_USEC="100000")
    manager.hear_until("READY=1")
    for _ in range(3):
        manager.hear_until("WATCHDOG=1")
    daemon.send_signal(signal.SIGSTOP)
    wait_until(lambda: home.daemon().state == "T", "it is to stand still")
    manager.inbox.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            manager.hear()
    manager.inbox.settimeout(PATIENCE)
    daemon.send_signal(signal.SIGCONT)
    manager.hear_until("WATCHDOG=1")


def test_a_socket_that_cannot_be_served_is_refused_with_the_remedy(home, manager):
    datagrams = manager.listen(home.root / "datagrams", socket.SOCK_DGRAM)
    daemon = manager.start(datagrams)
    _, said = daemon.communicate(timeout=30)
    assert daemon.returncode == 1
    assert b"no Unix stream socket that listens" in said and b"ListenStream=" in said
    os.close(datagrams)


def test_the_journal_learns_how_bad_a_line_is(home):
    ends = socket.socketpair()
    status = os.fstat(ends[1].fileno())
    home.spawn(
        "threadrunner-daemon",
        env={
            "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}",
            "THREADRUNNER_LOG_STDERR": "info",
        },
        stdin=subprocess.DEVNULL,
        stderr=ends[1],
    )
    ends[0].settimeout(PATIENCE)
    said = b""
    while b" serves " not in said:
        said += ends[0].recv(4096)
    assert said.splitlines()[0].startswith(b"<6>daemon: listening at ")
    for end in ends:
        end.close()


def test_the_units_are_what_systemd_understands(tmp_path):
    units = ROOT / "packaging/systemd"
    service = (units / "threadrunner.service.in").read_text()
    program = tmp_path / "threadrunner/threadrunner-daemon"
    program.parent.mkdir()
    program.symlink_to(BIN.resolve() / "threadrunner-daemon")
    (tmp_path / "threadrunner.service").write_text(
        service.replace("@CMAKE_INSTALL_FULL_LIBEXECDIR@", str(tmp_path))
    )
    (tmp_path / "threadrunner.socket").write_text((units / "threadrunner.socket").read_text())
    try:
        verified = subprocess.run(
            ["systemd-analyze", "--user", "verify", "--man=no", tmp_path / "threadrunner.service"],
            env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    except FileNotFoundError:
        pytest.skip("there is no systemd-analyze")
    said = verified.stdout + verified.stderr
    if "Failed to initialize manager" in said:
        pytest.skip("systemd-analyze cannot run here")
    assert verified.returncode == 0 and "threadrunner" not in said, said
