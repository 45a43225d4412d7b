"""What a daemon takes over time: memory, descriptors, threads, files."""

import os
import statistics
import time
from dataclasses import dataclass, field

MIB = 1 << 20
# After a warm-up, from the first half of the quiet moments to the second.
GROWTH_MIB_MAX = 1.0
WARM_UP = 0.2


@dataclass
class Samples:
    """Seconds since the start, and the values at each."""

    home: object
    started: float = field(default_factory=time.monotonic)
    times: list = field(default_factory=list)
    memory: list = field(default_factory=list)
    descriptors: list = field(default_factory=list)
    files: list = field(default_factory=list)
    quiet: list = field(default_factory=list)  # indexes of the samples in quiet moments
    marks: list = field(default_factory=list)

    def mark(self):
        """Something that the chart is to show, such as a new daemon."""
        self.marks.append(time.monotonic() - self.started)

    def take(self):
        """One sample; nothing while no daemon runs."""
        try:
            daemon = self.home.daemon()
            memory, descriptors = daemon.resident_bytes, len(daemon.descriptors)
        except (OSError, ValueError):
            return False
        if memory == 0:
            return False
        self.times.append(time.monotonic() - self.started)
        self.memory.append(memory / MIB)
        self.descriptors.append(descriptors)
        self.files.append(count_files(self.home.root))
        return True

    def take_quiet(self):
        if self.take():
            self.quiet.append(len(self.times) - 1)

    def faults(self):
        """What grew in the quiet moments, in words."""
        if len(self.quiet) < 4:
            return
        for name, values in [("descriptors", self.descriptors), ("files", self.files)]:
            seen = sorted({values[index] for index in self.quiet})
            if len(seen) > 1:
                yield f"{name} in quiet moments: {[values[index] for index in self.quiet]}"
        calm = [self.memory[i] for i in self.quiet[int(len(self.quiet) * WARM_UP):]]
        half = len(calm) // 2
        growth = statistics.median(calm[half:]) - statistics.median(calm[:half])
        if growth > GROWTH_MIB_MAX:
            yield f"memory in quiet moments, MiB: {[round(value, 1) for value in calm]}"


def count_files(root):
    """In a home, without the logs."""
    return sum(len(files) for place, _, files in os.walk(root) if not place.endswith("/logs"))
