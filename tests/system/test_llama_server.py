"""The real llama-server, of the same llama.cpp as the engine, as a worker."""

import signal
import subprocess

import pytest

from harness.home import BIN
from harness.processes import Process
from harness.waiting import wait_until

SERVER = BIN / "llama-server"
pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(not SERVER.exists(), reason="scripts/build release llama-server builds it"),
]
PATIENCE = 60
QUICK = {
    "worker_ping": "100ms",
    "worker_suspect": "1",
    "worker_dead": "3",
    "upstream_poll": "50ms",
    "upstream_health": "100ms",
    "upstream_restart": "50ms",
    "engine_slots": 2,
    "engine_context": 2048,
    "engine_cache_mib": 64,
}
CERTAIN = [
    "1, 2, 3, 4, 5, 6, 7,",
    "Monday, Tuesday, Wednesday,",
    "The capital of France is Paris. The capital of Italy is Rome. The capital of Spain is",
]
STORY = "Once upon a time, in a land far away, there lived"


def ask(client, prompt, backend="upstream", **members):
    return client.send("generate", **{"backend": backend, "prompt": prompt, "raw": True,
                                      "temperature": 0, "max_tokens": 12, **members})


def servers(home):
    return [process for process in home.processes() if process.program == "llama-server"]


def server(home):
    (process,) = wait_until(lambda: servers(home), "a server is to run")
    return process


@pytest.fixture
def own(home, model):
    (home.root / "config.toml").write_text(f'model = "{model}"\n')
    home.start(**QUICK)
    return home


@pytest.fixture(scope="module")
def warm(shared_home, model):
    (shared_home.root / "config.toml").write_text(f'model = "{model}"\n')
    shared_home.start(**QUICK)
    return shared_home


@pytest.mark.parametrize("prompt", CERTAIN)
def test_it_says_what_our_engine_says(warm, prompt):
    client = warm.client()
    jobs = {backend: ask(client, prompt, backend) for backend in ("upstream", "llama")}
    ends = {backend: job.end(PATIENCE) for backend, job in jobs.items()}
    assert jobs["upstream"].text == jobs["llama"].text != ""
    assert ends["upstream"]["reason"] == ends["llama"]["reason"]
    counted = ends["upstream"]["usage"]
    assert counted["completion"] == ends["llama"]["usage"]["completion"]
    assert counted["prompt"] == ends["llama"]["usage"]["prompt"]
    assert ends["upstream"]["timings"]["predicted_n"] == counted["completion"]


def test_chat_streams_and_counts(warm):
    job = ask(warm.client(), "Say hello.", raw=False, max_tokens=8)
    end = job.end(PATIENCE)
    assert end["ev"] == "done" and job.kinds.count("token") > 1
    assert end["usage"]["completion"] == 8 and end["reason"] == "length"


def test_tokens_and_what_is_loaded(warm):
    client = warm.client()
    both = [client.send("tokenize", text="Hello world", backend=backend).end(PATIENCE)["result"]
            for backend in ("upstream", "llama")]
    assert both[0] == both[1]
    tokens = both[0]["tokens"]
    assert client.call("detokenize", tokens=tokens, backend="upstream")["text"] == "Hello world"
    loaded = client.call("load", backend="upstream")
    assert loaded["slots"] == 2 and loaded["meta"]["context"] == 2048


def test_a_schema_is_kept(warm):
    job = ask(warm.client(), "A colour:", raw=False, max_tokens=30,
              json_schema={"enum": ["red", "green"]})
    assert job.end(PATIENCE)["ev"] == "done"
    assert job.text in ('"red"', '"green"')


def test_a_prompt_that_is_too_long_is_refused_with_the_numbers(warm):
    end = ask(warm.client(), "word " * 3000).end(PATIENCE)
    assert end["code"] == "context_exceeded" and "2048" in end["message"]


def test_vectors_come_from_a_server_of_their_own_and_are_those_of_our_engine(own):
    client = own.client()
    vectors = {}
    for backend in ("upstream", "llama"):
        job = client.send("embed", input=["a cat", "a dog"], backend=backend)
        assert job.end(PATIENCE)["ev"] == "done", job.events[-1]
        vectors[backend] = [event["value"] for event in job.events if event["ev"] == "output"]
    for ours, theirs in zip(vectors["llama"], vectors["upstream"], strict=True):
        assert sum(a * b for a, b in zip(ours, theirs, strict=True)) > 0.999


def test_its_key_is_not_for_others(own):
    ask(own.client(), "a").end(PATIENCE)
    process = server(own)
    assert "--api-key" not in process.arguments
    port = process.arguments[process.arguments.index("--port") + 1]
    asked = subprocess.run(
        ["python3", "-c", "import sys, urllib.request as r; r.urlopen(sys.argv[1])",
         f"http://127.0.0.1:{port}/props"], capture_output=True, text=True, timeout=PATIENCE)
    assert "401" in asked.stderr


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_killed_in_the_midst_of_an_answer_it_is_replaced(own, number):
    client = own.client()
    speaking = ask(client, STORY, max_tokens=2000)
    speaking.until("token", patience=PATIENCE)
    lost = server(own)
    lost.send_signal(number)
    end = speaking.end(PATIENCE)
    assert end["code"] == "worker_crashed" and end["retryable"] is True
    again = ask(client, CERTAIN[0])
    assert again.end(PATIENCE)["ev"] == "done"
    assert server(own).pid != lost.pid
    lost.wait_gone()


def test_cancelling_stops_its_computing(own):
    client = own.client()
    jobs = [ask(client, STORY, max_tokens=2000) for _ in range(3)]
    for job in jobs[:2]:
        job.until("token", patience=PATIENCE)
    for job in jobs[:2]:
        client.call("cancel", job=job.job)
        assert job.end(PATIENCE)["reason"] == "cancelled"
    jobs[2].until("token", patience=PATIENCE)


def test_two_homes_at_once_and_nothing_of_them_stays(homes, model):
    made = [homes(), homes()]
    for home in made:
        (home.root / "config.toml").write_text(f'model = "{model}"\n')
        home.start(**{**QUICK, "engine_slots": 1, "engine_context": 512})
    jobs = [ask(home.client(), CERTAIN[0]) for home in made]
    for job in jobs:
        assert job.end(PATIENCE)["ev"] == "done", job.events[-1]
    assert jobs[0].text == jobs[1].text
    left = [Process(server(home).pid) for home in made]
    made[0].kill_daemon()
    left[0].wait_gone()
    made[1].stop_daemon()
    assert not left[1].is_alive
