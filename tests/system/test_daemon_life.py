"""How the daemon starts, is found, stops and dies; and that nothing of it stays behind."""

import os
import signal
import socket
import stat
import subprocess

from harness.client import answer_to
from harness.waiting import wait_until

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}


def spawn_asking(home, *arguments, **options):
    return home.spawn(
        "threadrunner",
        *arguments,
        env=DUMMY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_twenty_commands_at_once_start_one_daemon(home):
    commands = [spawn_asking(home, f"number {n}") for n in range(20)]
    for n, command in enumerate(commands):
        out, errors = command.communicate(timeout=60)
        assert (out.decode(), errors) == (answer_to(f"number {n}") + "\n", b"")
    daemons = home.processes("threadrunner-daemon")
    assert len(daemons) == 1
    assert daemons[0].pid == home.daemon().pid
    assert len(home.workers()) == 1
    home.stop_daemon()
    assert home.log().count(" serves ") == 1, "no second one even began"


def test_two_homes_never_meet(homes):
    one, two = homes(), homes()
    commands = [(home, spawn_asking(home, "Hi")) for home in (one, two)]
    for _, command in commands:
        assert command.communicate(timeout=30)[0].decode() == answer_to("Hi") + "\n"
    assert one.daemon().pid != two.daemon().pid
    assert one.status()["home"] == str(one.root)
    one.stop_daemon()
    assert two.status()["jobs"]["finished"] == 1


def test_a_second_daemon_for_a_home_is_refused_and_harms_nothing(home):
    home.start()
    second = home.spawn("threadrunner-daemon", stderr=subprocess.PIPE)
    _, errors = second.communicate(timeout=30)
    assert second.returncode == 1
    assert b"another daemon already serves" in errors
    assert home.status()["pid"] == home.daemon().pid


def test_files_are_for_their_owner_alone(home):
    assert home.command("Hi", env=DUMMY).returncode == 0
    for directory in ("", "run", "cache", "cache/logs", "models"):
        assert stat.S_IMODE(os.stat(home.root / directory).st_mode) == 0o700, directory
    assert stat.S_IMODE(os.stat(home.socket).st_mode) == 0o600
    for log in (home.root / "cache/logs").iterdir():
        assert stat.S_IMODE(os.stat(log).st_mode) == 0o600


def test_the_daemon_holds_no_terminal_session_or_directory_of_the_command(home, tmp_path):
    assert home.command("Hi", env=DUMMY, cwd=tmp_path).returncode == 0
    daemon = home.daemon()
    assert os.getsid(daemon.pid) == daemon.pid
    assert os.readlink(f"/proc/{daemon.pid}/cwd") == "/"
    targets = [os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in (0, 1, 2)]
    assert targets[0] == "/dev/null" and all("/cache/logs/" in target for target in targets[1:])


def test_a_stale_socket_is_replaced(home):
    home.start()
    home.kill_daemon()
    assert home.socket.exists()
    assert home.command("Hi", env=DUMMY).stdout.decode() == answer_to("Hi") + "\n"


def test_a_socket_that_nobody_made_is_replaced_and_a_file_is_not(home):
    (home.root / "run").mkdir(parents=True, mode=0o700)
    os.chmod(home.root, 0o700)
    leftover = socket.socket(socket.AF_UNIX)
    leftover.bind(str(home.socket))
    leftover.close()
    assert home.command("Hi", env=DUMMY).returncode == 0
    home.stop_daemon()
    home.socket.write_text("a file of somebody")
    refused = home.command("Hi", env=DUMMY)
    assert refused.returncode != 0 and b"no socket" in refused.stderr
    assert home.socket.read_text() == "a file of somebody"
    home.socket.unlink()


def test_a_command_that_reaches_a_daemon_at_its_end_starts_the_next_one(home):
    (home.root / "run").mkdir(mode=0o700)
    ending = socket.socket(socket.AF_UNIX)
    ending.bind(str(home.socket))
    ending.listen()
    asking = spawn_asking(home, "Hi")
    connection, _ = ending.accept()
    ending.close()
    connection.close()
    out, errors = asking.communicate(timeout=60)
    assert (out.decode(), errors) == (answer_to("Hi") + "\n", b"")


def test_a_daemon_that_dies_in_the_midst_of_an_answer_is_not_asked_again(home):
    home.start()
    asking = spawn_asking(home, "-m", "tokens_per_second=5", "one two three")
    assert asking.stdout.read(5) == b"lorem"
    home.kill_daemon()
    _, errors = asking.communicate(timeout=60)
    assert asking.returncode == 2 and b"closed the connection before the end" in errors
    assert not home.processes("threadrunner-daemon")


def test_workers_die_with_a_daemon_that_is_killed(home):
    home.start()
    client = home.client()
    busy = client.ask("a b c", model="tokens_per_second=1")
    busy.until("token")
    client.ask("x", model="prompt_ms=60000").next()
    loading = client.ask("y", model="load_ms=60000")
    loading.until("load")
    wait_until(lambda: len(home.workers()) == 3, "three workers are to run")
    home.kill_daemon()
    home.wait_empty()
    home.start()
    assert home.command("Hi", env=DUMMY).stdout.decode() == answer_to("Hi") + "\n"


def test_even_a_frozen_worker_dies_with_a_daemon_that_is_killed(home):
    home.start()
    client = home.client()
    client.ask("a b c", model="tokens_per_second=1").until("token")
    worker = home.worker()
    worker.send_signal(signal.SIGSTOP)
    wait_until(lambda: worker.state == "T", "it is to stand still")
    home.kill_daemon()
    home.wait_empty()


def test_sigterm_lets_jobs_finish_and_takes_no_new_ones(home):
    daemon = home.start()
    client = home.client()
    job = client.ask("one two three", model="tokens_per_second=20")
    waiting = client.ask("late", model="tokens_per_second=20,slots=1")
    waiting.until("token")
    job.until("token")
    daemon.send_signal(signal.SIGTERM)
    assert job.end()["reason"] == "stop"
    assert job.text == answer_to("one two three")
    assert waiting.end()["reason"] == "stop"
    assert daemon.wait(timeout=30) == 0
    home.wait_empty()
    assert not home.socket.exists()


def test_sigterm_ends_waiting_jobs_with_an_error_that_says_to_come_again(home):
    daemon = home.start()
    client = home.client()
    running = client.ask("a b c d e f g h i j", model="slots=1,tokens_per_second=10")
    running.until("token")
    waiting = client.ask("b", model="slots=1,tokens_per_second=10")
    waiting.until("queued")
    daemon.send_signal(signal.SIGTERM)
    end = waiting.end()
    assert (end["code"], end["retryable"]) == ("unreachable", True)
    assert running.end()["reason"] == "stop"
    assert daemon.wait(timeout=30) == 0


def test_a_job_that_outlasts_the_drain_is_ended_with_an_error(home):
    daemon = home.start(daemon_drain="300ms")
    job = home.client().ask("a b c", model="tokens_per_second=1")
    job.until("token")
    daemon.send_signal(signal.SIGTERM)
    end = job.end()
    assert (end["ev"], end["code"], end["retryable"]) == ("error", "unreachable", True)
    assert daemon.wait(timeout=30) == 0
    home.wait_empty()


def test_a_second_signal_ends_everything_at_once(home):
    daemon = home.start()
    job = home.client().ask("a b c", model="tokens_per_second=0.01")
    job.until("token")
    daemon.send_signal(signal.SIGTERM)
    wait_until(lambda: "stopping" in home.log(), "the first signal is to be heard")
    daemon.send_signal(signal.SIGTERM)
    assert job.end()["ev"] == "error"
    assert daemon.wait(timeout=30) == 0
    home.wait_empty()


def test_idle_clients_do_not_hold_up_the_end(home):
    daemon = home.start()
    clients = [home.connect() for _ in range(20)]
    assert len(clients) == 20
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=10) == 0


