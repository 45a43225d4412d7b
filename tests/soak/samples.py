"""What a daemon takes over time: memory, descriptors, threads, files."""

import os
import statistics
import time
from dataclasses import dataclass, field

MIB = 1 << 20
# Journals of detached jobs are kept for 300 s, so memory grows for as long and a little; after that
# it may not, from the first half of the quiet moments to the second.
WARM_UP_S = 360
WARM_UP_MIB_MAX = 8.0
GROWTH_MIB_MAX = 1.0


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
        values = [self.memory[index] for index in self.quiet]
        calm = [self.memory[index] for index in self.quiet if self.times[index] > WARM_UP_S]
        half = len(calm) // 2
        if (values[-1] - values[0] > WARM_UP_MIB_MAX
                or (half > 0 and statistics.median(calm[half:]) - statistics.median(calm[:half])
                    > GROWTH_MIB_MAX)):
            yield f"memory in quiet moments, MiB: {[round(value, 1) for value in values]}"


def count_files(root):
    """In a home, without the logs."""
    return sum(len(files) for place, _, files in os.walk(root) if not place.endswith("/logs"))
