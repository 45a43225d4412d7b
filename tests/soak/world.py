"""One home under load: players, whoever breaks its workers and its daemon, and quiet moments."""

import asyncio
import os
import random
import re
import signal
import time

from harness.home import Home
from soak import episodes
from soak.conversation import Conversation, Gone
from soak.samples import Samples

SETTINGS = {
    "memory_mib": 300,
    "queue_jobs": 100,
    "worker_ping": "100ms",
    "worker_suspect": "500ms",
    "worker_dead": "2s",
    "worker_hello": "2s",
    "worker_stall": "5s",
    "worker_idle": "3s",
    "worker_evict": "300ms",
    "worker_failed": "1s",
    "worker_restart_min": "10ms",
    "worker_restart_max": "200ms",
    "worker_stop": "1s",
    "worker_kill": "1s",
    "socket_frame": "2s",
    "daemon_drain": "2s",
}
QUIET_WITHIN_S = 120.0
DUMMY = {"THREADRUNNER_BACKEND": "dummy"}


class World:
    """`name` goes into the dice, so that each world plays its own game from the same seed."""

    def __init__(self, name, seed, ledger, players):
        self.name = name
        self.seed = seed
        self.ledger = ledger
        self.players = players
        self.home = Home()
        self.numbers = 0
        self.samples = Samples(self.home)
        self.ends_at = 0.0
        self._open = asyncio.Event()
        self._open.set()
        self._busy = 0
        temporary = self.home.root / "tmp"
        temporary.mkdir()
        self.home.variables["TMPDIR"] = str(temporary)
        self.home.use(**SETTINGS)

    def dice(self, who):
        return random.Random(f"{self.seed} {self.name} {who}")

    def new_number(self):
        self.numbers += 1
        return self.numbers

    @property
    def over(self):
        return time.monotonic() >= self.ends_at

    async def start_daemon(self):
        """By a command, as people start it: many may do so at once. The first may still reach the
        socket of a daemon that is dying."""
        for _ in range(3):
            process = await asyncio.to_thread(self.home.command, "Hi", env=DUMMY, timeout=90)
            if process.returncode == 0:
                return
            self.ledger.count("commands that met a dying daemon")
        self.ledger.fault("other", f"no daemon starts: {process.stderr!r}")

    async def turn(self, action):
        """Runs action() unless a quiet moment is on; such a moment waits for its end."""
        await self._open.wait()
        self._busy += 1
        try:
            await action()
        finally:
            self._busy -= 1

    async def play(self, number):
        dice = self.dice(f"player {number}")
        while not self.over:
            await self.turn(lambda: episodes.play(self, dice))
            await asyncio.sleep(dice.expovariate(20))

    async def break_workers(self):
        """Ends, freezes and thaws workers at random moments, which is at random bytes."""
        dice = self.dice("breaker")
        while not self.over:
            await asyncio.sleep(dice.uniform(0.1, 1.5))
            await self.turn(lambda: self.break_one(dice))

    async def break_one(self, dice):
        workers = self.home.workers()
        if not workers:
            return
        worker = dice.choice(sorted(workers, key=lambda process: process.pid))
        number = dice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGABRT, signal.SIGTERM,
                              signal.SIGSTOP, signal.SIGSTOP])
        try:
            worker.send_signal(number)
            self.ledger.count(f"workers hit by {number.name}")
            if number == signal.SIGSTOP and dice.random() < 0.5:
                await asyncio.sleep(dice.uniform(0.05, 3))
                worker.send_signal(signal.SIGCONT)
        except ProcessLookupError:
            pass

    async def end_daemons(self, every_s):
        """SIGKILL, one time in five SIGTERM; then the next daemon."""
        dice = self.dice("ender")
        while not self.over:
            await asyncio.sleep(every_s * dice.uniform(0.5, 1.5))
            daemon = self.home.daemon()
            if not daemon.is_alive:
                self.ledger.fault("other", f"daemon {daemon.pid} has ended by itself")
                await self.start_daemon()
                continue
            if dice.random() < 0.8:
                self.ledger.killed.add(daemon.pid)
                self.ledger.count("daemons killed")
                self.home.expect_socket_left()
                daemon.kill()
            else:
                self.ledger.stopped.add(daemon.pid)
                self.ledger.count("daemons stopped")
                daemon.send_signal(signal.SIGTERM)
            await asyncio.to_thread(daemon.wait_gone)
            await self.start_daemon()
            self.samples.mark()

    async def watch(self):
        while not self.over:
            self.samples.take()
            await asyncio.sleep(1)

    async def hold_quiet_moments(self, every_s):
        while not self.over:
            await asyncio.sleep(every_s)
            await self.quiet_moment()

    async def quiet_moment(self):
        """Everybody leaves; then nothing of them may be left, and what is left must not grow."""
        self._open.clear()
        try:
            await asyncio.wait_for(self._nobody_left(), QUIET_WITHIN_S)
            self.samples.take_quiet()
        except TimeoutError:
            self.ledger.fault("lost", f"no quiet in {QUIET_WITHIN_S:g} s: {self._what_is_left()}")
        except Gone:
            self.ledger.fault("other", "the daemon left in a quiet moment")
        finally:
            self._open.set()

    async def _nobody_left(self):
        while self._busy > 0:
            await asyncio.sleep(0.05)
        async with await Conversation.open(self) as talk:
            while self.home.workers():
                shown = (await talk.call("ps"))["result"]
                if not shown["jobs"] and all(w["busy"] == 0 for w in shown["workers"]):
                    await talk.call("unload")
                await asyncio.sleep(0.1)
            status = (await talk.call("status"))["result"]
        if status["jobs"]["running"] or status["jobs"]["waiting"]:
            self.ledger.fault("lost", f"jobs of nobody: {status['jobs']}")
        if status["memory"]["reserved_bytes"]:
            self.ledger.fault("other", f"reserved for nobody: {status['memory']}")
        await asyncio.sleep(0.2)  # the connection's end is to be noticed

    def _what_is_left(self):
        return f"{self._busy} players, {self.home.ps()}"

    def close(self, keep):
        """Ends the daemon; what stays behind is a fault. `keep`: where the logs go."""
        left = self.home.close()
        for what in left:
            self.ledger.fault("other", f"left behind: {what}")
        temporary = os.listdir(self.home.root / "tmp")
        if temporary:
            self.ledger.fault("other", f"temporary files: {temporary}")
        (keep / f"{self.name}.log").write_text(self.home.log())
        self.home.remove()

    def check_log(self, daemon):
        """The log's one line a job says that each ended, and ended once."""
        ended = re.findall(r" job: (j\d+) ", self.home.log())
        if len(ended) != len(set(ended)):
            self.ledger.fault("doubled", f"{len(ended) - len(set(ended))} ends in the log")
        missing = self.ledger.accepted.get(daemon, set()) - set(ended)
        if missing:
            self.ledger.fault("lost", f"no end in the log: {sorted(missing)[:10]}")
        return len(ended)
