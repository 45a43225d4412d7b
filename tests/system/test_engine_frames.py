"""The real engine with a real model, spoken to in frames as the daemon would."""

import os
import time

import pytest

from harness.engine import Ended, Engine

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

GREEDY = {"temperature": 0, "stream": True, "cache_prompt": False, "ignore_eos": True}
# Continuations without a doubt: near ties fall otherwise beside another prompt's tokens.
COUNT = {**GREEDY, "prompt": " ".join(map(str, range(60))), "n_predict": 64}
COLOURS = {**GREEDY, "prompt": " ".join(["red green blue"] * 16), "n_predict": 24}


def long_prompt(sentences):
    """About 17 tokens a sentence."""
    return " ".join(
        f"The quick brown fox number {i} jumps over the lazy dog number {i}."
        for i in range(sentences)
    )


LONG = {**GREEDY, "prompt": long_prompt(200), "n_predict": 4}


@pytest.fixture
def bare():
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def engine(model):
    engine = Engine()
    assert engine.load(model).wait()["ev"] == "done"
    yield engine
    engine.close()


def has_text(job):
    return len(job.of("body")) >= 3


# Loading


def test_it_greets_before_anything_else(bare):
    hello = bare.hello
    assert hello["ev"] == "hello" and hello["kind"] == "engine" and hello["v"] == 1
    assert hello["pid"] == bare.process.pid and hello["slots"] == 0


def test_a_load_shows_its_progress_and_answers_pings(bare, model):
    load = bare.load(model)
    first = bare.ping()
    done = load.wait()
    fractions = [event["fraction"] for event in load.of("load")]
    assert fractions == sorted(fractions) and fractions[0] == 0 and fractions[-1] > 0.5
    assert bare.ping()["progress"] > first["progress"]
    meta = done["meta"]
    assert done["slots"] == 2
    assert meta["architecture"] == "gemma3" and meta["template"] == "scaffold"
    assert meta["context"] == 4096 and meta["quantization"] == "Q4_K_M"


def cpu_ticks(pid):
    """What each thread of a process has computed so far. proc(5)."""
    ticks = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii") as stat:
            ticks[thread] = int(stat.read().rpartition(") ")[2].split()[11])
    return ticks


def test_the_threads_of_a_model_can_be_changed_while_it_lives(bare, model):
    assert bare.load(model, threads=2).wait()["ev"] == "done"

    def threads_that_compute():
        before = cpu_ticks(bare.process.pid)
        job = bare.route("/completion", {**COUNT, "n_predict": 12})
        job.wait()
        used = [
            now - before.get(thread, 0) for thread, now in cpu_ticks(bare.process.pid).items()
        ]
        return sum(ticks > max(used) / 4 for ticks in used), job.text

    alone, text = threads_that_compute()
    assert bare.start("tune", threads=1).wait()["ev"] == "done"
    bare.route("/completion", {**COUNT, "n_predict": 2}).wait()  # from its next batch on
    shared, same_text = threads_that_compute()
    assert (alone, shared) == (2, 1)
    assert text == same_text


def test_without_a_model_there_is_nothing_to_tune(bare):
    assert bare.start("tune", threads=2).wait()["code"] == "conflict"


def test_a_cancelled_load_ends_and_another_can_follow(bare, model):
    load = bare.load(model)
    load.cancel()
    assert load.wait()["reason"] == "cancelled"
    begun = bare.load(model).until(lambda job: job.of("load"))
    begun.cancel()
    assert begun.wait()["reason"] == "cancelled"
    assert bare.load(model).wait()["ev"] == "done"


