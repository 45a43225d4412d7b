"""The tool `taglib` as any WASI host would run it: real audio files, written by the tool and read
by mutagen, ffprobe and ffmpeg."""

import base64
import os
import random
import shutil
import stat
import struct
import time

import jsonschema_rs
import msgpack
import mutagen
import mutagen.id3
import pytest

from harness import audio
from harness.home import BIN
from harness.wasi_host import Module, compile_module, frame

WASM = BIN.parent / "tools/taglib/taglib-sidecar.wasm"
MIB = 1 << 20
SIMPLE = {"title": "Ünï © 🎧 音楽", "artist": "Ana", "album": "Album", "albumArtist": "Others",
          "composer": "C", "comment": "a\nb", "genre": "Jazz", "date": "2020-05-31",
          "track": 3, "totalTracks": 12, "disc": 1, "totalDiscs": 2, "bpm": 120}

pytestmark = pytest.mark.skipif(not WASM.exists(), reason="the tools are not built")
each_format = pytest.mark.parametrize("ending", audio.FORMATS)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("taglib") / "compiled"
    compile_module(WASM, path)
    return path


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """A file of each format, to be copied."""
    folder = tmp_path_factory.mktemp("audio")
    return {ending: audio.make(folder / f"a.{ending}") for ending in audio.FORMATS}


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


@pytest.fixture
def tool(compiled, music):
    with Module(compiled, {"/music": music}) as module:
        yield module


def copy_of(original, music, name=None):
    path = music / (name or original.name)
    shutil.copy(original, path)
    return path


def written(tool, name="a.mp3", **arguments):
    reply = tool.ask("write_tags", path=f"/music/{name}", **arguments)
    assert reply == {"ok": True}, reply


def read(tool, name="a.mp3", **arguments):
    reply = tool.ask("read_tags", path=f"/music/{name}", **arguments)
    assert reply["ok"], reply
    return reply


def refused(tool, op, **arguments):
    reply = tool.ask(op, **arguments)
    assert reply["ok"] is False and set(reply) == {"ok", "error"}, reply
    return reply["error"]


# Fields


@each_format
def test_what_is_written_is_read_by_us_and_by_ffprobe_and_still_plays(
        tool, originals, music, ending):
    path = copy_of(originals[ending], music)
    before = audio.sound(path)
    written(tool, path.name, tags=SIMPLE)
    tags = read(tool, path.name)["tags"]
    assert tags.pop("year") == 2020
    assert {name: tags.get(name) for name in SIMPLE} == SIMPLE
    seen = audio.probe(path)
    assert (seen["title"], seen["artist"], seen["album"]) == ("Ünï © 🎧 音楽", "Ana", "Album")
    assert audio.sound(path) == before
    assert os.listdir(music) == [path.name]


@each_format
def test_mutagen_reads_what_is_written(tool, originals, music, ending):
    path = copy_of(originals[ending], music)
    written(tool, path.name, tags={"title": "Ünï 🎧", "track": 3, "totalTracks": 12})
    file = mutagen.File(path)
    keys = {"mp3": "TIT2", "wav": "TIT2", "aiff": "TIT2", "m4a": "\xa9nam", "wma": "Title",
            "wv": "Title"}
    assert str(file.tags[keys.get(ending, "title")][0]) == "Ünï 🎧"
    numbers = {"mp3": "TRCK", "wav": "TRCK", "aiff": "TRCK", "m4a": "trkn",
               "wma": "WM/TrackNumber", "wv": "Track"}
    number = file.tags[numbers.get(ending, "tracknumber")][0]
    expected = {"m4a": (3, 12)}.get(ending, "3" if ending in ("flac", "ogg", "opus") else "3/12")
    assert (number if ending == "m4a" else str(number)) == expected


