"""Anthropic's API with Anthropic's own library, unchanged, against the dummy."""

import json
import re
from http.client import HTTPConnection

import anthropic
import pytest

from harness.client import answer_to
from harness.small_model import small_model
from harness.waiting import PATIENCE, wait_until

QUESTION = "Hello, how are you?"
HELLO = [{"role": "user", "content": QUESTION}]
SPOKEN = answer_to(QUESTION)
TOOL = {
    "name": "look_up",
    "description": "Looks a word up.",
    "input_schema": {"type": "object", "properties": {"prompt": {"type": "string"}}},
}


@pytest.fixture
def served(home):
    home.start()
    return home


def client_of(home, key="none"):
    return anthropic.Anthropic(
        base_url=home.http_url, api_key=key, max_retries=0, timeout=PATIENCE
    )


@pytest.fixture
def client(served):
    return client_of(served)


def say(client, **members):
    asked = {"model": "dummy", "messages": HELLO, "max_tokens": 100, **members}
    return client.messages.create(**asked)


def test_a_message_comes_whole(client):
    answer = say(client, system="Be brief.")
    assert (answer.type, answer.role, answer.model) == ("message", "assistant", "dummy")
    assert [block.text for block in answer.content] == [SPOKEN]
    assert answer.stop_reason == "end_turn"
    assert answer.usage.output_tokens == len(SPOKEN.split())
    assert answer.usage.input_tokens == len(f"Be brief. {QUESTION}".split())


def test_a_message_streams(client):
    with client.messages.stream(model="dummy", messages=HELLO, max_tokens=100) as stream:
        words = list(stream.text_stream)
        answer = stream.get_final_message()
    assert "".join(words) == SPOKEN and len(words) == len(SPOKEN.split()), "an event a word"
    assert answer.content[0].text == SPOKEN
    assert (answer.model, answer.stop_reason) == ("dummy", "end_turn")
    assert answer.usage.output_tokens == len(SPOKEN.split())


def test_the_log_can_be_searched_for_what_the_client_knows(served, client):
    raw = client.messages.with_raw_response.create(
        model="dummy", messages=HELLO, max_tokens=9, extra_headers={"x-request-id": "mine-7"}
    )
    answer = raw.parse()
    assert answer._request_id == "mine-7"
    job = raw.headers["x-job-id"]
    assert answer.id.startswith(f"{job}-")
    wait_until(lambda: re.search(rf"\b{job}\b.*end=", served.log()), "the log names the job")


def test_limits_and_stop_sequences_say_why_an_answer_ends(client):
    cut = say(client, max_tokens=2)
    assert (cut.content[0].text, cut.stop_reason) == ("lorem ipsum", "max_tokens")
    stopped = say(client, stop_sequences=[" sit"])
    assert stopped.content[0].text == "lorem ipsum dolor"
    assert stopped.stop_sequence == " sit"


def test_a_tool_is_called(client):
    answer = say(client, tools=[TOOL], tool_choice={"type": "tool", "name": "look_up"})
    (call,) = answer.content
    assert (call.type, call.name, call.input) == ("tool_use", "look_up", {"prompt": QUESTION})
    assert answer.stop_reason == "tool_use"
    with client.messages.stream(
        model="dummy", messages=HELLO, max_tokens=9, tools=[TOOL], tool_choice={"type": "any"}
    ) as stream:
        (streamed,) = stream.get_final_message().content
    assert (streamed.name, streamed.input) == (call.name, call.input)
    assert say(client, tools=[TOOL]).content[0].text == SPOKEN
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "a word"}
    turns = [*HELLO, {"role": "assistant", "content": answer.content},
             {"role": "user", "content": [result, {"type": "text", "text": "And now?"}]}]
    assert say(client, messages=turns, tools=[TOOL]).content[0].text == answer_to("And now?")


def test_reasoning_is_a_block_of_its_own(client):
    with client.messages.stream(
        model="dummy:think=2", messages=HELLO, max_tokens=100
    ) as stream:
        thought, spoken = stream.get_final_message().content
    assert (thought.type, thought.thinking) == ("thinking", "lorem ipsum")
    assert spoken.text == " dolor" + SPOKEN.partition(" dolor")[2]
    assert say(client, model="dummy:think=2").content[0].thinking == "lorem ipsum"


def test_tokens_are_counted_without_an_answer(client):
    counted = client.messages.count_tokens(model="dummy", messages=HELLO, system="Be brief.")
    assert counted.input_tokens == len(f"Be brief. {QUESTION}".split())


def test_models_are_listed(home):
    (home.root / "models").mkdir(mode=0o700)
    file = small_model(home.root / "models" / "small.gguf")
    home.start()
    (model,) = client_of(home).models.list()
    assert (model.id, model.type, model.display_name) == ("small", "model", "small")
    assert abs(model.created_at.timestamp() - file.stat().st_mtime) < 2
    assert client_of(home).models.retrieve("small").id == "small"


def test_errors_are_those_that_anthropics_client_knows(client):
    with pytest.raises(anthropic.NotFoundError, match="gpt-nonsense") as missing:
        say(client, model="gpt-nonsense")
    assert missing.value.body["type"] == "error"
    assert missing.value.body["error"]["type"] == "not_found_error"
    assert missing.value.request_id
    with pytest.raises(anthropic.BadRequestError, match="role user") as bad:
        say(client, messages=[])
    assert bad.value.body["error"]["type"] == "invalid_request_error"
    with pytest.raises(anthropic.InternalServerError, match="told to fail") as failed:
        say(client, model="dummy:fail_at=1")
    assert failed.value.body["error"]["type"] == "api_error"


def test_a_key_in_anthropics_header_says_whose_job_it_is(home):
    home.start(http_keys="me:a-secret")
    stream = say(client_of(home, "a-secret"), model="dummy:tokens_per_second=2", stream=True)
    next(iter(stream))
    (job,) = home.ps()["jobs"]
    assert (job["owner"], job["op"]) == ("key:me", "/v1/messages")
    stream.close()
    wait_until(home.nothing_under_way, "its job is to end")


@pytest.mark.parametrize("fault", ["fail_at=3", "crash_at=3"])
def test_a_stream_that_fails_midway_raises_in_the_client(served, client, fault):
    with pytest.raises(anthropic.APIStatusError) as failed:
        list(say(client, model=f"dummy:{fault}", stream=True))
    error = failed.value.body["error"]
    assert error["type"] == "api_error" and error["message"]
    wait_until(lambda: "end=error" in served.log(), "the log says how it ended")


def test_a_stream_that_waits_pings(home):
    home.start(http_keep_alive="50ms")
    answer = say(client_of(home), model="dummy:load_ms=500", stream=True)
    words = [event.delta.text for event in answer if event.type == "content_block_delta"]
    assert "".join(words) == SPOKEN, "pings are passed over by the client"
    body = {"model": "dummy:load_ms=600", "messages": HELLO, "stream": True}
    connection = HTTPConnection(home.http_url.removeprefix("http://"), timeout=PATIENCE)
    connection.request("POST", "/v1/messages", json.dumps(body))
    text = connection.getresponse().read().decode()
    connection.close()
    assert text.startswith('event: ping\ndata: {"type":"ping"}\n\n') and "message_stop" in text


def test_a_client_that_leaves_cancels_its_job(served, client):
    stream = say(client, model="dummy:tokens_per_second=1", stream=True)
    next(iter(stream))
    stream.close()
    wait_until(served.nothing_under_way, "its job is to end")
    assert "end=cancelled" in served.log()
