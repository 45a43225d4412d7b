"""The HTTP door with the clients that people have: OpenAI's own library, unchanged, and plain HTTP,
against the dummy."""

import json
import re
import socket
import stat
import urllib.error
import urllib.request
from http.client import HTTPConnection

import openai
import pytest

from harness.client import answer_to
from harness.plain_http import ask
from harness.waiting import PATIENCE, wait_until

HELLO = [{"role": "user", "content": "Hello, how are you?"}]
SPOKEN = answer_to("Hello, how are you?")


@pytest.fixture
def served(home):
    home.start()
    return home


def openai_client(home, key="none", **options):
    return openai.OpenAI(
        base_url=f"{home.http_url}/v1", api_key=key, max_retries=0, timeout=PATIENCE, **options
    )


@pytest.fixture
def client(served):
    return openai_client(served)


def error_in(text):
    return json.loads(text)["error"]


# OpenAI's client


def test_openai_chat_comes_whole(client):
    answer = client.chat.completions.create(model="dummy", messages=HELLO)
    assert answer.choices[0].message.content == SPOKEN
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "dummy"
    assert answer.usage.completion_tokens == len(SPOKEN.split())


def test_openai_chat_streams_with_its_usage(client):
    stream = client.chat.completions.create(
        model="dummy", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    said = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(said) == SPOKEN
    assert len([word for word in said if word]) == len(SPOKEN.split()), "a chunk a word"
    assert chunks[-1].usage.completion_tokens == len(SPOKEN.split())
    assert {chunk.model for chunk in chunks} == {"dummy"}
    assert len({chunk.id for chunk in chunks}) == 1


def test_an_answer_says_which_job_it_was_so_that_the_log_can_be_searched(served, client):
    answer = client.chat.completions.with_raw_response.create(model="dummy", messages=HELLO)
    job = answer.headers["x-job-id"]
    assert answer.parse().id.startswith(f"{job}-")
    wait_until(lambda: re.search(rf"\b{job}\b.*end=stop", served.log()), "the log names the job")


def test_openai_completions_embeddings_and_limits(client):
    text = client.completions.create(model="dummy", prompt="one two", max_tokens=2)
    assert text.choices[0].text == "lorem ipsum"
    assert text.choices[0].finish_reason == "length"
    streamed = client.completions.create(model="dummy", prompt="one", stream=True)
    assert "".join(part.choices[0].text for part in streamed) == answer_to("one")
    vectors = client.embeddings.create(model="dummy", input=["a cat", "a dog"])
    assert len(vectors.data) == 2 and len(vectors.data[0].embedding) == 8


def test_several_answers_to_one_prompt_stand_side_by_side(client):
    whole = client.chat.completions.create(model="dummy:slots=2", messages=HELLO, n=2)
    assert [choice.index for choice in whole.choices] == [0, 1]
    assert {choice.message.content for choice in whole.choices} == {SPOKEN}
    assert whole.usage.completion_tokens == 2 * len(SPOKEN.split())
    for stream in (
        client.chat.completions.create(model="dummy", messages=HELLO, n=3, stream=True),
        client.completions.create(model="dummy", prompt=HELLO[0]["content"], n=3, stream=True),
    ):
        said = ["", "", ""]
        ends = []
        for choice in (choice for chunk in stream for choice in chunk.choices):
            delta = getattr(choice, "delta", None)
            said[choice.index] += (delta.content if delta else choice.text) or ""
            ends += [choice.index] if choice.finish_reason else []
        assert said == [SPOKEN] * 3 and ends == [0, 1, 2]
    with pytest.raises(openai.BadRequestError, match="2 answers at once, not 3"):
        client.chat.completions.create(model="dummy:slots=2", messages=HELLO, n=3)


def test_openai_tools_are_called(client):
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
    asked = {"model": "dummy", "messages": HELLO, "tools": [tool]}
    answer = client.chat.completions.create(**asked, tool_choice="required")
    (call,) = answer.choices[0].message.tool_calls
    assert (call.type, call.function.name) == ("function", "look_up")
    assert json.loads(call.function.arguments) == {"prompt": HELLO[0]["content"]}
    assert answer.choices[0].finish_reason == "tool_calls"
    choice = {"type": "function", "function": {"name": "look_up"}}
    chunks = list(client.chat.completions.create(**asked, tool_choice=choice, stream=True))
    (streamed,) = [
        call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []
    ]
    assert streamed.index == 0 and streamed.function.name == "look_up"
    assert streamed.function.arguments == call.function.arguments
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    free = client.chat.completions.create(**asked)
    assert free.choices[0].message.content == SPOKEN


def test_openai_responses_come_whole_and_as_a_stream(client):
    answer = client.responses.create(model="dummy", input=HELLO, instructions="Be brief.")
    assert (answer.output_text, answer.model, answer.status) == (SPOKEN, "dummy", "completed")
    assert answer.usage.output_tokens == len(SPOKEN.split())
    events = list(client.responses.create(model="dummy", input=HELLO[0]["content"], stream=True))
    said = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(said) == SPOKEN and len(said) == len(SPOKEN.split())
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == SPOKEN and events[-1].response.model == "dummy"


def test_openai_responses_call_tools_and_fail(client):
    tool = {"type": "function", "name": "look_up", "parameters": {"type": "object"}}
    answer = client.responses.create(
        model="dummy", input="Hello", tools=[tool], tool_choice="required"
    )
    (call,) = answer.output
    assert (call.type, call.name) == ("function_call", "look_up")
    assert json.loads(call.arguments) == {"prompt": "Hello"}
    with pytest.raises(openai.APIError, match="told to fail"):
        list(client.responses.create(model="dummy:fail_at=3", input="Hello", stream=True))


def test_options_of_a_worker_stand_behind_its_name(client):
    with pytest.raises(openai.NotFoundError, match="did you mean 'load_ms'"):
        client.chat.completions.create(model="dummy:loadms=3", messages=HELLO)


def test_errors_are_those_that_openais_client_knows(client):
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-nonsense", messages=HELLO)
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match="role user"):
        client.chat.completions.create(model="dummy", messages=[])
    with pytest.raises(openai.InternalServerError, match="told to fail"):
        client.chat.completions.create(model="dummy:fail_at=1", messages=HELLO)


