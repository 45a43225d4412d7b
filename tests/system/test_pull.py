"""Models that are fetched: from servers that break off, lie, change their minds and are slow."""

import hashlib
import json
import signal
import threading

import pytest

from harness.home import BIN
from harness.model_server import Fault, ModelServer, model_bytes
from harness.terminal import Terminal
from harness.waiting import wait_until

DATA = model_bytes()
QUICK = {"pull_retry": "10ms", "pull_stall": "5s", "pull_attempts": 3, "pull_wait": "2s"}


@pytest.fixture
def server():
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture
def pulls(home):
    """A home that is impatient."""
    home.use(**QUICK)
    return home


def pull(home, *words, env=None, **options):
    clean = {"HF_ENDPOINT": "", "HF_TOKEN": "", "no_proxy": "*", **(env or {})}
    return home.command("pull", *words, env=clean, **options)


def pulled(home, *words, **options):
    said = pull(home, *words, **options)
    assert said.returncode == 0, said.stderr
    return said.stdout.decode()


def fault(home, *words, code=1, **options):
    said = pull(home, *words, **options)
    assert said.returncode == code, said
    return said.stderr.decode()


def content(home, name="m"):
    return (home.root / "models" / f"{name}.gguf").read_bytes()


def models(home):
    return sorted(path.name for path in (home.root / "models").glob("*.gguf"))


def partial(home, name="m"):
    return home.root / "models" / ".pulls" / name / f"{name}.gguf.partial"


def helpers(home):
    return home.processes("threadrunner-pull")


def test_a_model_comes_whole_and_is_there_at_once(pulls, server):
    url = server.add("m.gguf", DATA)
    assert pulled(pulls, url).startswith("pulled m (19")
    assert content(pulls) == DATA
    (model,) = json.loads(pulls.command("models", "--json").stdout)["models"]
    assert model["name"] == "m" and "error" not in model
    before = len(server.gets())
    assert pulled(pulls, url).startswith("m is here already (19")
    assert len(server.gets()) == before, "only its headers were asked for"
    wait_until(lambda: not helpers(pulls), "the helper is gone when it is done")
    left = {path.name for path in (pulls.root / "models/.pulls").iterdir()}
    assert left == {"m.json", "m.lock"}


def test_a_connection_that_breaks_is_taken_up_where_it_broke(pulls, server):
    url = server.add("m.gguf", DATA)
    server.fault("m.gguf", Fault(drop_after=50_000), Fault(drop_after=40_000))
    pulled(pulls, url)
    assert content(pulls) == DATA
    first, second, third = server.gets("/m.gguf")
    assert "range" not in first
    assert second["range"] == "bytes=50000-" and third["range"] == "bytes=90000-"
    assert second["if-range"] == '"' + hashlib.md5(DATA).hexdigest() + '"'


def start_slow(home, server, url):
    """Starts a pull that stops in the middle of the file; waits until it is there."""
    gate = threading.Event()
    before = len(server.gets("/m.gguf"))
    server.fault("m.gguf", Fault(waits=gate))
    process = home.spawn("threadrunner", "pull", url, env={"no_proxy": "*"}, stderr=-1, stdout=-1)
    wait_until(lambda: len(server.gets("/m.gguf")) > before and partial(home).exists()
               and partial(home).stat().st_size > 50_000, "half of it is to come")
    return gate, process


def test_ctrl_c_and_a_killed_daemon_lose_nothing_that_came(pulls, server):
    url = server.add("m.gguf", DATA)
    gate, process = start_slow(pulls, server, url)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert b"the same command goes on from here" in process.stderr.read()
    wait_until(lambda: not helpers(pulls), "the helper ends when nobody waits for it")
    assert not models(pulls)
    gate.set()

    gate, process = start_slow(pulls, server, url)
    resumed = server.gets("/m.gguf")[-1]["range"]
    assert int(resumed.removeprefix("bytes=").removesuffix("-")) > 50_000
    pulls.kill_daemon()
    assert process.wait(20) == 2
    wait_until(lambda: not helpers(pulls), "the helper ends with its daemon")
    gate.set()

    pulled(pulls, url)
    assert content(pulls) == DATA
    assert "range" in server.gets("/m.gguf")[-1]


def test_a_helper_that_is_killed_is_started_again_and_goes_on(pulls, server):
    url = server.add("m.gguf", DATA)
    gate, process = start_slow(pulls, server, url)
    (helper,) = helpers(pulls)
    server.fault("m.gguf")
    helper.kill()
    gate.set()
    assert process.wait(20) == 0, process.stderr.read()
    assert content(pulls) == DATA


def test_a_file_that_changes_in_the_middle_begins_anew(pulls, server):
    url = server.add("m.gguf", DATA)
    newer = model_bytes(seed=2)

    def change():
        server.files["/m.gguf"] = newer

    server.fault("m.gguf", Fault(drop_after=50_000, then=change))
    pulled(pulls, url)
    assert content(pulls) == newer
    assert server.gets("/m.gguf")[1]["range"] == "bytes=50000-", "it was asked to go on"


