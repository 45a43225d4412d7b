"""Clients that vanish, fall asleep or come in crowds: no other client notices."""

import socket
import struct
import threading

import pytest

from harness.client import answer_to
from harness.frames import Closed, pack
from harness.waiting import wait_until

LONG = " ".join(["word"] * 40_000)


@pytest.mark.parametrize(
    "model, seen",
    [
        ("tokens_per_second=2,slots=2", "token"),
        ("prompt_ms=30000,slots=2", "prompt"),
        ("load_ms=30000", "load"),
    ],
)
def test_the_job_of_a_client_that_vanishes_is_cancelled(home, model, seen):
    home.start()
    leaver = home.client()
    leaver.ask("one two three", model=model).until(seen)
    leaver.close()
    wait_until(home.nothing_under_way, "its job is to end")
    wait_until(
        lambda: all(w["busy"] == 0 for w in home.ps()["workers"]), "its slot is to come free"
    )
    wait_until(lambda: "end=cancelled" in home.log(), "the log says so")


def test_a_client_that_vanishes_in_the_queue_leaves_it(home):
    home.start()
    stayer = home.client()
    model = "slots=1,tokens_per_second=10"
    running = stayer.ask("one two three", model=model)
    running.until("token")
    leaver = home.client()
    leaver.ask("leave", model=model).until("queued")
    leaver.close()
    behind = stayer.ask("behind", model=model)
    assert running.end()["reason"] == "stop"
    assert behind.end()["reason"] == "stop" and behind.text == answer_to("behind")
    assert home.status()["jobs"]["finished"] >= 3


def test_no_token_of_a_client_that_left_reaches_the_next(home):
    home.start()
    for n in range(30):
        leaver = home.connect()
        leaver.send(
            {
                "v": 2,
                "id": 1,
                "op": "generate",
                "backend": "dummy",
                "model": "slots=1,tokens_per_second=200",
                "prompt": f"abandoned {n}",
            }
        )
        leaver.receive()
        leaver.close()
        client = home.client()
        job = client.ask(f"wanted {n}", model="slots=1,tokens_per_second=2000")
        other = client.ask(f"also {n}", model="slots=1,tokens_per_second=200")
        assert job.end()["reason"] == "stop" and job.text == answer_to(f"wanted {n}")
        assert other.end()["reason"] == "stop" and other.text == answer_to(f"also {n}")
        client.close()


def test_a_client_that_resets_its_connection_hurts_nobody(home):
    home.start()
    stayer = home.client()
    job = stayer.ask("a b c d", model="tokens_per_second=20")
    job.until("token")
    for _ in range(50):
        rude = home.connect()
        rude.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        rude.send_bytes(
            pack({"v": 2, "id": 1, "op": "generate", "backend": "dummy", "prompt": LONG})
        )
        rude.close()
    assert job.end()["reason"] == "stop" and job.text == answer_to("a b c d")


def test_a_client_that_reads_nothing_stops_only_its_own_job(home):
    home.start(worker_ping="50ms", worker_stall="500ms")
    sleeper = home.client()
    asleep = sleeper.ask(LONG)
    asleep.until("token")
    awake = home.client()
    for n in range(5):
        job = awake.ask(f"number {n}")
        assert job.end()["reason"] == "stop" and job.text == answer_to(f"number {n}")
    # Longer than the time after which a worker without progress is killed: waiting for a client is
    # no stall.
    slow = awake.ask("a b c d e f", model="tokens_per_second=5")
    assert slow.end()["reason"] == "stop"
    assert home.status()["jobs"]["running"] == 1, "the sleeper's job waits"
    before = home.daemon().resident_bytes
    assert before < 100 * 1024 * 1024
    assert asleep.end()["reason"] == "stop"
    assert asleep.text == answer_to(LONG), "every token came in the end"


def test_a_client_that_reads_nothing_for_too_long_is_given_up(home):
    home.start(socket_stall="300ms")
    sleeper = home.client()
    sleeper.ask(LONG).until("token")
    wait_until(home.nothing_under_way, "its job is to end")
    with pytest.raises(Closed):
        while True:
            sleeper.pump()


def test_five_hundred_silent_connections_cost_little(home, many_descriptors):
    home.start()
    client = home.client()
    client.ask("warm up").end()
    before = home.daemon().resident_bytes
    crowd = [home.connect() for _ in range(500)]
    job = client.ask("Hello there")
    assert job.end()["reason"] == "stop" and job.text == answer_to("Hello there")
    grown = home.daemon().resident_bytes - before
    assert grown < 20 * 1024 * 1024, f"{grown} bytes for 500 connections"
    for connection in crowd:
        connection.close()
    wait_until(lambda: len(home.daemon().descriptors) < 100, "their descriptors are to be closed")


def test_one_connection_too_many_is_told_so(home, many_descriptors):
    home.start()
    crowd = [home.connect() for _ in range(1024)]
    wait_until(lambda: len(home.daemon().descriptors) > 1024, "all are to be accepted")
    late = home.connect()
    refused = late.receive()
    assert refused["error_type"] == "Io" and "1024 clients" in refused["error"]
    assert late.at_end()
    crowd.pop().close()
    wait_until(lambda: len(home.daemon().descriptors) < 1024 + 20, "one is to leave")
    job = wait_until(lambda: accepted(home), "there is room again")
    assert job


def accepted(home):
    connection = home.connect()
    connection.send({"v": 2, "id": 1, "op": "status"})
    answer = connection.receive()
    connection.close()
    return answer.get("ev") == "accepted"


def test_a_thousand_jobs_on_one_connection_all_end(home):
    home.start(queue_jobs=2000)
    client = home.client()
    jobs = [client.ask(f"job {n}", model="slots=4") for n in range(1000)]
    for n, job in enumerate(jobs):
        assert job.end()["reason"] == "stop"
        assert job.text == answer_to(f"job {n}")


def test_many_clients_at_once_each_get_their_own_answer(home):
    home.start()
    faults = []

    def talk(name):
        try:
            client = home.client()
            for n in range(10):
                prompt = f"client {name} round {n} " + "x " * (name * 7 % 50)
                job = client.ask(prompt, model="slots=3")
                if job.end()["ev"] != "done" or job.text != answer_to(prompt):
                    faults.append((name, n, job.events))
        except Exception as fault:  # noqa: BLE001: a thread's failure must reach the test
            faults.append((name, fault))

    threads = [threading.Thread(target=talk, args=(name,)) for name in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:3]


def test_a_long_answer_arrives_whole_and_in_order(home):
    home.start()
    prompt = " ".join(f"w{n}" for n in range(50_000))
    job = home.client().ask(prompt)
    assert job.end()["reason"] == "stop"
    assert job.text == answer_to(prompt)
