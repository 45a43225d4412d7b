"""Settings: shown with where they came from, edited without harm, taken over by a daemon."""

import json
import os
import signal
import subprocess
import sys

import pytest

from harness.client import answer_to
from harness.home import BIN, ROOT
from harness.terminal import Terminal
from harness.waiting import wait_until

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}


def config(home, *words, env=None):
    """What `threadrunner config WORDS` says, when it succeeds."""
    ran = home.command("config", *words, env=env)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def setting(home, key, **env):
    return json.loads(config(home, "get", key, "--json", env=env))


def write(home, text):
    home.root.mkdir(mode=0o700, exist_ok=True)
    (home.root / "config.toml").write_text(text)


def test_each_value_tells_where_it_came_from(home):
    write(home, '# mine\n[engine]\nslots = 2\n')
    assert setting(home, "engine.slots")["place"] == f"{home.root}/config.toml:3"
    assert setting(home, "engine.slots")["source"] == "file"
    assert setting(home, "worker.idle")["source"] == "default"
    from_environment = setting(home, "engine.slots", THREADRUNNER_ENGINE_SLOTS="3")
    assert (from_environment["value"], from_environment["place"]) == (
        "3",
        "THREADRUNNER_ENGINE_SLOTS",
    )
    assert setting(home, "log.filter", RUST_LOG="debug")["place"] == "RUST_LOG"
    lines = config(home).splitlines()
    assert f"{home.root}/config.toml:3" in next(line for line in lines if "engine.slots" in line)


def test_set_keeps_comments_order_and_layout(home):
    before = "# how I like it\n\n[worker]   # short\nidle = 60   # a minute\n\n# large\n[engine]\n"
    write(home, before)
    config(home, "set", "worker.idle", "2h")
    config(home, "set", "engine.context", "8192")
    config(home, "set", "model", "größe 7")
    text = (home.root / "config.toml").read_text()
    assert text == (
        '# how I like it\nmodel = "größe 7"\n\n[worker]   # short\nidle = "2h"   # a minute\n\n'
        "# large\n[engine]\ncontext = 8192\n"
    )
    assert config(home, "get", "model") == "größe 7\n"
    for key in ("worker.idle", "engine.context", "model"):
        config(home, "unset", key)
    assert config(home, "get", "worker.idle") == "5m\n"