def test_a_load_that_fails_says_why_and_the_engine_lives_on(bare, model, tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(model.read_bytes()[:1_000_000])
    error = bare.load(broken).wait()
    assert (error["ev"], error["code"]) == (
        "error",
        "model_load_failed",
    ) and "broken.gguf" in error["message"]
    error = bare.load(tmp_path / "missing.gguf").wait()
    assert error["ev"] == "error" and "missing.gguf" in error["message"]
    error = bare.load(model, engine_args=["--host", "0.0.0.0"]).wait()
    assert (error["code"], "--host" in error["message"]) == ("invalid_request", True)
    error = bare.load(model, chat_template="{% for %}").wait()
    assert error["code"] == "invalid_request"
    error = bare.load(model, engine_args=["--override-kv", "general.architecture=str:none"]).wait()
    assert error["code"] == "model_load_failed" and "none" in error["message"]
    assert bare.load(model).wait()["ev"] == "done"
    assert bare.load(model).wait()["code"] == "conflict"


# Answers


def test_a_question_gets_an_answer_without_the_scaffold_around_it(engine):
    body = {
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "temperature": 0,
    }
    job = engine.call("/v1/chat/completions", body)
    answer = job.document["choices"][0]["message"]["content"]
    assert "Paris" in answer and answer == answer.strip() and "Question" not in answer
    assert job.document["choices"][0]["finish_reason"] == "stop"

    stream = engine.call("/v1/chat/completions", {**body, "stream": True})
    deltas = [chunk["choices"][0]["delta"].get("content") or "" for chunk in stream.chunks]
    assert "".join(deltas) == answer
    assert stream.head["content_type"].startswith("text/event-stream")
    for done in (job.end, stream.end):
        assert done["usage"]["prompt"] > 40 and done["usage"]["completion"] > 3
        assert done["timings"]["predicted_n"] == done["usage"]["completion"]


def test_a_client_that_says_where_to_stop_is_obeyed(engine):
    body = {
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "temperature": 0,
    }
    job = engine.call("/v1/chat/completions", {**body, "stop": ["France"]})
    assert job.document["choices"][0]["message"]["content"].startswith("Paris is the capital of")
    assert "France" not in job.document["choices"][0]["message"]["content"]


def test_a_schema_is_obeyed_by_a_model_without_a_template(engine):
    schema = {
        "type": "object",
        "properties": {"zebra": {"type": "integer", "maximum": 9}, "ant": {"type": "boolean"}},
        "required": ["zebra", "ant"],
    }
    body = {
        "messages": [{"role": "user", "content": "Count the animals, as JSON."}],
        "response_format": {"type": "json_schema", "json_schema": {"schema": schema}},
        "temperature": 0,
        "max_tokens": 100,
    }
    job = engine.call("/v1/chat/completions", body)
    answer = job.document["choices"][0]["message"]["content"]
    assert answer.replace(" ", "").replace("\n", "").startswith('{"zebra":')


def test_every_route_counts_its_tokens(engine):
    raw = {
        "prompt": "Once upon a time",
        "n_predict": 6,
        "max_tokens": 6,
        "ignore_eos": True,
        "temperature": 0,
    }
    chat = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 6, "ignore_eos": True}
    talk = {"input": "Hello", "max_output_tokens": 6, "max_tokens": 6, "ignore_eos": True}
    for path, body in [
        ("/completion", raw),
        ("/v1/completions", raw),
        ("/v1/chat/completions", {**chat, "stop": ["never"]}),
        ("/v1/messages", {**chat, "stop_sequences": ["never"]}),
        ("/v1/responses", {**talk, "stop": ["never"]}),
    ]:
        for stream in (False, True):
            job = engine.call(path, {**body, "stream": stream})
            assert job.head["status"] == 200, job.data
            usage = job.end["usage"]
            assert usage["completion"] == 6 and usage["prompt"] > 1, (path, stream, usage)


def test_two_streams_at_once_are_what_each_would_be_alone(engine):
    alone = [engine.call("/completion", body).text for body in (COUNT, COLOURS)]
    count = engine.route("/completion", COUNT, slot=0)
    colours = engine.route("/completion", COLOURS, slot=1)
    count.wait()
    colours.wait()
    assert [count.text, colours.text] == alone
    assert colours.times[0] < count.times[-1], "they were not at once"


def test_routes_that_need_no_slot(engine):
    tokens = engine.call("/tokenize", {"content": "hello world"}).document["tokens"]
    assert engine.call("/detokenize", {"tokens": tokens}).document["content"] == "hello world"
    prompt = engine.call(
        "/apply-template", {"messages": [{"role": "user", "content": "Why?"}]}
    ).document["prompt"]
    assert prompt.endswith("\n\nQuestion: Why?\nAnswer:")
    assert engine.call("/props", "", method="GET").document["total_slots"] == 2
    assert len(engine.call("/slots", "", method="GET").document) == 2


