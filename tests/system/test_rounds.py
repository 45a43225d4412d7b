"""Models that call tools: the functions that they are offered, what they read of the results, and
who may write. The dummy calls what its prompt says, line by line."""

import json
import os

import httpx
import openai
import pytest

from harness import audio
from harness.home import BIN
from harness.waiting import PATIENCE, wait_until

TOOLS = BIN.parent / "tools"
pytestmark = pytest.mark.skipif(
    not (TOOLS / "text/text.wasm").exists(), reason="the tools are not built"
)
KEYS = "me:secret"


@pytest.fixture
def folder(home, tmp_path):
    (tmp_path / "a.txt").write_text("one two three\nfour\n")
    home.start(http_keys=KEYS, env={"THREADRUNNER_BACKEND": "dummy"})
    return tmp_path


def offer(name, folder, mode="rw", **members):
    """A tool that sees the folder as /notes."""
    directory = {"host": str(folder), "guest": "/notes", "mode": mode}
    return {"type": "threadrunner", "name": name, "dirs": [directory], **members}


def script(*calls):
    """The prompt that has the dummy make these calls."""
    return "\n".join(f"{name} {json.dumps(arguments)}" for name, arguments in calls)


COUNT = script(("text_word_count", {"path": "/notes/a.txt"}))


def told(request):
    """What the client heard of tools."""
    return [(event["name"], event["state"]) for event in request.events if event["ev"] == "tool"]


def ask(client, prompt, *tools, **members):
    return client.send("generate", backend="dummy", prompt=prompt, tools=list(tools), **members)


def test_a_models_calls_are_made_and_it_reads_the_results(home, folder):
    request = ask(home.client(), COUNT, offer("text", folder))
    end = request.end()
    assert end["ev"] == "done" and end["reason"] == "stop", end
    assert told(request) == [("text_word_count", "runs"), ("text_word_count", "done")]
    result = next(e["result"] for e in request.events if e.get("state") == "done")
    assert result["words"] == 4
    assert '"words":4' in request.text, "the dummy says what it has read"
    assert end["usage"]["completion"] > 0


def test_a_call_after_the_other_and_the_clients_own_functions(home, folder):
    client = home.client()
    own = {"type": "function", "function": {"name": "mine", "parameters": {"type": "object"}}}
    prompt = script(
        ("text_grep", {"path": "/notes/a.txt", "pattern": "four"}), ("mine", {"a": 1})
    )
    request = ask(client, prompt, offer("text", folder), own)
    end = request.end()
    assert end["reason"] == "tool_calls"
    assert told(request) == [("text_grep", "runs"), ("text_grep", "done")]
    call = next(event for event in request.events if event["ev"] == "tool_call")
    assert (call["name"], call["arguments"]) == ("mine", {"a": 1})


def test_what_fails_is_read_by_the_model_which_goes_on(home, folder):
    request = ask(
        home.client(),
        script(("text_word_count", {"path": "/etc/passwd"})),
        offer("text", folder),
    )
    assert request.end()["ev"] == "done"
    assert told(request)[-1] == ("text_word_count", "failed")
    assert "may. not. touch." in request.text


def test_rounds_are_bounded(home, folder):
    calls = [("text_word_count", {"path": "/notes/a.txt"})] * 3
    request = ask(home.client(), script(*calls), offer("text", folder), max_rounds=2)
    assert request.end()["reason"] == "tool_calls"
    assert len(told(request)) == 4, "two calls were made"


def test_mistakes_are_named(home, folder):
    client = home.client()

    def fault(tool, **members):
        end = ask(client, "hi", tool, **members).end()
        assert end["ev"] == "error", end
        return end["message"]

    assert "there is no tool 'nobody'" in fault(offer("nobody", folder))
    assert "lacks 'name'" in fault({"type": "threadrunner"})
    assert "deny, ask or allow" in fault(offer("text", folder, writes="maybe"))
    assert "'max_rounds'" in fault(offer("text", folder), max_rounds=1000)


def test_children_are_listed_and_end_with_their_parent(home, folder):
    client = home.client()
    prompt = script(("text_word_count", {"path": "/notes/a.txt"}))
    request = ask(client, prompt, offer("text", folder), model="tokens_per_second=0.05")
    request.until("tool")
    wait_until(lambda: len(home.ps()["jobs"]) == 2, "the job and its child")
    assert [job.get("parent") for job in home.ps()["jobs"]] == [None, request.job]
    client.call("cancel", job=request.job)
    end = request.end()
    assert (end["ev"], end["reason"]) == ("done", "cancelled")
    wait_until(lambda: home.ps()["jobs"] == [], "nothing is under way")


def test_a_deadline_is_the_childrens_too(home, folder):
    request = ask(
        home.client(), "one two", offer("text", folder), model="tokens_per_second=0.05",
        deadline_ms=300,
    )
    assert request.end()["code"] == "timeout"
    wait_until(lambda: home.ps()["jobs"] == [], "nothing is under way")


# Writing


@pytest.fixture
def song(folder):
    return audio.make(folder / "song.mp3", seconds=1)


WRITE = script(("taglib_write_tags", {"path": "/notes/song.mp3", "tags": {"title": "New"}}))


def title(song):
    return audio.probe(song).get("title")


