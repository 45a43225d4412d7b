"""A program in a terminal of its own: what it draws, byte by byte, and what is typed."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from harness.waiting import PATIENCE


class Terminal:
    """Runs a program as the foreground job of a new terminal, 80 columns wide."""

    def __init__(self, arguments, environment, **redirections):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        streams = {"stdin": slave, "stdout": slave, "stderr": slave, **redirections}

        def take_terminal():
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [str(argument) for argument in arguments],
            env={"TERM": "xterm", "LANG": "C.UTF-8", **environment},
            start_new_session=True,
            preexec_fn=take_terminal,
            pass_fds=[slave],
            **streams,
        )
        os.close(slave)
        self.drawn = b""

    def type(self, keys):
        os.write(self.master, keys)

    def read_until(self, wanted, patience=PATIENCE):
        """Reads on until `wanted` has been drawn."""
        deadline = time.monotonic() + patience
        while wanted not in self.drawn:
            if not self._read(deadline):
                raise AssertionError(f"{wanted!r} was not drawn, but {self.drawn!r}")

    def finish(self, patience=PATIENCE):
        """Reads to the end; the exit code and every byte that was drawn."""
        deadline = time.monotonic() + patience
        while self._read(deadline):
            pass
        code = self.process.wait(timeout=patience)
        os.close(self.master)
        return code, self.drawn

    def _read(self, deadline):
        ready, _, _ = select.select([self.master], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            raise AssertionError(f"nothing more was drawn, and no end: {self.drawn!r}")
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: the last program has left the terminal
            return False
        self.drawn += data
        return bool(data)
