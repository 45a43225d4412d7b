"""Work that nobody wants any more ends in every phase, whatever ends it; no other job notices."""

import pytest

from harness.client import answer_to
from harness.waiting import wait_until

# How a job is at its phase, and the model that keeps it there. The neighbour uses the same worker.
PHASES = {
    "queued": "slots=1,tokens_per_second=30",
    "load": "slots=2,load_ms=1500",
    "prompt": "slots=2,prompt_ms=1500",
    "token": "slots=2,tokens_per_second=10",
}
WORDS = "one two three four five six seven eight"
MODEL_PATIENCE = 100


def nothing_is_left(home):
    """No job in `ps`, every slot free."""
    shown = home.ps()
    return not shown["jobs"] and all(worker["busy"] == 0 for worker in shown["workers"])


def cancel(client, job):
    client.call("cancel", job=job.job)
    assert job.end(MODEL_PATIENCE)["reason"] == "cancelled"


def let_the_deadline_pass(client, job):
    end = job.end(MODEL_PATIENCE)
    assert (end["ev"], end["code"]) == ("error", "timeout"), end


def vanish(client, job):
    client.close()


def reset(client, job):
    """Leaves with events unread, which the daemon sees as an error when it writes."""
    client.ask(WORDS * 2000)
    client.close()


WAYS = [cancel, let_the_deadline_pass, vanish, reset]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("phase", PHASES)
def test_a_dropped_job_ends_in_every_phase_and_its_neighbour_is_answered(home, phase, way):
    home.start()
    model = PHASES[phase]
    stayer = home.client()
    neighbour = stayer.ask(WORDS, model=model)
    neighbour.until("token" if phase in ("queued", "token") else phase)
    leaver = home.client()
    # Late enough that the job is in its phase, early enough that it is not over.
    deadline = {"deadline_ms": 400} if way is let_the_deadline_pass else {}
    dropped = leaver.ask(WORDS, model=model, **deadline)
    dropped.until(phase)
    way(leaver, dropped)
    assert neighbour.end()["reason"] == "stop"
    assert neighbour.text == answer_to(WORDS)
    wait_until(lambda: nothing_is_left(home), "its slot is to be free and no job left")
    again = stayer.ask("again", model=model)
    assert again.end()["reason"] == "stop" and again.text == answer_to("again")


def test_dropping_the_only_job_of_a_load_stops_the_load_and_the_next_one_starts_anew(home):
    home.start()
    for way in (cancel, vanish):
        client = home.client()
        job = client.ask("nobody", model="load_ms=60000")
        job.until("load")
        way(client, job)
        wait_until(lambda: not home.workers(), "the worker that loads for nobody is to end")
    assert home.status()["memory"]["reserved_bytes"] == 0
    job = home.client().ask("somebody", model="load_ms=50")
    assert job.end()["reason"] == "stop" and job.text == answer_to("somebody")


def test_a_deadline_that_passed_already_ends_the_job_before_it_starts(home):
    home.start()
    client = home.client()
    client.ask("warm", model="slots=1,tokens_per_second=30").end()
    running = client.ask(WORDS, model="slots=1,tokens_per_second=30")
    running.until("token")
    late = client.ask("late", model="slots=1,tokens_per_second=30", deadline_ms=1)
    end = late.end()
    assert end["code"] == "timeout" and "waiting" in end["message"]
    assert running.end()["reason"] == "stop"


def test_a_hundred_dropped_jobs_leave_a_hundred_free_slots(home):
    home.start()
    model = "slots=100,tokens_per_second=1"
    client = home.client()
    jobs = [client.ask(WORDS, model=model) for _ in range(100)]
    for job in jobs:
        job.until("token")
    for job in jobs[::2]:
        client.call("cancel", job=job.job)
    for job in jobs[::2]:
        assert job.end()["reason"] == "cancelled"
    wait_until(lambda: home.ps()["workers"][0]["busy"] == 50, "fifty slots are to be free")
    client.close()
    wait_until(lambda: nothing_is_left(home), "all slots are to be free")
    assert home.status()["jobs"]["finished"] == 100


# The same with a real model.

STORY = "Write a long story about the sea."


def long_prompt(sentences):
    return " ".join(
        f"Sentence {n} says that the quick brown fox jumps over lazy dog {n}."
        for n in range(sentences)
    )


@pytest.fixture(scope="module")
def warm(shared_home, model):
    """A daemon with the real model and two slots, and what the model says when it is alone."""
    (shared_home.root / "config.toml").write_text(f'model = "{model}"\n')
    shared_home.start(engine_slots=2, engine_context=4096)
    return shared_home


def story(client, **members):
    return client.send("generate", prompt=STORY, temperature=0, max_tokens=60, **members)


@pytest.mark.model
@pytest.mark.parametrize("way", [cancel, let_the_deadline_pass, vanish], ids=lambda w: w.__name__)
@pytest.mark.parametrize("phase", ["queued", "prompt", "token"])
def test_a_models_neighbour_says_what_it_says_alone(warm, phase, way):
    stayer = warm.client()
    alone = story(stayer)
    assert alone.end(MODEL_PATIENCE)["ev"] == "done"
    neighbour = story(stayer)
    holder = None
    if phase == "queued":  # both slots are taken
        holder = stayer.send("generate", prompt="Tell me a long story.", max_tokens=3000,
                             stop=[], temperature=1)
        holder.until("token", patience=MODEL_PATIENCE)
    else:
        neighbour.until("token", patience=MODEL_PATIENCE)
    leaver = warm.client()
    deadline = {"deadline_ms": 700} if way is let_the_deadline_pass else {}
    prompt = "Tell me about the moon." if phase == "token" else long_prompt(150)
    dropped = leaver.send("generate", prompt=prompt, max_tokens=1000, temperature=1, **deadline)
    dropped.until(phase, patience=MODEL_PATIENCE)
    way(leaver, dropped)
    assert neighbour.end(MODEL_PATIENCE)["ev"] == "done"
    assert neighbour.text == alone.text
    if holder:
        stayer.send("cancel", job=holder.job).end()
        assert holder.end(MODEL_PATIENCE)["ev"] == "done"
    wait_until(lambda: nothing_is_left(warm), "its slot is to be free and no job left")


@pytest.mark.model
@pytest.mark.parametrize("way", [cancel, let_the_deadline_pass, vanish], ids=lambda w: w.__name__)
def test_a_job_dropped_while_its_model_loads_does_not_hold_up_the_others(home, model, way):
    (home.root / "config.toml").write_text(f'model = "{model}"\n')
    home.start(engine_slots=2, engine_context=2048)
    stayer, leaver = home.client(), home.client()
    deadline = {"deadline_ms": 100} if way is let_the_deadline_pass else {}
    dropped = leaver.send("generate", prompt=STORY, **deadline)
    if way is not let_the_deadline_pass:  # the load may take less than a deadline that is seen
        dropped.until("load", patience=MODEL_PATIENCE)
    staying = stayer.send("generate", prompt="What is the capital of France?", temperature=0)
    staying.until("queued", "load", "prompt", "token")
    way(leaver, dropped)
    assert staying.end(MODEL_PATIENCE)["reason"] == "stop"
    assert "Paris" in staying.text
    wait_until(lambda: nothing_is_left(home), "no job is to be left")
