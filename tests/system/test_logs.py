"""The log: what is in it and what is not, found again, over midnight and on a full disk."""

import json
import os
import resource
import subprocess
import time

import pytest

from harness.client import answer_to
from harness.frames import pack_bytes
from harness.home import BIN
from harness.terminal import Terminal
from harness.waiting import wait_until

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}
SECRET = "xylophone-zebra"


def logs(home, *options):
    ran = home.command("logs", *options)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def run_jobs(home, count):
    client = home.client()
    jobs = [client.ask(f"number {n}") for n in range(count)]
    for job in jobs:
        job.end()
    wait_until(lambda: home.log().count(" ended op=") >= count, "the jobs are to be in the log")
    return [job.job for job in jobs]


def every_way_to_say(home, secret):
    """Sends a secret in every member that a client fills, to jobs that end well and badly."""
    client = home.client()
    client.ask(secret).end()
    client.ask("x", system=secret, stop=[secret]).end()
    client.send("generate", backend="dummy", messages=[{"role": "user", "content": secret}]).end()
    client.send("embed", backend="dummy", input=[secret]).end()
    client.send("tokenize", backend="dummy", text=secret).end()
    client.ask(secret, model="fail_at=2").end()
    client.ask(secret, model="crash_at=2").end()
    client.ask(secret, deadline_ms=1, model="tokens_per_second=1").end()
    client.send("generate", backend="dummy", prompt=secret, grammar=secret).end()
    client.send("generate", backend="dummy", prompt=secret, json_schema={"const": secret}).end()
    client.send("generate", backend="dummy", prompt=secret, temperature=secret).end()
    client.close()
    v1 = home.connect()
    v1.send({"v": 1, "prompt": secret, "stream": True})
    while v1.receive().get("eos") is False:
        pass
    broken = home.connect()
    broken.send_bytes(pack_bytes(f'{{"v":2,"id":1,"op":"{secret}'.encode()))
    broken.receive()


@pytest.mark.parametrize("layout", ["plain", "json"])
def test_no_line_holds_what_was_asked_even_at_the_finest_level(home, layout):
    home.start(env=DUMMY, log="trace", log_format=layout)
    every_way_to_say(home, SECRET)
    home.stop_daemon()
    assert "ended" in home.log(), "there is a log"
    assert SECRET not in home.log()


@pytest.mark.model
def test_no_line_of_an_engine_holds_what_was_asked_or_answered(home, model):
    home.start(log="trace")
    client = home.client()
    job = client.send(
        "generate", model=str(model), prompt=f"Repeat: {SECRET} {SECRET} {SECRET}", max_tokens=8
    )
    assert job.end()["ev"] == "done"
    bad = client.send("generate", model=str(model), prompt=SECRET, grammar="root ::= nowhere")
    assert bad.end()["ev"] == "error"
    home.stop_daemon()
    assert SECRET not in home.log() and "xylophone" not in home.log()


def test_whoever_asks_for_prompts_gets_them(home):
    home.start(env=DUMMY, log_prompts="true")
    client = home.client()
    client.ask(SECRET).end()
    wait_until(lambda: f"said={SECRET}" in home.log(), "the prompt is to be in the log")


def test_a_job_is_found_by_its_number(home):
    home.start(env=DUMMY)
    first, second = run_jobs(home, 2)
    assert [line.split()[3] for line in logs(home, "--job", first).splitlines()] == [first]
    (document,) = map(json.loads, logs(home, "--job", second, "--json").splitlines())
    assert (document["job"], document["target"], document["level"]) == (second, "job", "info")


def test_json_lines_have_the_facts_as_members(home):
    home.start(env=DUMMY, log_format="json")
    (job,) = run_jobs_json(home)
    (document,) = map(json.loads, logs(home, "--job", job).splitlines())
    assert document["op"] == "generate" and document["end"] == "stop"
    assert document["completion"] > 0 and document["message"] == "ended"


def run_jobs_json(home):
    job = home.client().ask("Hi")
    job.end()
    wait_until(lambda: '"op":"generate"' in home.log(), "the job is to be in the log")
    return [job.job]


def test_levels_and_times_sort_out_the_rest(home):
    home.start(env=DUMMY)
    home.client().ask("x", model="crash_at=1").end()
    wait_until(lambda: " job: " in home.log(), "the job's end is to be in the log")
    levels = {line.split()[1] for line in logs(home, "--level", "warn", "-n", "99").splitlines()}
    assert levels <= {"W", "E"} and "E" in levels
    assert logs(home, "--since", "1h") == home.log()
    assert logs(home, "--since", "0") == ""
    assert logs(home, "--since", "1h", "-n", "1") == home.log().splitlines()[-1] + "\n"
    refused = home.command("logs", "--level", "loud")
    assert refused.returncode == 64 and b"--level wants" in refused.stderr


