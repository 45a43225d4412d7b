"""The reference worker by itself, spoken to in frames: what every worker does."""

import signal
import subprocess

import pytest

from harness.client import answer_to
from harness.engine import Ended, Engine
from harness.home import BIN


@pytest.fixture
def dummies():
    made = []

    def make(*arguments):
        made.append(Engine("threadrunner-dummy", arguments))
        return made[-1]

    yield make
    for dummy in made:
        dummy.close()


def test_it_greets_with_what_it_is(dummies):
    hello = dummies("--slots", "3").hello
    assert (hello["ev"], hello["v"], hello["kind"], hello["slots"]) == ("hello", 1, "dummy", 3)


def test_a_stream_is_head_bodies_and_done(dummies):
    job = dummies().call("/completion", {"prompt": "Hello, how are you?", "stream": True})
    assert job.head["content_type"] == "text/event-stream"
    assert job.text == answer_to("Hello, how are you?")
    assert job.end["usage"] == {"prompt": 4, "cached": 0, "completion": 9}


def test_a_document_is_one_body(dummies):
    job = dummies().call("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]})
    assert len(job.of("body")) == 1
    assert job.document["choices"][0]["message"]["content"] == answer_to("Hi")


def test_pings_are_answered_in_the_midst_of_a_flood(dummies):
    dummy = dummies()
    words = 100_000
    job = dummy.route("/completion", {"prompt": "word " * words, "stream": True})
    dummy.send(op="credit", id=job.id, n=10 * words)
    job.until(lambda job: job.of("body"))
    dummy.ping()
    assert job.end is None, "the answer came before the flood had passed"
    job.wait()
    assert len(job.of("body")) == 5 + words + 1


def test_a_daemon_that_is_gone_ends_it_at_once(dummies):
    dummy = dummies("--tokens-per-second", "1")
    dummy.route("/completion", {"prompt": "Hi", "stream": True}).until(lambda job: job.of("body"))
    dummy.socket.close()
    assert dummy.wait_exit() == 0


def test_sigterm_lets_it_finish_and_sigint_is_not_for_it(dummies):
    dummy = dummies("--tokens-per-second", "20")
    job = dummy.route("/completion", {"prompt": "Hi", "stream": True})
    job.until(lambda job: job.of("body"))
    dummy.process.send_signal(signal.SIGINT)
    dummy.terminate()
    assert job.wait()["reason"] == "stop"
    assert dummy.wait_exit() == 0


def test_shutdown_ends_what_outlasts_its_deadline(dummies):
    dummy = dummies("--tokens-per-second", "0.1")
    job = dummy.route("/completion", {"prompt": "Hi", "stream": True})
    job.until(lambda job: job.of("body"))
    dummy.send(op="shutdown", deadline_ms=100)
    assert job.wait()["reason"] == "cancelled"
    assert dummy.wait_exit() == 0


@pytest.mark.parametrize(
    "payload",
    [b"\xc1", b"no frame", b"\x81\xa2op\xa6juggle", b"\x80"],
    ids=["reserved", "text", "unknown op", "no op"],
)
def test_a_broken_stream_has_no_meaning(dummies, payload):
    dummy = dummies()
    dummy.send_bytes(payload)
    with pytest.raises(Ended):
        dummy.ping()
    assert dummy.wait_exit() == 1
    assert dummy.stderr.startswith("error: ")


def run(*arguments):
    return subprocess.run([BIN / "threadrunner-dummy", *arguments], capture_output=True, timeout=30)


def test_people_who_start_it_are_told_what_it_is():
    alone = run()
    assert alone.returncode == 1 and b"threadrunner-daemon starts this program" in alone.stderr
    assert run("--help").stdout.startswith(b"threadrunner-dummy: the reference worker")
    wrong = run("--crash-at", "soon")
    assert wrong.returncode == 64 and b"'soon'" in wrong.stderr
