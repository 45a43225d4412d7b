"""Anthropic's own client against the real model: what only a model can answer."""

import anthropic
import pytest

from harness.waiting import wait_until

pytestmark = pytest.mark.model

PATIENCE = 120
GREEDY = {"temperature": 0}  # a member that the client has no name for
FRANCE = [{"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(scope="module")
def warm(shared_home, model):
    shared_home.link_model("gemma", model)
    shared_home.start(engine_slots=1, engine_context=2048)
    return shared_home


@pytest.fixture
def client(warm):
    return anthropic.Anthropic(
        base_url=warm.http_url, api_key="none", max_retries=0, timeout=PATIENCE
    )


def asked(**members):
    usual = {"model": "gemma", "messages": FRANCE, "max_tokens": 30, "extra_body": GREEDY}
    return {**usual, **members}


def test_a_message_whole_and_as_a_stream_is_the_same(client):
    whole = client.messages.create(**asked(system="Answer in a sentence."))
    assert "Paris" in whole.content[0].text and whole.model == "gemma"
    with client.messages.stream(**asked(system="Answer in a sentence.")) as stream:
        streamed = stream.get_final_message()
    assert streamed.content[0].text == whole.content[0].text
    assert streamed.stop_reason == whole.stop_reason
    assert streamed.usage.output_tokens == whole.usage.output_tokens


def test_stop_sequences_and_lengths(client):
    stopped = client.messages.create(**asked(stop_sequences=["Paris"]))
    assert "Paris" not in stopped.content[0].text and stopped.stop_sequence == "Paris"
    assert client.messages.create(**asked(max_tokens=2)).stop_reason == "max_tokens"


def test_tokens_are_counted_as_they_are_read(client):
    counted = client.messages.count_tokens(model="gemma", messages=FRANCE)
    read = client.messages.create(**asked(max_tokens=1)).usage
    assert counted.input_tokens == read.input_tokens + read.cache_read_input_tokens


def test_a_prompt_that_is_too_long_is_told_with_the_numbers(client):
    long = [{"role": "user", "content": "word " * 3000}]
    with pytest.raises(anthropic.BadRequestError, match=r"engine\.context") as refused:
        client.messages.create(**asked(messages=long))
    assert refused.value.body["error"]["type"] == "invalid_request_error"


def test_a_client_that_leaves_frees_the_model(warm, client):
    stream = client.messages.create(**asked(max_tokens=2000, stream=True))
    next(iter(stream))
    stream.close()
    wait_until(lambda: warm.status()["jobs"]["running"] == 0, "its job is to end", PATIENCE)
    assert "Paris" in client.messages.create(**asked()).content[0].text
