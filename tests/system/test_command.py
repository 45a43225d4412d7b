"""The command `threadrunner` with the dummy: what it prints and how it exits."""

import json
import os
import signal
import subprocess

import pytest

from harness.client import answer_to
from harness.home import BIN
from harness.waiting import wait_until

HELLO = "Hello, how are you?"
HELLO_ANSWER = b"lorem ipsum dolor sit amet Hello. how. are. you.\n"
DUMMY = {"THREADRUNNER_BACKEND": "dummy"}


def start_asking(home, model):
    """The command while it asks a dummy of these habits; its streams are pipes."""
    return home.spawn(
        "threadrunner",
        "-m",
        model,
        HELLO,
        env=DUMMY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ask(home, *arguments, **options):
    return home.command(*arguments, env=DUMMY, **options)


def test_a_prompt_is_answered_by_a_daemon_that_starts_itself_and_stays(home):
    first = ask(home, HELLO)
    assert (first.returncode, first.stdout, first.stderr) == (0, HELLO_ANSWER, b"")
    daemon = home.daemon().pid
    assert ask(home, HELLO).stdout == HELLO_ANSWER
    assert home.daemon().pid == daemon


def test_words_and_piped_input_become_one_prompt(home):
    assert ask(home, "one", "two").stdout.decode() == answer_to("one two") + "\n"
    piped = ask(home, "Review", "this", input=b"first line\nsecond line\n")
    assert piped.stdout.decode() == answer_to("Review this first line second line") + "\n"
    assert ask(home, input=b"only input").stdout.decode() == answer_to("only input") + "\n"


def test_input_of_any_bytes_is_survived(home):
    answered = ask(home, "Look", input=b"caf\xe9 \xff\x00 end")
    assert answered.returncode == 0, answered.stderr
    answered.stdout.decode()


def test_a_commands_name_asks_where_its_grammar_does_not_fit(home):
    assert ask(home, "status", "quo").stdout.decode() == answer_to("status quo") + "\n"
    assert ask(home, "ask", "status").stdout.decode() == answer_to("status") + "\n"
    assert ask(home, "--", "stop").stdout.decode() == answer_to("stop") + "\n"
    assert ask(home, "--", "--help").stdout.decode() == answer_to("--help") + "\n"


def test_options_reach_the_model(home):
    assert ask(home, "--max-tokens", "2", "Hi").stdout == b"lorem ipsum\n"
    assert ask(home, "Hi", "--stop", " dolor").stdout == b"lorem ipsum\n"
    assert ask(home, "--raw", "Hi").stdout.decode() == answer_to("Hi") + "\n"


def test_json_is_one_event_a_line(home):
    lines = ask(home, "--json", "Hi").stdout.decode().splitlines()
    events = [json.loads(line) for line in lines]
    assert events[0]["ev"] == "accepted"
    assert events[-1]["ev"] == "done" and events[-1]["usage"]["completion"] == 6
    assert "".join(e["text"] for e in events if e["ev"] == "token") == answer_to("Hi")


def test_json_without_streaming_is_one_document(home):
    document = json.loads(ask(home, "--json", "--no-stream", "Hi").stdout)
    assert document["text"] == answer_to("Hi")
    assert document["reason"] == "stop"


def test_vectors_and_tokens_are_printed_one_a_line(home):
    vectors = [
        json.loads(line)
        for line in ask(home, "embed", "a cat", "a dog", "a cat").stdout.splitlines()
    ]
    assert len(vectors) == 3 and vectors[0] == vectors[2] != vectors[1]
    tokens = ask(home, "tokenize", "Hi").stdout.decode().splitlines()
    assert [line.split()[0] for line in tokens] == ["72", "105"]
    assert ask(home, "detokenize", "72", "105").stdout == b"Hi\n"
    assert ask(home, "detokenize", input=b"72 105\n").stdout == b"Hi\n"


def test_help_and_version_need_no_daemon(home):
    for arguments in (["--help"], ["help", "logs"], ["logs", "--help"], ["version"], ["--version"]):
        shown = home.command(*arguments)
        assert shown.returncode == 0 and shown.stdout, arguments
    assert not home.processes()


def test_status_ps_and_logs_tell_what_happens(home):
    ask(home, "Hi")
    assert b"running" in home.command("status").stdout
    assert b"dummy" in home.command("ps").stdout
    status = json.loads(home.command("status", "--json").stdout)
    assert status["jobs"]["finished"] == 1
    wait_until(lambda: b"end=stop" in home.command("logs").stdout, "the job is to be in the log")


def test_stop_ends_the_daemon_and_its_workers(home):
    ask(home, "Hi")
    assert home.command("stop").returncode == 0
    home.wait_empty()
    assert not home.socket.exists()


# Exit codes, each on purpose.


def test_exit_1_for_a_request_that_makes_no_sense(home):
    refused = home.command("--backend", "abacus", "Hi")
    assert refused.returncode == 1
    assert b"unknown backend 'abacus'" in refused.stderr and b"dummy" in refused.stderr


def test_exit_2_without_a_daemon(home):
    refused = home.command("status")
    assert refused.returncode == 2
    assert b"no daemon is running" in refused.stderr


def test_exit_2_when_the_daemon_dies_under_the_answer(home):
    home.start()
    asking = start_asking(home, "tokens_per_second=5")
    assert asking.stdout.read(5) == b"lorem"
    home.kill_daemon()
    _, errors = asking.communicate(timeout=30)
    assert asking.returncode == 2
    assert b"closed the connection before the end of the answer" in errors


def test_exit_2_when_a_daemon_cannot_start(home):
    (home.root / "config.toml").write_text("[worker]\nidel = 3\n")
    refused = ask(home, "Hi")
    assert refused.returncode == 2, refused.stderr
    assert b"config.toml" in refused.stderr and b"idel" in refused.stderr


def test_exit_3_without_a_model(home):
    refused = home.command("Hi")
    assert refused.returncode == 3
    assert b"model" in refused.stderr


def test_exit_3_when_the_worker_crashes(home):
    home.use(worker_restart_min="10ms", worker_restart_max="10ms")
    crashed = ask(home, "-m", "crash_at=3", HELLO)
    assert crashed.returncode == 3
    assert crashed.stdout == b"lorem ipsum\n"
    assert (
        b"SIGABRT" in crashed.stderr
        or b"signal 6" in crashed.stderr
        or b"Aborted" in crashed.stderr
    )


def test_exit_4_when_the_time_is_over(home):
    late = ask(home, "-m", "tokens_per_second=1", "--timeout", "500ms", HELLO)
    assert late.returncode == 4
    assert late.stdout.startswith(b"lorem")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--max-tokens", "many", "Hi"],
        ["--no-such-option", "Hi"],
        ["Hi", "--model"],
        ["--priority", "urgent", "Hi"],
        ["--timeout", "soon", "Hi"],
    ],
    ids=" ".join,
)
def test_exit_64_for_words_and_options_that_make_no_sense(home, arguments):
    refused = home.command(*arguments)
    assert refused.returncode == 64
    assert refused.stderr.startswith(b"threadrunner: ")
    assert not home.processes(), "a usage error starts nothing"


