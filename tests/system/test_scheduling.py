"""Who runs when: slots, turns between owners, priorities, the memory budget and idle workers."""

import re
import signal
import subprocess

import pytest

from harness.client import answer_to
from harness.waiting import wait_until

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}
ONE_SLOT = "slots=1,tokens_per_second=300"


def finished_jobs(home):
    """(job, owner) in the order in which they ended. The daemon must have stopped."""
    return re.findall(r" job: (j\d+) .*?owner=(\S+)", home.log())


def ask_as_another_owner(home, prompt, model, *options):
    """A session of its own is an owner of its own."""
    return home.spawn(
        "threadrunner",
        "-m",
        model,
        *options,
        prompt,
        env=DUMMY,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )


@pytest.fixture
def halted(home):
    """A client, and a worker with one slot that stands still in the midst of its first job, so that
    a queue can form; it goes on with send_signal(SIGCONT)."""
    home.start(worker_suspect="10m", worker_dead="20m", worker_stall="1h")
    client = home.client()
    # An answer of a second: it must not be over before the worker is told to stand still.
    client.ask(" ".join(["first"] * 300), model=ONE_SLOT).until("token")
    worker = home.worker()
    worker.send_signal(signal.SIGSTOP)
    wait_until(lambda: worker.state == "T", "it is to stand still")
    return client, worker


def wait_for_waiting(home, count):
    wait_until(
        lambda: home.status()["jobs"]["waiting"] == count, f"{count} jobs are to be in the queue"
    )


def order_of_ends(home, count):
    """(job, owner) of the jobs that waited, in the order in which they ended."""
    wait_until(lambda: home.status()["jobs"]["finished"] == count + 1, "all jobs are to end")
    home.stop_daemon()
    return finished_jobs(home)[1:]


def test_a_hundred_jobs_of_one_owner_do_not_delay_the_one_of_another(home, halted):
    hog, worker = halted
    for n in range(100):
        hog.ask(f"mine {n}", model=ONE_SLOT)
    wait_for_waiting(home, 100)
    guest = ask_as_another_owner(home, "hello", ONE_SLOT)
    wait_for_waiting(home, 101)
    worker.send_signal(signal.SIGCONT)
    assert guest.communicate(timeout=60)[0].decode() == answer_to("hello") + "\n"
    owners = [owner for _, owner in order_of_ends(home, 101)]
    guest_owner = min(owners, key=owners.count)
    assert owners.index(guest_owner) <= 1, "it is the next, or the one after that"


def test_several_owners_take_turns_whatever_each_has_sent(home, halted):
    hog, worker = halted
    for n in range(20):
        hog.ask(f"mine {n}", model=ONE_SLOT)
    wait_for_waiting(home, 20)
    guests = []
    for n in range(4):
        guests.append(ask_as_another_owner(home, f"guest {n}", ONE_SLOT))
        wait_for_waiting(home, 21 + n)
    worker.send_signal(signal.SIGCONT)
    for n, guest in enumerate(guests):
        assert guest.communicate(timeout=60)[0].decode() == answer_to(f"guest {n}") + "\n"
    owners = [owner for _, owner in order_of_ends(home, 24)]
    hogs = max(owners, key=owners.count)
    places = [place for place, owner in enumerate(owners) if owner != hogs]
    assert places[-1] <= 5, f"each of the four is served once before the host's third: {places}"


def test_one_owners_jobs_run_in_the_order_in_which_they_came(home):
    home.start()
    client = home.client()
    jobs = [client.ask(f"number {n}", model=ONE_SLOT) for n in range(10)]
    for job in jobs:
        job.end()
    home.stop_daemon()
    assert [job for job, _ in finished_jobs(home)] == [f"j{n}" for n in range(1, 11)]


def test_interactive_jobs_go_first_and_batch_jobs_do_not_starve(home, halted):
    client, worker = halted
    batch = [client.ask(f"batch {n}", model=ONE_SLOT, priority="batch") for n in range(3)]
    talks = [client.ask(f"talk {n}", model=ONE_SLOT) for n in range(20)]
    wait_for_waiting(home, 23)
    worker.send_signal(signal.SIGCONT)
    for job in batch + talks:
        assert job.end()["reason"] == "stop"
    order = [job for job, _ in order_of_ends(home, 23)]
    places = [order.index(job.job) for job in batch]
    assert places[0] in (7, 8), "eight interactive jobs go first, the one that ran perhaps included"
    assert places[1] - places[0] == 9, "eight more before the next"


def test_a_pile_of_batch_work_is_not_in_the_way_of_a_question(home, halted):
    client, worker = halted
    for n in range(50):
        client.ask(f"batch {n}", model=ONE_SLOT, priority="batch")
    wait_for_waiting(home, 50)
    question = client.ask("question", model=ONE_SLOT)
    wait_for_waiting(home, 51)
    worker.send_signal(signal.SIGCONT)
    assert question.end()["reason"] == "stop"
    order = [job for job, _ in order_of_ends(home, 51)]
    assert order[0] == question.job


