"""Sandboxed tools as people and programs have them: what a tool may touch, what becomes of calls
when it crashes, takes too long or is not called, and what is said when something is wrong."""

import base64
import json
import os
import signal
import urllib.error
import urllib.request

import pytest

from harness import wasm
from harness.tools import CRASHING_BYTES, ENDLESS_BYTES, install, write_tool
from harness.waiting import PATIENCE, wait_until

HOST = "threadrunner-sandbox"
CRASHES = {"more": "x" * CRASHING_BYTES}
NEVER_ENDS = {"more": "x" * ENDLESS_BYTES}


@pytest.fixture
def folder(home, tmp_path):
    """A folder with a file, and a home with the tool `mine` that may touch it."""
    home.use(worker_restart_min="0ms", worker_restart_max="0ms")
    (tmp_path / "a.txt").write_text("one two\n")
    install(home, "mine", preopens=[("/w", tmp_path, "rw")])
    return tmp_path


def hosts(home):
    return home.processes(HOST)


def call(client, tool="mine", args=None, **members):
    return client.send("call", tool=tool, name="look", args=args or {}, **members)


def at(path):
    return {"path": str(path)}


def succeeds(request):
    value = request.until("output")["value"]
    assert request.end()["ev"] == "done"
    return value == {"ok": True}


def worker_named(home, name):
    return next((w for w in home.ps()["workers"] if w["model"] == name), None)


# What people see


def test_a_tool_is_called_with_words_a_file_or_a_pipe(home, folder):
    said = home.command("tool", "call", "mine", "look", "path=a.txt", "--json", cwd=folder)
    assert (said.stdout, said.stderr) == (b'{"ok":true}\n', b"")
    args = json.dumps(at("/w/a.txt")).encode()
    assert home.command("tool", "call", "mine", "look", "-", input=args).returncode == 0
    (folder / "args.json").write_bytes(args)
    said = home.command("tool", "call", "mine", "look", "args.json", cwd=folder)
    assert said.stdout == b'{\n  "ok": true\n}\n', "people get it indented"


