"""Ollama's API with Ollama's own library, unchanged, against the dummy and a server of models."""

import json
import math
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection

import ollama
import pytest

from harness.client import answer_to
from harness.model_server import ModelServer, model_bytes
from harness.plain_http import ask
from harness.small_model import small_model
from harness.waiting import PATIENCE, wait_until

QUESTION = "Hello, how are you?"
HELLO = [{"role": "user", "content": QUESTION}]
SPOKEN = answer_to(QUESTION)
KEY = {"authorization": "Bearer a-secret"}


@pytest.fixture
def served(home):
    home.start(http_keys="me:a-secret")
    return home


def client_of(home, **options):
    return ollama.Client(host=home.http_url, timeout=PATIENCE, **options)


@pytest.fixture
def client(served):
    return client_of(served)


@pytest.fixture
def keyed(served):
    return client_of(served, headers=KEY)


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


# Answers


def test_a_chat_comes_whole_with_its_figures(client):
    answer = client.chat("dummy", HELLO)
    assert (answer.message.role, answer.message.content) == ("assistant", SPOKEN)
    assert (answer.model, answer.done, answer.done_reason) == ("dummy", True, "stop")
    assert answer.prompt_eval_count == len(QUESTION.split())
    assert answer.eval_count == len(SPOKEN.split())
    assert answer.total_duration > 0 and answer.load_duration >= 0
    assert answer.created_at.endswith("Z")


def test_a_chat_streams_unless_told_otherwise(served, client):
    parts = list(client.chat("dummy", HELLO, stream=True))
    assert "".join(part.message.content for part in parts) == SPOKEN
    assert len(parts) == len(SPOKEN.split()) + 1, "a line a word, and the last"
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].eval_count == len(SPOKEN.split())
    status, headers, text = ask(
        served, "POST", "/api/chat", {"model": "dummy", "messages": HELLO}
    )
    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    assert "".join(line["message"]["content"] for line in lines_of(text)) == SPOKEN


def test_generate_whole_and_as_a_stream(client):
    answer = client.generate("dummy", QUESTION, system="Be brief.")
    assert (answer.response, answer.done_reason) == (SPOKEN, "stop")
    parts = list(client.generate("dummy", QUESTION, stream=True))
    assert "".join(part.response for part in parts) == SPOKEN
    raw = client.generate("dummy", "one two", raw=True)
    assert raw.response == answer_to("one two")


def test_options_bound_and_stop_an_answer_and_others_are_passed_over(client):
    options = {"num_predict": 2, "num_ctx": 4096, "mirostat": 1, "seed": -7, "temperature": 0.5}
    cut = client.generate("dummy", QUESTION, options=options)
    assert (cut.response, cut.done_reason) == ("lorem ipsum", "length")
    stopped = client.chat("dummy", HELLO, options={"stop": [" sit"]})
    assert stopped.message.content == "lorem ipsum dolor"
    with pytest.raises(ollama.ResponseError, match="'temperature' must be a number") as bad:
        client.generate("dummy", QUESTION, options={"temperature": -1})
    assert bad.value.status_code == 400


def test_thoughts_are_told_apart(client):
    answer = client.chat("dummy:think=2", HELLO, think=True)
    assert answer.message.thinking == "lorem ipsum"
    assert answer.message.content == SPOKEN.removeprefix("lorem ipsum")
    parts = list(client.chat("dummy:think=2", HELLO, stream=True))
    assert "".join(part.message.thinking or "" for part in parts) == "lorem ipsum"


def test_a_conversation_with_calls_of_tools_is_understood(client):
    def look_up(word: str) -> str:
        """Looks a word up."""
        return word

    call = {"function": {"name": "look_up", "arguments": {"word": "cat"}}}
    turns = [*HELLO, {"role": "assistant", "tool_calls": [call]},
             {"role": "tool", "tool_name": "look_up", "content": "an animal"},
             {"role": "user", "content": "And now?"}]
    answer = client.chat("dummy", turns, tools=[look_up])
    assert answer.message.content == answer_to("And now?")


