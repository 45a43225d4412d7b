"""`threadrunner --tools`: what a model may do with tools, what is shown of it, and what a person is
asked before a file changes. The dummy calls an offered function for each line `NAME {json}`."""

import json
import subprocess

import mutagen
import pytest

from harness import audio
from harness.home import BIN
from harness.terminal import Terminal
from harness.waiting import wait_until

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}
INTERRUPT = b"\x03"
END_OF_INPUT = b"\x04"
QUESTION = b": allow? [y]es, [n]o, [a]ll "
SHIPPED = BIN.resolve().parent / "tools"

pytestmark = pytest.mark.skipif(
    not all((SHIPPED / tool).exists() for tool in ("text", "taglib")),
    reason="the tools are not built",
)


@pytest.fixture
def work(tmp_path):
    (tmp_path / "a.txt").write_text("one two\nthree\n")
    return tmp_path


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return audio.make(tmp_path_factory.mktemp("audio") / "a.mp3").read_bytes()


@pytest.fixture
def song(tmp_path, original):
    path = tmp_path / "a.mp3"
    path.write_bytes(original)
    return path


def count_words(file="/notes/a.txt"):
    return "text_word_count " + json.dumps({"path": file})


def set_title(title, file="/music/a.mp3"):
    return "taglib_write_tags " + json.dumps({"path": file, "tags": {"title": title}})


def title_of(song):
    tags = mutagen.File(song).tags
    return str(tags["TIT2"]) if tags and "TIT2" in tags else None


def reading(work):
    return ["--tools", "text", "--dir", f"{work}::/notes:ro"]


def writing(song):
    return ["--tools", "taglib", "--dir", f"{song.parent}::/music"]


def in_terminal(home, *arguments, **redirections):
    return Terminal(
        [BIN / "threadrunner", *arguments], home.environment(**DUMMY, COLUMNS="80"), **redirections
    )


def events_of(ended):
    return [json.loads(line) for line in ended.stdout.splitlines()]


# What the model may do


def test_a_model_looks_into_files_and_only_its_answer_is_on_stdout(home, work):
    ended = home.command(*reading(work), count_words(), env=DUMMY)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"words" in ended.stdout and b"3" in ended.stdout


def test_programs_get_what_tools_did(home, work):
    ended = home.command("--json", *reading(work), count_words(), env=DUMMY)
    runs, done = [event for event in events_of(ended) if event["ev"] == "tool"]
    assert (runs["state"], runs["arguments"]) == ("runs", {"path": "/notes/a.txt"})
    assert (done["state"], done["result"]["words"]) == ("done", 3)
    ended = home.command("--json", "--no-stream", *reading(work), count_words(), env=DUMMY)
    (call,) = json.loads(ended.stdout)["tools"]
    assert (call["name"], call["state"]) == ("text_word_count", "done")
    assert call["arguments"] == {"path": "/notes/a.txt"} and call["result"]["words"] == 3


def test_nothing_is_written_where_nobody_can_be_asked(home, song):
    ended = home.command("--json", *writing(song), set_title("New"), env=DUMMY)
    assert ended.returncode == 0, ended
    states = [event["state"] for event in events_of(ended) if event["ev"] == "tool"]
    assert states == ["refused"] and title_of(song) is None
    assert home.command(*writing(song), set_title("New"), env=DUMMY).returncode == 0
    assert title_of(song) is None


def test_allowed_writes_are_not_asked_about(home, song):
    ended = home.command("--allow-writes", *writing(song), set_title("New"), env=DUMMY)
    assert (ended.returncode, title_of(song)) == (0, "New")


def test_what_is_given_to_read_only_is_not_written_whatever_is_allowed(home, song):
    given = ["--tools", "taglib", "--dir", f"{song.parent}::/music:ro", "--allow-writes", "--json"]
    ended = home.command(*given, set_title("New"), env=DUMMY)
    states = [event["state"] for event in events_of(ended) if event["ev"] == "tool"]
    assert states == ["runs", "failed"] and title_of(song) is None


def test_mistakes_name_the_remedy(home):
    def fault(*given):
        said = home.command(*given, "Hello", env=DUMMY)
        assert said.returncode != 0, said
        return said.stderr.decode()

    assert "threadrunner tool lists them" in fault("--dir", "/tmp::/tmp")
    assert "--tools NAME" in fault("--allow-writes")
    assert "HOST::GUEST" in fault("--tools", "text", "--dir", "/tmp")
    assert "there is no tool 'nobody'" in fault("--tools", "nobody")


# What a person sees


def test_each_call_is_a_line_above_the_answer(home, work):
    home.start()
    code, drawn = in_terminal(home, *reading(work), count_words()).finish()
    assert code == 0
    assert b"\x1b[2mtext_word_count path=/notes/a.txt done\x1b[0m\r\n" in drawn
    assert drawn.index(b" done") < drawn.index(b"words")