# Faults of a request


def refusal(engine, path, body, **options):
    return engine.call(path, body, **options).end


def test_what_is_no_route_or_no_json_is_refused_with_its_name(engine):
    assert refusal(engine, "/frobnicate", {})["code"] == "not_found"
    assert refusal(engine, "/completion", "", method="GET")["code"] == "not_found"
    assert refusal(engine, "/completion", '{"prompt":')["code"] == "invalid_request"
    assert refusal(engine, "/completion", "[" * 100_000)["code"] == "invalid_request"
    assert refusal(engine, "/completion", COUNT, slot=2)["code"] == "invalid_request"
    assert refusal(engine, "/v1/completions", {**COUNT, "n": 2})["code"] == "invalid_request"


def test_what_llama_refuses_is_a_document_with_its_status(engine):
    for path, body in [
        ("/completion", {"prompt": 5}),
        ("/completion", {"prompt": "x", "temperature": "hot"}),
        ("/completion", {"prompt": "x", "grammar": "no grammar"}),
        ("/v1/chat/completions", {}),
        ("/v1/chat/completions", {"messages": 7}),
        ("/detokenize", {"tokens": "x"}),
    ]:
        job = engine.call(path, body)
        assert job.end["ev"] == "done", (path, body, job.end)
        assert job.head["status"] == 400, (path, body, job.data)
        assert job.document["error"]["message"]


def test_a_prompt_longer_than_the_context_is_told_the_numbers(engine):
    job = engine.call("/completion", {**LONG, "prompt": long_prompt(300)})
    error = job.document["error"]
    assert job.head["status"] == 400 and error["type"] == "exceed_context_size_error"
    assert error["n_prompt_tokens"] > error["n_ctx"] == 4096


# Cancelling


def test_a_prompt_cancelled_while_it_is_read_frees_its_slot_and_harms_no_neighbour(engine):
    alone = engine.call("/completion", COUNT, slot=1).text
    neighbour = engine.route("/completion", COUNT, slot=1).until(has_text)
    prompt = engine.route("/completion", LONG, slot=0)
    seen = len(neighbour.events)
    neighbour.until(lambda job: len(job.events) > seen + 2)
    assert not prompt.of("body"), "its prompt should still be being read"
    prompt.cancel()
    assert prompt.wait()["reason"] == "cancelled"
    assert neighbour.end is None, "the neighbour should still be under way"
    again = engine.route("/completion", COLOURS, slot=0).until(has_text)
    assert neighbour.end is None, "the slot was not free while the neighbour went on"
    again.wait()
    neighbour.wait()
    assert neighbour.text == alone


def test_a_stream_cancelled_while_it_speaks_ends_at_once(engine):
    alone = engine.call("/completion", COUNT, slot=1).text
    neighbour = engine.route("/completion", COUNT, slot=1)
    stream = engine.route("/completion", {**COUNT, "n_predict": 3000}, slot=0).until(has_text)
    stream.cancel()
    assert stream.wait()["reason"] == "cancelled"
    neighbour.wait()
    assert neighbour.text == alone
    assert engine.call("/completion", COLOURS, slot=0).end["usage"]["completion"] == 24


def test_a_document_can_be_cancelled_before_it_is_there(engine):
    neighbour = engine.route("/completion", {**COUNT, "n_predict": 3000}, slot=1).until(has_text)
    document = engine.route("/completion", {**COUNT, "stream": False, "n_predict": 3000}, slot=0)
    document.cancel()
    assert document.wait()["reason"] == "cancelled"
    assert neighbour.end is None
    neighbour.cancel()
    neighbour.wait()


def test_cancelling_what_is_not_there_is_no_fault(engine):
    engine.send(op="cancel", id=999_999)
    engine.send(op="credit", id=999_999, n=5)
    assert engine.ping()


# Credit, pings and the end