def test_a_tag_for_the_latest_finds_the_model(client):
    answer = client.chat("dummy:latest", HELLO)
    assert (answer.model, answer.message.content) == ("dummy:latest", SPOKEN)


def test_embeddings_in_both_words(client):
    many = client.embed("dummy", ["a cat", "a dog"])
    assert len(many.embeddings) == 2 and many.embeddings[0] != many.embeddings[1]
    assert math.isclose(math.hypot(*many.embeddings[0]), 1, abs_tol=1e-5)
    assert many.prompt_eval_count == 4 and many.total_duration > 0
    assert client.embed("dummy", "a cat").embeddings == many.embeddings[:1]
    assert client.embeddings("dummy", "a cat").embedding == many.embeddings[0]


def test_what_is_not_served_says_what_to_do(served, client):
    with pytest.raises(ollama.ResponseError, match="images are not read"):
        client.chat("dummy", [{**HELLO[0], "images": [b"png"]}])
    with pytest.raises(ollama.ResponseError, match="models set NAME template=FILE"):
        client.generate("dummy", QUESTION, template="{{ .Prompt }}")
    with pytest.raises(ollama.ResponseError, match='"raw": true'):
        client.generate("dummy", QUESTION, suffix="the end")
    with pytest.raises(ollama.ResponseError, match="/api/chat"):
        client.generate("dummy", QUESTION, context=[1, 2])
    with pytest.raises(ollama.ResponseError, match="models add") as making:
        client.create("mine", from_="dummy")
    assert making.value.status_code == 501


# Errors


def test_errors_are_told_in_ollamas_shape(served, client):
    with pytest.raises(ollama.ResponseError, match="no model 'nothing'") as missing:
        client.chat("nothing", HELLO)
    assert missing.value.status_code == 404
    with pytest.raises(ollama.ResponseError, match="did you mean 'load_ms'"):
        client.generate("dummy:loadms=1", "Hi")
    with pytest.raises(ollama.ResponseError, match="told to fail") as failed:
        client.chat("dummy:fail_at=1", HELLO)
    assert failed.value.status_code == 500
    status, _, text = ask(served, "POST", "/api/chat", {"messages": HELLO})
    assert status == 400 and json.loads(text) == {"error": "the request lacks 'model'"}
    status, _, text = ask(served, "POST", "/api/tags")
    assert status == 405 and "/api/tags is for GET" in text


def test_a_stream_that_fails_midway_raises_in_the_client(client):
    with pytest.raises(ollama.ResponseError, match="told to fail"):
        list(client.chat("dummy:fail_at=3", HELLO, stream=True))


def test_a_client_that_leaves_cancels_its_job(served):
    body = {"model": "dummy:tokens_per_second=1", "messages": HELLO}
    for phase in ("dummy:tokens_per_second=1", "dummy:load_ms=30000"):
        leaver = HTTPConnection(served.http_url.removeprefix("http://"), timeout=PATIENCE)
        leaver.request("POST", "/api/chat", json.dumps({**body, "model": phase}))
        wait_until(lambda: not served.nothing_under_way(), "the job is to be under way")
        leaver.close()
        wait_until(served.nothing_under_way, "its job is to end")


# Models that stay and go


def loaded(client):
    return [model.model for model in client.ps().models]


def test_an_empty_prompt_loads_and_keep_alive_0_unloads(client):
    assert client.generate("dummy", keep_alive="1h30m").done_reason == "load"
    (model,) = client.ps().models
    assert (model.name, model.size_vram) == ("dummy", 0) and model.size > 0
    stays = model.expires_at - datetime.now(UTC)
    assert timedelta(minutes=85) < stays <= timedelta(minutes=90)
    assert client.chat("dummy", [], keep_alive=0).done_reason == "unload"
    wait_until(lambda: not loaded(client), "it is to go")
    assert client.chat("dummy", [], keep_alive=0).done_reason == "unload", "it is gone already"


