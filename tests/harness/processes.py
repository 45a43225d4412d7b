"""Processes of a home, found by their environment; nothing here trusts a name."""

import os
import signal
from pathlib import Path

from harness.waiting import wait_until


class Process:
    """A process that may not be our child, by pid."""

    def __init__(self, pid):
        self.pid = int(pid)

    def __repr__(self):
        return f"{self.pid} ({self.state} {' '.join(self.arguments)})"

    @property
    def arguments(self):
        return [part.decode(errors="replace") for part in self._read("cmdline").split(b"\0")[:-1]]

    @property
    def program(self):
        arguments = self.arguments
        return os.path.basename(arguments[0]) if arguments else ""

    @property
    def state(self):
        """R, S, T (stopped), Z …; empty when it is gone. proc(5)."""
        stat = self._read("stat")
        return stat.rpartition(b") ")[2][:1].decode() if stat else ""

    @property
    def is_alive(self):
        return self.state not in ("", "Z", "X")

    @property
    def resident_bytes(self):
        fields = self._read("statm").split()
        return int(fields[1]) * os.sysconf("SC_PAGESIZE") if fields else 0

    @property
    def descriptors(self):
        return os.listdir(f"/proc/{self.pid}/fd")

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def wait_gone(self):
        wait_until(lambda: not self.is_alive, f"process {self} is to end")

    def _read(self, name):
        try:
            return Path(f"/proc/{self.pid}/{name}").read_bytes()
        except OSError:
            return b""


def processes_with(variable, value):
    """Every living process of ours that has this environment variable with this value."""
    wanted = f"{variable}={value}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            environment = Path(f"/proc/{entry}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in environment:
            process = Process(entry)
            if process.is_alive:
                found.append(process)
    return found
