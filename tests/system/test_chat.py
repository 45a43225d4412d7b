"""threadrunner chat: with a person at a terminal, and in a pipe."""

import json
import os
import re
import stat
import subprocess

import pytest

from harness.client import answer_to
from harness.home import BIN
from harness.terminal import Terminal
from harness.waiting import wait_until

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}
BOLD = b"\x1b[0;1m"
END_OF_INPUT = b"\x04"
INTERRUPT = b"\x03"
UP = b"\x1b[A"


class Chat(Terminal):
    """A chat in a terminal; `says` waits only for what was drawn since the last thing typed."""

    def __init__(self, home, *arguments, env=None, **redirections):
        super().__init__(
            [BIN / "threadrunner", "chat", *arguments],
            home.environment(**DUMMY, **(env or {})),
            **redirections,
        )
        self.said(b"Ctrl-D leaves")
        self.prompted()

    def type(self, keys):
        self.drawn = b""
        super().type(keys)

    def enter(self, line):
        self.prompted()
        self.type(line.encode() + b"\r")

    def said(self, wanted):
        self.read_until(wanted.encode() if isinstance(wanted, str) else wanted)

    def prompted(self):
        """The next line is read; keys that come before that are the terminal's own."""
        self.said(b"\x1b[?2004h")

    def ask(self, question):
        self.enter(question)
        self.said(answer_to(question))
        self.prompted()

    def leave(self):
        self.prompted()
        self.type(END_OF_INPUT)
        return self.finish()[0]


def prompt_tokens(home, jobs):
    """How long each prompt was, in the order of the jobs, once that many are in the log."""

    def logged():
        found = re.findall(r"op=generate .* prompt=(\d+)", home.log())
        return [int(number) for number in found] if len(found) >= jobs else None

    return wait_until(logged, "the log is to have the jobs")


# With a person


def test_questions_are_answered_until_the_person_leaves(home):
    chat = Chat(home)
    chat.ask("Hello there")
    chat.ask("and again")
    assert chat.leave() == 0
    assert home.daemon(), "which goes on"


def test_every_question_takes_the_conversation_with_it(home):
    chat = Chat(home, "--system", "Be brief.")
    chat.ask("one")
    chat.ask("two")
    chat.enter("/clear")
    chat.said("begins anew")
    chat.ask("three")
    chat.leave()
    answer = len(answer_to("one").split())
    assert prompt_tokens(home, 3) == [2 + 1, 2 + 1 + answer + 1, 2 + 1]


def test_ctrl_c_cancels_the_answer_and_not_the_program(home):
    chat = Chat(home, "-m", "tokens_per_second=5")
    chat.enter("Hello there")
    chat.said("lorem")
    chat.type(INTERRUPT)
    chat.said("stopped")
    chat.prompted()
    wait_until(lambda: home.status()["jobs"]["running"] == 0, "the job is to be cancelled")
    chat.enter("/quit")
    assert chat.finish()[0] == 0


def test_ctrl_c_while_typing_drops_the_line_and_says_how_to_leave(home):
    chat = Chat(home)
    chat.type(b"never sent")
    chat.said(b"never sent")
    chat.type(INTERRUPT)
    chat.prompted()
    chat.type(INTERRUPT)
    chat.said("Ctrl-C again, Ctrl-D or /quit leaves")
    chat.prompted()
    chat.ask("still here")
    chat.type(INTERRUPT)
    chat.said("Ctrl-C again")
    chat.prompted()
    chat.type(INTERRUPT)
    assert chat.finish()[0] == 130


def test_what_was_typed_comes_back_in_the_next_chat_and_is_private(home):
    chat = Chat(home)
    chat.ask("remember me")
    chat.leave()
    again = Chat(home)
    again.type(UP + b"\r")
    again.said(answer_to("remember me"))
    again.leave()
    assert stat.S_IMODE(os.stat(home.root / "chat_history").st_mode) == 0o600


def test_a_message_may_have_many_lines(home):
    chat = Chat(home)
    chat.enter('"""')
    chat.enter("one")
    chat.enter("/two")
    chat.enter('"""')
    chat.said(answer_to("one /two"))
    chat.enter("three\\")
    chat.enter("four")
    chat.said(answer_to("three four"))
    chat.leave()


def test_a_pasted_text_is_one_message(home):
    chat = Chat(home)
    chat.type(b"\x1b[200~one\ntwo\n\x1b[201~")
    chat.said(b"two")
    chat.type(b" three\r")
    chat.said(answer_to("one two three"))
    chat.leave()
    assert len(prompt_tokens(home, 1)) == 1


def test_letters_of_any_alphabet_can_be_typed_and_erased(home):
    chat = Chat(home)
    chat.type("größe 日本x".encode() + b"\x7f\r")
    chat.said(answer_to("größe 日本"))
    chat.leave()


def test_a_slip_in_a_command_is_no_message(home):
    chat = Chat(home)
    chat.enter("/modle x")
    chat.said("did you mean /model?")
    chat.enter("//tmp is a folder")
    chat.said(answer_to("/tmp is a folder"))
    chat.enter("/help")
    chat.said("/retry")
    chat.leave()


def test_a_question_can_be_asked_again(home):
    chat = Chat(home)
    chat.enter("/retry")
    chat.said("no question yet")
    chat.ask("once more")
    chat.enter("/retry")
    chat.said(answer_to("once more"))
    chat.leave()
    assert prompt_tokens(home, 2) == [2, 2], "the first answer is not part of the second prompt"


