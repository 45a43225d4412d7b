"""Measurements with their targets: a table for people, JSON for programs."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build/bench"


@dataclass
class Target:
    """A claim: the median is `at most` or `at least` a value."""

    sign: str
    value: float

    def is_met(self, median):
        return median <= self.value if self.sign == "<=" else median >= self.value

    def __str__(self):
        return f"{self.sign} {self.value:,g}"


def at_most(value):
    return Target("<=", value)


def at_least(value):
    return Target(">=", value)


def number(value):
    """Three digits that matter, and thousands apart."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


@dataclass
class Measurement:
    name: str
    unit: str
    runs: list = field(default_factory=list)
    target: Target = None

    @property
    def median(self):
        return statistics.median(self.runs)

    @property
    def is_met(self):
        return self.target is None or self.target.is_met(self.median)

    def row(self):
        verdict = "" if self.target is None else "met" if self.is_met else "MISSED"
        return [self.name, self.unit, str(len(self.runs)), number(self.median),
                number(min(self.runs)), number(max(self.runs)), str(self.target or ""), verdict]

    def document(self):
        out = {"name": self.name, "unit": self.unit, "runs": self.runs, "median": self.median,
               "min": min(self.runs), "max": max(self.runs)}
        if self.target:
            out |= {"target": {"sign": self.target.sign, "value": self.target.value},
                    "met": self.is_met}
        return out


@dataclass
class Comparison:
    """Ours beside theirs, measured in turns; the claim is about the ratio of each pair."""

    name: str
    unit: str
    ours: list
    theirs: list
    target: Target = None

    @property
    def ratio(self):
        return Measurement(self.name, "", [a / b for a, b in zip(self.ours, self.theirs)],
                           self.target)

    @property
    def is_met(self):
        return self.ratio.is_met

    def row(self):
        _, _, runs, *ratio = self.ratio.row()
        return [self.name, self.unit, runs, number(statistics.median(self.ours)),
                number(statistics.median(self.theirs)), *ratio]

    def document(self):
        return {"name": self.name, "unit": self.unit, "ours": self.ours, "theirs": self.theirs,
                "ratio": self.ratio.document()}


class Progress:
    """What is being measured, on stderr, only on a terminal."""

    def __init__(self):
        self.shown = sys.stderr.isatty()

    def say(self, text):
        if self.shown:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def end(self):
        self.say("")


class Report:
    """One bench: collects, prints, writes build/bench/NAME.json."""

    def __init__(self, name, about):
        self.name = name
        self.about = about
        self.measurements = []
        self.comparisons = []
        self.notes = []
        self.progress = Progress()
        self.machine = machine()
        self.load_before = os.getloadavg()[0]

    def add(self, name, unit, runs, target=None):
        self.measurements.append(Measurement(name, unit, list(runs), target))

    def compare(self, name, unit, ours, theirs, target=None):
        """Runs in pairs; the target is that of ours / theirs."""
        self.comparisons.append(Comparison(name, unit, list(ours), list(theirs), target))

    def repeat(self, what, runs, measure):
        """The results of `runs` calls of measure()."""
        results = []
        for run in range(1, runs + 1):
            self.progress.say(f"{self.name}: {what}, {run} of {runs}")
            results.append(measure())
        self.progress.end()
        return results

    def finish(self):
        """Prints and writes; the exit code: 1 when a target is missed."""
        print(f"{self.name}: {self.about}")
        print(f"{self.machine['processor']}, {self.machine['cores']} cores; "
              f"load before: {self.load_before:.1f}")
        if self.load_before > 0.5:
            print("The machine was busy: the figures are worse than the program.")
        print()
        for head, lines in [
                (["", "unit", "runs", "median", "min", "max", "target", ""], self.measurements),
                (["", "unit", "runs", "ours", "theirs", "ratio", "min", "max", "target", ""],
                 self.comparisons)]:
            if lines:
                print_table([head] + [line.row() for line in lines])
                print()
        for note in self.notes:
            print(note)
        print()
        self.write()
        return 0 if all(one.is_met for one in self.measurements + self.comparisons) else 1

    def write(self):
        OUT.mkdir(parents=True, exist_ok=True)
        document = {"bench": self.name, "about": self.about, "commit": commit(),
                    "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": self.machine,
                    "load_before": self.load_before, "notes": self.notes,
                    "measurements": [m.document() for m in self.measurements],
                    "comparisons": [c.document() for c in self.comparisons]}
        (OUT / f"{self.name}.json").write_text(json.dumps(document, indent=2) + "\n")


def print_table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    left = {0, 1, len(rows[0]) - 1}
    for row in rows:
        cells = [cell.ljust(width) if column in left else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def machine():
    names = [line.partition(":")[2].strip() for line in
             Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {"processor": names[0] if names else platform.machine(),
            "cores": len(os.sched_getaffinity(0)), "system": platform.platform()}


def commit():
    described = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT,
                               capture_output=True, text=True)
    return described.stdout.strip()