def test_a_stream_that_fails_midway_raises_in_the_client(client):
    stream = client.chat.completions.create(
        model="dummy:fail_at=3", messages=HELLO, stream=True
    )
    with pytest.raises(openai.APIError, match="told to fail"):
        list(stream)


def test_a_worker_that_crashes_in_a_stream_raises_in_the_client(client):
    stream = client.chat.completions.create(
        model="dummy:crash_at=3", messages=HELLO, stream=True
    )
    with pytest.raises(openai.APIError, match="send the request again"):
        list(stream)


def test_a_full_queue_says_when_to_come_back(home):
    home.start(queue_jobs=1)
    slow = openai_client(home)
    busy = slow.chat.completions.create(
        model="dummy:slots=1,tokens_per_second=2", messages=HELLO, stream=True
    )
    next(iter(busy))
    body = {"model": "dummy:slots=1,tokens_per_second=2", "messages": HELLO, "stream": True}
    waiting = HTTPConnection(home.http_url.removeprefix("http://"), timeout=PATIENCE)
    waiting.request("POST", "/v1/chat/completions", json.dumps(body))
    wait_until(lambda: home.status()["jobs"]["waiting"] == 1, "one is to wait")
    with pytest.raises(openai.RateLimitError) as full:
        slow.chat.completions.create(model=body["model"], messages=HELLO)
    assert int(full.value.response.headers["retry-after"]) >= 1
    waiting.close()
    busy.close()
    wait_until(home.nothing_under_way, "nothing is to be left")


@pytest.mark.parametrize("options", ["tokens_per_second=2", "prompt_ms=30000", "load_ms=30000"])
def test_a_client_that_leaves_cancels_its_job_in_every_phase(served, options):
    body = {"model": f"dummy:slots=1,{options}", "messages": HELLO, "stream": True}
    for _ in range(2):  # the second waits in the queue
        leaver = HTTPConnection(served.http_url.removeprefix("http://"), timeout=PATIENCE)
        leaver.request("POST", "/v1/chat/completions", json.dumps(body))
        wait_until(lambda: not served.nothing_under_way(), "the job is to be under way")
        leaver.close()
        wait_until(served.nothing_under_way, "its job is to end")
    wait_until(lambda: served.log().count("end=cancelled") == 2, "the log says so")


def test_models_are_listed_and_shown_by_name(home, model_file):
    home.start()
    client = openai_client(home)
    (listed,) = client.models.list().data
    assert (listed.id, listed.object) == (model_file.stem, "model")
    assert client.models.retrieve(model_file.stem) == listed
    with pytest.raises(openai.NotFoundError, match=model_file.stem):
        client.models.retrieve("nothing")


