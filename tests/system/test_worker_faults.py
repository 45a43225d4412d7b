"""Workers that die, freeze, fall silent or talk nonsense: the right error to the right client, no
token to a wrong one, and the next request served."""

import re
import signal
import time
from datetime import datetime

import pytest

from harness.client import answer_to
from harness.waiting import wait_until

QUICK = {
    "worker_ping": "50ms",
    "worker_suspect": "200ms",
    "worker_dead": "600ms",
    "worker_hello": "1",
    "worker_restart_min": "10ms",
    "worker_restart_max": "50ms",
}
# Asks for an answer of so many words that its job is still speaking when the test acts.
LONG = " ".join(["word"] * 100)
START = " starts, pid "
# Reads its prompt and speaks slowly enough that a job can be caught in either.
SLOW = "tokens_per_second=5,prompt_ms=700"


def speaking_and_reading(home):
    """Two jobs on one worker: one in the midst of its answer, one that has sent nothing yet."""
    client = home.client()
    speaking = client.ask("first job", model=SLOW)
    speaking.until("token")
    reading = client.ask("second job", model=SLOW)
    reading.until("prompt")
    return client, speaking, reading


@pytest.mark.parametrize(
    "number, words",
    [
        (signal.SIGKILL, "signal 9|SIGKILL|Killed"),
        (signal.SIGABRT, "signal 6|SIGABRT|Aborted"),
        (signal.SIGSTOP, "did not answer"),
    ],
)
def test_a_worker_lost_under_two_jobs_fails_one_and_runs_the_other_again(home, number, words):
    home.start(**QUICK)
    client, speaking, reading = speaking_and_reading(home)
    lost = home.worker()
    lost.send_signal(number)
    end = speaking.end()
    assert end["ev"] == "error" and end["code"] == "worker_crashed" and end["retryable"] is True
    assert any(word in end["message"] for word in words.split("|")), end
    assert reading.end()["reason"] == "stop"
    assert reading.text == answer_to("second job"), "whole, and nothing of the other job"
    assert "accepted" not in reading.kinds[1:], "one job from its beginning to its end"
    again = client.ask("third job", model=SLOW)
    assert again.end()["ev"] == "done"
    assert again.text == answer_to("third job")
    assert home.worker().pid != lost.pid
    lost.wait_gone()


def test_a_frozen_worker_gets_no_new_work_and_may_come_back(home):
    home.start(**{**QUICK, "worker_dead": "20"})
    client = home.client()
    running = client.ask("a b c d e f g h", model="tokens_per_second=10,slots=2")
    running.until("token")
    worker = home.worker()
    worker.send_signal(signal.SIGSTOP)
    wait_until(lambda: "does not answer" in home.log(), "it is to be suspected")
    waiting = client.ask("b", model="tokens_per_second=10,slots=2")
    waiting.until("queued")
    worker.send_signal(signal.SIGCONT)
    assert running.end()["reason"] == "stop" and running.text == answer_to("a b c d e f g h")
    assert waiting.end()["reason"] == "stop" and waiting.text == answer_to("b")
    assert home.worker().pid == worker.pid


def test_a_crash_quotes_the_last_words_of_the_worker(home):
    home.start(**QUICK)
    job = home.client().ask("a", model="crash_at=3,stderr_lines=30")
    end = job.end()
    assert job.text == "lorem ipsum"
    assert end["code"] == "worker_crashed"
    assert "line 30 of 30" in end["message"] and "line 11 of 30" in end["message"]
    assert "line 10 of 30" not in end["message"], "twenty are enough"


def test_bytes_that_are_no_frame_end_the_worker(home):
    home.start(**QUICK)
    job = home.client().ask("a", model="garbage_at=3")
    end = job.end()
    assert job.text == "lorem ipsum"
    assert end["code"] == "worker_crashed"


