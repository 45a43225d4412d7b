"""Odd places to live in: full disks, homes that cannot be written, strange names, few descriptors,
closed streams, files that change under a loaded model."""

import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.client import answer_to
from harness.home import BIN
from harness.waiting import wait_until

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}
PATIENCE = 100


@pytest.fixture
def small_disk(home):
    """The home on a file system of 1 MiB of its own."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(home.root)],
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield home
    home.close()
    subprocess.run(["umount", "-l", str(home.root)], check=True)


def fill(directory):
    """Takes every byte that is left."""
    with open(directory / "ballast", "wb", buffering=0) as ballast:
        for size in (65536, 4096, 1):
            try:
                while True:
                    ballast.write(b"x" * size)
            except OSError:
                pass
    return directory / "ballast"


def test_a_disk_that_is_full_stops_no_answer_and_the_log_goes_on_when_there_is_room(small_disk):
    home = small_disk
    home.start()
    client = home.client()
    assert client.ask("before").end()["reason"] == "stop"
    ballast = fill(home.root)
    for n in range(200):
        job = client.ask(f"full {n}")
        assert job.end()["reason"] == "stop" and job.text == answer_to(f"full {n}")
    ballast.unlink()
    after = client.ask("after")
    assert after.end()["reason"] == "stop"
    wait_until(lambda: f" {after.job} " in home.log(), "the log goes on")


def test_a_daemon_that_starts_on_a_full_disk_serves_and_logs_when_there_is_room(small_disk):
    home = small_disk
    ballast = fill(home.root)
    answered = home.command("Hi", env=DUMMY)
    assert answered.stdout.decode() == answer_to("Hi") + "\n", answered.stderr
    refused = home.command("config", "set", "worker.idle", "1h")
    assert refused.returncode == 1 and b"No space left on device" in refused.stderr
    ballast.unlink()
    assert home.command("Hi", env=DUMMY).returncode == 0
    wait_until(lambda: "lines were lost: No space left" in home.log(), "the log says so")


def start_limited(home, limit, most):
    """A daemon under a resource limit; returns when it listens."""

    def limited():
        resource.setrlimit(limit, (most, most))

    home.spawn("threadrunner-daemon", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
               start_new_session=True, preexec_fn=limited)
    wait_until(home.socket.exists, "it is to listen")


def test_a_limit_on_the_size_of_files_does_not_end_the_daemon(home):
    start_limited(home, resource.RLIMIT_FSIZE, 20_000)
    client = home.client()
    for n in range(300):  # a line of the log each: several times the limit
        job = client.ask(f"job {n}")
        assert job.end()["reason"] == "stop" and job.text == answer_to(f"job {n}")


@pytest.fixture
def read_only(home):
    """Makes the home read-only, for root too."""
    undo = []

    def make():
        root = str(home.root)
        mounted = subprocess.run(["mount", "--bind", root, root], capture_output=True)
        if mounted.returncode != 0:
            pytest.skip("no file system can be mounted here")
        undo.append(lambda: subprocess.run(["umount", "-l", root], check=True))
        subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)

    yield make
    while undo:
        undo.pop()()


def test_a_home_that_cannot_be_written_is_an_error_that_names_it(home, read_only):
    read_only()
    refused = home.command("Hi", env=DUMMY)
    assert refused.returncode == 1 and refused.stdout == b""
    assert b"Read-only file system" in refused.stderr and str(home.root).encode() in refused.stderr


def test_a_home_that_was_used_and_is_read_only_now_is_an_error_that_names_it(home, read_only):
    assert home.command("Hi", env=DUMMY).returncode == 0
    home.stop_daemon()
    read_only()
    refused = home.command("Hi", env=DUMMY)
    assert refused.returncode == 1 and refused.stdout == b""
    assert b"Read-only file system" in refused.stderr and str(home.root).encode() in refused.stderr


def test_a_home_that_becomes_read_only_stops_no_answer(home, read_only):
    home.start()
    client = home.client()
    client.ask("before").end()
    read_only()
    job = client.ask("after", model="slots=2")
    assert job.end()["reason"] == "stop" and job.text == answer_to("after")
    assert home.command("Hi", env=DUMMY).stdout.decode() == answer_to("Hi") + "\n"


@pytest.mark.parametrize("name", ["two words", "Grüße 世界 🙂", "quote's \"and\" $dollar;", "-dash"])
def test_a_home_of_any_name_works(home, name):
    odd = home.root / name
    odd.mkdir(mode=0o700)
    environment = {**DUMMY, "THREADRUNNER_HOME": str(odd)}
    try:
        answered = home.command("Grüße, 世界 🙂", env=environment)
        shown = home.command("status", env=environment)
    finally:
        stopped = home.command("stop", env=environment)
    assert answered.stdout.decode() == "lorem ipsum dolor sit amet Grüße. 世界. 🙂.\n"
    assert shown.returncode == 0 and name in shown.stdout.decode()
    assert stopped.returncode == 0
    assert (odd / "cache/logs").is_dir()


@pytest.mark.model
def test_a_model_of_any_name_is_listed_found_and_loaded(home, model):
    home.start()
    name = "Größe 7 🙂 it's \"mine\""
    shutil.copyfile(model, home.root / "models" / f"{name}.gguf")
    shown = home.command("models")
    assert name in shown.stdout.decode()
    answered = home.command(
        "-m", name, "--temperature", "0", "What is the capital of France?", timeout=PATIENCE
    )
    assert b"Paris" in answered.stdout, answered.stderr
    assert name in home.command("ps").stdout.decode()


def test_without_a_free_descriptor_clients_wait_jobs_are_refused_and_both_recover(home):
    start_limited(home, resource.RLIMIT_NOFILE, 40)
    first = home.client()
    assert first.ask("before").end()["reason"] == "stop"
    crowd = [home.connect() for _ in range(60)]
    wait_until(lambda: len(home.daemon().descriptors) == 40, "all descriptors are to be taken")
    # What is there goes on.
    job = first.ask("during")
    assert job.end()["reason"] == "stop" and job.text == answer_to("during")
    # A new worker needs descriptors.
    refused = first.ask("new worker", model="slots=2").end()
    assert refused["ev"] == "error", refused
    assert "Too many open files" in refused["message"]
    for connection in crowd:
        connection.close()
    wait_until(lambda: len(home.daemon().descriptors) < 20, "they are to be closed")
    again = home.client().ask("after", model="slots=2")
    assert again.end()["reason"] == "stop" and again.text == answer_to("after")
    assert home.log().count("cannot accept a client") < 20, "a full log would be the next trouble"


@pytest.fixture
def nobody(home):
    """Options that run a program as somebody whose number of processes can be limited: not root."""
    options = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    if options:
        os.chown(home.root, 65534, 65534)
    try:
        assert home.command("version", **options).returncode == 0
    except (OSError, AssertionError):
        pytest.skip("another user cannot run the programs where they are")
    return options


def tasks_of(user):
    """How many threads a user has, as RLIMIT_NPROC counts them."""
    found = 0
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{entry}").st_uid == user:
                found += len(os.listdir(f"/proc/{entry}/task"))
        except OSError:
            pass
    return found


def test_without_room_for_a_process_a_job_is_refused_and_the_next_one_is_served(home, nobody):
    room = 30
    most = tasks_of(nobody.get("user", os.geteuid())) + room
    home.spawn(
        "threadrunner-daemon",
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (most, most)),
        **nobody,
    )
    wait_until(home.socket.exists, "it is to listen")

    def ask(words, model):
        return home.command("-m", model, words, env=DUMMY, **nobody)

    assert ask("before", "slots=1").returncode == 0
    sleepers = [subprocess.Popen(["sleep", "300"], **nobody) for _ in range(2 * room)]
    try:
        refused = ask("during", "slots=2")
        assert refused.returncode != 0 and refused.stdout == b""
        assert b"Resource temporarily unavailable" in refused.stderr, refused.stderr
        assert ask("warm", "slots=1").stdout.decode() == answer_to("warm") + "\n"
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
    assert ask("after", "slots=2").stdout.decode() == answer_to("after") + "\n"


def test_a_daemon_with_closed_streams_keeps_its_files_apart(home):
    subprocess.Popen(
        ["sh", "-c", 'exec "$0" <&- >&- 2>&-', str(BIN / "threadrunner-daemon")],
        env=home.environment(),
        start_new_session=True,
    ).poll()
    wait_until(home.socket.exists, "it is to listen")
    job = home.client().ask("Hello", model="stderr_lines=3")
    assert job.end()["reason"] == "stop" and job.text == answer_to("Hello")
    daemon = home.daemon()
    targets = {fd: os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in "012"}
    assert all(target == "/dev/null" for target in targets.values()), targets
    log = home.root / "cache/logs"
    assert b"\0" not in b"".join(path.read_bytes() for path in log.iterdir())


def test_a_command_with_closed_streams_says_so_or_answers(home):
    home.start()
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        ended = subprocess.run(
            ["sh", "-c", f'exec "$0" Hi {closed}', str(BIN / "threadrunner")],
            env=home.environment(**DUMMY),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        if ">&-" not in closed.split():
            assert ended.stdout.decode() == answer_to("Hi") + "\n"
        assert ended.returncode in (0, 1), (closed, ended)
    assert home.status()["jobs"]["running"] == 0


# The clock on the wall jumps; nothing waits by it.

FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@pytest.mark.skipif(not FAKETIME, reason="Debian's faketime is not installed")
def test_a_clock_that_jumps_ends_no_job_and_no_worker(home):
    clock = home.root / "clock"
    clock.write_text("+0")
    home.start(
        env={
            "LD_PRELOAD": str(FAKETIME[0]),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        },
        worker_ping="50ms",
    )
    client = home.client()
    words = "one two three four five six seven"
    for days in ("+40d", "-40d", "+0"):
        job = client.ask(words, model="tokens_per_second=20", deadline_ms=60_000)
        job.until("token")
        worker = home.worker().pid
        clock.write_text(days)
        assert job.end()["reason"] == "stop" and job.text == answer_to(words)
        assert home.worker().pid == worker
        assert 0 < home.ps()["workers"][0]["expires_ms"] <= 300_000
    home.stop_daemon()
    dates = {line[:10] for line in home.log().splitlines()}
    assert len(dates) >= 3, f"the clock did jump: {dates}"


def test_ten_thousand_models_are_listed_and_one_is_found_among_them(home):
    models = home.root / "models"
    models.mkdir(mode=0o700)
    for n in range(10_000):
        (models / f"model-{n:05}.gguf").write_bytes(b"GGUF")
    home.start()
    listed = home.command("models", "--json", timeout=60)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.count(b"model-0") >= 1000
    client = home.client()
    missing = client.send("generate", model="model-1234", prompt="Hi").end()
    assert missing["code"] == "unknown_model" and "model-" in missing["message"]
    found = client.send("generate", model="model-01234", prompt="Hi").end()
    assert found["ev"] == "error" and "model-01234.gguf" in found["message"], found
    dummy = client.ask("Hello")
    assert dummy.end()["reason"] == "stop" and dummy.text == answer_to("Hello")


# A file that changes under a loaded model.


@pytest.fixture
def loaded(home, model):
    """A copy of the model, loaded; its path and a client."""
    path = home.root / "copy.gguf"
    shutil.copyfile(model, path)
    home.start(engine_slots=1, engine_context=2048)
    client = home.client()
    client.call("load", model=str(path))
    return client, path


def ask_for_france(client, path):
    job = client.send(
        "generate", model=str(path), prompt="What is the capital of France?", temperature=0
    )
    return job.end(PATIENCE), job.text


@pytest.mark.model
def test_a_model_that_is_deleted_answers_on_and_is_missed_once_it_is_unloaded(home, loaded):
    client, path = loaded
    path.unlink()
    end, text = ask_for_france(client, path)
    assert "Paris" in text, end
    home.command("unload")
    wait_until(lambda: not home.workers(), "its engine is to end")
    end, _ = ask_for_france(client, path)
    assert end["ev"] == "error" and str(path) in end["message"]


@pytest.mark.model
def test_a_model_that_is_replaced_answers_on_and_the_new_file_is_the_next_to_load(home, loaded):
    client, path = loaded
    (home.root / "next.gguf").write_text("this is no model")
    os.replace(home.root / "next.gguf", path)
    end, text = ask_for_france(client, path)
    assert "Paris" in text, end
    home.command("unload")
    wait_until(lambda: not home.workers(), "its engine is to end")
    end, _ = ask_for_france(client, path)
    assert end["ev"] == "error" and "is not a GGUF file" in end["message"]


@pytest.mark.model
def test_a_model_that_is_cut_off_while_it_is_loaded_fails_its_jobs_and_not_the_daemon(home, loaded):
    client, path = loaded
    os.truncate(path, 1000)  # what is mapped beyond it raises SIGBUS
    end, _ = ask_for_france(client, path)
    assert end["ev"] == "done" or end["code"] in ("worker_crashed", "model_load_failed"), end
    dummy = client.ask("Hello")
    assert dummy.end()["reason"] == "stop" and dummy.text == answer_to("Hello")