@pytest.fixture
def model_file(home):
    from harness.small_model import small_model

    (home.root / "models").mkdir(mode=0o700)
    return small_model(home.root / "models" / "small.gguf")


# llama-server's routes, and ours


def test_tokens_templates_and_ranks(served):
    def post(path, body):
        status, _, text = ask(served, "POST", path, {"model": "dummy", **body})
        assert status == 200, text
        return json.loads(text)

    assert post("/tokenize", {"content": "Hi"}) == {"tokens": [72, 105]}
    assert post("/detokenize", {"tokens": [72, 105]}) == {"content": "Hi"}
    assert post("/apply-template", {"messages": HELLO}) == {"prompt": "user: Hello, how are you?\n"}
    ranked = post("/v1/rerank", {"query": "cat", "documents": ["dog", "cat"]})["results"]
    assert [rank["relevance_score"] for rank in ranked] == [0.0, 1.0]


def test_what_is_asked_without_a_body_names_its_model_in_the_query(served):
    status, _, text = ask(served, "GET", "/props?model=dummy:slots%3D3")
    assert (status, json.loads(text)["total_slots"]) == (200, 3)
    slots = json.loads(ask(served, "GET", "/slots?model=dummy:slots%3D3")[2])
    assert [slot["id"] for slot in slots] == [0, 1, 2]


def test_health_says_ready_or_why_not(home):
    home.start(env={"THREADRUNNER_BACKEND": "dummy"})
    assert json.loads(ask(home, "GET", "/health")[2]) == {"status": "ok"}
    home.stop_daemon()
    home.start()
    status, headers, text = ask(home, "GET", "/health")
    assert status == 503 and headers["retry-after"]
    assert "there is no model yet" in error_in(text)["message"]


def test_jobs_are_listed_and_cancelled(served, client):
    stream = client.chat.completions.create(
        model="dummy:tokens_per_second=2", messages=HELLO, stream=True
    )
    next(iter(stream))
    (job,) = json.loads(ask(served, "GET", "/jobs")[2])["jobs"]
    assert job["op"] == "/v1/chat/completions" and job["owner"] == "http"
    assert ask(served, "DELETE", f"/jobs/{job['job']}")[0] == 200
    with pytest.raises(openai.APIError, match="was cancelled"):
        list(stream)
    assert ask(served, "DELETE", f"/jobs/{job['job']}")[0] == 404


def test_the_jobs_of_others_need_a_key(home):
    home.start(http_keys="me:a-secret")
    theirs = home.client().ask("Hello", model="tokens_per_second=2")
    theirs.until("token")
    assert json.loads(ask(home, "GET", "/jobs")[2]) == {"jobs": []}
    assert ask(home, "DELETE", f"/jobs/{theirs.job}")[0] == 401
    mine = {"Authorization": "Bearer a-secret"}
    assert len(json.loads(ask(home, "GET", "/jobs", headers=mine)[2])["jobs"]) == 1
    assert ask(home, "DELETE", f"/jobs/{theirs.job}", headers=mine)[0] == 200
    assert theirs.end()["reason"] == "cancelled"
    assert "a-secret" not in home.log()


def test_a_stream_that_asks_hears_how_the_load_gets_on(served):
    body = {"model": "dummy:load_ms=300", "messages": HELLO, "stream": True}
    status, headers, text = ask(
        served, "POST", "/v1/chat/completions", body, {"x-progress": "1"}
    )
    assert status == 200 and headers["content-type"] == "text/event-stream"
    told = [json.loads(line[2:]) for line in text.splitlines() if line.startswith(": {")]
    fractions = [entry["load"]["fraction"] for entry in told if "load" in entry]
    assert fractions == sorted(fractions) and fractions[-1] == 1
    assert "lorem" in text


def test_a_stream_that_waits_shows_that_it_lives_whatever_the_load_tells_others(home):
    home.start(http_keep_alive="50ms")
    body = {"model": "dummy:load_ms=500", "messages": HELLO, "stream": True}
    text = ask(home, "POST", "/v1/chat/completions", body)[2]
    assert text.startswith(": waiting\n\n: waiting\n\n") and "data: [DONE]" in text


# Those who watch


def follow(home, headers=None):
    """A connection that follows /events, when it does."""
    connection = HTTPConnection(home.http_url.removeprefix("http://"), timeout=PATIENCE)
    connection.request("GET", "/events", headers=headers or {})
    answer = connection.getresponse()
    assert answer.readline() == b": from now on\n"
    return connection, answer