@each_format
def test_several_values_stay_several(tool, originals, music, ending):
    path = copy_of(originals[ending], music)
    written(tool, path.name, tags={"genre": ["Jazz", "Soul"], "composer": ["One"]})
    tags = read(tool, path.name)["tags"]
    # WMA keeps the first in one place and the others in another, which comes first
    genres = sorted(tags["genre"]) if ending == "wma" else tags["genre"]
    assert (genres, tags["composer"]) == (["Jazz", "Soul"], "One")


@each_format
def test_null_and_empty_texts_delete_and_others_stay(tool, originals, music, ending):
    path = copy_of(originals[ending], music)
    written(tool, path.name, tags=SIMPLE)
    written(tool, path.name, tags={"title": None, "artist": "", "genre": [], "totalTracks": None})
    tags = read(tool, path.name)["tags"]
    assert not {"title", "artist", "genre", "totalTracks"} & set(tags)
    assert (tags["album"], tags["track"], tags["disc"]) == ("Album", 3, 1)


@pytest.mark.parametrize("ending", ["mp3", "flac", "ogg", "wv"])
def test_nought_is_a_value(tool, originals, music, ending):
    path = copy_of(originals[ending], music)
    written(tool, path.name, tags={"track": 0, "bpm": 0, "rating": 0})
    tags = read(tool, path.name)["tags"]
    assert (tags["track"], tags["bpm"], tags["rating"]) == (0, 0, 0)


def test_any_other_property_goes_by_its_upper_case_name(tool, originals, music):
    copy_of(originals["mp3"], music)
    written(tool, tags={"isrc": "GBAYE0601498", "MY OWN": "thing", "LYRICS": "la\nla"})
    tags = read(tool)["tags"]
    assert (tags["ISRC"], tags["MY OWN"], tags["LYRICS"]) == ("GBAYE0601498", "thing", "la\nla")


def test_a_year_replaces_a_date_of_another_year_only(tool, originals, music):
    copy_of(originals["mp3"], music)
    written(tool, tags={"date": "2020-05-31"})
    written(tool, tags={"year": 2020})
    assert read(tool)["tags"]["date"] == "2020-05-31"
    written(tool, tags={"year": 1999})
    assert read(tool)["tags"]["date"] == "1999"
    written(tool, tags={"year": None})
    assert "date" not in read(tool)["tags"]