def test_a_conversation_can_be_saved_but_never_over_another_file(home, tmp_path):
    chat = Chat(home)
    chat.enter("/system Be brief.")
    chat.said("the model is told: Be brief.")
    chat.ask("Hello there")
    chat.enter(f"/save {tmp_path}/talk.json")
    chat.said("saved as")
    chat.enter(f"/save {tmp_path}/talk.md")
    chat.said("saved as")
    (tmp_path / "mine.md").write_text("mine")
    chat.enter(f"/save {tmp_path}/mine.md")
    chat.said("is there already")
    chat.leave()
    messages = json.loads((tmp_path / "talk.json").read_text())["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant"]
    assert messages[2]["content"] == answer_to("Hello there")
    assert "Hello there" in (tmp_path / "talk.md").read_text()
    assert (tmp_path / "mine.md").read_text() == "mine"


def test_the_model_can_be_changed_and_a_wrong_name_changes_nothing(home):
    chat = Chat(home)
    chat.enter("/model no_such_option=1")
    chat.said("no_such_option")
    chat.ask("still answered")
    chat.enter("/model think=2")
    chat.said("answers come from think=2 now")
    chat.enter("Hello")
    chat.said("dolor")
    chat.leave()


def test_markdown_has_looks_where_colours_are_wanted(home):
    chat = Chat(home)
    chat.enter("see **strong words")
    chat.said(BOLD + b"**strong.")
    chat.leave()
    plain = Chat(home, env={"NO_COLOR": "1"})
    plain.ask("see **strong words")
    assert BOLD not in plain.drawn and b"\x1b[0m" not in plain.drawn
    plain.leave()


def test_control_characters_of_an_answer_do_not_reach_the_terminal(home):
    chat = Chat(home)
    chat.type(b"a\x16\x1b[31mred\r")  # quoted, so that it is part of the line
    chat.said("red.")
    assert b"\x1b[31m" not in chat.drawn
    chat.leave()


def test_answers_alone_are_on_stdout(home):
    chat = Chat(home, stdout=subprocess.PIPE)
    chat.enter("Hello there")
    chat.prompted()
    chat.leave()
    assert chat.process.stdout.read().decode() == answer_to("Hello there") + "\n"
    chat.process.stdout.close()


def test_the_chat_goes_on_with_another_daemon(home):
    chat = Chat(home)
    chat.ask("one")
    home.kill_daemon()
    wait_until(lambda: not home.workers(), "the worker is to end with its daemon")
    chat.ask("two")
    chat.leave()
    wait_until(
        lambda: prompt_tokens(home, 1)[-1] > 1, "what was said before is to go to the new one"
    )


def test_a_daemon_that_dies_in_an_answer_costs_that_answer(home):
    chat = Chat(home, "-m", "tokens_per_second=5")
    chat.enter("Hello there")
    chat.said("lorem")
    home.kill_daemon()
    chat.said("/retry asks again")
    chat.prompted()
    chat.enter("/retry")
    chat.said("lorem")
    chat.type(INTERRUPT)
    chat.said("stopped")
    chat.leave()


# In a pipe


def test_each_line_of_a_pipe_is_a_question_and_only_answers_come_out(home):
    ended = home.command("chat", input=b'one\n\n"""two\nthree"""\n//four', env=DUMMY)
    answers = [answer_to(question) for question in ("one", "two three", "/four")]
    assert ended.stdout.decode() == "\n".join(answers) + "\n"
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert prompt_tokens(home, 3)[1] > 2, "the conversation goes with each"


def test_the_first_failure_ends_a_chat_in_a_pipe(home):
    ended = home.command("chat", input=b"one\n/modle x\ntwo\n", env=DUMMY)
    assert ended.stdout.decode() == answer_to("one") + "\n"
    assert ended.returncode == 64 and b"did you mean /model?" in ended.stderr


def test_options_of_one_answer_do_not_belong_to_a_chat(home):
    refused = home.command("chat", "--json", env=DUMMY)
    assert refused.returncode == 64 and b"--json does not belong to 'chat'" in refused.stderr
    limited = home.command("chat", "--max-tokens", "2", input=b"one\n", env=DUMMY)
    assert limited.stdout == b"lorem ipsum\n"


# The real model


@pytest.mark.model
def test_the_model_remembers_what_was_said(home, model):
    lines = b"My name is Bob. Please remember my name.\nWhat is my name?\n"
    ended = home.command(
        "chat", "-m", model, "--temperature", "0", "--max-tokens", "40", input=lines, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    assert "Bob" in ended.stdout.decode().splitlines()[-1]
    first, second = prompt_tokens(home, 2)
    assert second > first + 10


@pytest.mark.model
def test_a_conversation_that_no_longer_fits_is_refused_with_the_remedy(home, model):
    home.use(engine_context=256, engine_slots=1)
    lines = b"Hello\n" + b"very " * 400 + b"long\n"
    ended = home.command("chat", "-m", model, "--max-tokens", "8", input=lines, timeout=120)
    assert ended.returncode == 3
    assert len(ended.stdout.splitlines()) >= 1, "the first is answered"
    assert b"context" in ended.stderr and b"/clear begins anew" in ended.stderr
