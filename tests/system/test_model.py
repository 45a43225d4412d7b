"""The whole with the engine and a real model: answers, faults in every phase, faulty files."""

import json
import os
import shutil
import signal
import struct
import subprocess

import pytest

from harness.client import answer_to
from harness.frames import Closed
from harness.waiting import wait_until

pytestmark = pytest.mark.model

FRANCE = "What is the capital of France?"
QUICK = {
    "worker_ping": "100ms",
    "worker_suspect": "1",
    "worker_dead": "3",
    "worker_restart_min": "10ms",
    "worker_restart_max": "50ms",
    "engine_slots": 2,
    "engine_context": 4096,
}
PATIENCE = 60


def long_prompt(sentences):
    """About 20 tokens a sentence: seconds of reading."""
    return " ".join(
        f"Sentence {n} says that the quick brown fox jumps over lazy dog {n}."
        for n in range(sentences)
    )


def ask(client, prompt, **members):
    return client.send("generate", prompt=prompt, **{"temperature": 0, **members})


def make_default(model, home):
    (home.root / "config.toml").write_text(f'model = "{model}"\n')


@pytest.fixture(scope="module")
def warm(shared_home, model):
    """A daemon whose default model is the real one, loaded by the first who needs it."""
    make_default(model, shared_home)
    shared_home.start(engine_slots=2, engine_context=2048)
    return shared_home


@pytest.fixture
def own(home, model):
    """The same for one test, which may break it."""
    make_default(model, home)
    home.start(**QUICK)
    return home


# Answers.


def test_a_question_is_answered(warm):
    answered = warm.command(FRANCE, "--temperature", "0", timeout=PATIENCE)
    assert answered.returncode == 0, answered.stderr
    assert b"Paris" in answered.stdout and answered.stdout.endswith(b"\n")
    assert answered.stderr == b""


def test_a_second_answer_is_warm(warm):
    client = warm.client()
    ask(client, FRANCE).end(PATIENCE)
    engine = warm.worker().pid
    second = ask(client, FRANCE)
    end = second.end(PATIENCE)
    assert "Paris" in second.text
    assert "load" not in second.kinds
    assert end["usage"]["cached"] > end["usage"]["prompt"] // 2, "the prompt was still there"
    assert warm.worker().pid == engine


def test_a_v1_client_is_answered_by_the_default_model(warm):
    connection = warm.connect()
    connection.send({"v": 1, "prompt": FRANCE, "stream": True})
    frames = []
    with pytest.raises(Closed):
        while True:
            frames.append(connection.receive(PATIENCE))
    assert frames[-1] == {"token": None, "eos": True}
    assert "Paris" in "".join(frame["token"] for frame in frames[:-1])


def test_the_dummy_answers_also_while_a_model_is_loaded(warm):
    ask(warm.client(), FRANCE).end(PATIENCE)
    dummy = warm.command("Hello, how are you?", env={"THREADRUNNER_BACKEND": "dummy"})
    assert dummy.stdout == b"lorem ipsum dolor sit amet Hello. how. are. you.\n"


def test_bounds_and_stops_are_the_models_too(warm):
    client = warm.client()
    short = ask(client, "Count from one to one hundred.", max_tokens=5)
    end = short.end(PATIENCE)
    assert (end["reason"], end["usage"]["completion"]) == ("length", 5)
    stopped = ask(client, FRANCE, stop=["Paris"])
    assert stopped.end(PATIENCE)["reason"] == "stop" and "Paris" not in stopped.text


def test_the_same_seed_gives_the_same_answer(warm):
    client = warm.client()
    texts = set()
    for _ in range(2):
        job = ask(client, "Tell me a story.", temperature=1, seed=7, max_tokens=20)
        job.end(PATIENCE)
        texts.add(job.text)
    assert len(texts) == 1


def test_a_grammar_binds_the_answer(warm):
    job = ask(warm.client(), "Is Paris in France?", grammar='root ::= "yes" | "no"')
    assert job.end(PATIENCE)["ev"] == "done"
    assert job.text in ("yes", "no")


def test_a_conversation_with_content_parts_is_understood(warm):
    parts = [
        {"type": "text", "text": "What is the capital "},
        {"type": "text", "text": "of France?"},
    ]
    job = warm.client().send(
        "generate", temperature=0, messages=[{"role": "user", "content": parts}]
    )
    assert job.end(PATIENCE)["ev"] == "done" and "Paris" in job.text


def test_two_jobs_run_side_by_side(warm):
    client = warm.client()
    one = ask(client, "Write about the sea.", max_tokens=30, stop=[])
    two = ask(client, "Write about the moon.", max_tokens=30)
    one.until("token", patience=PATIENCE)
    two.until("token", patience=PATIENCE)
    assert one.end(PATIENCE)["ev"] == "done" and two.end(PATIENCE)["ev"] == "done"


