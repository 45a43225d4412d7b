"""Ollama's own client against the real model: what only a model can answer."""

import json
import math

import ollama
import pytest

pytestmark = pytest.mark.model

PATIENCE = 120
FRANCE = [{"role": "user", "content": "What is the capital of France?"}]
GREEDY = {"temperature": 0, "num_predict": 30}


@pytest.fixture(scope="module")
def warm(shared_home, model):
    (shared_home.root / "models.toml").write_text(f'[gemma]\npath = "{model}"\n')
    shared_home.start(engine_slots=1, engine_context=2048)
    return shared_home


@pytest.fixture
def client(warm):
    return ollama.Client(host=warm.http_url, timeout=PATIENCE)


def test_an_answer_whole_and_as_a_stream_is_the_same(client):
    whole = client.chat("gemma", FRANCE, options=GREEDY)
    assert "Paris" in whole.message.content and whole.model == "gemma"
    parts = list(client.chat("gemma:latest", FRANCE, options=GREEDY, stream=True))
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert parts[-1].eval_count == whole.eval_count and parts[-1].eval_duration > 0
    generated = client.generate("gemma", FRANCE[0]["content"], options=GREEDY)
    assert generated.response == whole.message.content
    assert generated.prompt_eval_count == whole.prompt_eval_count


def test_an_answer_keeps_to_a_schema(client):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}, "big": {"type": "boolean"}},
        "required": ["city", "big"],
    }
    options = {"temperature": 0, "num_predict": 100}
    said = client.chat("gemma", FRANCE, format=schema, options=options)
    answer = json.loads(said.message.content)
    assert list(answer) == ["city", "big"] and isinstance(answer["big"], bool)


def test_a_raw_prompt_is_continued(client):
    options = {"temperature": 0, "num_predict": 4}
    said = client.generate("gemma", "One, two, three,", raw=True, options=options)
    assert "four" in said.response


def test_probabilities_come_with_the_tokens(client):
    options = {"temperature": 0, "num_predict": 3}
    tokens = client.chat(
        "gemma", FRANCE, options=options, logprobs=True, top_logprobs=2
    ).logprobs
    assert len(tokens) == 3
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens)


def test_embeddings_of_the_same_text_are_the_same(client):
    one, same, other = client.embed("gemma", ["a cat", "a cat", "tax law"]).embeddings

    def likeness(a, b):
        return sum(x * y for x, y in zip(a, b)) / (math.hypot(*a) * math.hypot(*b))

    assert likeness(one, same) > 0.999 > likeness(one, other)


def test_the_model_is_listed_shown_and_loaded(client, model):
    (listed,) = client.list().models
    assert (listed.model, listed.size) == ("gemma", model.stat().st_size)
    assert (listed.details.family, listed.details.parameter_size) == ("gemma3", "268.10M")
    assert client.show("gemma").modelinfo["gemma3.context_length"] == 32768
    client.generate("gemma")
    assert "gemma" in [loaded.model for loaded in client.ps().models]
