"""An hour of random load on real daemons, with an accounting: python -m soak --minutes 60."""

import argparse
import asyncio
import random
import signal
import sys
import time
from pathlib import Path

from soak.chart import Panel, Series, draw
from soak.ledger import Ledger
from soak.world import World

OUT = Path(__file__).resolve().parents[2] / "build/soak"
DAEMON_KILLS_AN_HOUR = 250  # a fifth of them gentle


def arguments():
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--players", type=int, default=12, help="clients at once, a world")
    parser.add_argument("--out", type=Path, default=OUT, help="where logs and the chart go")
    return parser.parse_args()


async def soak(lasting, mortal, seconds):
    """`lasting` has one daemon all the time, so that a leak shows; `mortal` loses its own."""
    for world in (lasting, mortal):
        await world.start_daemon()
        world.ends_at = time.monotonic() + seconds
    quiet_every = min(60.0, max(4.0, seconds / 20))
    tasks = [lasting.hold_quiet_moments(quiet_every),
             mortal.end_daemons(max(3.0, 3600 / DAEMON_KILLS_AN_HOUR))]
    for world in (lasting, mortal):
        tasks += [world.break_workers(), world.watch()]
        tasks += [world.play(number) for number in range(world.players)]
    await asyncio.gather(*tasks)
    for world in (lasting, mortal):
        await world.quiet_moment()


def draw_chart(lasting, mortal, title):
    worlds = [("one daemon all the time; dots: without any client", lasting.samples),
              ("daemons that are killed", mortal.samples)]

    def panel(name, values):
        return Panel(name, [Series(who, samples.times, values(samples), samples.quiet)
                            for who, samples in worlds], mortal.samples.marks)

    return draw(title, [panel("resident memory, MiB", lambda samples: samples.memory),
                        panel("open descriptors", lambda samples: samples.descriptors),
                        panel("files in the home, without logs", lambda samples: samples.files)])


def report(ledger, title):
    print(title)
    for name, number in sorted(ledger.counts.items()):
        print(f"  {name:40} {number:8}")
    print("  " + ", ".join(f"{kind}: {number}" for kind, number in ledger.fault_counts.items()))


def judge(lasting, ledger):
    """What only the daemon that was there all the time can be asked."""
    for what in lasting.samples.faults():
        ledger.fault("other", what)
    daemon = lasting.home.daemon().pid
    status = lasting.home.status()["jobs"]
    lasting.home.stop_daemon()
    ended = lasting.check_log(daemon)
    if ended != status["finished"] + status["failed"]:
        ledger.fault("lost", f"{ended} ends in the log, the daemon says {status}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    given = arguments()
    print(f"soak: {given.minutes:g} minutes, seed {given.seed}", flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    ledger = Ledger()
    lasting = World("lasting", given.seed, ledger, given.players)
    mortal = World("mortal", given.seed, ledger, given.players)
    try:
        asyncio.run(soak(lasting, mortal, given.minutes * 60))
        judge(lasting, ledger)
    finally:
        for world in (lasting, mortal):
            world.close(given.out)
    title = f"soak of {given.minutes:g} minutes, seed {given.seed}"
    (given.out / "soak.svg").write_text(draw_chart(lasting, mortal, title))
    report(ledger, title)
    print(f"soak: {'FAILED' if ledger.faults else 'passed'}; logs and chart: {given.out}")
    return 1 if ledger.faults else 0


if __name__ == "__main__":
    sys.exit(main())
