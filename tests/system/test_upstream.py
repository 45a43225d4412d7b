"""Servers that speak HTTP as workers, started by the daemon or running already; most of them
misbehave: the right error to the right client, and the next request is served."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from harness.fake_server import FLOOD
from harness.processes import Process
from harness.small_model import small_model
from harness.waiting import PATIENCE, wait_until

FAKE = Path(__file__).resolve().parents[1] / "harness" / "fake_server.py"
KEY = "sk-a-very-secret-key"
QUICK = {
    "worker_ping": "50ms",
    "worker_suspect": "300ms",
    "worker_dead": "900ms",
    "upstream_poll": "100ms",
    "upstream_health": "50ms",
    "upstream_restart": "20ms",
    "engine_slots": 2,
}


def ask(client, prompt, **members):
    return client.send("generate", **{"backend": "upstream", "prompt": prompt, **members})


def servers(home):
    """The fakes that the daemon of this home has started."""
    return [process for process in home.processes() if str(FAKE) in process.arguments]


def server(home):
    (process,) = wait_until(lambda: servers(home), "a server is to run")
    return process


def argument(process, name):
    arguments = process.arguments
    return arguments[arguments.index(name) + 1]


@pytest.fixture
def spawns(home):
    """Starts a daemon that starts a fake server with these words for the home's only model."""

    def start(words="", **settings):
        models = home.root / "models"
        models.mkdir(mode=0o700, exist_ok=True)
        small_model(models / "small.gguf")
        home.start(**{**QUICK, "upstream_program": FAKE, "upstream_args": words, **settings})
        return home.client()

    return start