def test_models_are_everybodys_but_not_while_they_answer(served, client):
    other = served.client()
    job = other.ask("Hello", model="tokens_per_second=2")
    job.until("token")
    with pytest.raises(ollama.ResponseError, match="busy") as busy:
        client.generate("dummy:tokens_per_second=2", keep_alive=0)
    assert busy.value.status_code == 409
    other.call("cancel", job=job.job)
    job.end()
    wait_until(lambda: not busy_workers(served), "its slot is to come free")
    assert client.generate("dummy:tokens_per_second=2", keep_alive=0).done_reason == "unload"
    wait_until(lambda: not loaded(client), "it goes, whoever loaded it")


def busy_workers(home):
    return [worker for worker in home.ps()["workers"] if worker["busy"]]


def test_keep_alive_of_a_request_is_how_long_its_model_stays(client):
    client.generate("dummy", "Hi", keep_alive=-1)
    (model,) = client.ps().models
    assert model.expires_at.year > 2100
    client.generate("dummy", "Hi", keep_alive=0)
    wait_until(lambda: not loaded(client), "it is to go at once")
    with pytest.raises(ollama.ResponseError, match="1h30m"):
        client.generate("dummy", "Hi", keep_alive="soon")


# Models by name


@pytest.fixture
def installed(served):
    (served.root / "models").mkdir(mode=0o700, exist_ok=True)
    return small_model(served.root / "models" / "small.gguf")


def test_models_are_listed_and_shown(client, installed):
    (model,) = client.list().models
    assert model.model == "small" and model.size == installed.stat().st_size
    assert len(model.digest) == 64 and model.details.format == "gguf"
    assert abs(model.modified_at.timestamp() - installed.stat().st_mtime) < 2
    shown = client.show("small:latest")
    assert shown.details.family == model.details.family
    assert shown.modelinfo["general.architecture"] == model.details.family
    assert "completion" in shown.capabilities and str(installed) in shown.modelfile
    with pytest.raises(ollama.ResponseError, match="no model 'nothing'") as missing:
        client.show("nothing")
    assert missing.value.status_code == 404


def test_models_are_copied_and_deleted_with_a_key(client, keyed, installed):
    with pytest.raises(ollama.ResponseError, match="needs a key") as refused:
        client.delete("small")
    assert refused.value.status_code == 403, "of 401 the command `ollama` hides the message"
    assert keyed.copy("small", "other").status == "success"
    assert sorted(model.model for model in client.list().models) == ["other", "small"]
    assert keyed.delete("other").status == "success"
    assert installed.exists(), "only the name is gone"
    assert keyed.delete("small").status == "success"
    assert not client.list().models and not installed.exists()
    with pytest.raises(ollama.ResponseError) as missing:
        keyed.delete("small")
    assert missing.value.status_code == 404


@pytest.fixture
def server():
    server = ModelServer()
    yield server
    server.close()


def test_a_model_is_pulled_with_its_progress(served, client, keyed, server):
    url = server.add("m.gguf", model_bytes())
    with pytest.raises(ollama.ResponseError, match="needs a key"):
        client.pull(url)
    told = list(keyed.pull(url, stream=True))
    assert told[-1].status == "success"
    parts = [part.completed for part in told if part.total]
    assert parts == sorted(parts) and parts[-1] == len(model_bytes())
    assert {part.total for part in told} <= {None, len(model_bytes())}
    assert [model.model for model in client.list().models] == ["m"]
    assert keyed.pull(url).status == "success", "it is here already"


def test_a_bare_name_says_where_models_come_from(keyed):
    with pytest.raises(ollama.ResponseError, match="https://HOST/FILE.gguf") as bare:
        keyed.pull("llama3.2")
    assert bare.value.status_code == 400
    with pytest.raises(ollama.ResponseError, match="HF_ENDPOINT"):
        keyed.pull("hub.example/owner/name:Q4_K_M")


def test_the_version_is_one_that_clients_take(served):
    assert ask(served, "HEAD", "/")[0] == 200, "the command looks so whether anybody is there"
    status, _, text = ask(served, "GET", "/api/version")
    assert status == 200 and json.loads(text)["version"].count(".") == 2