def test_a_search_goes_back_over_the_days(home):
    home.start(env=DUMMY)
    (job,) = run_jobs(home, 1)
    old = home.root / "cache/logs/threadrunner-daemon-2001-02-03.log"
    old.write_text("2001-02-03T12:00:00.000+00:00 I job: j1 ended long ago\n")
    found = logs(home, "--job", job)
    assert "long ago" in found and found.count("\n") == 2
    assert "long ago" not in logs(home, "-n", "99")
    assert "long ago" not in logs(home, "--job", job, "--since", "1d")


def test_following_filters_what_comes(home):
    home.start(env=DUMMY)
    client = home.client()
    client.ask("x").end()
    follower = home.spawn("threadrunner", "logs", "-f", "--level", "error", stdout=subprocess.PIPE)
    client.ask("x", model="crash_at=1").end()
    assert b" E daemon: " in follower.stdout.readline()
    follower.kill()


@pytest.mark.parametrize("name", ["THREADRUNNER_LOG", "RUST_LOG"])
def test_a_bad_filter_is_named(home, name):
    refused = home.command("Hi", env={**DUMMY, name: "daemon=loud"})
    assert refused.returncode == 2
    assert f"{name}: log.filter: 'daemon=loud' is no log filter".encode() in refused.stderr


def test_old_files_of_ours_are_deleted_and_nothing_else(home):
    folder = home.root / "cache/logs"
    folder.mkdir(parents=True, mode=0o700)
    for directory in (home.root, home.root / "cache"):
        directory.chmod(0o700)
    for day in range(1, 21):
        (folder / f"threadrunner-daemon-2001-01-{day:02}.log").write_text("x\n")
    (folder / "threadrunner-daemon-2001-01-01.log.gz").write_text("mine")
    (folder / "notes.log").write_text("mine")
    home.start(log_keep_days="3")
    kept = sorted(path.name for path in folder.iterdir())
    today = time.strftime("threadrunner-daemon-%Y-%m-%d.log")
    assert kept == [
        "notes.log",
        "threadrunner-daemon-2001-01-01.log.gz",
        "threadrunner-daemon-2001-01-19.log",
        "threadrunner-daemon-2001-01-20.log",
        today,
    ]


def test_a_terminal_obeys_nothing_in_the_log(home):
    home.start(env=DUMMY)
    wait_until(lambda: " serves " in home.log(), "its own lines are to be written")
    today = home.root / "cache/logs" / time.strftime("threadrunner-daemon-%Y-%m-%d.log")
    with today.open("ab") as file:
        file.write(b"evil \x1b[2J \xc2\x9b2J \r gone\n")
    terminal = Terminal([BIN / "threadrunner", "logs", "-n", "1"], home.environment())
    code, drawn = terminal.finish()
    assert code == 0 and b"evil" in drawn
    assert b"\x1b[2J" not in drawn and b"\xc2\x9b" not in drawn


def full_disk_for_files_over(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_costs_lines_and_no_answer(home):
    started = home.look_after(
        subprocess.Popen(
            [str(BIN / "threadrunner-daemon")],
            env=home.environment(**DUMMY),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=full_disk_for_files_over(1000),
        )
    )
    wait_until(home.socket.exists, "the socket is to be there")
    client = home.client()
    for n in range(20):
        job = client.ask(f"number {n}")
        assert job.end()["ev"] == "done"
        assert job.text == answer_to(f"number {n}")
    assert len(home.log().encode()) == 1000
    resource.prlimit(started.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    client.ask("after").end()
    wait_until(lambda: "lines were lost" in home.log(), "it is to say so")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_disk_that_is_full_from_the_start_is_no_reason_not_to_serve(home):
    folder = home.root / "cache/logs"
    folder.mkdir(parents=True)
    for directory in (home.root, home.root / "cache"):
        directory.chmod(0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k,mode=700,nr_inodes=2", "tmpfs", str(folder)],
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        (folder / "filler").write_bytes(b"x" * 4096)
        home.start(env=DUMMY)
        job = home.client().ask("Hi")
        assert job.end()["ev"] == "done"
        (folder / "filler").unlink()
        home.client().ask("Hi").end()
        wait_until(lambda: "lines were lost: No space left" in home.log(), "it is to say so")
        home.stop_daemon()
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_home_that_cannot_be_written_is_named(home):
    (home.root / "run").mkdir(parents=True)
    (home.root / "cache").write_text("a file in the way")
    home.root.chmod(0o700)
    refused = home.command("Hi", env=DUMMY)
    assert refused.returncode != 0
    assert f"{home.root}/cache is not a directory".encode() in refused.stderr
    elsewhere = {"THREADRUNNER_HOME": "/proc/x"}
    edited = home.command("config", "set", "worker.idle", "1m", env=elsewhere)
    assert edited.returncode != 0 and b"/proc/x" in edited.stderr
