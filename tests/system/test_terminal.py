"""The command in a terminal, byte by byte: what is drawn, what is not, and what Ctrl-C does."""

import subprocess

from harness.home import BIN
from harness.terminal import Terminal
from harness.waiting import wait_until

HELLO = "Hello, how are you?"
ERASE = b"\r\x1b[K"


def terminal(home, *arguments, env=None, **redirections):
    return Terminal(
        [BIN / "threadrunner", *arguments],
        home.environment(THREADRUNNER_BACKEND="dummy", **(env or {})),
        **redirections,
    )


def test_a_quick_answer_is_drawn_without_anything_around_it(home):
    home.start()
    code, drawn = terminal(home, HELLO).finish()
    assert code == 0
    assert drawn == b"lorem ipsum dolor sit amet Hello. how. are. you.\r\n"


def test_a_slow_load_shows_a_bar_that_leaves_no_trace(home):
    home.start()
    code, drawn = terminal(home, "-m", "load_ms=1200", "Hi").finish()
    assert code == 0
    bars, _, answer = drawn.rpartition(ERASE)
    assert b"Loading the model" in bars and b" %" in bars
    assert answer == b"lorem ipsum dolor sit amet Hi.\r\n"


def test_a_slow_prompt_shows_a_bar_too(home):
    home.start()
    code, drawn = terminal(home, "-m", "prompt_ms=1200", "Hi").finish()
    assert code == 0
    assert b"Reading the prompt" in drawn
    assert drawn.endswith(ERASE + b"lorem ipsum dolor sit amet Hi.\r\n")


def test_a_terminal_that_cannot_draw_gets_no_bar(home):
    home.start()
    code, drawn = terminal(home, "-m", "load_ms=1200", "Hi", env={"TERM": "dumb"}).finish()
    assert code == 0
    assert drawn == b"lorem ipsum dolor sit amet Hi.\r\n"


def test_bars_stay_out_of_a_stdout_that_is_piped(home):
    home.start()
    asking = terminal(home, "-m", "load_ms=1200", "Hi", stdout=subprocess.PIPE)
    code, drawn = asking.finish()
    assert code == 0
    assert asking.process.stdout.read() == b"lorem ipsum dolor sit amet Hi.\n"
    asking.process.stdout.close()
    assert b"Loading the model" in drawn and drawn.endswith(ERASE)


def test_bars_stay_out_of_a_stderr_that_is_piped(home):
    home.start()
    asking = terminal(home, "-m", "load_ms=1200", "Hi", stderr=subprocess.PIPE)
    code, drawn = asking.finish()
    assert code == 0
    assert drawn == b"lorem ipsum dolor sit amet Hi.\r\n"
    assert asking.process.stderr.read() == b""
    asking.process.stderr.close()


def test_control_characters_of_an_answer_do_not_reach_the_terminal(home):
    home.start()
    prompt = "\x1b[31mred \x07bell \u009b2J end"
    _, drawn = terminal(home, prompt).finish()
    assert b"\x1b[31m" not in drawn and b"\x07" not in drawn and "\u009b".encode() not in drawn
    assert b"red." in drawn and b"end." in drawn
    piped = home.command(prompt, env={"THREADRUNNER_BACKEND": "dummy"})
    assert b"\x1b[31mred." in piped.stdout, "a pipe gets what the model said"


def test_ctrl_c_cancels_the_job_and_leaves_the_daemon_alone(home):
    asking = terminal(home, "-m", "tokens_per_second=5", HELLO)  # which starts the daemon
    asking.read_until(b"lorem")
    daemon = home.daemon().pid
    asking.type(b"\x03")
    code, drawn = asking.finish()
    assert code == 130
    assert drawn.endswith(b"\r\n")
    wait_until(lambda: home.status()["jobs"]["running"] == 0, "the job is to be cancelled")
    assert home.status()["pid"] == daemon
    assert len(home.workers()) == 1, "the worker is not hit either"


def test_ctrl_c_during_a_load_erases_the_bar(home):
    home.start()
    asking = terminal(home, "-m", "load_ms=30000", "Hi")
    asking.read_until(b"Loading the model")
    asking.type(b"\x03")
    code, drawn = asking.finish()
    assert code == 130
    assert ERASE in drawn.rpartition(b"Loading the model")[2]
    wait_until(lambda: not home.workers(), "the load is to be given up")


def test_an_error_stands_on_a_line_of_its_own(home):
    home.start(worker_restart_min="10ms", worker_restart_max="10ms")
    code, drawn = terminal(home, "-m", "fail_at=3", "Hi").finish()
    assert code == 3
    assert drawn.startswith(b"lorem ipsum\r\nthreadrunner: ")
