"""OpenAI's own client against the real model: what only a model can answer."""

import json
import math
import re
import urllib.request

import openai
import pytest

from harness.plain_http import ask
from harness.waiting import wait_until

pytestmark = pytest.mark.model

PATIENCE = 120
FRANCE = [{"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(scope="module")
def warm(shared_home, model):
    shared_home.link_model("gemma", model)
    shared_home.start(engine_slots=2, engine_context=2048)
    return shared_home


@pytest.fixture
def client(warm):
    return openai.OpenAI(
        base_url=f"{warm.http_url}/v1", api_key="none", max_retries=0, timeout=PATIENCE
    )


def chat(client, messages=FRANCE, **members):
    return client.chat.completions.create(
        **{"model": "gemma", "messages": messages, "temperature": 0, "max_tokens": 40, **members}
    )


def test_an_answer_whole_and_as_a_stream_is_the_same(client):
    whole = chat(client)
    assert "Paris" in whole.choices[0].message.content and whole.model == "gemma"
    chunks = list(chat(client, stream=True, stream_options={"include_usage": True}))
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert {chunk.model for chunk in chunks} == {"gemma"}


def test_several_answers_to_one_prompt_take_as_many_slots(client):
    one = chat(client).choices[0].message.content
    several = chat(client, n=2)
    assert [choice.index for choice in several.choices] == [0, 1]
    assert one.split()[0] in several.choices[0].message.content
    said = ["", ""]
    for chunk in chat(client, n=2, stream=True):
        for choice in chunk.choices:
            said[choice.index] += choice.delta.content or ""
    assert all("Paris" in text for text in said), said
    with pytest.raises(openai.BadRequestError, match="2 answers at once, not 3"):
        chat(client, n=3)


def test_an_answer_keeps_to_a_schema(client):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}, "big": {"type": "boolean"}},
        "required": ["city", "big"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    answer = json.loads(
        chat(client, response_format=form, max_tokens=100).choices[0].message.content
    )
    assert set(answer) == {"city", "big"} and isinstance(answer["big"], bool)


def test_probabilities_stops_and_lengths(client):
    answer = chat(client, logprobs=True, top_logprobs=2, max_tokens=3)
    tokens = answer.choices[0].logprobs.content
    assert len(tokens) == 3 and answer.choices[0].finish_reason == "length"
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens)
    stopped = chat(client, stop=["Paris"])
    assert "Paris" not in stopped.choices[0].message.content
    text = client.completions.create(
        model="gemma", prompt="One, two, three,", max_tokens=4, temperature=0
    )
    assert "four" in text.choices[0].text


def test_a_sampler_that_looks_back_for_ever_takes_no_memory_for_it(warm, client):
    before = warm.ps()["workers"][0]["pid"]
    far = {"repeat_last_n": 2_000_000_000, "repeat_penalty": 1.1, "dry_multiplier": 0.1,
           "dry_penalty_last_n": 2_000_000_000}
    assert "Paris" in chat(client, extra_body=far).choices[0].message.content
    assert warm.ps()["workers"][0]["pid"] == before, "its worker has crashed"


def test_embeddings_of_the_same_text_are_the_same(client):
    vectors = client.embeddings.create(model="gemma", input=["a cat", "a cat", "tax law"]).data
    one, same, other = (vector.embedding for vector in vectors)

    def likeness(a, b):
        return sum(x * y for x, y in zip(a, b)) / (math.hypot(*a) * math.hypot(*b))

    assert likeness(one, same) > 0.999 > likeness(one, other)


def test_responses_are_passed_through(client):
    answer = client.responses.create(
        model="gemma", input="What is the capital of France?", temperature=0, max_output_tokens=40
    )
    assert "Paris" in answer.output_text and answer.model == "gemma"
    events = list(
        client.responses.create(
            model="gemma", input="What is the capital of France?", temperature=0,
            max_output_tokens=40, stream=True,
        )
    )
    assert events[-1].type == "response.completed"
    assert "Paris" in events[-1].response.output_text


def test_a_request_that_names_no_model_hears_which_one_answered(warm, client):
    assert chat(client, model="").model == "gemma"
    assert {chunk.model for chunk in chat(client, model="", stream=True)} == {"gemma"}
    body = {"messages": FRANCE, "max_tokens": 2}
    message = json.loads(ask(warm, "POST", "/v1/messages", body)[2])
    assert message["model"] == "gemma"
    events = ask(warm, "POST", "/v1/responses", {"input": "Hi", "max_output_tokens": 2})[2]
    assert json.loads(events)["model"] == "gemma"


def test_a_prompt_that_is_too_long_is_told_with_the_numbers(client):
    long = [{"role": "user", "content": "word " * 3000}]
    with pytest.raises(openai.BadRequestError, match=r"engine\.context") as refused:
        chat(client, long)
    assert refused.value.code == "context_length_exceeded"


def test_a_client_that_leaves_while_its_prompt_is_read_frees_the_model(warm, client):
    slow = [{"role": "user", "content": "word " * 1800}]
    impatient = client.with_options(timeout=0.3)
    with pytest.raises(openai.APITimeoutError):
        chat(impatient, slow, stream=True)
    wait_until(lambda: warm.status()["jobs"]["running"] == 0, "its job is to end", PATIENCE)
    assert "Paris" in chat(client).choices[0].message.content


def test_figures_of_the_model_are_there_for_prometheus(warm, client, model):
    chat(client)
    with urllib.request.urlopen(f"{warm.http_url}/metrics", timeout=PATIENCE) as answer:
        text = answer.read().decode()
    for name in ("time_to_first_token", "inter_token_latency", "request_prefill_time"):
        assert f'vllm:{name}_seconds_count{{model_name="engine:{model.name}"}}' in text
    assert f'threadrunner_load_seconds_count{{model_name="engine:{model.name}"}} 1' in text
    gauge = re.compile(rf'vllm:kv_cache_usage_perc{{model_name="engine:{model.name}"}} (\S+)')
    wait_until(lambda: (told := gauge.search(ask(warm, "GET", "/metrics")[2]))
               and 0 < float(told[1]) < 1, "it is told with the next pong")
