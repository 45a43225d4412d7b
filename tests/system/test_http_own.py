"""What is ThreadRunner's own over HTTP, besides what test_http.py and test_openapi.py try: the
documents of the socket, loading and unloading, the log."""

import json
import urllib.error
import urllib.request

import pytest

from harness.small_model import small_model
from harness.waiting import PATIENCE, wait_until

KEYS = "me:a-secret"
MINE = {"Authorization": "Bearer a-secret"}


@pytest.fixture
def served(home):
    home.start(env={"THREADRUNNER_BACKEND": "dummy"}, http_keys=KEYS)
    return home


def opened(home, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    return urllib.request.urlopen(
        urllib.request.Request(home.http_url + path, data, headers or {}), timeout=PATIENCE
    )


def ask(home, path, body=None, headers=None):
    with opened(home, path, body, headers) as answer:
        return json.loads(answer.read())


def refused(home, path, body=None, headers=None):
    """(status, message)"""
    with pytest.raises(urllib.error.HTTPError) as error:
        ask(home, path, body, headers)
    return error.value.code, json.loads(error.value.read())["error"]["message"]


def test_status_ps_and_models_are_the_sockets_documents(home):
    (home.root / "models").mkdir(mode=0o700)
    small_model(home.root / "models" / "small.gguf")
    home.start(env={"THREADRUNNER_BACKEND": "dummy"})
    home.client().ask("Hello").end()
    assert ask(home, "/status").keys() == home.status().keys()
    with home.client() as client:
        assert ask(home, "/models") == client.call("models")
    ours, theirs = ask(home, "/ps")["workers"], home.ps()["workers"]
    assert [worker["pid"] for worker in ours] == [worker["pid"] for worker in theirs]
    assert ours[0].keys() == theirs[0].keys()


def test_without_a_key_ps_has_no_jobs_of_others(served):
    theirs = served.client().ask("one two three four five six", model="tokens_per_second=1")
    theirs.until("token")
    assert ask(served, "/ps")["jobs"] == []
    (job,) = ask(served, "/ps", headers=MINE)["jobs"]
    assert job["job"] == theirs.job


def test_models_are_loaded_and_unloaded(served):
    assert ask(served, "/load", {"model": "dummy:slots=3"})["slots"] == 3
    assert ask(served, "/load", {})["slots"] == 64, "the default"
    assert ask(served, "/unload", {"model": "dummy:slots=3"}) == {"unloaded": ["dummy:slots=3"]}
    assert ask(served, "/unload", {}) == {"unloaded": ["dummy"]}
    wait_until(lambda: not served.workers(), "their workers are to end")
    assert refused(served, "/load", {"model": "dummy:slot=3"})[0] == 404
    assert refused(served, "/unload", {"model": "dummy:slots=3"})[0] == 404
    assert refused(served, "/load", {"model": 7}) == (400, "'model' must be a string")
    assert refused(served, "/load", [])[0] == 400


@pytest.mark.parametrize("detach", [False, True])
def test_a_load_whose_client_leaves_goes_on_only_if_it_is_detached(served, detach):
    wish = {"model": "dummy:load_ms=2000", "detach": detach}
    client = urllib.request.Request(served.http_url + "/load", json.dumps(wish).encode())
    with pytest.raises(TimeoutError):
        urllib.request.urlopen(client, timeout=0.5)
    wait_until(lambda: "starts" in served.log(), "the load is to begin")
    wait_until(served.nothing_under_way, "the load is to end")
    loaded = [worker["state"] for worker in served.ps()["workers"] if worker["slots"]]
    assert loaded == (["ready"] if detach else [])
    end = "stop" if detach else "cancelled"
    wait_until(lambda: f"end={end}" in served.log(), "the log says so")


def entries(answer, count):
    """So many entries of a log that is being read."""
    out = []
    while len(out) < count:
        line = answer.readline().decode()
        assert line, "the log ended"
        if line.startswith("data: "):
            out.append(json.loads(line.removeprefix("data: ")))
    return out


@pytest.mark.parametrize("form", ["plain", "json"])
def test_the_log_is_followed_as_documents(home, form):
    home.start(env={"THREADRUNNER_BACKEND": "dummy"}, http_keys=KEYS, log_format=form)
    with opened(home, "/logs?lines=1", headers=MINE) as log:
        (last,) = entries(log, 1)
        assert (last["level"], last["target"]) == ("info", "daemon")
        job = home.client().ask("Hello")
        job.end()
        while last.get("job") != job.job:
            (last,) = entries(log, 1)
        assert last["message"].startswith("ended")


def test_the_log_is_sifted(served):
    for _ in range(2):
        served.client().ask("Hello").end()
    served.client().ask("Hello", model="fail_at=1").end()
    wait_until(lambda: served.log().count("ended") == 3, "the log is written")
    with opened(served, "/logs?job=j2", headers=MINE) as log:
        assert entries(log, 1)[0]["job"] == "j2"
    with opened(served, "/logs?level=warn&lines=100", headers=MINE) as log:
        served.workers()[0].kill()
        assert entries(log, 1)[0]["level"] in ("warn", "error")
    assert refused(served, "/logs?lines=x", headers=MINE)[0] == 400
    assert refused(served, "/logs?level=loud", headers=MINE)[0] == 400
    assert refused(served, "/logs")[0] == 401


def test_the_log_ends_with_the_daemon(served):
    with opened(served, "/logs", headers=MINE) as log:
        entries(log, 1)
        served.stop_daemon()
        assert b"data: " in log.read()