def test_tokens_turn_back_into_the_same_text(warm):
    client = warm.client()
    for text in ("Hello there", " two  blanks", "Grüße, 世界! 🙂", "line\nbreak\ttab", "x" * 1000):
        tokens = client.call("tokenize", text=text)
        assert all(isinstance(token, int) for token in tokens["tokens"])
        assert client.call("detokenize", tokens=tokens["tokens"])["text"] == text


def test_vectors_of_like_texts_are_alike(warm):
    request = warm.client().send(
        "embed", input=["a small cat", "a little kitten", "tax law", "a small cat"]
    )
    assert request.end(PATIENCE)["ev"] == "done"
    cat, kitten, law, same = [event["value"] for event in request.events if event["ev"] == "output"]
    assert cat == pytest.approx(same, abs=1e-4)
    assert similarity(cat, kitten) > similarity(cat, law)


def similarity(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


def test_a_prompt_beyond_the_context_is_refused_with_the_numbers(warm):
    refused = warm.command(long_prompt(300), timeout=PATIENCE)
    assert refused.returncode == 3
    assert b"2048" in refused.stderr and b"tokens" in refused.stderr
    assert refused.stdout == b""
    client = warm.client()
    job = ask(client, FRANCE)
    assert job.end(PATIENCE)["reason"] == "stop" and "Paris" in job.text


def test_a_time_out_in_the_midst_of_reading_is_exit_4(warm):
    late = warm.command("--timeout", "300ms", long_prompt(100), timeout=PATIENCE)
    assert late.returncode == 4
    wait_until(
        lambda: all(w["busy"] == 0 for w in warm.ps()["workers"]), "its slot is to come free"
    )


# Loading and unloading.


def test_loading_shows_its_progress_and_what_was_loaded(own, model):
    load = own.client().send("load")
    load.until("load", patience=PATIENCE)
    end = load.end(PATIENCE)
    fractions = [event["fraction"] for event in load.events if event["ev"] == "load"]
    assert fractions == sorted(fractions)
    meta = end["result"]["meta"]
    assert meta["architecture"] == "gemma3" and meta["context"] == 4096
    assert end["result"]["slots"] == 2
    assert meta["size_bytes"] > 100_000_000


def test_unloading_gives_the_memory_back(own):
    client = own.client()
    client.call("load")
    engine = own.worker()
    assert engine.resident_bytes > 200 * 1024 * 1024
    assert own.status()["memory"]["reserved_bytes"] > 200 * 1024 * 1024
    assert own.command("unload").returncode == 0
    engine.wait_gone()
    wait_until(lambda: own.status()["memory"]["reserved_bytes"] == 0, "its budget is to be free")
    job = ask(client, FRANCE)
    assert job.end(PATIENCE)["reason"] == "stop" and "Paris" in job.text


def test_an_idle_model_is_unloaded_by_itself(own):
    ask(own.client(), FRANCE, keep_alive="200ms").end(PATIENCE)
    wait_until(lambda: not own.workers(), "the engine is to end")


def test_ctrl_c_gives_up_a_load(own):
    asking = own.spawn(
        "threadrunner",
        "--json",
        FRANCE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while json.loads(asking.stdout.readline())["ev"] != "load":
        pass
    asking.send_signal(signal.SIGINT)
    asking.communicate(timeout=PATIENCE)
    assert asking.returncode == 130
    wait_until(lambda: not own.workers(), "the engine is to end")
    job = ask(own.client(), FRANCE)
    assert job.end(PATIENCE)["reason"] == "stop" and "Paris" in job.text


def test_a_model_is_found_by_its_name_in_the_home_and_by_a_relative_path(home, model, tmp_path):
    home.start(**QUICK)
    (home.root / "models" / "first.gguf").symlink_to(model)
    shown = home.command("models")
    assert shown.returncode == 0 and b"first" in shown.stdout
    assert b"Paris" in home.command(FRANCE, "--temperature", "0", timeout=PATIENCE).stdout
    assert (
        b"Paris"
        in home.command("-m", "first", FRANCE, "--temperature", "0", timeout=PATIENCE).stdout
    )
    (tmp_path / "here.gguf").symlink_to(model)
    relative = home.command(
        "-m", "./here.gguf", FRANCE, "--temperature", "0", cwd=tmp_path, timeout=PATIENCE
    )
    assert b"Paris" in relative.stdout
    assert len(home.workers()) == 1, "one file is one model, by whatever name"
    (home.root / "models" / "second.gguf").symlink_to(model)
    several = home.command(FRANCE)
    assert several.returncode == 3 and b"first" in several.stderr and b"second" in several.stderr


def test_a_model_that_does_not_fit_is_refused_with_the_numbers(home, model):
    home.start(**QUICK, memory_mib=200)
    refused = home.command("-m", model, FRANCE)
    assert refused.returncode == 3
    assert b"200 MiB" in refused.stderr and b"weights" in refused.stderr
    assert not home.workers()


# Faults, in each phase of a job.


def test_an_engine_killed_while_it_loads_is_started_again(own):
    job = ask(own.client(), FRANCE)
    job.until("load", patience=PATIENCE)
    own.worker().kill()
    assert job.end(PATIENCE)["reason"] == "stop"
    assert "Paris" in job.text


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSTOP], ids=lambda n: n.name
)
def test_an_engine_lost_under_two_jobs_fails_one_and_runs_the_other_again(own, number):
    client = own.client()
    writing = ask(client, "Write a long story about the sea.", max_tokens=1000, temperature=1)
    writing.until("token", patience=PATIENCE)
    reading = ask(client, long_prompt(40) + " What is the capital of France?", max_tokens=5)
    reading.until("prompt", patience=PATIENCE)
    lost = own.worker()
    lost.send_signal(number)
    end = writing.end(PATIENCE)
    assert end["code"] == "worker_crashed" and end["retryable"] is True
    assert reading.end(PATIENCE)["ev"] == "done", "it had said nothing yet, so it was run again"
    assert reading.text
    lost.wait_gone()
    again = ask(client, FRANCE)
    assert again.end(PATIENCE)["reason"] == "stop" and "Paris" in again.text