@pytest.mark.parametrize(
    "words, said",
    [
        (["set", "worker.idel", "5m"], b"did you mean 'worker.idle'?"),
        (["set", "worker.idle", "soon"], b"worker.idle is no duration: 'soon'"),
        (["set", "worker.idle"], b"config set worker.idle VALUE"),
        (["get", "engine.slot"], b"did you mean 'engine.slots'?"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_written(home, words, said):
    refused = home.command("config", *words)
    assert refused.returncode == 64
    assert said in refused.stderr
    assert not (home.root / "config.toml").exists()


def test_a_prompt_about_configuration_is_a_prompt(home):
    asked = home.command("config", "set", "up", "a", "router", env=DUMMY)
    assert asked.stdout.decode() == answer_to("config set up a router") + "\n"


def test_twenty_edits_at_once_lose_none(home):
    keys = [row["key"] for row in json.loads(config(home, "--json"))["settings"]]
    numbers = [key for key in keys if key.startswith("worker.")]
    edits = [home.spawn("threadrunner", "config", "set", key, "7s") for key in numbers]
    assert [edit.wait(timeout=30) for edit in edits] == [0] * len(numbers)
    assert {config(home, "get", key) for key in numbers} == {"7s\n"}


def test_a_reload_is_taken_over_without_touching_what_runs(home):
    home.start(env=DUMMY)
    client = home.client()
    job = client.ask("one two three", model="tokens_per_second=5")
    job.until("token")
    worker = home.worker()
    write(home, 'worker.idle = "2h"\nqueue.jobs = 9\n[engine]\nslots = 2\n')
    later = setting(home, "worker.idle")
    assert (later["value"], later["later"], later["after"]) == ("5m", "2h", "reload")
    said = config(home, "reload").splitlines()
    assert [line.split() for line in said] == [
        "worker.idle 5m -> 2h applies now".split(),
        "queue.jobs 1024 -> 9 applies when the daemon starts anew".split(),
        "engine.slots 4 -> 2 applies to models that are loaded from now on".split(),
    ]
    assert job.end()["reason"] == "stop"
    assert job.text == answer_to("one two three")
    assert home.worker().pid == worker.pid
    assert setting(home, "worker.idle")["place"] == f"{home.root}/config.toml:1"
    assert setting(home, "queue.jobs")["after"] == "restart"
    client.ask("x", model="tokens_per_second=5").end()
    assert home.ps()["workers"][0]["expires_ms"] > 3_600_000


def test_a_hangup_reads_the_settings_again(home):
    daemon = home.start()
    write(home, "worker.idle = 7\n")
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: setting(home, "worker.idle")["value"] == "7s", "it is to be taken over")
    said = "setting worker.idle: 5m becomes 7s, applies now"
    wait_until(lambda: said in home.log(), "the log is to say so")


def test_a_broken_file_changes_nothing_and_says_where(home):
    daemon = home.start()
    write(home, "worker.idle = 7\nengine.slot = 1\n")
    refused = home.command("config", "reload")
    assert refused.returncode == 1
    assert b"config.toml:2: unknown setting 'engine.slot'; did you mean" in refused.stderr
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: home.log().count("the settings stay as they are") == 2, "it is to be logged")
    assert setting(home, "worker.idle")["value"] == "5m"
    assert "config.toml:2" in config(home), "the overview says so, too"


def test_without_a_daemon_there_is_nothing_to_reload(home):
    refused = home.command("config", "reload")
    assert refused.returncode == 2 and b"no daemon is running" in refused.stderr


def test_a_setting_of_the_command_line_goes_before_all(home):
    home.root.mkdir(mode=0o700, exist_ok=True)
    home.spawn(
        "threadrunner",
        "serve",
        "--set",
        "worker.idle=3h",
        env={"THREADRUNNER_WORKER_IDLE": "2h"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(home.socket.exists, "the socket is to be there")
    shown = setting(home, "worker.idle")
    assert (shown["value"], shown["source"]) == ("3h", "flag")
    refused = home.command("serve", "--set", "worker.idle=soon")
    assert refused.returncode == 64 and b"no duration: 'soon'" in refused.stderr


def test_a_daemon_whose_terminal_goes_away_ends(home):
    terminal = Terminal([BIN / "threadrunner", "serve"], home.environment())
    wait_until(home.socket.exists, "the socket is to be there")
    terminal.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "settings read again" in home.log(), "with its terminal it reads settings")
    os.close(terminal.master)
    assert terminal.process.wait(timeout=30) == 0
    home.wait_empty()


def test_a_daemon_that_is_to_outlive_its_terminal_does(home):
    program = [sys.executable, "-c", NOHUP, str(BIN / "threadrunner")]
    terminal = Terminal(program, home.environment())
    wait_until(home.socket.exists, "the socket is to be there")
    daemon = home.daemon()
    os.close(terminal.master)
    terminal.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "settings read again" in home.log(), "it reads its settings")
    assert daemon.is_alive
    home.stop_daemon()
    terminal.process.wait(timeout=30)


NOHUP = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execv(sys.argv[1], [sys.argv[1], "serve"])
"""


def test_a_home_with_any_name_is_configured(homes):
    home = homes()
    odd = home.root / "größe 100% \"x\" {y}"
    env = {"THREADRUNNER_HOME": str(odd), **DUMMY}
    config(home, "set", "worker.idle", "1h", env=env)
    assert config(home, "path", env=env) == f"{odd}/config.toml\n"
    try:
        assert home.command("Hi", env=env).stdout.decode() == answer_to("Hi") + "\n"
        assert config(home, "get", "worker.idle", env=env) == "1h\n"
        assert home.command("logs", env=env).stdout
    finally:
        home.command("stop", env=env)


def test_the_page_of_settings_is_up_to_date():
    checked = subprocess.run(
        [sys.executable, str(ROOT / "scripts/docs"), "--check"],
        env={**os.environ, "THREADRUNNER_BIN": str(BIN.resolve())},
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
