"""Audio files made by ffmpeg, and what other programs find in them."""

import json
import subprocess

# ending: how ffmpeg codes it
FORMATS = {
    "mp3": ["-c:a", "libmp3lame"],
    "flac": ["-c:a", "flac"],
    "ogg": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus"],
    "m4a": ["-c:a", "aac"],
    "wav": ["-c:a", "pcm_s16le"],
    "aiff": ["-c:a", "pcm_s16be"],
    "wma": ["-c:a", "wmav2"],
    "wv": ["-c:a", "wavpack"],
}
SINE = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=2"]


def ffmpeg(*arguments):
    return subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)],
                          check=True, capture_output=True, timeout=120).stdout


def make(path, *, codec=None, seconds=2):
    """A sine, in the format that the name ends like."""
    source = [word.replace("duration=2", f"duration={seconds}") for word in SINE]
    coding = codec or FORMATS[path.suffix.removeprefix(".")]
    ffmpeg(*source, "-map_metadata", "-1", "-ac", "2", *coding, path)
    return path


def make_picture(path):
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", path)
    return path.read_bytes()


def sound(path):
    """A hash of the decoded audio. Fails where a decoder complains of anything."""
    ended = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-xerror", "-i", str(path), "-map", "0:a",
         "-f", "md5", "-"], check=True, capture_output=True, text=True, timeout=120)
    assert not ended.stderr, ended.stderr
    return ended.stdout


def probe(path):
    """ffprobe's tags, of the file and of its streams, in small letters."""
    said = json.loads(subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)],
        check=True, capture_output=True, timeout=60).stdout)
    tags = {}
    for part in [*said["streams"], said["format"]]:
        tags.update({name.lower(): value for name, value in part.get("tags", {}).items()})
    return tags