def test_serve_runs_in_the_foreground_until_it_is_interrupted(home):
    served = home.spawn(
        "threadrunner",
        "serve",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_until(home.socket.exists, "the socket is to be there")
    assert home.command("Hi", env=DUMMY).stdout.decode() == answer_to("Hi") + "\n"
    os.killpg(served.pid, signal.SIGINT)
    served.communicate(timeout=30)
    assert served.returncode in (0, 130)
    home.wait_empty()
    assert not home.socket.exists()


def test_a_v1_client_finds_the_daemon_at_the_path_of_the_setting(home):
    path = home.root / "old.sock"
    home.start(env={**DUMMY, "THREADRUNNER_SOCKET_V1_PATH": str(path)})
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(path))
    client.close()
    home.stop_daemon()
    assert not path.exists()


def test_settings_of_the_file_are_read_and_the_environment_goes_before(home):
    (home.root / "config.toml").write_text('[queue]\njobs = 7\n[worker]\nidle = "1h"\n')
    home.start(worker_idle="2h")
    client = home.client()
    client.ask("a").end()
    (worker,) = home.ps()["workers"]
    assert worker["expires_ms"] > 3_600_000


def test_a_wrong_setting_names_its_variable(home):
    refused = home.command("Hi", env={**DUMMY, "THREADRUNNER_WORKER_IDLE": "soon"})
    assert refused.returncode == 2
    assert b"THREADRUNNER_WORKER_IDLE" in refused.stderr and b"soon" in refused.stderr


def test_the_log_has_one_line_a_job_and_no_word_of_the_prompt(home):
    home.start()
    client = home.client()
    client.ask("confidential words").end()
    client.ask("secret", model="fail_at=2").end()
    wait_until(lambda: home.log().count(" job: ") == 2, "two jobs are to be in the log")
    assert "confidential" not in home.log() and "secret" not in home.log()