def test_a_worker_that_freezes_itself_is_killed(home):
    home.start(**QUICK)
    job = home.client().ask("a", model="freeze_at=2")
    end = job.end()
    assert job.text == "lorem"
    assert end["code"] == "worker_crashed" and "did not answer" in end["message"]
    wait_until(lambda: not home.workers(), "nothing of it is to stay")


def test_a_worker_that_computes_without_getting_on_is_killed(home):
    home.start(**QUICK, worker_stall="500ms")
    job = home.client().ask("a", model="tokens_per_second=0.01")
    job.until("token")
    end = job.end()
    assert end["code"] == "worker_crashed" and "no progress" in end["message"]


def test_a_worker_that_never_greets_fails_its_jobs_with_a_time_to_come_again(home):
    home.start(**{**QUICK, "worker_hello": "100ms"}, worker_failed="30")
    end = home.client().ask("a", model="mute").end()
    assert end["code"] == "worker_crashed" and end["retryable"] is True
    assert "did not greet" in end["message"]
    assert 0 < end["retry_after_ms"] <= 30_000
    wait_until(lambda: not home.workers(), "nothing of it is to stay")


def test_a_worker_that_cannot_run_says_why(home):
    home.start(**QUICK)
    end = home.client().ask("a", model="slots=0.5").end()
    assert end["code"] == "worker_crashed"
    assert "--slots" in end["message"], "its own words are in the error"


def test_a_job_is_run_again_once_and_then_refused_as_poison(home):
    home.start(**QUICK)
    job = home.client().ask("a", model="crash_at=1")
    end = job.end()
    assert end["code"] == "worker_crashed"
    assert "2 crashes" in end["message"]
    assert "token" not in job.kinds
    home.stop_daemon()
    assert home.log().count(START) == 2


def test_a_worker_that_keeps_crashing_is_left_alone_for_a_while_and_then_tried_again(home):
    home.start(**QUICK, worker_failed="1")
    client = home.client()
    model = "crash_at=2"
    for _ in range(3):
        end = client.ask("a", model=model).end()
        assert end["code"] == "worker_crashed" and "retry_after_ms" not in end
    refused = client.ask("a", model=model)
    end = refused.end()
    assert end["code"] == "worker_crashed" and 0 < end["retry_after_ms"] <= 1000
    assert "token" not in refused.kinds
    assert home.ps()["workers"][0]["state"] == "failed"
    other = client.ask("b")
    assert other.end()["reason"] == "stop", "another target is not concerned"
    time.sleep(end["retry_after_ms"] / 1000)
    again = client.ask("a", model=model)
    again.until("token")


def test_jobs_that_wait_for_a_worker_that_keeps_crashing_are_told(home):
    home.start(**QUICK, worker_failed="30")
    client = home.client()
    jobs = [client.ask(f"job {n}", model="crash_at=1,slots=1") for n in range(4)]
    ends = [job.end() for job in jobs]
    assert all(end["code"] == "worker_crashed" for end in ends)
    assert any("retry_after_ms" in end for end in ends)


def test_a_finished_job_between_crashes_forgives_them(home):
    home.start(**QUICK, worker_failed="30")
    client = home.client()
    model = "tokens_per_second=20"
    for n in range(4):
        victim = client.ask(LONG, model=model)
        victim.until("token")
        home.worker().kill()
        assert victim.end()["code"] == "worker_crashed"
        good = client.ask(f"good {n}", model=model)
        assert good.end()["ev"] == "done"
        assert good.text == answer_to(f"good {n}")


def test_a_worker_killed_while_it_loads_is_started_again(home):
    home.start(**QUICK)
    client = home.client()
    job = client.ask("a", model="load_ms=500")
    job.until("load")
    home.worker().kill()
    assert job.end()["reason"] == "stop"
    assert job.text == answer_to("a")


def test_an_idle_worker_that_dies_is_not_missed(home):
    home.start(**QUICK)
    client = home.client()
    client.ask("a").end()
    home.worker().kill()
    wait_until(lambda: not home.workers(), "it is gone")
    job = client.ask("b")
    assert job.end()["reason"] == "stop" and job.text == answer_to("b")