def next_event(answer):
    """(name, data) of the next event that is no comment."""
    name = None
    while True:
        line = answer.readline().decode().strip()
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            return name, json.loads(line.removeprefix("data: "))


def test_who_follows_hears_of_loads_ends_and_unloads(served, client):
    connection, events = follow(served)
    client.chat.completions.create(model="dummy:load_ms=50", messages=HELLO)
    heard = [next_event(events)]
    while heard[-1][0] != "job":
        heard.append(next_event(events))
    loads = [data["fraction"] for name, data in heard if name == "load"]
    assert loads == sorted(loads) and loads[-1] == 1
    assert ("ready", "dummy:load_ms=50") in [(name, data.get("target")) for name, data in heard]
    assert heard[-1][1]["end"] == "stop" and heard[-1][1]["op"] == "/v1/chat/completions"
    served.command("unload")
    name, data = next_event(events)
    assert (name, data["reason"]) == ("unload", "unloaded")
    served.stop_daemon()
    assert events.read().endswith(b"\n\n"), "the stream ends, it is not cut"
    connection.close()


def test_the_ends_of_other_owners_jobs_need_a_key(home):
    home.start(http_keys="me:a-secret")
    without, events = follow(home)
    keyed, all_events = follow(home, {"X-Api-Key": "a-secret"})
    home.client().ask("Hello").end()
    openai_client(home).chat.completions.create(model="dummy", messages=HELLO)

    def next_job(answer):
        while True:
            name, data = next_event(answer)
            if name == "job":
                return data["owner"]

    assert next_job(all_events).startswith("session:") and next_job(all_events) == "http"
    assert next_job(events) == "http"
    without.close()
    keyed.close()


def test_an_evicted_worker_is_told_and_counted(home):
    home.start(memory_mib=300, worker_evict="1ms")
    connection, events = follow(home)
    asked = openai_client(home).chat.completions
    asked.create(model="dummy:memory_mib=200", messages=HELLO)
    asked.create(model="dummy:memory_mib=201", messages=HELLO)
    while (event := next_event(events))[0] != "unload":
        pass
    assert event[1] == {"target": "dummy:memory_mib=200", "reason": "evicted"}
    connection.close()
    labels = 'model_name="dummy:memory_mib=200",reason="evicted"'
    assert f"threadrunner_unloads_total{{{labels}}} 1" in ask(home, "GET", "/metrics")[2]