def test_a_server_without_ranges_or_validators_is_asked_for_the_whole(pulls, server):
    url = server.add("m.gguf", DATA)
    server.weak = True
    server.no_head = True
    server.fault("m.gguf", Fault(drop_after=50_000), Fault(ignores_range=True))
    pulled(pulls, url)
    assert content(pulls) == DATA


def test_a_server_that_lies_about_lengths_is_found_out(pulls, server):
    url = server.add("m.gguf", DATA)
    server.no_head = True
    server.fault("m.gguf", *[Fault(length_lie=1000)] * 9)
    said = fault(pulls, url, code=2)
    assert "3 tries brought nothing" in said and "kept: pull again" in said
    assert partial(pulls).stat().st_size == len(DATA)
    other = server.add("short.gguf", DATA)
    server.fault("short.gguf", Fault(length_lie=-5000))
    said = fault(pulls, other, code=3)
    assert "is cut off" in said and "deleted" in said
    assert not models(pulls) and not partial(pulls, "short").exists()


def test_what_is_no_model_is_not_taken_in(pulls, server):
    page = server.add("page.gguf", b"<!doctype html><title>Log in</title>" * 50)
    said = fault(pulls, page, code=3)
    assert "no model that can be used" in said
    assert not models(pulls)
    assert "is no name for a model's file" in fault(pulls, server.add("download", DATA))
    assert pulled(pulls, f"{server.url}/download?id=5", "--name", "mine").startswith("pulled mine")
    assert content(pulls, "mine") == DATA


def test_a_sha256_decides(pulls, server):
    url = server.add("m.gguf", DATA)
    said = fault(pulls, url, "--sha256", "0" * 64, code=3)
    assert "not what was promised" in said and not models(pulls) and not partial(pulls).exists()
    right = hashlib.sha256(DATA).hexdigest()
    pulled(pulls, url, "--sha256", right.upper())
    assert "64 hexadecimal digits" in fault(pulls, url, "--sha256", "abc")
    pulls.command("rm", "m", "--yes")
    server.linked["/link.gguf"] = "1" * 64
    server.fault("link.gguf", *[Fault(redirect=url)] * 9)
    server.fault("m.gguf")
    said = fault(pulls, f"{server.url}/link.gguf", code=3)
    assert "not what was promised" in said, "what the link says of its file is believed"


def test_a_server_that_asks_to_wait_is_waited_for_but_not_for_ever(pulls, server):
    url = server.add("m.gguf", DATA)
    busy = Fault(status=429, headers={"Retry-After": "1"})
    server.fault("m.gguf", Fault(status=503), busy)
    pulled(pulls, url)
    other = server.add("n.gguf", DATA)
    server.fault("n.gguf", *[Fault(status=429, headers={"Retry-After": "7200"})] * 9)
    assert "asks to wait 2h" in fault(pulls, other)


def test_what_is_missing_or_closed_says_what_to_do(pulls, server):
    assert "no such thing" in fault(pulls, f"{server.url}/none.gguf")
    server.add("closed.gguf", DATA)
    server.fault("closed.gguf", *[Fault(status=401)] * 9)
    assert "not for everybody" in fault(pulls, f"{server.url}/closed.gguf")
    server.fault("api/models/owner/name/tree/main", *[Fault(status=401)] * 9)
    hub = {"HF_ENDPOINT": server.url}
    assert "set HF_TOKEN" in fault(pulls, "hf:owner/name", env=hub)
    assert "accept the model's terms" in fault(
        pulls, "hf:owner/name", env={**hub, "HF_TOKEN": "wrong"})
    assert "does not say where it comes from" in fault(pulls, "gemma")
    assert "HF_ENDPOINT=https://HOST" in fault(pulls, "hf:owner/name")
    assert "unprotected" in fault(pulls, "http://example.invalid/m.gguf")
    said = fault(pulls, "http://127.0.0.1:9/m.gguf", code=2)
    assert "3 tries brought nothing" in said


def test_a_token_is_for_the_hub_and_nobody_that_it_leads_to(pulls, server):
    elsewhere = ModelServer()
    try:
        server.repository("owner/name", {"m-Q4_K_M.gguf": DATA, "m-Q8_0.gguf": DATA[:-4]})
        elsewhere.add("blob", DATA)
        path = "owner/name/resolve/main/m-Q4_K_M.gguf"
        target = f"http://localhost:{elsewhere.port}/blob"
        server.fault(path, Fault(redirect=target))
        env = {"HF_ENDPOINT": server.url + "/", "HF_TOKEN": "s3cret"}
        assert pulled(pulls, "hf:owner/name", env=env).startswith("pulled m-Q4_K_M")
    finally:
        elsewhere.close()
    assert content(pulls, "m-Q4_K_M") == DATA
    assert all(asked["authorization"] == "Bearer s3cret" for asked in server.gets())
    assert elsewhere.gets() and all("authorization" not in asked for asked in elsewhere.gets())
    assert "s3cret" not in pulls.log()