def test_batch_work_of_another_owner_is_not_in_the_way_either(home, halted):
    client, worker = halted
    for n in range(30):
        client.ask(f"mine {n}", model=ONE_SLOT)
    wait_for_waiting(home, 30)
    patient = ask_as_another_owner(home, "no hurry", ONE_SLOT, "--priority", "batch")
    wait_for_waiting(home, 31)
    worker.send_signal(signal.SIGCONT)
    assert patient.communicate(timeout=60)[0].decode() == answer_to("no hurry") + "\n"
    owners = [owner for _, owner in order_of_ends(home, 31)]
    place = owners.index(min(owners, key=owners.count))
    assert place in (7, 8), "its turn comes after eight interactive jobs, and it does come"


def test_a_worker_gets_no_more_jobs_than_it_has_slots(home):
    home.start()
    client = home.client()
    jobs = [client.ask(f"a {n}", model="slots=3,tokens_per_second=20") for n in range(9)]
    jobs[0].until("token")
    (worker,) = home.ps()["workers"]
    assert (worker["slots"], worker["busy"]) == (3, 3)
    assert home.status()["jobs"] == {"running": 3, "waiting": 6, "finished": 0, "failed": 0}
    for n, job in enumerate(jobs):
        assert job.end()["reason"] == "stop" and job.text == answer_to(f"a {n}")


def test_a_full_queue_refuses_with_a_time_to_come_again_and_takes_jobs_afterwards(home):
    home.start(queue_jobs=2)
    client = home.client()
    jobs = [client.ask(f"a {n}", model=ONE_SLOT) for n in range(8)]
    ends = [job.end() for job in jobs]
    refused = [end for end in ends if end["ev"] == "error"]
    assert refused and all(end["code"] == "overloaded" for end in refused)
    assert all(end["retryable"] and end["retry_after_ms"] > 0 for end in refused)
    assert [end["reason"] for end in ends if end["ev"] == "done"]
    late = client.ask("late", model=ONE_SLOT)
    assert late.end()["reason"] == "stop"


def test_an_idle_worker_is_unloaded_after_the_setting(home):
    home.start(worker_idle="200ms")
    client = home.client()
    client.ask("a").end()
    wait_until(lambda: not home.workers(), "the worker is to be unloaded")
    assert home.status()["workers"] == 0
    job = client.ask("b")
    assert job.end()["reason"] == "stop"


def test_keep_alive_of_a_request_goes_before_the_setting(home):
    home.start(worker_idle="10m")
    client = home.client()
    client.ask("a", keep_alive="200ms").end()
    wait_until(lambda: not home.workers(), "the worker is to be unloaded")
    client.ask("a", keep_alive=-1).end()
    assert home.ps()["workers"][0]["expires_ms"] is None
    client.ask("a", keep_alive=300).end()
    assert 290_000 < home.ps()["workers"][0]["expires_ms"] <= 300_000
    client.ask("a", keep_alive=0).end()
    wait_until(lambda: not home.workers(), "the worker is to be unloaded")


def test_a_worker_that_cannot_ever_fit_is_refused_with_the_numbers(home):
    home.start(memory_mib=100)
    end = home.client().ask("a", model="memory_mib=200").end()
    assert end["code"] == "out_of_memory"
    assert "200 MiB" in end["message"] and "100 MiB" in end["message"]
    assert not home.workers()


def test_a_job_waits_for_memory_and_another_target_does_not(home):
    home.start(memory_mib=100)
    client = home.client()
    holder = client.ask("a b c d e f g h i j", model="memory_mib=80,tokens_per_second=10,slots=1")
    holder.until("token")
    waiting = client.ask("b", model="memory_mib=81", keep_alive=0)
    waiting.until("queued")
    small = client.ask("c", model="memory_mib=5")
    assert small.end()["reason"] == "stop", "a small one finds room beside them"
    assert holder.end()["reason"] == "stop"
    assert home.ps()["jobs"][0]["state"] == "waiting", "the idle one was loaded a moment ago"
    client.call("unload", backend="dummy", model="memory_mib=80,tokens_per_second=10,slots=1")
    assert waiting.end()["reason"] == "stop"


def test_the_idle_worker_that_was_used_least_recently_makes_room(home):
    home.start(memory_mib=100)
    client = home.client()
    client.ask("old", model="memory_mib=40").end()
    client.ask("new", model="memory_mib=41").end()
    wanted = client.ask("big", model="memory_mib=45")
    assert wanted.end(patience=40)["reason"] == "stop"
    models = {worker["model"] for worker in home.ps()["workers"]}
    assert models == {"memory_mib=41", "memory_mib=45"}
    wait_until(lambda: "is evicted" in home.log(), "the log says so")