def test_metrics_are_prometheuss_text_with_vllms_names(served, client):
    client.chat.completions.create(model="dummy", messages=HELLO)
    status, headers, text = ask(served, "GET", "/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = text.splitlines()
    for line in (
        'vllm:generation_tokens_total{model_name="dummy"} 9',
        'vllm:time_to_first_token_seconds_count{model_name="dummy"} 1',
        'vllm:inter_token_latency_seconds_count{model_name="dummy"} 8',
        'vllm:num_requests_running{model_name="dummy"} 0',
        'threadrunner_jobs_total{end="done",model_name="dummy"} 1',
    ):
        assert line in lines, line
    resident = [line for line in lines if line.startswith("threadrunner_worker_resident_bytes{")]
    assert float(resident[0].split()[1]) > 1024 * 1024


# Addresses, and who may ask


def test_the_address_is_in_a_file_and_in_the_status(home):
    home.start(env={"THREADRUNNER_HTTP": "127.0.0.1:0,[::1]:0"})
    lines = (home.root / "run" / "http.addr").read_text().splitlines()
    assert len(lines) == 2 and lines[1].startswith("[::1]:")
    http = home.status()["http"]
    assert http["addresses"] == lines and http["faults"] == []
    shown = home.command("status").stdout.decode()
    assert lines[0] in shown
    home.stop_daemon()
    assert not (home.root / "run" / "http.addr").exists()


def test_a_taken_port_is_told_and_the_rest_is_served(homes):
    first, second = homes(), homes()
    first.start()
    taken = first.http_url.removeprefix("http://")
    second.start(env={"THREADRUNNER_HTTP": f"{taken},127.0.0.1:0"})
    (fault,) = second.status()["http"]["faults"]
    assert taken in fault and "http.listen" in fault
    wait_until(lambda: fault in second.log(), "the log says so, too")
    assert fault in second.command("status").stdout.decode()
    assert ask(second, "GET", "/jobs")[0] == 200
    assert second.client().ask("Hello").end()["reason"] == "stop"


def test_off_leaves_the_unix_socket(home):
    home.start(env={"THREADRUNNER_HTTP": "off"})
    assert not (home.root / "run" / "http.addr").exists()
    path = home.root / "run" / "http.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    connection.connect(str(path))
    connection.sendall(b"GET /jobs HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n")
    answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 OK") and b'{"jobs":[]}' in answer
    connection.close()


def test_beyond_this_machine_nothing_is_served_without_keys(home):
    home.start(env={"THREADRUNNER_HTTP": "0.0.0.0:0"})
    (fault,) = home.status()["http"]["faults"]
    assert "http.key_file" in fault and home.status()["http"]["addresses"] == []


def test_beyond_this_machine_every_route_needs_a_key(home):
    keys = home.root / "keys"
    keys.write_text("alice:a-secret\n")
    keys.chmod(0o600)
    home.start(env={"THREADRUNNER_HTTP": "0.0.0.0:0"}, http_key_file=keys)
    port = home.http_url.rsplit(":", 1)[1]
    at = f"127.0.0.1:{port}"
    for path in ("/health", "/v1/models", "/nowhere"):
        status, headers, _ = ask(home, "GET", path, host=at)
        assert (status, headers["www-authenticate"]) == (401, "Bearer"), path
    given = {"x-api-key": "a-secret"}
    assert ask(home, "GET", "/v1/models", headers=given, host=at)[0] == 200
    body = {"model": "dummy", "messages": HELLO}
    assert ask(home, "POST", "/v1/chat/completions", body, given, host=at)[0] == 200
    wait_until(lambda: "owner=key:alice" in home.log(), "the log names the key")
    assert "a-secret" not in home.log()


def test_a_rebound_name_and_a_foreign_page_are_turned_away(served):
    port = served.http_url.rsplit(":", 1)[1]
    assert ask(served, "GET", "/jobs", headers={"Host": f"evil.example:{port}"})[0] == 403
    status, headers, _ = ask(served, "GET", "/jobs", headers={"Origin": "https://evil.example"})
    assert status == 403 and "access-control-allow-origin" not in headers


def test_a_listed_page_may_ask(home):
    home.start(http_origins="https://chat.example")
    page = {"Origin": "https://chat.example"}
    preflight = {**page, "Access-Control-Request-Method": "POST"}
    status, headers, _ = ask(home, "OPTIONS", "/v1/chat/completions", headers=preflight)
    assert status == 204 and headers["access-control-allow-methods"] == "POST"
    headers = ask(home, "GET", "/v1/models", headers=page)[1]
    assert headers["access-control-allow-origin"] == "https://chat.example"


# HTTP itself


def test_wrong_paths_and_methods_are_told_what_there_is(served):
    status, _, text = ask(served, "GET", "/v1/nonsense")
    assert status == 404 and "POST /v1/chat/completions" in error_in(text)["message"]
    status, headers, _ = ask(served, "GET", "/v1/chat/completions")
    assert (status, headers["allow"]) == (405, "POST")
    status, headers, text = ask(served, "HEAD", "/jobs")
    assert status == 200 and int(headers["content-length"]) > 0 and text == ""


def test_a_body_that_is_no_json_is_refused(served):
    for body in ("", "{", "[]", '{"a":' * 100):
        request = urllib.request.Request(
            f"{served.http_url}/v1/chat/completions", data=body.encode(), method="POST"
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=PATIENCE)
        assert refused.value.code == 400
        assert error_in(refused.value.read())["type"] == "invalid_request_error"


def test_a_connection_serves_many_requests_each_with_its_id(served):
    connection = HTTPConnection(served.http_url.removeprefix("http://"), timeout=PATIENCE)
    ids = set()
    for _ in range(3):
        connection.request("GET", "/jobs")
        answer = connection.getresponse()
        assert answer.read() == b'{"jobs":[]}\n'
        ids.add(answer.headers["x-request-id"])
    assert len(ids) == 3
    connection.request("GET", "/jobs", headers={"X-Request-Id": "mine-7"})
    answer = connection.getresponse()
    answer.read()
    assert answer.headers["x-request-id"] == "mine-7"
    connection.close()


def test_a_large_body_is_served(served):
    words = "word " * 200_000
    body = {"model": "dummy", "messages": [{"role": "user", "content": words}], "max_tokens": 1}
    status, _, text = ask(served, "POST", "/v1/chat/completions", body)
    assert status == 200 and json.loads(text)["usage"]["prompt_tokens"] == 200_000