def test_a_worker_deaf_to_cancel_talks_to_nobody_else(home):
    home.start(**QUICK)
    model = "deaf_to_cancel,tokens_per_second=20,slots=2"
    leaver = home.client()
    leaver.ask("one two three four", model=model).until("token")
    leaver.close()
    stayer = home.client()
    job = stayer.ask("five", model=model)
    assert job.end()["reason"] == "stop"
    assert job.text == answer_to("five")
    wait_until(lambda: home.ps()["workers"][0]["busy"] == 0, "its slot is to come free")


def test_many_kills_leave_nothing_behind(home):
    home.start(**QUICK)
    client = home.client()
    model = "tokens_per_second=100"
    for n in range(15):
        job = client.ask(LONG, model=model)
        job.until("token")
        home.worker().kill()
        end = job.end()
        assert end["code"] == "worker_crashed", end
        good = client.ask(f"after {n}", model=model)
        assert good.end()["reason"] == "stop"
        assert good.text == answer_to(f"after {n}")
    assert len(home.workers()) == 1
    descriptors = len(home.daemon().descriptors)
    assert descriptors < 40, f"the daemon has {descriptors} descriptors open"


def kill_while_it_reads(home, job, lives=1):
    """Ends the worker as often, each time before the job has said a word."""
    for _ in range(lives):
        job.until("prompt")
        lost = home.worker()
        lost.kill()
        lost.wait_gone()


def test_poison_is_refused_and_the_jobs_behind_it_are_answered(home):
    home.start(**QUICK)
    client = home.client()
    model = "slots=1,prompt_ms=1000"
    poison = client.ask("poison", model=model)
    behind = [client.ask(f"harmless {n}", model=model) for n in range(3)]
    behind[-1].until("queued")
    kill_while_it_reads(home, poison, lives=2)
    end = poison.end()
    assert end["code"] == "worker_crashed" and "2 crashes" in end["message"]
    for n, job in enumerate(behind):
        assert job.end()["reason"] == "stop"
        assert job.text == answer_to(f"harmless {n}")
    assert home.status()["jobs"] == {"running": 0, "waiting": 0, "finished": 3, "failed": 1}


def test_jobs_that_are_run_again_keep_their_place_before_those_who_came_later(home):
    home.start(**QUICK)
    client = home.client()
    model = "slots=2,prompt_ms=1000"
    first = [client.ask(f"early {n}", model=model) for n in range(2)]
    later = [client.ask(f"late {n}", model=model) for n in range(2)]
    first[1].until("prompt")
    kill_while_it_reads(home, first[0])
    for job in first + later:
        assert job.end()["reason"] == "stop"
    home.stop_daemon()
    ended = re.findall(r" job: (j\d+) ", home.log())
    assert set(ended[:2]) == {job.job for job in first}


def moments(home, words):
    """When the daemon logged each of the lines with these words."""
    lines = [line for line in home.log().splitlines() if words in line]
    return [datetime.fromisoformat(line.split()[0]) for line in lines]


def test_the_wait_before_a_restart_grows(home):
    home.start(**{**QUICK, "worker_restart_min": "200ms", "worker_restart_max": "10s"})
    client = home.client()
    model = "prompt_ms=10000,slots=1"
    job = client.ask("under way in both crashes", model=model)
    client.ask("waits for the worker after that", model=model)
    for crashes in range(1, 3):  # after a third crash in a row requests are refused
        job.until("prompt")
        home.worker().kill()
        wait_until(lambda: home.log().count(START) > crashes, "the next worker is to start")
    ends = moments(home, "was ended by signal")
    starts = moments(home, START)[1:]
    waits = [(start - end).total_seconds() for end, start in zip(ends, starts)]
    # The log is exact to the millisecond.
    assert waits[0] >= 0.199 and waits[1] >= 0.399, waits
