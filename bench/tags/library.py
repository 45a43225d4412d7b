"""The audio files that bench/sandbox reads: made by ffmpeg once, kept in build/bench-audio."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import programs  # noqa: F401  (the path to harness)
from report import OUT

from harness import audio  # noqa: E402  (after the path to it)

PLACE = OUT.parent / "bench-audio"
MADE = 2  # to be raised when what is made changes
SMALL, LARGE = 1000, 40
MIB = 1 << 20
LARGE_MIB = [5, 12, 25, 53]
TAGS = {"title": "A title of some length", "artist": "An Artist", "album": "The Album",
        "genre": "Jazz", "date": "2020", "track": "3"}
# bytes of a second; noise, so that no coder makes it smaller
PCM = 44_100 * 2 * 2
LARGE_FORMATS = {"wav": (["-c:a", "pcm_s16le"], PCM), "aiff": (["-c:a", "pcm_s16be"], PCM),
                 "flac": (["-c:a", "flac", "-compression_level", "0"], PCM * 0.79),
                 "m4a": (["-c:a", "alac"], PCM),
                 "mp3": (["-c:a", "libmp3lame", "-b:a", "320k", "-compression_level", "9"],
                         40_000)}


def encode(path, source, coding):
    words = [word for name, value in TAGS.items() for word in ("-metadata", f"{name}={value}")]
    audio.ffmpeg("-f", "lavfi", "-i", source, *words, "-ac", "2", *coding, path)
    return path


def encode_small(folder):
    return [encode(folder / f"{seconds}.{ending}",
                   f"sine=frequency={400 + seconds}:sample_rate=44100:duration={seconds}", coding)
            for ending, coding in audio.FORMATS.items() for seconds in (1, 2, 3)]


def encode_large(folder):
    def one(job):
        ending, size = job
        coding, bytes_a_second = LARGE_FORMATS[ending]
        noise = f"anoisesrc=sample_rate=44100:duration={size * MIB / bytes_a_second:.1f}"
        return encode(folder / f"{size}.{ending}", noise, coding)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, [(ending, size) for size in LARGE_MIB
                                   for ending in LARGE_FORMATS]))


def copies(originals, folder, count):
    folder.mkdir()
    for number in range(count):
        original = originals[number % len(originals)]
        shutil.copy(original, folder / f"{number:04}{original.suffix}")


def make():
    """{"small": [names], "large": [names]} in PLACE, without asking ffmpeg twice."""
    stamp = PLACE / "made"
    if not stamp.exists() or stamp.read_text() != str(MADE):
        shutil.rmtree(PLACE, ignore_errors=True)
        for name, encode_all, count in [("small", encode_small, SMALL),
                                        ("large", encode_large, LARGE)]:
            originals = PLACE / f"{name}-originals"
            originals.mkdir(parents=True)
            copies(encode_all(originals), PLACE / name, count)
            shutil.rmtree(originals)
        os.sync()  # what is not on the disk yet cannot leave the memory
        stamp.write_text(str(MADE))
    return {name: sorted(f"{name}/{file.name}" for file in (PLACE / name).iterdir())
            for name in ("small", "large")}


def forget(names):
    """Drops the files from the page cache, as far as the system does what it is asked."""
    for name in names:
        fd = os.open(PLACE / name, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)


def mib(names):
    return [Path(PLACE / name).stat().st_size / MIB for name in names]
