"""`threadrunner tags`: tags of real audio files, for people and for programs."""

import json
import shutil
import signal

import pytest

from harness import audio
from harness.home import BIN
from harness.tools import manifest
from harness.waiting import PATIENCE, wait_until

TAGLIB = BIN.parent / "tools/taglib/taglib-sidecar.wasm"
pytestmark = pytest.mark.skipif(not TAGLIB.exists(), reason="the tools are not built")


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    for ending in ("mp3", "flac"):
        audio.make(folder / f"a.{ending}", seconds=1)
    return folder


@pytest.fixture
def music(originals, tmp_path):
    """An album in a folder in a folder, and a file that is no music."""
    album = tmp_path / "music/An Album 🎧"
    album.mkdir(parents=True)
    shutil.copy(originals / "a.mp3", album / "one.mp3")
    shutil.copy(originals / "a.flac", album / "two.flac")
    (tmp_path / "music/cover.jpg").write_bytes(b"no music")
    return tmp_path / "music"


def tags(home, *words):
    return home.command("tags", *words)


def lines(said):
    return [json.loads(line) for line in said.stdout.decode().splitlines()]


def test_tags_are_set_and_shown(home, music):
    changed = tags(home, "set", "title=Blue", "genre=Jazz", "year=1971", music)
    assert (changed.stdout, changed.stderr) == (b"changed 2 files\n", b"")
    for file in music.rglob("*.mp3"):
        assert audio.probe(file)["title"] == "Blue"
    table = tags(home, music).stdout.decode()
    assert table.count("Blue") == 2 and "one.mp3" in table and "cover" not in table
    documents = {document["path"]: document for document in lines(tags(home, music, "--json"))}
    assert len(documents) == 2
    assert all(d["tags"]["genre"] == "Jazz" and d["tags"]["year"] == 1971
               for d in documents.values())


def test_what_fails_is_named_at_the_end_and_the_rest_is_done(home, music):
    broken = music / "broken.mp3"
    broken.write_bytes(b"")
    (music / "text.flac").write_text("this is no music")
    said = tags(home, "set", "title=New", music)
    assert said.returncode != 0
    assert b"changed 2 files" in said.stdout
    faults = said.stderr.decode()
    assert "broken.mp3" in faults and "text.flac" in faults
    assert broken.read_bytes() == b"" and (music / "text.flac").read_text() == "this is no music"
    assert {"broken.mp3", "text.flac"} <= {
        document["path"].split("/")[-1]
        for document in lines(tags(home, music, "--json")) if "error" in document
    }


def test_mistakes_name_the_remedy(home, tmp_path):
    empty = tags(home, tmp_path)
    assert empty.returncode == 1 and b"there are no audio files in" in empty.stderr
    missing = tags(home, tmp_path / "none.mp3")
    assert missing.returncode == 64 and b"none.mp3" in missing.stderr
    nothing = tags(home, "set", "title=a")
    assert nothing.returncode == 64 and b"which files?" in nothing.stderr


def test_thousands_of_files_at_once(home, originals, tmp_path):
    count = 2000
    for number in range(count):
        (tmp_path / f"{number:04}.mp3").hardlink_to(originals / "a.mp3")
    said = tags(home, tmp_path, "--json")
    assert said.returncode == 0, said.stderr
    assert {document["path"].split("/")[-1] for document in lines(said)} == {
        f"{number:04}.mp3" for number in range(count)
    }


def test_the_warm_worker_is_used_where_the_tool_has_the_folder(home, music):
    own = home.root / "tools/taglib"
    own.mkdir(parents=True, mode=0o700)
    shutil.copy(TAGLIB, own)
    text = manifest("taglib", module=TAGLIB.name, preopens=[("/music", music, "ro")])
    (own / "tool.toml").write_text(text)
    home.start()
    assert tags(home, music).returncode == 0
    assert [worker["model"] for worker in home.ps()["workers"]] == ["taglib"]
    assert tags(home, "set", "title=New", music).returncode == 0, "to write it needs one of its own"
    assert len(home.ps()["workers"]) == 2


def test_stopping_it_leaves_whole_files(home, originals, tmp_path):
    sound = audio.sound(originals / "a.mp3")
    files = [tmp_path / f"{number:03}.mp3" for number in range(400)]
    for file in files:
        shutil.copy(originals / "a.mp3", file)
    home.start()
    running = home.spawn("threadrunner", "tags", "set", "title=New", str(tmp_path))
    wait_until(
        lambda: any(audio.probe(file).get("title") == "New" for file in files[:3]),
        "the first files are to be changed",
    )
    running.send_signal(signal.SIGINT)
    assert running.wait(PATIENCE) in (0, 130)
    wait_until(lambda: home.ps()["jobs"] == [], "nothing is under way")
    assert all(audio.sound(file) == sound for file in files[::40])