def test_nothing_is_written_unless_it_is_allowed(home, folder, song):
    before = song.read_bytes()
    request = ask(home.client(), WRITE, offer("taglib", folder))
    assert request.end()["ev"] == "done"
    assert told(request) == [("taglib_write_tags", "refused")]
    assert "not. allow. writing" in request.text
    assert song.read_bytes() == before


def test_what_is_allowed_is_written(home, folder, song):
    request = ask(home.client(), WRITE, offer("taglib", folder, writes="allow"))
    assert request.end()["ev"] == "done"
    assert told(request)[-1] == ("taglib_write_tags", "done")
    assert title(song) == "New"


@pytest.mark.parametrize("allow", [True, False])
def test_who_asked_is_asked(home, folder, song, allow):
    client = home.client()
    request = ask(client, WRITE, offer("taglib", folder, writes="ask"))
    question = request.until("tool")
    assert question["state"] == "asks"
    assert question["arguments"]["tags"] == {"title": "New"}
    wrong = client.send("permit", job=request.job, call="c9", allow=True).end()
    assert wrong["code"] == "not_found"
    assert client.call("permit", job=request.job, call=question["call"], allow=allow) is None
    assert request.end()["ev"] == "done"
    assert told(request)[-1][1] == ("done" if allow else "refused")
    assert title(song) == ("New" if allow else None)


def test_a_tool_that_says_it_only_reads_cannot_write(home, folder, song, tmp_path_factory):
    """Its word is not trusted: without leave its folder is given to it to read only."""
    place = tmp_path_factory.mktemp("liar")
    (place / "tool.toml").write_text('name = "liar"\nmodule = "m.wasm"\n')
    module = (TOOLS / "taglib/taglib-sidecar.wasm").read_bytes()
    lie = module.replace(b"writes", b"wrotes")  # what `describe` says of it
    assert lie != module
    (place / "m.wasm").write_bytes(lie)
    assert home.command("tool", "install", place).returncode == 0
    arguments = {"path": "/notes/song.mp3", "tags": {"title": "New"}}
    request = ask(
        home.client(), script(("liar_write_tags", arguments)), offer("liar", folder)
    )
    assert request.end()["ev"] == "done"
    assert told(request)[-1] == ("liar_write_tags", "failed")
    assert title(song) is None


# Over HTTP


def http_client(home, key="secret"):
    return openai.OpenAI(
        base_url=f"{home.http_url}/v1", api_key=key, max_retries=0, timeout=PATIENCE
    )


def chat(client, tool, prompt=COUNT, **members):
    return client.chat.completions.create(
        model="dummy", messages=[{"role": "user", "content": prompt}], tools=[tool], **members
    )


def test_openais_client_gets_one_answer(home, folder):
    answer = chat(http_client(home), offer("text", folder))
    choice = answer.choices[0]
    assert choice.finish_reason == "stop" and not choice.message.tool_calls
    assert '"words":4' in choice.message.content
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_openais_client_gets_one_stream(home, folder):
    chunks = list(
        chat(
            http_client(home), offer("text", folder), stream=True,
            stream_options={"include_usage": True},
        )
    )
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert '"words":4' in said
    reasons = [c.choices[0].finish_reason for c in chunks if c.choices]
    assert reasons.count("stop") == 1 and reasons[-1] == "stop" and "tool_calls" not in reasons
    assert chunks[-1].usage.completion_tokens > 1
    assert len({c.id for c in chunks}) <= 2, "an answer has one id"


def test_a_call_that_is_demanded_is_demanded_once(home, folder):
    answer = chat(
        http_client(home), offer("text", folder), prompt="hi", tool_choice="required"
    )
    assert answer.choices[0].finish_reason == "stop"


def test_offering_tools_needs_a_key(home, folder):
    with pytest.raises(openai.AuthenticationError, match="threadrunner"):
        chat(http_client(home, key="none"), offer("text", folder))
    body = {"model": "dummy", "messages": [{"role": "user", "content": COUNT}], "stream": False,
            "tools": [offer("text", folder)]}
    refused = httpx.post(f"{home.http_url}/api/chat", json=body, timeout=PATIENCE)
    assert refused.status_code in (401, 403)
    answer = httpx.post(
        f"{home.http_url}/api/chat", json=body, timeout=PATIENCE,
        headers={"Authorization": "Bearer secret"},
    )
    assert '"words":4' in answer.json()["message"]["content"]


def test_other_routes_say_where_tools_are_offered(home, folder):
    answer = httpx.post(
        f"{home.http_url}/v1/messages", timeout=PATIENCE,
        headers={"Authorization": "Bearer secret"},
        json={"model": "dummy", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
              "tools": [offer("text", folder)]},
    )
    assert answer.status_code == 400, answer.text
    assert "/v1/chat/completions" in answer.json()["error"]["message"]


@pytest.mark.model
def test_a_real_model_calls_a_tool(home, folder):
    """A small model does so where it has to; what it makes of the result is its own affair."""
    client = http_client(home)
    answer = client.chat.completions.create(
        model=os.environ["THREADRUNNER_TEST_MODEL"], max_tokens=200, temperature=0,
        messages=[{"role": "user", "content": "How many words does /notes/a.txt have?"}],
        tools=[offer("text", folder)],
        tool_choice={"type": "function", "function": {"name": "text_word_count"}},
    )
    assert answer.choices[0].finish_reason in ("stop", "length", "tool_calls")
    assert answer.usage.prompt_tokens > 0