def test_a_tool_is_given_a_folder_for_one_call(home, folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    words = ("tool", "call", "mine", "look", f"path={other}/x")
    assert b"may not touch" in home.command(*words).stderr
    assert home.command(*words, "--dir", f"{other}::/other:ro").returncode == 0


def test_tools_are_listed_installed_and_removed(home, tmp_path):
    source = write_tool(tmp_path, "mine", memory_mib=96, preopens=[("/w", tmp_path, "ro")])
    said = home.command("tool", "install", source)
    assert said.stdout.decode() == f"installed mine; it may touch: {tmp_path} (read only)\n"
    again = home.command("tool", "install", source)
    assert again.returncode == 1 and b"threadrunner tool remove mine" in again.stderr
    tools = {t["name"]: t for t in json.loads(home.command("tool", "--json").stdout)["tools"]}
    assert tools["mine"]["memory_mib"] == 96 and not tools["mine"]["shipped"]
    assert b"96.0 MiB" in home.command("tool", "list").stdout
    assert home.command("tool", "remove", "mine").stdout == b"removed mine\n"
    gone = home.command("tool", "describe", "mine")
    assert gone.returncode == 1 and b"there is no tool 'mine'" in gone.stderr


def test_a_broken_manifest_is_named_with_its_line_and_the_others_go_on(home, folder):
    place = install(home, "broken", memory_mb=5)
    said = home.command("tool", "list")
    assert f"{place}/tool.toml:3: a manifest has no 'memory_mb'".encode() in said.stdout
    assert succeeds(call(home.client()))


def test_mistakes_on_the_command_line_name_the_remedy(home, folder):
    def fault(*given, code=64):
        said = home.command("tool", "call", "mine", "look", *given)
        assert said.returncode == code, said
        return said.stderr.decode()

    assert "HOST::GUEST" in fault("a=b", "--dir", "/tmp")
    assert "must hold the op's arguments, a JSON object" in fault("/dev/null")
    assert "cannot read none.json" in fault("none.json", code=1)


# What a tool may touch


def test_a_path_goes_to_the_warm_worker_by_either_name(home, folder):
    home.start()
    client = home.client()
    assert succeeds(call(client, args=at(folder / "a.txt")))
    (first,) = hosts(home)
    assert succeeds(call(client, args=at("/w/a.txt")))
    assert [h.pid for h in hosts(home)] == [first.pid], "one worker for both"


def test_what_it_was_not_given_is_refused_and_the_message_lists_what_it_was(home, folder):
    home.start()
    end = call(home.client(), args=at("/etc/hostname")).end()
    assert end["code"] == "forbidden"
    assert f"/w ({folder})" in end["message"] and "--dir HOST::GUEST" in end["message"]


def test_a_link_that_leads_out_is_refused(home, folder, tmp_path_factory):
    secret = tmp_path_factory.mktemp("else") / "secret"
    secret.write_text("s")
    (folder / "out").symlink_to(secret)
    home.start()
    client = home.client()
    assert call(client, args=at(folder / "out")).end()["code"] == "forbidden"
    assert call(client, args=at("/w/out")).end()["code"] == "forbidden"


def test_directories_of_one_call_are_not_there_for_anothers(home, folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("else")
    home.start()
    client = home.client()
    given = [{"host": str(other), "guest": "/other"}]
    assert succeeds(call(client, args=at(other / "b"), dirs=given))
    assert call(client, args=at(other / "b")).end()["code"] == "forbidden"
    assert succeeds(call(client, args=at(folder / "a.txt")))
    wait_until(lambda: len(hosts(home)) == 1, "the worker with the other directory is to leave")


def test_bytes_instead_of_a_path_leave_nothing_behind(home, folder):
    home.start()
    data = base64.b64encode(b"one two").decode()
    client = home.client()
    assert succeeds(call(client, args={"data": data, "name": "a.txt"}))
    calls = home.root / "cache" / "calls"
    wait_until(lambda: not list(calls.glob("*")), "the private folder is to go")
    assert call(client, args={"data": "***"}).end()["code"] == "invalid_request"


def test_a_directory_that_is_not_there_is_named(home, folder):
    install(home, "lost", preopens=[("/gone", "/nowhere/at/all", "ro")])
    home.start()
    end = call(home.client(), "lost").end()
    assert end["code"] == "not_found" and "/nowhere/at/all" in end["message"]


# What becomes of calls


def test_a_crash_among_many_calls_costs_only_the_one_that_it_was_at(home, folder):
    home.start()
    client = home.client()
    requests = [call(client) for _ in range(20)]
    requests.append(call(client, args={**CRASHES, **at(folder / "a.txt")}))
    requests += [call(client) for _ in range(40)]
    ends = [request.end() for request in requests]
    assert ends[20]["code"] == "worker_crashed" and str(folder / "a.txt") in ends[20]["message"]
    assert {end["ev"] for end in ends[:20] + ends[21:]} == {"done"}


def test_a_killed_host_costs_only_the_call_that_it_was_at(home, folder):
    home.start()
    client = home.client()
    requests = [call(client, args=NEVER_ENDS)] + [call(client) for _ in range(30)]
    wait_until(lambda: (worker_named(home, "mine") or {}).get("busy") == 31, "all under way")
    (host,) = hosts(home)
    os.kill(host.pid, signal.SIGKILL)
    ends = [request.end() for request in requests]
    assert ends[0]["code"] == "worker_crashed" and "look" in ends[0]["message"]
    assert {end["ev"] for end in ends[1:]} == {"done"}


def test_a_tool_that_crashes_three_times_is_refused_for_a_while(home, folder):
    home.start()
    client = home.client()
    for _ in range(3):
        assert call(client, args=CRASHES).end()["code"] == "worker_crashed"
    wait_until(lambda: worker_named(home, "mine")["state"] == "failed", "it is to be given up")
    refused = call(client).end()
    assert refused["code"] == "worker_crashed" and refused["retry_after_ms"] > 0
    install(home, "other")
    assert succeeds(call(client, "other")), "another tool is another worker"


def test_a_call_that_never_ends_is_a_timeout_and_no_crash(home, folder):
    install(home, "hasty", deadline_ms=100)
    home.start()
    client = home.client()
    for _ in range(4):
        end = call(client, "hasty", NEVER_ENDS).end()
        assert end["code"] == "timeout" and "deadline_ms" in end["message"]
    assert succeeds(call(client, "hasty"))


def test_cancelling_ends_a_call_that_would_not(home, folder):
    home.start()
    client = home.client()
    request = call(client, args=NEVER_ENDS)
    wait_until(lambda: (worker_named(home, "mine") or {}).get("busy") == 1, "it is under way")
    client.call("cancel", job=request.job)
    assert request.end()["reason"] == "cancelled"


def test_a_module_that_says_nonsense_is_ended(home, folder):
    install(home, "mute", wasm.command())
    home.start()
    end = call(home.client(), "mute").end()
    assert end["code"] == "worker_crashed"


def test_an_idle_tool_gives_its_memory_back(home, folder):
    install(home, "brief", idle_seconds=0)
    home.start()
    client = home.client()
    assert succeeds(call(client, "brief"))
    wait_until(lambda: not hosts(home), "the host is to end")
    assert succeeds(call(client, "brief")), "and to come again"


def test_several_instances_share_the_calls(home, folder):
    install(home, "twice", instances=2)
    home.start()
    client = home.client()
    call(client, "twice", NEVER_ENDS)
    assert succeeds(call(client, "twice")), "the other one is free"
    assert len(hosts(home)) == 2


def test_two_tools_and_a_model_share_one_budget(home, folder):
    """Each fits, two do not: they take turns."""
    for name in ("one", "two"):
        install(home, name, memory_mib=512)
    home.start(memory_mib=800, worker_evict="0ms")
    client = home.client()
    for _ in range(2):
        assert succeeds(call(client, "one"))
        assert succeeds(call(client, "two"))
        assert client.ask("hi", model="memory_mib=700").end()["ev"] == "done"
    install(home, "huge", memory_mib=4000)
    end = call(client, "huge").end()
    assert end["code"] == "out_of_memory" and "memory_mib" in end["message"]


# Over HTTP


def test_tools_over_http_need_a_key(home, folder):
    home.start(http_keys="me:secret")

    def ask(path, body=None, key=None):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(home.http_url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    body = at(folder / "a.txt")
    assert ask("/tools")[0] == 401
    assert ask("/tools/mine/look", body)[0] == 401
    assert "mine" in {t["name"] for t in ask("/tools", key="secret")[1]["tools"]}
    assert ask("/tools/mine/look", body, key="secret") == (200, {"ok": True})
    assert ask("/tools/mine/look", at("/etc/hostname"), key="secret")[0] == 403
    given = {**at("/etc/hostname"), "dirs": [{"host": "/etc", "guest": "/etc"}]}
    assert ask("/tools/mine/look", given, key="secret")[0] == 200
    assert ask("/tools/none/look", body, key="secret")[0] == 404
    assert ask("/tools/mine", body, key="secret")[0] == 404