def test_without_credit_a_stream_waits_and_its_neighbour_does_not(engine):
    starving = engine.route("/completion", {**COUNT, "n_predict": 1500}, slot=0)
    starving.until(lambda job: len(job.of("body")) == 1024)
    assert engine.is_silent(0.5)
    assert engine.call("/completion", COLOURS, slot=1).end["usage"]["completion"] == 24
    assert len(starving.of("body")) == 1024
    engine.send(op="credit", id=starving.id, n=3)
    starving.until(lambda job: len(job.of("body")) == 1027)
    assert engine.is_silent(0.5)
    starving.cancel()
    assert starving.wait()["reason"] == "cancelled"


def test_pings_are_answered_while_a_prompt_is_read_and_show_its_progress(engine):
    prompt = engine.route("/completion", LONG)
    progress = []
    while not prompt.of("body"):
        progress.append(engine.ping()["progress"])
        time.sleep(0.05)
    assert progress == sorted(progress) and progress[-1] > progress[0]
    prompt.wait()


def test_pongs_say_how_many_tokens_the_contexts_hold(bare, model):
    done = bare.load(model).wait()
    total = done["slots"] * done["meta"]["context"]
    usage = bare.call("/completion", COLOURS).end["usage"]
    pong = bare.ping()
    # the last token was chosen, not read
    assert pong["context_used"] == usage["prompt"] + usage["completion"] - 1
    assert pong["context_total"] == total
    bare.call("/completion", COLOURS, slot=1)
    assert bare.ping()["context_used"] == 2 * pong["context_used"], "the first is warm still"


def test_jobs_under_way_are_finished_before_a_shutdown(bare, model):
    bare.load(model).wait()
    stream = bare.route("/completion", COLOURS).until(has_text)
    bare.send(op="shutdown", deadline_ms=90_000)
    late = bare.route("/completion", COLOURS, slot=1)
    assert late.wait()["code"] == "unreachable"
    assert stream.wait()["usage"]["completion"] == 24
    assert bare.wait_exit() == 0


def test_at_the_deadline_of_a_shutdown_jobs_are_cancelled(bare, model):
    bare.load(model).wait()
    stream = bare.route("/completion", {**COUNT, "n_predict": 3000}).until(has_text)
    bare.send(op="shutdown", deadline_ms=100)
    assert stream.wait()["reason"] == "cancelled"
    assert bare.wait_exit() == 0


def test_sigterm_is_a_shutdown(bare, model):
    bare.load(model).wait()
    stream = bare.route("/completion", COLOURS).until(has_text)
    bare.terminate()
    assert stream.wait()["usage"]["completion"] == 24
    assert bare.wait_exit() == 0


def test_it_ends_with_its_daemon_whatever_it_does(bare, model):
    bare.load(model).wait()
    bare.route("/completion", LONG)
    bare.ping()
    bare.socket.close()
    assert bare.wait_exit() == 0


def test_it_ends_with_its_daemon_while_it_loads(bare, model):
    bare.load(model)
    bare.socket.close()
    assert bare.wait_exit() == 0


@pytest.mark.parametrize(
    "payload",
    [b"\xc1", b"no frame", b"\x81\xa2op\xa9frobnicate", b"\x81\xa2op\xa4load"],
    ids=["reserved", "text", "unknown op", "missing members"],
)
def test_a_broken_stream_has_no_meaning(bare, payload):
    bare.send_bytes(payload)
    with pytest.raises(Ended):
        bare.ping()
    assert bare.wait_exit() == 1
    assert bare.stderr.startswith("error: ")


# The other profile


def test_embeddings_of_one_length_differ_by_their_texts(bare, model):
    done = bare.load(model, embed=True, slots=1, context=1024).wait()
    assert done["ev"] == "done", done
    job = bare.call("/v1/embeddings", {"input": ["a red rose", "a tall tree"]})
    assert job.head["status"] == 200, job.data
    red, tall = [item["embedding"] for item in job.document["data"]]
    assert len(red) == len(tall) == done["meta"]["embedding_length"] and red != tall
    assert abs(sum(x * x for x in red) - 1) < 0.01
    assert job.end["usage"]["prompt"] > 5
    longest = bare.call("/v1/embeddings", {"input": long_prompt(50)})
    assert longest.head["status"] == 200, longest.data