def test_a_comment_of_a_mebibyte(tool, originals, music):
    path = copy_of(originals["flac"], music)
    before = audio.sound(path)
    comment = "ä" * (MIB // 2)
    written(tool, "a.flac", tags={"comment": comment})
    assert read(tool, "a.flac")["tags"]["comment"] == comment
    assert mutagen.File(path)["comment"] == [comment]
    written(tool, "a.flac", tags={"comment": "short"})
    assert audio.sound(path) == before


@pytest.mark.parametrize("value", [{"a": 1}, "a\0b", ["ok", {"no": 1}], b"bytes"])
def test_what_no_field_can_hold_is_refused_and_nothing_is_written(tool, originals, music, value):
    path = copy_of(originals["mp3"], music)
    before = path.read_bytes()
    error = refused(tool, "write_tags", path="/music/a.mp3", tags={"album": "x", "title": value})
    assert 'Invalid value of "title"' in error
    assert path.read_bytes() == before


def test_a_format_that_holds_one_value_says_so(tool, originals, music):
    path = copy_of(originals["wma"], music)
    before = path.read_bytes()
    error = refused(tool, "write_tags", path="/music/a.wma", tags={"artist": ["A", "B"]})
    assert error == 'Invalid value of "ARTIST": WMA holds one value of it'
    assert path.read_bytes() == before


# Ratings, pictures, audio


@each_format
@pytest.mark.parametrize("rating", [1, 0.8, 0.5, 0.02])
def test_ratings(tool, originals, music, ending, rating):
    path = copy_of(originals[ending], music)
    written(tool, path.name, tags={"rating": rating})
    assert read(tool, path.name)["tags"]["rating"] == pytest.approx(rating, abs=0.006)
    written(tool, path.name, tags={"rating": None})
    assert "rating" not in read(tool, path.name)["tags"]


def test_ratings_are_where_other_programs_look(tool, originals, music):
    path = copy_of(originals["mp3"], music)
    written(tool, tags={"rating": 0.8})
    assert mutagen.File(path).tags.getall("POPM")[0].rating == 204
    path = copy_of(originals["flac"], music)
    written(tool, "a.flac", tags={"rating": 0.8})
    assert mutagen.File(path)["rating"] == ["80"]


@pytest.mark.parametrize("rating", [1.5, -1, "good"])
def test_what_is_no_rating_is_refused(tool, originals, music, rating):
    copy_of(originals["mp3"], music)
    error = refused(tool, "write_tags", path="/music/a.mp3", tags={"rating": rating})
    assert error == 'Invalid value of "rating": it takes a number from 0 to 1, or null'


@each_format
def test_a_cover(tool, originals, music, ending):
    path = copy_of(originals[ending], music)
    before = audio.sound(path)
    png = audio.make_picture(music.parent / "red.png")
    written(tool, path.name, pictures=[{"data": png, "type": "frontCover"}])
    (picture,) = read(tool, path.name)["pictures"]
    assert (picture["type"], picture["mimeType"], picture["bytes"]) == (
        "Front Cover", "image/png", len(png))
    assert "data" not in picture
    assert read(tool, path.name, pictures=True)["pictures"][0]["data"] == png
    written(tool, path.name, tags={"title": "beside it"})
    assert len(read(tool, path.name)["pictures"]) == 1
    written(tool, path.name, pictures=None)
    assert read(tool, path.name)["pictures"] == []
    assert audio.sound(path) == before


def test_a_picture_in_base64_as_json_has_it(tool, originals, music):
    copy_of(originals["mp3"], music)
    png = audio.make_picture(music.parent / "red.png")
    written(tool, pictures=[{"data": base64.b64encode(png).decode()}])
    assert read(tool, pictures=True)["pictures"][0]["data"] == png
    assert refused(tool, "write_tags", path="/music/a.mp3", pictures=[{"data": "no base64!"}]) == (
        "A picture needs `data`: binary, or base64")


def test_the_cover_that_ffmpeg_put_in_is_found(tool, originals, music):
    png = audio.make_picture(music.parent / "red.png")
    audio.ffmpeg("-i", originals["mp3"], "-i", music.parent / "red.png", "-map", "0", "-map", "1",
                 "-c", "copy", "-disposition:v", "attached_pic", music / "a.mp3")
    (picture,) = read(tool, pictures=True)["pictures"]
    assert (picture["mimeType"], picture["data"]) == ("image/png", png)


def test_all_types_of_pictures(tool, originals, music):
    path = copy_of(originals["flac"], music)
    jpeg = audio.make_picture(music.parent / "red.jpg")
    written(tool, "a.flac", pictures=[{"type": number, "data": jpeg, "description": f"ü {number}"}
                                      for number in range(21)])
    pictures = read(tool, "a.flac")["pictures"]
    assert len({picture["type"] for picture in pictures}) == 21
    assert [(found.type, found.desc, found.mime) for found in mutagen.File(path).pictures] == [
        (number, f"ü {number}", "image/jpeg") for number in range(21)]


@pytest.mark.parametrize("picture, why", [
    ({"data": b"\x89PNG\r\n\x1a\n", "type": "Nonsense"}, 'Unknown picture type: "Nonsense"'),
    ({"type": 3}, "A picture needs `data`: binary, or base64"),
    ({"data": b"??"}, "A picture of an unknown kind needs `mimeType`"),
    ("no map", "A picture is a map")])
def test_what_is_no_picture_is_refused(tool, originals, music, picture, why):
    copy_of(originals["mp3"], music)
    assert refused(tool, "write_tags", path="/music/a.mp3", pictures=[picture]) == why


def test_audio_properties(tool, originals, music):
    seen = {}
    for ending, original in originals.items():
        seen[ending] = read(tool, copy_of(original, music).name)["audio"]
        assert seen[ending]["channels"] == 2
        assert seen[ending]["lengthMs"] == pytest.approx(2000, abs=150)
        assert seen[ending]["bitrate"] > 5
        assert seen[ending]["sampleRate"] == (48000 if ending == "opus" else 44100)
    what = {ending: (each["codec"], each["container"], each["lossless"])
            for ending, each in seen.items()}
    assert what == {
        "mp3": ("MP3", "MP3", False), "flac": ("FLAC", "FLAC", True),
        "ogg": ("Vorbis", "OGG", False), "opus": ("Opus", "OGG", False),
        "m4a": ("AAC", "MP4", False), "wav": ("PCM", "WAV", True),
        "aiff": ("PCM", "AIFF", True), "wma": ("WMA 2", "ASF", False),
        "wv": ("WavPack", "WavPack", True)}
    assert seen["wav"]["bitsPerSample"] == seen["flac"]["bitsPerSample"] == 16
    assert "bitsPerSample" not in seen["mp3"]


def test_alac_is_not_taken_for_aac(tool, music):
    audio.make(music / "a.m4a", codec=["-c:a", "alac"])
    said = read(tool, "a.m4a")["audio"]
    assert (said["codec"], said["lossless"]) == ("ALAC", True)


# Errors


def test_files_that_are_none(tool, originals, music):
    (music / "empty.mp3").touch()
    (music / "text.mp3").write_text("This is no audio, whatever MAC and ID3 say. " * 100)
    (music / "cut.flac").write_bytes(originals["flac"].read_bytes()[:20])
    (music / "folder.mp3").mkdir()
    os.mkfifo(music / "fifo.mp3")
    said = {
        "empty.mp3": "Unsupported file: /music/empty.mp3",
        "text.mp3": "Unsupported file: /music/text.mp3",
        "cut.flac": "Unsupported file: /music/cut.flac",
        "folder.mp3": "Not a regular file: /music/folder.mp3",
        "fifo.mp3": "Not a regular file: /music/fifo.mp3",
        "gone.mp3": "Cannot read /music/gone.mp3: No such file or directory",
    }
    for name, error in said.items():
        assert refused(tool, "read_tags", path=f"/music/{name}") == error
        assert refused(tool, "write_tags", path=f"/music/{name}", tags={"title": "x"}) == error
    assert not [name for name in os.listdir(music) if name.startswith(".")]


@each_format
def test_a_file_that_is_cut_is_read_or_refused(tool, originals, music, ending):
    whole = originals[ending].read_bytes()
    for size in range(0, len(whole), max(len(whole) // 40, 1)):
        (music / f"a.{ending}").write_bytes(whole[:size])
        assert "ok" in tool.ask("read_tags", path=f"/music/a.{ending}")
        assert "ok" in tool.ask("write_tags", path=f"/music/a.{ending}", tags={"title": "x"})


def test_the_content_decides_not_the_name(tool, originals, music):
    copy_of(originals["flac"], music, "a.mp3")
    assert read(tool)["audio"]["codec"] == "FLAC"
    copy_of(originals["opus"], music, "no ending")
    assert read(tool, "no ending")["audio"]["codec"] == "Opus"


@pytest.mark.parametrize("request_, error", [
    ({"op": "read_tags"}, "Missing path"),
    ({"op": "read_tags", "path": ""}, "Missing path"),
    ({"op": "read_tags", "path": 7}, "Missing path"),
    ({"op": "read_tags", "path": "/music/a\0b"}, "Invalid path: it has a NUL"),
    ({"op": "write_tags", "path": "/music/a.mp3"}, "Missing tags"),
    ({"op": "write_tags", "path": "/music/a.mp3", "tags": "x"}, "Missing tags"),
    ({"op": "format_disk"}, "Unknown operation: format_disk"),
    ({}, "Missing op"),
    ({"op": "batch"}, "Missing requests"),
])
def test_requests_that_are_wrong(tool, request_, error):
    tool.send_bytes(frame(msgpack.packb(request_)))
    assert tool.receive() == {"ok": False, "error": error}


def test_a_directory_that_may_only_be_read(compiled, originals, music):
    path = copy_of(originals["mp3"], music)
    before = path.read_bytes()
    with Module(compiled, read_only={"/music": music}) as tool:
        assert read(tool)["audio"]["codec"] == "MP3"
        error = refused(tool, "write_tags", path="/music/a.mp3", tags={"title": "x"})
        assert error.startswith("Cannot write /music/a.mp3: ")
        error = refused(tool, "read_tags", path="/etc/passwd")
        assert error.startswith("Cannot read /etc/passwd: ")
    assert path.read_bytes() == before
    assert os.listdir(music) == ["a.mp3"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_only_be_read(tool, originals, music):
    copy_of(originals["mp3"], music).chmod(stat.S_IRUSR)
    error = refused(tool, "write_tags", path="/music/a.mp3", tags={"title": "x"})
    assert error == "Cannot write /music/a.mp3: Permission denied"


def test_a_link_leads_to_its_file_and_stays_a_link(tool, originals, music):
    path = copy_of(originals["mp3"], music)
    (music / "link.mp3").symlink_to("a.mp3")
    (music / "out.mp3").symlink_to("/etc/hostname")
    written(tool, "link.mp3", tags={"title": "through"})
    assert (music / "link.mp3").is_symlink() and not path.is_symlink()
    assert read(tool)["tags"]["title"] == "through"
    assert "/music/out.mp3" in refused(
        tool, "write_tags", path="/music/out.mp3", tags={"title": "x"})


# The protocol


def test_describe_gives_schemas_that_requests_keep(tool):
    said = tool.ask("describe")
    assert (said["ok"], said["name"]) == (True, "taglib")
    assert set(said["ops"]) == {"read_tags", "write_tags", "describe", "batch"}
    assert {op for op, about in said["ops"].items() if about["writes"]} == {"write_tags", "batch"}
    for operation in said["ops"].values():
        assert operation["summary"]
        jsonschema_rs.meta.validate(operation["args"])
    schema = said["ops"]["write_tags"]["args"]
    assert jsonschema_rs.is_valid(schema, {"path": "/a", "tags": SIMPLE})
    assert not jsonschema_rs.is_valid(schema, {"path": "/a", "tags": {"rating": 2}})


def test_an_id_comes_back_and_a_batch_answers_each(tool, originals, music):
    copy_of(originals["mp3"], music)
    requests = [{"op": "write_tags", "path": "/music/a.mp3", "tags": {"title": "T"}, "id": 1},
                {"op": "read_tags", "path": "/music/a.mp3", "id": "two"},
                {"op": "read_tags", "path": "/music/none.mp3"},
                {"op": "batch", "requests": []}, 7]
    reply = tool.ask("batch", requests=requests, id=99)
    assert (reply["ok"], reply["id"]) == (True, 99)
    first, second, third, fourth, fifth = reply["replies"]
    assert first == {"ok": True, "id": 1}
    assert (second["id"], second["tags"]["title"]) == ("two", "T")
    assert (third["ok"], fourth["error"]) == (False, "A batch holds no batch")
    assert fifth == {"ok": False, "error": "A request is a map"}


def test_many_requests_under_way_are_answered_in_order(tool, originals, music):
    copy_of(originals["mp3"], music)
    for number in range(64):
        tool.send(op="read_tags", path="/music/a.mp3", id=number)
    assert [tool.receive()["id"] for _ in range(64)] == list(range(64))


@pytest.mark.parametrize("payload", [
    b"\xc1\xff", b"\xdd\xff\xff\xff\xff", b"\x91" * 1000, b"\x81\xdb\xff\xff\xff\xff", b"\x07",
    b"\x81\xa2op\xa2\xff\xfe"])
def test_garbage_is_refused_and_the_next_request_answered(tool, payload):
    tool.send_bytes(frame(payload))
    assert tool.receive()["ok"] is False
    assert tool.ask("describe")["ok"]


def test_a_frame_over_the_limit_is_refused_and_ends_the_module(tool):
    tool.send_bytes(struct.pack("<I", 64 * MIB + 1))
    assert "the limit is 64.0 MiB" in tool.receive()["error"]
    assert tool.receive() is None
    assert tool.process.wait(20) == 2


def test_the_end_of_the_requests_is_the_end_of_the_module(compiled, music):
    with Module(compiled, {"/music": music}) as tool:
        tool.process.stdin.close()
        assert tool.process.wait(20) == 0
    with Module(compiled, {"/music": music}) as tool:
        tool.send_bytes(struct.pack("<I", 100) + b"abc")
        tool.process.stdin.close()
        assert tool.process.wait(20) == 1


def test_a_large_request_is_taken(tool, originals, music):
    copy_of(originals["flac"], music)
    png = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(10 * MIB)
    written(tool, "a.flac", pictures=[{"data": png}])
    assert read(tool, "a.flac", pictures=True)["pictures"][0]["data"] == png


# Reading little, writing whole


@pytest.mark.parametrize("ending", ["m4a", "mp3", "flac"])
def test_reading_takes_few_calls_of_the_system(tool, music, ending):
    path = audio.make(music / f"a.{ending}", seconds=60)
    assert path.stat().st_size > 200_000
    read(tool, path.name)
    before = tool.reads()
    for _ in range(10):
        read(tool, path.name)
    # the request's frame is one or two of them
    assert (tool.reads() - before) / 10 <= 6


def test_killed_while_it_writes_no_file_is_damaged(compiled, music):
    path = audio.make(music / "a.flac", seconds=120)
    good = audio.sound(path)
    dice = random.Random(1)
    for number in range(20):
        with Module(compiled, {"/music": music}) as tool:
            written(tool, "a.flac", tags={"title": "started"})
            tool.send(op="write_tags", path="/music/a.flac",
                      tags={"comment": str(number) * 60_000})
            time.sleep(dice.uniform(0, 0.02))
            tool.kill()
        assert audio.sound(path) == good
    with Module(compiled, {"/music": music}) as tool:
        read(tool, "a.flac")
    assert os.listdir(music) == ["a.flac"]


def test_what_a_killed_write_left_is_found_among_thousands_of_files(compiled, originals, music):
    copy_of(originals["mp3"], music)
    # more names than the tool takes in at once
    for number in range(6_000):
        (music / f"{number:04}-{'x' * 200}").touch()
    ours = music / ".threadrunner-taglib-0123456789abcdef.tmp"
    ours.touch()
    with Module(compiled, {"/music": music}) as tool:
        read(tool)
    assert not ours.exists() and len(os.listdir(music)) == 6_001


def test_only_what_a_killed_write_left_is_removed(compiled, originals, music):
    copy_of(originals["mp3"], music)
    ours = music / ".threadrunner-taglib-0123456789abcdef.tmp"
    others = [".threadrunner-taglib-0123456789abcdeg.tmp", ".threadrunner-taglib-.tmp",
              ".threadrunner-taglib-0123456789ABCDEF.tmp",
              "threadrunner-taglib-0123456789abcdef.tmp"]
    for name in others:
        (music / name).touch()
    ours.touch()
    with Module(compiled, {"/music": music}) as tool:
        read(tool)
        assert sorted(os.listdir(music)) == sorted([*others, "a.mp3"])
        # one that came later is somebody's who writes right now
        ours.touch()
        written(tool, tags={"title": "x"})
        assert ours.exists()
