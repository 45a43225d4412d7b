"""The sandbox's host by itself: how it loads, what it answers, how it ends."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from harness import wasm
from harness.home import BIN
from harness.sandbox import PROBE, Ended, Sandbox

pytestmark = pytest.mark.skipif(
    not (BIN / "threadrunner-sandbox").exists() or not PROBE.exists(),
    reason="the sandbox and its probe are not built",
)


@pytest.fixture
def sandboxes():
    made = []

    def make(**options):
        made.append(Sandbox(**options))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.close()


@pytest.fixture
def sandbox(sandboxes):
    return sandboxes()


def preopen(host, mode="ro"):
    return {"host": host, "guest": "/granted", "mode": mode}


def is_done(answer):
    return answer["ev"] == "done" and answer["slots"] == 64


# Loading


def test_it_greets_before_anything_else(sandbox):
    hello = sandbox.hello
    assert (hello["ev"], hello["v"], hello["kind"], hello["slots"]) == ("hello", 1, "sandbox", 0)
    assert hello["pid"] == sandbox.process.pid and hello["caps"] == ["load", "arm"]


def test_a_module_answers_on_its_own_pipes(sandbox):
    assert is_done(sandbox.load())
    assert sandbox.tell("arguments") == "ok probe"


def test_a_module_gets_no_variables_and_arguments_but_those_of_the_load(sandbox):
    assert is_done(sandbox.load(env={"GREETING": "hello"}, args=["-v", "two words"]))
    assert sandbox.tell("environment") == "ok GREETING=hello"
    assert sandbox.tell("arguments") == "ok probe -v two words"


def test_what_a_module_complains_of_is_in_the_log(sandbox):
    assert is_done(sandbox.load())
    sandbox.tell("complain", "something is wrong")
    sandbox.order(op="shutdown", deadline_ms=1000)
    assert sandbox.wait_exit() == 0
    assert "something is wrong" in sandbox.stderr


@pytest.mark.parametrize(
    "members, code, words",
    [
        ({"module": "/nowhere/tool.wasm"}, "not_found", "/nowhere/tool.wasm"),
        ({"module": "tool.wasm"}, "invalid_request", "absolute"),
        ({"module": "/etc/passwd"}, "invalid_request", "no WebAssembly core module"),
        ({"module": "/dev"}, "invalid_request", "no regular file"),
        ({"memory_mib": 0}, "invalid_request", "memory_mib"),
        ({"env": {"A=B": "c"}}, "invalid_request", "'env'"),
        ({"args": ["a\0b"]}, "invalid_request", "zero byte"),
        ({"preopens": [preopen("/nowhere")]}, "not_found", "/nowhere"),
        ({"preopens": [preopen("/etc/passwd")]}, "invalid_request", "/etc/passwd"),
        ({"preopens": [preopen("/tmp", mode="w")]}, "invalid_request", "mode"),
        ({"preopens": [preopen("/tmp")] * 2}, "invalid_request", "two preopens"),
    ],
)
def test_a_load_that_cannot_be_says_why(sandbox, members, code, words):
    sandbox.order(**{"op": "load", "id": 7, "module": str(PROBE), **members})
    answer = sandbox.event()
    assert (answer["ev"], answer["id"], answer["code"]) == ("error", 7, code)
    assert words in answer["message"]


def test_a_damaged_module_is_an_error_of_the_load(sandbox, tmp_path):
    cut = tmp_path / "cut.wasm"
    cut.write_bytes(PROBE.read_bytes()[:5000])
    answer = sandbox.load(cut)
    assert answer["code"] == "invalid_request"
    assert "cut.wasm cannot be compiled" in answer["message"]


def test_a_module_that_begins_with_more_memory_than_it_may_have_is_refused(sandbox, tmp_path):
    large = tmp_path / "large.wasm"
    large.write_bytes(wasm.command(pages=17))
    answer = sandbox.load(large, memory_mib=1)
    assert answer["code"] == "out_of_memory" and "1 MiB" in answer["message"]


@pytest.mark.parametrize(
    "imported", [("env", "system", 1), ("wasi_unstable", "path_symlink", 5)], ids=str
)
def test_a_module_that_imports_what_there_is_not_is_refused(sandbox, tmp_path, imported):
    asking = tmp_path / "asking.wasm"
    asking.write_bytes(wasm.command(imports=[imported]))
    answer = sandbox.load(asking)
    assert answer["code"] == "not_supported" and imported[1] in answer["message"]


def test_a_module_that_traps_before_it_starts_is_refused(sandbox, tmp_path):
    trapping = tmp_path / "trapping.wasm"
    trapping.write_bytes(wasm.command(wasm.UNREACHABLE, start_section=True))
    assert sandbox.load(trapping)["code"] == "worker_crashed"


def test_a_second_load_is_refused_and_harms_nothing(sandbox):
    assert is_done(sandbox.load())
    assert sandbox.load()["code"] == "conflict"
    assert sandbox.tell("arguments") == "ok probe"


# Compiled modules


def entries(folder):
    return sorted(folder.iterdir())


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "compiled"


def cached(sandboxes, cache):
    """Whether a load finds its module compiled; the module works in any case."""
    sandbox = sandboxes()
    answer = sandbox.load(cache=str(cache))
    assert is_done(answer) and sandbox.tell("arguments") == "ok probe"
    return answer["meta"]["cached"]


def test_the_second_load_finds_the_module_compiled(sandboxes, cache):
    assert not cached(sandboxes, cache)
    assert cached(sandboxes, cache)
    (entry,) = entries(cache)
    assert (cache.stat().st_mode & 0o777, entry.stat().st_mode & 0o777) == (0o700, 0o600)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_entry_is_compiled_anew(sandboxes, cache, damage):
    assert not cached(sandboxes, cache)
    (entry,) = entries(cache)
    content = entry.read_bytes()
    middle = len(content) // 2
    entry.write_bytes(
        {
            "cut": content[:middle],
            "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:],
            "empty": b"",
        }[damage]
    )
    assert not cached(sandboxes, cache)
    assert cached(sandboxes, cache) and entries(cache) == [entry]


def test_a_folder_that_others_may_write_to_is_not_trusted(sandboxes, cache):
    assert not cached(sandboxes, cache)
    cache.chmod(0o770)
    assert not cached(sandboxes, cache)
    cache.chmod(0o700)
    (entry,) = entries(cache)
    entry.chmod(0o620)
    assert not cached(sandboxes, cache)


def test_a_symlink_in_place_of_the_folder_is_not_followed(sandboxes, cache, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    cache.symlink_to(tmp_path / "elsewhere")
    assert not cached(sandboxes, cache)
    assert not cached(sandboxes, cache) and not entries(tmp_path / "elsewhere")


# Life


def test_the_threads_of_a_module_stay_on_one_processor(sandbox):
    assert is_done(sandbox.load())
    sandbox.tell("arguments")
    tasks = Path(f"/proc/{sandbox.process.pid}/task")
    # the control line's is the first, and stays free
    threads = [int(task.name) for task in tasks.iterdir() if task.name != tasks.parent.name]
    processors = [os.sched_getaffinity(thread) for thread in threads]
    together = set.intersection(*processors)
    assert threads and len(together) == 1
    assert os.sched_getaffinity(sandbox.process.pid) == os.sched_getaffinity(0)


def test_pings_are_answered_while_the_module_computes(sandbox):
    assert is_done(sandbox.load())
    sandbox.arm(60_000)
    sandbox.ask("spin")
    first, second = sandbox.ping(), sandbox.ping()
    assert first["ev"] == "pong" and second["progress"] > first["progress"]


def test_the_end_of_its_input_ends_the_module(sandbox):
    assert is_done(sandbox.load())
    sandbox.process.stdin.close()
    assert "status 0" in sandbox.event()["message"]
    assert sandbox.wait_exit() == 3


def test_a_daemon_that_is_gone_ends_it_at_once(sandbox):
    assert is_done(sandbox.load())
    sandbox.ask("spin")
    sandbox.control.close()
    assert sandbox.wait_exit() == 0


@pytest.mark.parametrize("end", ["shutdown", "SIGTERM"])
def test_it_ends_when_it_is_asked_and_idle(sandbox, end):
    assert is_done(sandbox.load())
    if end == "shutdown":
        sandbox.order(op="shutdown", deadline_ms=60_000)
    else:
        sandbox.process.send_signal(signal.SIGTERM)
    assert sandbox.wait_exit() == 0


def test_a_shutdown_waits_for_the_request_under_way(sandbox):
    assert is_done(sandbox.load())
    sandbox.arm(60_000)
    sandbox.ask("sleep", "1")
    sandbox.order(op="shutdown", deadline_ms=60_000)
    assert sandbox.reply() == "ok "
    sandbox.arm(0)
    assert sandbox.wait_exit() == 0


def test_a_shutdown_ends_at_its_deadline(sandbox):
    assert is_done(sandbox.load())
    sandbox.arm(60_000)
    sandbox.ask("spin")
    sandbox.order(op="shutdown", deadline_ms=200)
    assert sandbox.wait_exit() == 0


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff\xff", b"\x01\0\0\0\xc1", b"\x02\0\0\0\x91\xc0"])
def test_control_frames_that_mean_nothing_end_it(sandbox, garbage):
    sandbox.control.sendall(garbage)
    assert sandbox.wait_exit() == 1
    assert sandbox.stderr.startswith("error: ")


def test_without_a_daemon_it_says_whose_program_it_is():
    ran = subprocess.run([str(BIN / "threadrunner-sandbox")], capture_output=True, text=True,
                         close_fds=True)
    assert ran.returncode == 1 and "threadrunner-daemon starts this program" in ran.stderr


def test_the_command_and_the_daemon_do_without_wasmtime():
    for program in ("threadrunner", "threadrunner-daemon"):
        needed = subprocess.run(["readelf", "-d", str(BIN / program)], capture_output=True,
                                text=True, check=True).stdout
        assert "wasmtime" not in needed and "seccomp" not in needed


def test_a_passed_deadline_is_the_end_and_is_told(sandbox):
    assert is_done(sandbox.load())
    sandbox.arm(200)
    sandbox.ask("spin")
    end = sandbox.event()
    assert (end["ev"], end["code"]) == ("trap", "timeout")
    assert "deadline" in end["message"] and "spin" in end["message"]
    assert sandbox.wait_exit() == 4
    with pytest.raises(Ended):
        sandbox.reply()
    assert "deadline" in sandbox.stderr


def test_a_deadline_set_anew_lets_the_module_go_on(sandbox):
    assert is_done(sandbox.load())
    for _ in range(20):
        sandbox.arm(2000)
        assert sandbox.tell("sleep", "0") == "ok "
        sandbox.arm(0)
    assert os.path.exists(f"/proc/{sandbox.process.pid}")