@pytest.fixture
def running():
    """Starts a fake server that belongs to nobody; its URL."""
    started = []

    def start(*words, key="", port="0"):
        process = subprocess.Popen(
            [sys.executable, str(FAKE), "--port", port, *words],
            env={**os.environ, "LLAMA_API_KEY": key},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return f"http://127.0.0.1:{process.stdout.readline().split()[1]}", process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def adopts(home, running):
    """A daemon that uses such a server."""

    def start(*words, key="", **settings):
        url, _ = running(*words, key=key)
        home.start(**{**QUICK, "upstream_url": url, **settings})
        return home.client()

    return start


# What a server is asked, and what comes back


def over_http(home, path, body=None):
    """(status, text) of a request to the daemon's own HTTP."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(f"{home.http_url}{path}", data, PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_what_comes_over_http_is_passed_through(home, adopts):
    adopts()
    body = {"model": "upstream:fake-2", "messages": [{"role": "user", "content": "which model"}]}
    status, text = over_http(home, "/v1/chat/completions", body)
    assert status == 200 and '"content": "fake-2 "' in text and "[DONE]" in text
    assert json.loads(over_http(home, "/props?model=upstream")[1])["build_info"] == "fake"
    body["messages"][0]["content"] = "too many"
    status, text = over_http(home, "/v1/chat/completions", body)
    assert status == 429 and "slow down" in text


def test_an_answer_bears_the_name_that_its_model_has_in_the_list(home, spawns):
    spawns(backend="upstream")
    listed = json.loads(over_http(home, "/v1/models")[1])["data"]
    assert [model["id"] for model in listed] == ["small"]
    body = {"messages": [{"role": "user", "content": "one two"}]}
    text = over_http(home, "/v1/chat/completions", body)[1]
    assert '"model":"small"' in text.replace('"model": ', '"model":')
    path = str(home.root / "models" / "small.gguf")
    assert path in over_http(home, "/v1/chat/completions", {**body, "model": path})[1]


def test_an_answer_bears_the_path_of_a_model_without_a_name(home, spawns, tmp_path):
    path = small_model(tmp_path / "elsewhere.gguf")
    spawns(backend="upstream", model=path)
    body = {"messages": [{"role": "user", "content": "one two"}]}
    text = over_http(home, "/v1/chat/completions", body)[1]
    assert str(path) in text and "a title of its own" not in text


def test_a_plain_server_has_only_openais_routes(home, adopts):
    adopts("--plain")
    body = {"model": "upstream:fake-1", "messages": [{"role": "user", "content": "one two"}]}
    assert over_http(home, "/v1/chat/completions", body)[0] == 200
    status, text = over_http(home, "/tokenize", {"model": "upstream", "content": "a"})
    assert status == 501 and "has no /tokenize" in text


def test_a_server_that_the_daemon_starts_answers(home, spawns):
    client = spawns()
    job = ask(client, "one two three")
    end = job.end()
    assert end["reason"] == "stop" and job.text == "one two three "
    assert end["usage"] == {"prompt": 3, "cached": 0, "completion": 5}
    assert "load" in job.kinds
    raw = ask(client, "four five", raw=True)
    assert raw.end()["reason"] == "stop" and raw.text == "four five "
    listed = home.ps()["workers"][0]
    assert listed["target"] == "upstream:small.gguf" and listed["slots"] == 2
    assert listed["pid"] == server(home).pid and listed["reserved_bytes"] > 0


def test_each_op_has_its_route(spawns):
    client = spawns()
    on = {"backend": "upstream"}
    assert client.call("tokenize", text="a bb", **on) == {"tokens": [1, 2], "pieces": ["a", "bb"]}
    assert client.call("detokenize", tokens=[1, 2], **on) == {"text": "x xx"}
    loaded = client.call("load", **on)
    assert loaded["slots"] == 2
    assert loaded["meta"]["server"] == "llama-server" and loaded["meta"]["context"] == 77
    job = client.send("embed", input=["a", "bb"], **on)
    assert job.end()["ev"] == "done"
    assert [e["value"] for e in job.events if e["ev"] == "output"] == [[1.0], [2.0]]


def test_its_arguments_come_in_the_order_that_is_published(home, spawns):
    ask(spawns("--says-key"), "a").end()
    arguments = server(home).arguments[2:]
    assert arguments[::2] == ["--model", "--host", "--port", "--n-gpu-layers", "--ctx-size",
                              "--threads", "--parallel", "--says-key"]
    assert arguments[3] == "127.0.0.1" and arguments[9] == str(2 * 4096)


def test_its_key_is_random_and_nowhere_to_be_seen(home, spawns):
    client = spawns("--says-key", log="debug")
    ask(client, "a").end()
    process = server(home)
    variables = Path(f"/proc/{process.pid}/environ").read_bytes().decode().split("\0")
    (key,) = [v.partition("=")[2] for v in variables if v.startswith("LLAMA_API_KEY=")]
    assert len(key) == 32
    assert key not in " ".join(process.arguments)
    wait_until(lambda: "my key is (secret)" in home.log(), "the log is to have its words")
    assert key not in home.log()
    assert key not in str(home.ps())


def test_the_command_reaches_it(home, spawns):
    spawns()
    answered = home.command("one two", env={"THREADRUNNER_BACKEND": "upstream"})
    assert answered.stdout == b"one two \n", answered
    flag = home.command("--backend", "upstream", "three")
    assert flag.stdout == b"three \n", flag
    assert b"small   upstream  ready" in home.command("ps").stdout


def test_a_running_server_is_adopted_with_its_key(home, adopts):
    client = adopts(key=KEY, upstream_key=KEY, log="debug")
    job = ask(client, "one two")
    assert job.end()["reason"] == "stop" and job.text == "one two "
    (listed,) = home.ps()["workers"]
    assert listed["pid"] == 0 and listed["reserved_bytes"] == 0 and listed["slots"] == 2
    shown = home.command("config", "--json").stdout.decode()
    assert "(secret)" in shown and KEY not in shown
    assert KEY not in home.log() and KEY not in str(home.ps()) and KEY not in str(home.status())


def test_a_key_may_come_from_a_file_that_nobody_else_may_read(home, running):
    url, _ = running(key=KEY)
    file = home.root / "key"
    file.write_text(KEY + "\n")
    file.chmod(0o644)
    home.start(**QUICK, upstream_url=url, upstream_key_file=file)
    client = home.client()
    assert ask(client, "a").end()["code"] == "forbidden"
    file.chmod(0o600)
    assert ask(client, "a").end()["reason"] == "stop"


def test_a_wrong_key_is_said_before_anything_is_sent(home, adopts):
    end = ask(adopts(key=KEY, upstream_key="wrong"), "a").end()
    assert end["code"] == "unauthorized" and "upstream.key_file" in end["message"]
    assert "wrong" not in home.log()


def test_a_plain_server_is_asked_only_for_what_it_knows(adopts):
    client = adopts("--plain", upstream_slots=3)
    job = ask(client, "one two")
    assert job.end()["usage"]["prompt"] == 2 and job.text == "one two "
    assert client.call("load", backend="upstream")["slots"] == 3
    for op, members in [
        ("tokenize", {"text": "a"}),
        ("detokenize", {"tokens": [1]}),
        ("generate", {"prompt": "a", "raw": True}),
        ("generate", {"prompt": "a", "grammar": 'root ::= "a"'}),
    ]:
        end = client.send(op, backend="upstream", **members).end()
        assert end["code"] == "not_supported", (op, end)
        assert "plain OpenAI-compatible server" in end["message"]
    job = client.send("embed", input=["abc"], backend="upstream")
    job.end()
    assert [e["value"] for e in job.events if e["ev"] == "output"] == [[3.0]]


def test_a_server_with_several_models_is_told_which(adopts):
    client = adopts("--plain")
    for model, expected in [({}, "fake-1 "), ({"model": "fake-2"}, "fake-2 ")]:
        job = ask(client, "which model", **model)
        job.end()
        assert job.text == expected


def test_a_server_that_knows_no_streams_is_understood(adopts):
    job = ask(adopts(), "document")
    assert job.end()["usage"]["completion"] == 3
    assert job.text == "all at once"


# How it starts


def test_a_slow_start_is_waited_for(spawns):
    client = spawns("--silent-ms 300 --loading-ms 300")
    job = ask(client, "a")
    assert job.end()["reason"] == "stop"


def test_a_server_that_dies_at_its_start_is_started_three_times_again(home, spawns, tmp_path):
    starts = tmp_path / "starts"
    client = spawns(f"--starts {starts} --dies 99", worker_failed="30")
    end = ask(client, "a").end()
    assert end["code"] == "worker_crashed" and 0 < end["retry_after_ms"] <= 30_000
    assert "llama-server process died during startup" in end["message"]
    assert "exited with code 3" in end["message"] and "cannot allocate anything" in end["message"]
    assert starts.read_text() == "xxxx", "once, and three times again"


def test_one_that_dies_three_times_and_then_starts_serves_and_is_forgiven(home, spawns, tmp_path):
    starts = tmp_path / "starts"
    client = spawns(f"--starts {starts} --dies 3", worker_failed="30")
    job = ask(client, "a")
    assert job.end()["reason"] == "stop" and starts.read_text() == "xxxx"
    server(home).kill()
    again = ask(client, "b")
    assert again.end()["reason"] == "stop", "a successful start begins the count anew"


def test_one_that_dies_while_it_loads_says_why(spawns):
    end = ask(spawns("--dies-loading"), "a").end()
    assert end["code"] == "worker_crashed"
    assert "no such tensor" in end["message"] and "died during startup" in end["message"]


@pytest.mark.parametrize("words", ["--hangs", "--loading-ms 600000", "--silent-ms 600000"])
def test_one_that_is_never_ready_is_given_up(home, spawns, words):
    client = spawns(words, upstream_start="500ms")
    end = ask(client, "a").end()
    assert end["code"] == "model_load_failed"
    assert end["message"] == "llama-server failed to start within 500ms"
    wait_until(lambda: not servers(home), "nothing of it is to stay")


def test_a_program_that_is_not_there_is_named(home, spawns):
    end = ask(spawns(upstream_program="no-such-server"), "a").end()
    assert end["code"] == "not_supported"
    assert "no-such-server" in end["message"] and "upstream.program" in end["message"]


def test_a_url_that_cannot_be_is_refused_with_the_remedy(home):
    home.start(**QUICK, upstream_url="https://example.com")
    end = ask(home.client(), "a").end()
    assert end["code"] == "not_supported" and "https" in end["message"]


def test_no_server_at_the_url_is_said_at_once_and_one_that_comes_is_found(home, running):
    url, process = running()
    process.kill()
    process.wait()
    home.start(**QUICK, upstream_url=url)
    client = home.client()
    end = ask(client, "a").end()
    assert end["code"] == "unreachable" and "Connection refused" in end["message"]
    running(port=url.rpartition(":")[2])
    assert ask(client, "a").end()["reason"] == "stop"


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["--health", "302"], "unreachable", "redirects to http://127.0.0.1:1/"),
        (["--health", "401"], "unauthorized", "refuses the key"),
        (["--loading-ms", "600000"], "unreachable", "was not ready within 500ms"),
        (["--hangs"], "unreachable", "was not ready within 500ms"),
    ],
)
def test_a_running_server_that_is_of_no_use_is_told_apart(adopts, words, code, said):
    end = ask(adopts(*words, upstream_start="500ms"), "a").end()
    assert end["code"] == code and said in end["message"]


# How it answers


@pytest.mark.parametrize("start", ["spawns", "adopts"])
@pytest.mark.parametrize(
    "prompt, code, said",
    [
        ("half line", "worker_crashed", "in the midst of an event"),
        ("cut", "worker_crashed", "in the midst of its answer"),
        ("no finish", "worker_crashed", "ended before its end"),
        ("not json", "inference_failed", "not JSON"),
        ("html", "inference_failed", "text/html"),
        ("huge line", "too_large", "4.0 MiB"),
        ("huge head", "too_large", "64.0 KiB"),
        ("unavailable", "unreachable", "Loading model"),
        ("too many", "overloaded", "slow down"),
        ("unauthorized", "unauthorized", "Invalid API Key"),
        ("redirect", "unreachable", "redirects to http://127.0.0.1:1/elsewhere"),
        ("close early", "worker_crashed", "closed the connection"),
        ("no http", "inference_failed", "did not answer in HTTP"),
        ("error in stream", "inference_failed", "out of luck"),
    ],
)
def test_an_answer_that_is_none_is_an_error_and_the_next_is_served(
    request, start, prompt, code, said
):
    client = request.getfixturevalue(start)()
    other = ask(client, "hang")
    other.until("token")
    end = ask(client, prompt).end()
    assert end["code"] == code and said in end["message"], end
    job = ask(client, "next")
    assert job.end()["reason"] == "stop" and job.text == "next "
    assert other.kinds[-1] == "token", "a neighbour does not notice"


def test_cancelling_closes_the_connection_and_frees_the_slot(home, spawns):
    client = spawns(engine_slots=1, log="debug")
    job = ask(client, "hang")
    job.until("token")
    client.call("cancel", job=job.job)
    assert job.end()["reason"] == "cancelled"
    wait_until(lambda: "the client has left" in home.log(), "the server is to notice")
    assert ask(client, "next").end()["reason"] == "stop"


def test_a_client_that_leaves_takes_its_request_along(home, adopts, capfd):
    adopts().close()
    leaver = home.client()
    ask(leaver, "silence").until("accepted")
    wait_until(lambda: "a request came" in capfd.readouterr().err, "the server is to hear it")
    leaver.close()
    wait_until(lambda: home.ps()["workers"][0]["busy"] == 0, "its slot is to come free")
    wait_until(lambda: "the client has left" in capfd.readouterr().err, "the server is to notice")


def test_what_nobody_reads_is_not_read_from_the_server_either(home, running):
    url, _ = running()
    home.start(**QUICK, upstream_url=url)
    sent = [0]

    def stands_still():
        with urllib.request.urlopen(f"{url}/flooded", timeout=PATIENCE) as answer:
            sent.append(int(answer.read()))
        time.sleep(0.2)
        return sent[-1] > 0 and len(sent) > 5 and len(set(sent[-5:])) == 1

    ask(home.client(), "flood")
    wait_until(stands_still, "the server is to be held up", patience=60)
    assert sent[-1] < FLOOD
    assert ask(home.client(), "a neighbour").end()["reason"] == "stop"


# How it dies


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
def test_one_that_dies_in_the_midst_is_replaced(home, spawns, number):
    client = spawns()
    speaking = ask(client, "hang")
    speaking.until("token")
    lost = server(home)
    lost.send_signal(number)
    end = speaking.end()
    assert end["code"] == "worker_crashed" and end["retryable"] is True
    assert ("did not answer" if number == signal.SIGSTOP else "signal") in end["message"]
    job = ask(client, "next")
    assert job.end()["reason"] == "stop" and job.text == "next "
    assert server(home).pid != lost.pid


def test_a_job_that_has_heard_nothing_is_tried_again_once(home, spawns):
    client = spawns()
    end = ask(client, "die at once").end()
    assert end["code"] == "worker_crashed" and "2 crashes" in end["message"]
    end = ask(client, "die").end()
    assert end["code"] == "worker_crashed" and "exited with code 7" in end["message"]
    assert ask(client, "next").end()["reason"] == "stop"


def test_a_frozen_one_comes_back(home, spawns):
    client = spawns(worker_dead="20")
    ask(client, "a").end()
    process = server(home)
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: "does not answer" in home.log(), "it is to be suspected")
    waiting = ask(client, "b c")
    waiting.until("queued")
    process.send_signal(signal.SIGCONT)
    assert waiting.end()["reason"] == "stop" and waiting.text == "b c "
    assert server(home).pid == process.pid


def test_a_running_server_that_goes_away_and_comes_back_is_used_again(home, running):
    url, process = running()
    home.start(**QUICK, upstream_url=url)
    client = home.client()
    job = ask(client, "hang")
    job.until("token")
    process.kill()
    process.wait()
    end = job.end()
    assert end["code"] == "worker_crashed" and url in end["message"]
    wait_until(lambda: not home.ps()["workers"] or home.ps()["workers"][0]["state"] == "stopped",
               "it is to be noticed")
    assert ask(client, "a").end()["code"] == "unreachable"
    running(port=url.rpartition(":")[2])
    assert ask(client, "b").end()["reason"] == "stop"


def test_a_running_server_is_let_go_and_not_ended(home, running):
    url, process = running()
    home.start(**QUICK, upstream_url=url, worker_idle="100ms")
    client = home.client()
    assert ask(client, "a").end()["reason"] == "stop"
    wait_until(lambda: not home.ps()["workers"], "it is to be let go")
    assert ask(client, "b").end()["reason"] == "stop"
    home.stop_daemon()
    assert process.poll() is None


def test_an_idle_one_of_ours_is_stopped(home, spawns):
    client = spawns(worker_idle="100ms")
    ask(client, "a").end()
    wait_until(lambda: not servers(home), "it is to be unloaded")


def test_one_that_ignores_the_request_to_end_is_killed(home, spawns):
    client = spawns("--ignores-term", worker_kill="200ms", worker_stop="30")
    ask(client, "a").end()
    client.call("unload", backend="upstream")
    wait_until(lambda: not servers(home), "it is to be killed")


def test_it_dies_with_its_daemon(home, spawns):
    ask(spawns(), "a").end()
    process = server(home)
    home.kill_daemon()
    process.wait_gone()


def test_two_homes_have_two_servers_on_two_ports(homes):
    made = []
    for home in (homes(), homes()):
        models = home.root / "models"
        models.mkdir(mode=0o700)
        small_model(models / "small.gguf")
        home.start(**QUICK, upstream_program=FAKE)
        made.append(home)
    jobs = [ask(home.client(), f"home {n}") for n, home in enumerate(made)]
    assert [job.end()["reason"] for job in jobs] == ["stop", "stop"]
    assert [job.text for job in jobs] == ["home 0 ", "home 1 "]
    ports = {argument(server(home), "--port") for home in made}
    assert len(ports) == 2


def test_many_deaths_leave_nothing_behind(home, spawns):
    client = spawns()
    for n in range(10):
        job = ask(client, "hang")
        job.until("token")
        Process(server(home).pid).kill()
        assert job.end()["code"] == "worker_crashed"
        assert ask(client, f"after {n}").end()["reason"] == "stop"
    assert len(servers(home)) == 1
    wait_until(lambda: len(home.daemon().descriptors) < 40, "descriptors are to be given back")
