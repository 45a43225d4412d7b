"""`threadrunner bench` with the dummy: what it measures, how it says so, and how it ends."""

import json
import signal
import subprocess

import pytest

from harness.home import BIN
from harness.terminal import Terminal
from harness.waiting import wait_until

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}
QUICK = ("--seconds", "0", "--max-tokens", "8")
STEADY = "tokens_per_second=200"


def bench(home, *arguments, **options):
    return home.command("bench", *arguments, env=DUMMY, **options)


def expect_spread(spread):
    assert 0 < spread["min"] <= spread["median"] <= spread["max"]
    assert spread["runs"] >= 3


def test_a_program_gets_memory_first_token_prompt_and_answers(home):
    measured = bench(home, STEADY, "--streams", "3", "--json", *QUICK)
    assert (measured.returncode, measured.stderr) == (0, b"")
    document = json.loads(measured.stdout)
    assert document["model"] == STEADY
    assert document["threads"] >= 1
    for loop in ("read", "copy", "triad"):
        assert document["memory"][f"{loop}_bytes_per_second"] > 0
    expect_spread(document["first_token_ms"])
    expect_spread(document["prompt_tokens_per_second"])
    assert [decode["streams"] for decode in document["decode"]] == [1, 3]
    for decode in document["decode"]:
        expect_spread(decode["each_tokens_per_second"])
        expect_spread(decode["together_tokens_per_second"])
    assert "ceiling_tokens_per_second" not in document, "the dummy has no weights"


def test_a_person_gets_a_table(home):
    measured = bench(home, STEADY, *QUICK)
    assert (measured.returncode, measured.stderr) == (0, b"")
    table = measured.stdout.decode()
    assert table.startswith(STEADY + "\n")
    for line in ("read ", "copy ", "triad ", "first token, warm", "prompt ", "answer, 1 stream ",
                 "answer, 4 streams, each", "answer, 4 streams, together"):
        assert f"\n{line}" in table
    assert "at most" not in table


def test_answers_at_once_really_are(home):
    home.start()
    measuring = home.spawn(
        "threadrunner", "bench", "tokens_per_second=4", "--streams", "5", *QUICK, env=DUMMY,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: home.status()["jobs"]["running"] == 5, "five jobs are to run at once",
               patience=60)
    measuring.send_signal(signal.SIGINT)
    out, errors = measuring.communicate(timeout=30)
    assert (measuring.returncode, out) == (130, b"")
    wait_until(home.nothing_under_way, "the jobs are to be cancelled")


def test_more_answers_than_slots_are_refused_with_the_remedy(home):
    refused = bench(home, "slots=2", "--streams", "3")
    assert refused.returncode == 64
    assert b"the model's 2 slots" in refused.stderr and b"engine.slots" in refused.stderr
    assert bench(home, "--streams", "0").returncode == 64
    assert bench(home, "--seconds", "-1").returncode == 64


def test_one_slot_is_measured_with_one_stream(home):
    measured = bench(home, f"slots=1,{STEADY}", "--json", *QUICK)
    assert [decode["streams"] for decode in json.loads(measured.stdout)["decode"]] == [1]


def test_answers_too_short_to_be_measured_are_an_error(home):
    refused = bench(home, "--seconds", "0", "--max-tokens", "1")
    assert (refused.returncode, refused.stdout) == (3, b"")
    assert b"--max-tokens" in refused.stderr


def test_an_error_of_the_worker_is_the_command_s(home):
    failed = bench(home, "fail_at=3", *QUICK)
    assert failed.returncode == 3 and failed.stdout == b""
    assert failed.stderr.startswith(b"threadrunner: ")


def test_the_command_line_s_time_out_holds(home):
    failed = bench(home, "tokens_per_second=1", "--timeout", "3", "--seconds", "0")
    assert (failed.returncode, failed.stdout) == (4, b"")


def test_bench_press_is_a_model_but_more_words_are_a_prompt(home):
    asked = bench(home, "press", "or", "squat")
    assert asked.stdout == b"lorem ipsum dolor sit amet bench. press. or. squat.\n"


def test_a_terminal_shows_what_is_being_measured_and_then_the_table_alone(home):
    home.start()
    measuring = Terminal([BIN / "threadrunner", "bench", STEADY, "--seconds", "1"],
                         home.environment(**DUMMY))
    code, drawn = measuring.finish(patience=120)
    assert code == 0
    progress, _, table = drawn.rpartition(b"\r\x1b[K")
    assert b"measuring memory" in progress and b"measuring an answer" in progress
    assert table.startswith(STEADY.encode() + b"\r\n")


@pytest.mark.model
def test_a_model_is_measured_with_its_threads_beneath_a_ceiling_of_its_weights(home, model):
    home.start(engine_threads=1, engine_slots=2)
    measured = home.command("bench", "-m", model, "--json", *QUICK, timeout=300)
    assert (measured.returncode, measured.stderr) == (0, b"")
    document = json.loads(measured.stdout)
    assert document["threads"] == 1
    bandwidth, weights = document["memory"]["read_bytes_per_second"], document["weights_bytes"]
    assert 200 << 20 < weights < 300 << 20
    assert document["ceiling_tokens_per_second"] == pytest.approx(bandwidth / weights)
    expect_spread(document["prompt_tokens_per_second"])
    assert [decode["streams"] for decode in document["decode"]] == [1, 2]