@pytest.mark.parametrize("phase", ["prompt", "token"])
def test_a_client_that_vanishes_frees_its_slot_and_nobody_notices(own, phase):
    stayer = own.client()
    staying = ask(stayer, "Write a long story about the sea.", max_tokens=60)
    staying.until("token", patience=PATIENCE)
    leaver = own.client()
    leaving = ask(
        leaver, long_prompt(150) if phase == "prompt" else "Write about the moon.", max_tokens=1000
    )
    leaving.until(phase, patience=PATIENCE)
    leaver.close()
    wait_until(lambda: own.ps()["workers"][0]["busy"] <= 1, "its slot is to come free")
    assert staying.end(PATIENCE)["ev"] == "done"
    wait_until(lambda: own.status()["jobs"]["running"] == 0, "nothing is to be under way")


def test_a_cancelled_job_ends_in_the_midst_of_reading(own):
    client = own.client()
    job = ask(client, long_prompt(150))
    job.until("prompt", patience=PATIENCE)
    client.call("cancel", job=job.job)
    assert job.end(PATIENCE)["reason"] == "cancelled"
    assert job.text == ""


def test_engines_die_with_a_daemon_that_is_killed(own):
    writing = ask(own.client(), "Write a long story.", max_tokens=1000, temperature=1)
    writing.until("token", patience=PATIENCE)
    own.kill_daemon()
    own.wait_empty()
    answered = own.command(FRANCE, "--temperature", "0", timeout=PATIENCE)
    assert b"Paris" in answered.stdout


def test_a_question_to_the_dummy_is_not_held_up_by_a_model_that_loads(own):
    client = own.client()
    loading = ask(client, FRANCE)
    dummy = client.ask("Hello")
    assert dummy.end()["reason"] == "stop" and dummy.text == answer_to("Hello")
    assert loading.end(PATIENCE)["reason"] == "stop"


# Files that are no usable model: each has a message of its own, and no engine is started.


def not_a_gguf(path, model):
    path.write_text("<!DOCTYPE html><title>404</title>")
    return "is not a GGUF file"


def empty(path, model):
    path.touch()
    return "is empty"


def version_nine(path, model):
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 9, 0, 0) + bytes(100))
    return "version 9"


def cut_in_the_header(path, model):
    path.write_bytes(model.read_bytes()[:5000])
    return "cut off inside its header"


def cut_in_the_weights(path, model):
    with model.open("rb") as whole, path.open("wb") as cut:
        shutil.copyfileobj(whole, cut)
        cut.truncate(model.stat().st_size - 1_000_000)
    return "is cut off: it has"


def a_directory(path, model):
    path.mkdir()
    return "is a directory"


def not_there(path, model):
    return "there is no model file"


def unreadable(path, model):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    shutil.copy(model, path)
    path.chmod(0)
    return "no permission"


def gguf_with(path, **entries):
    """A header with these metadata entries and no tensors. GGUF version 3."""
    data = bytearray(b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)))
    for key, value in entries.items():
        name = key.replace("__", ".").encode()
        data += struct.pack("<Q", len(name)) + name
        if isinstance(value, int):
            data += struct.pack("<IH", 2, value)  # uint16
        else:
            data += struct.pack("<IQ", 8, len(value)) + value.encode()  # string
    path.write_bytes(data)


def part_missing(path, model):
    first = path.with_name("split-00001-of-00003.gguf")
    gguf_with(first, general__architecture="gemma3", split__no=0, split__count=3)
    path.symlink_to(first)
    return "part"


FAULTS = [
    not_a_gguf,
    empty,
    version_nine,
    cut_in_the_header,
    cut_in_the_weights,
    a_directory,
    not_there,
    unreadable,
    part_missing,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_file_that_is_no_model_is_refused_with_its_own_message(home, model, tmp_path, fault):
    path = tmp_path / "model.gguf"
    message = fault(path, model)
    refused = home.command("-m", path, "Hi", timeout=PATIENCE)
    assert message in refused.stderr.decode()
    assert str(tmp_path) in refused.stderr.decode(), "the message names the file"
    assert refused.returncode == 3
    assert not home.workers(), "nothing was started for it"