def test_a_repository_offers_its_models_and_one_of_several_files_comes_whole(pulls, server):
    parts = {f"q/big-Q8_0-0000{n + 1}-of-00002.gguf": model_bytes(60_000, n, (n, 2))
             for n in range(2)}
    server.repository("owner/name", {"m-Q2_K.gguf": DATA, **parts})
    env = {"HF_ENDPOINT": server.url}
    said = fault(pulls, "hf:owner/name", env=env)
    assert "several models" in said and "m-Q2_K (19" in said and "q/big-Q8_0" in said
    assert pulled(pulls, "hf:owner/name:q8_0", env=env).startswith("pulled big-Q8_0 (")
    assert models(pulls) == [path.partition("/")[2] for path in parts]
    (model,) = json.loads(pulls.command("models", "--json").stdout)["models"]
    assert model["name"] == "big-Q8_0" and "error" not in model
    pulled(pulls, "hf:owner/name:Q8_0", "--name", "other", env=env)
    assert "other-00002-of-00002.gguf" in models(pulls)
    assert pulled(pulls, "hf:owner/name:q8_0", env=env).startswith("big-Q8_0 is here already")


def test_clients_that_want_the_same_share_one_pull(pulls, server):
    url = server.add("m.gguf", DATA)
    gate, first = start_slow(pulls, server, url)
    second = pulls.spawn("threadrunner", "pull", url, env={"no_proxy": "*"}, stdout=-1)
    with pulls.client() as client:
        third = client.send("pull", source=url)
        heard = third.until("load")
        assert heard["stage"].startswith("downloading m.gguf")
        assert len(helpers(pulls)) == 1
        first.send_signal(signal.SIGINT)
        assert first.wait(20) == 130
        gate.set()
        assert third.end()["result"]["meta"]["name"] == "m"
    assert second.wait(20) == 0
    assert len(server.gets("/m.gguf")) == 1


def test_what_does_not_fit_on_the_disk_is_not_begun(pulls, server):
    server.repository("owner/name", {"m.gguf": DATA})
    listing = server.listings["/api/models/owner/name/tree/main"]
    listing[0]["lfs"]["size"] = 10**15
    said = fault(pulls, "hf:owner/name", env={"HF_ENDPOINT": server.url})
    assert "there is no room for" in said and "threadrunner rm" in said
    assert not server.gets("/owner/name/resolve/main/m.gguf")


def test_a_model_of_that_name_from_elsewhere_is_kept(pulls, server):
    folder = pulls.root / "models"
    folder.mkdir(mode=0o700)
    (folder / "m.gguf").write_bytes(model_bytes(seed=3))
    url = server.add("m.gguf", DATA)
    said = fault(pulls, url)
    assert "came from elsewhere" in said and "--name" in said
    assert content(pulls) == model_bytes(seed=3)
    (folder / "m.gguf").write_bytes(DATA)
    right = hashlib.sha256(DATA).hexdigest()
    assert "here already" in pulled(pulls, url, "--sha256", right)
    server.files["/m.gguf"] = model_bytes(seed=4)
    pulled(pulls, url, "--name", "n")
    server.files["/m.gguf"] = model_bytes(seed=5)
    assert pulled(pulls, url, "--name", "n").startswith("pulled n"), "a newer one replaces its own"
    assert content(pulls, "n") == model_bytes(seed=5)


def test_a_limit_slows_it_down_and_a_terminal_sees_how_far_it_is(pulls, server):
    url = server.add("m.gguf", model_bytes(6_000_000))
    pulls.use(pull_limit_kib=1500)
    environment = {**pulls.environment(), "no_proxy": "*", "TERM": "xterm"}
    terminal = Terminal([BIN / "threadrunner", "pull", url], environment)
    code, drawn = terminal.finish()
    assert code == 0, drawn
    assert b"downloading m.gguf" in drawn and b" %" in drawn
    assert b" MiB of 5.7 MiB" in drawn and b" MiB/s" in drawn
    assert b"pulled m (5.7 MiB)" in drawn
    with pulls.client() as client:
        request = client.send("pull", source=url, name="n")
        request.end()
        parts = [event["fraction"] for event in request.events if event["ev"] == "load"]
    assert parts == sorted(parts) and any(0 < part < 1 for part in parts)
    sizes = [event for event in request.events if "total_bytes" in event]
    assert {event["total_bytes"] for event in sizes} == {len(model_bytes(6_000_000))}
    assert sizes[-1]["done_bytes"] == sizes[-1]["total_bytes"]


def test_a_file_is_taken_in_where_it_lies(pulls, tmp_path):
    file = tmp_path / "here.gguf"
    file.write_bytes(DATA)
    assert pulled(pulls, "./here.gguf", cwd=tmp_path) == "added here\n"
    with pulls.client() as client:
        assert client.call("pull", source=str(file), name="too")["name"] == "too"
    assert not models(pulls), "nothing was copied"