def test_a_failed_call_says_why_and_the_model_goes_on(home, work):
    home.start()
    code, drawn = in_terminal(home, *reading(work), count_words("/notes/none")).finish()
    assert code == 0
    assert b"text_word_count path=/notes/none failed: " in drawn


def test_a_yes_lets_a_tool_write(home, song):
    home.start()
    asking = in_terminal(home, *writing(song), set_title("New"))
    asking.read_until(b'taglib_write_tags path=/music/a.mp3 tags={"title":"New"}' + QUESTION)
    assert title_of(song) is None, "not before the yes"
    asking.type(b"y\r")
    code, drawn = asking.finish()
    assert (code, title_of(song)) == (0, "New")
    assert b" done" in drawn.rpartition(QUESTION)[2]


@pytest.mark.parametrize("answer", [b"n\r", END_OF_INPUT], ids=["no", "end"])
def test_a_no_is_told_to_the_model_and_nothing_is_written(home, song, answer):
    home.start()
    asking = in_terminal(home, *writing(song), set_title("New"))
    asking.read_until(QUESTION)
    asking.type(answer)
    code, drawn = asking.finish()
    assert (code, title_of(song)) == (0, None)
    assert b" refused: " in drawn.rpartition(QUESTION)[2]


def test_anything_else_is_asked_again(home, song):
    home.start()
    asking = in_terminal(home, *writing(song), set_title("New"))
    asking.read_until(QUESTION)
    asking.type(b"perhaps\r")
    asking.read_until(b"y, n or a? ")
    asking.type(b"y\r")
    assert (asking.finish()[0], title_of(song)) == (0, "New")


def test_all_is_a_yes_to_what_comes_later(home, song):
    home.start()
    asking = in_terminal(home, *writing(song), set_title("One") + "\n" + set_title("Two"))
    asking.read_until(QUESTION)
    asking.type(b"a\r")
    code, drawn = asking.finish()
    assert (code, title_of(song)) == (0, "Two")
    assert drawn.count(QUESTION) == 1


def test_a_prompt_from_a_pipe_leaves_the_terminal_for_the_answer(home, song):
    home.start()
    asking = in_terminal(home, *writing(song), stdin=subprocess.PIPE)
    asking.process.stdin.write(set_title("New").encode())
    asking.process.stdin.close()
    asking.read_until(QUESTION)
    asking.type(b"y\r")
    assert (asking.finish()[0], title_of(song)) == (0, "New")


def test_ctrl_c_at_the_question_cancels_and_writes_nothing(home, song):
    home.start()
    asking = in_terminal(home, *writing(song), set_title("New"))
    asking.read_until(QUESTION)
    asking.type(INTERRUPT)
    code, drawn = asking.finish()
    assert (code, title_of(song)) == (130, None)
    assert drawn.endswith(b"\r\n"), "the shell's prompt begins on a line of its own"
    wait_until(home.nothing_under_way, "the job is to be cancelled")


def test_a_deadline_passes_at_the_question_too(home, song):
    home.start()
    home.command("tool", "describe", "taglib")  # its module is compiled before the time runs
    asking = in_terminal(home, "--timeout", "4", *writing(song), set_title("New"))
    asking.read_until(QUESTION)
    assert (asking.finish()[0], title_of(song)) == (4, None)


def test_a_chat_asks_too_and_goes_on(home, song):
    home.start()
    prompted = b"\x1b[?2004h"
    chat = in_terminal(home, "chat", *writing(song))
    chat.read_until(prompted)
    chat.type(set_title("New").encode() + b"\r")
    chat.read_until(QUESTION)
    chat.drawn = b""
    chat.type(b"y\r")
    chat.read_until(prompted)
    assert title_of(song) == "New"
    chat.drawn = b""
    chat.type(set_title("Newer").encode() + b"\r")
    chat.read_until(QUESTION)
    chat.drawn = b""
    chat.type(INTERRUPT)
    chat.read_until(b"stopped")
    chat.read_until(prompted)
    assert title_of(song) == "New"
    chat.type(END_OF_INPUT)
    assert chat.finish()[0] == 0


def test_a_shell_completes_the_names_of_tools(home):
    assert home.command("tool", "--names").returncode == 2
    assert not home.processes(), "completion starts no daemon"
    home.start()
    assert {b"taglib", b"text"} <= set(home.command("tool", "--names").stdout.split())
    script = home.command("completion", "bash").stdout.decode()
    said = subprocess.run(
        ["bash", "-c", script + "for words in '--tools te' 'tool describe te'; do\n"
         "COMP_WORDS=(threadrunner $words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
         "_threadrunner; echo ${COMPREPLY[@]}; done"],
        env={**home.environment(), "PATH": f"{BIN}:/usr/bin:/bin"}, capture_output=True, text=True)
    assert said.stdout == "text\ntext\n", said.stderr