def test_exit_130_and_a_cancelled_job_on_interrupt(home):
    home.start()
    asking = start_asking(home, "tokens_per_second=5")
    assert asking.stdout.read(5) == b"lorem"
    asking.send_signal(signal.SIGINT)
    rest, errors = asking.communicate(timeout=30)
    assert asking.returncode == 130
    assert rest.endswith(b"\n"), "the line that was begun is ended"
    wait_until(lambda: home.status()["jobs"]["running"] == 0, "the job is to be cancelled")
    wait_until(lambda: "end=cancelled" in home.log(), "the log says so")


def test_an_interrupt_while_the_worker_starts_is_obeyed_too(home):
    home.start()
    asking = start_asking(home, "load_ms=20000")
    wait_until(lambda: home.status()["jobs"]["waiting"] == 1, "the job is to wait")
    asking.send_signal(signal.SIGINT)
    assert asking.communicate(timeout=30)[0] == b""
    assert asking.returncode == 130
    wait_until(lambda: not home.workers(), "the load is to be given up")


# Streams.


def test_a_reader_that_leaves_cancels_the_job_in_silence(home):
    home.start()
    asking = start_asking(home, "tokens_per_second=20")
    assert asking.stdout.read(5) == b"lorem"
    asking.stdout.close()
    assert asking.wait(timeout=30) == 0
    assert asking.stderr.read() == b""
    wait_until(lambda: home.status()["jobs"]["running"] == 0, "the job is to be cancelled")


def test_a_full_disk_under_stdout_is_reported(home):
    with open("/dev/full", "wb") as full:
        asked = subprocess.run(
            [BIN / "threadrunner", HELLO],
            env=home.environment(**DUMMY),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
        )
    assert asked.returncode == 1
    assert b"No space left" in asked.stderr


def test_standard_descriptors_may_be_closed(home):
    script = f'exec "{BIN}/threadrunner" Hi <&- >&- 2>&-'
    asked = subprocess.run(["sh", "-c", script], env=home.environment(**DUMMY), timeout=30)
    assert asked.returncode == 0
    assert ask(home, HELLO).stdout == HELLO_ANSWER


def test_the_command_works_from_a_directory_that_is_gone(home, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd "{gone}" && rmdir "{gone}" && exec "{BIN}/threadrunner" Hi </dev/null'
    asked = subprocess.run(
        ["sh", "-c", script], env=home.environment(**DUMMY), timeout=30, capture_output=True
    )
    assert asked.stdout.decode() == answer_to("Hi") + "\n", asked.stderr


def test_a_socket_path_that_is_too_long_is_an_error_that_says_so(home):
    refused = ask(home, "--socket", "/tmp/" + "x" * 120, "Hi")
    assert refused.returncode != 0
    assert b"too long" in refused.stderr and b"107" in refused.stderr
    assert not home.processes()


def test_another_socket_is_another_door_to_the_same_home(home, tmp_path):
    socket = home.root / "other.sock"
    assert ask(home, "--socket", socket, HELLO).stdout == HELLO_ANSWER
    assert home.command("status", env={"THREADRUNNER_SOCKET": str(socket)}).returncode == 0
    assert home.command("status").returncode == 2
    assert os.stat(socket).st_mode & 0o777 == 0o600
    home.stop_daemon()
    assert not socket.exists()
