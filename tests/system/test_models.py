"""Models by name: what people and programs see of them, and what they change."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.home import BIN
from harness.small_model import small_adapter, small_model
from harness.terminal import Terminal
from harness.waiting import wait_until

FAKE = Path(__file__).resolve().parents[1] / "harness" / "fake_server.py"
UPSTREAM = {"THREADRUNNER_BACKEND": "upstream"}


@pytest.fixture
def models(home):
    """The folder of a home with two models, a and b."""
    folder = home.root / "models"
    folder.mkdir(mode=0o700)
    for name in "ab":
        small_model(folder / f"{name}.gguf")
    return folder


def listed(home):
    said = home.command("models", "--json")
    assert said.returncode == 0, said.stderr
    return {model["name"]: model for model in json.loads(said.stdout)["models"]}


def fault(home, *words, code=1, **options):
    said = home.command(*words, **options)
    assert said.returncode == code, said
    return said.stderr.decode()


def test_a_file_elsewhere_gets_names_and_defaults(home, tmp_path):
    file = small_model(tmp_path / "far.gguf")
    assert home.command("models", "add", "far.gguf", cwd=tmp_path).stdout == b"added far\n"
    home.command("models", "alias", "far", "f")
    home.command("models", "set", "f", "context=512", "stop=#", "stop=User:", "top_p=0.5")
    far = listed(home)["far"]
    assert far["path"] == str(file) and far["in_place"] and far["aliases"] == ["f"]
    assert far["defaults"] == {"context": 512, "stop": ["#", "User:"], "top_p": 0.5}
    assert far["capabilities"] == ["complete"] and far["memory_bytes"] > 2**20
    assert b"top_p         0.5\n" in home.command("show", "f").stdout
    assert b"far *" in home.command("models").stdout, "the only one is the default"
    home.command("models", "set", "far", "context=", "stop=")
    assert listed(home)["far"]["defaults"] == {"top_p": 0.5}
    assert home.command("models", "rm", "far").stdout.startswith(b"forgot far")
    assert file.exists() and not listed(home)


def test_what_is_set_for_a_file_is_where_people_find_it(home, models):
    file = home.root / "models.toml"
    file.write_text("# what I use\n[a]  # small\naliases = ['x'] # short\n")
    assert home.command("models", "set", "x", "slots=2").returncode == 0
    assert file.read_text() == "# what I use\n[a]  # small\naliases = ['x'] # short\nslots = 2\n"
    file.write_text(file.read_text().replace("'x'", "'y'"))
    assert listed(home)["a"]["aliases"] == ["y"], "what a person writes is read at once"
    broken = file.read_text() + "contxt = 5\n"
    file.write_text(broken)
    for words in (["models"], ["models", "set", "a", "slots=3"], ["show", "a"], ["-m", "a", "Hi"]):
        said = fault(home, *words, code=3, env={"THREADRUNNER_BACKEND": "llama"})
        assert f"{file}:5: models have no default 'contxt'; did you mean 'context'?" in said
    assert file.read_text() == broken
    file.write_text(broken.replace("contxt", "context").replace("= 5\n", "= 500\n"))
    assert listed(home)["a"]["defaults"] == {"context": 500, "slots": 2}


def test_the_default_model_is_chosen_in_a_running_daemon_and_stays(home, models):
    home.start()
    with home.client() as client:
        assert "models default NAME" in client.send("show").end()["message"]
        assert home.command("models", "default", "b").stdout == b"the default model is b\n"
        assert client.call("show")["name"] == "b"
    home.stop_daemon()
    assert listed(home)["b"]["default"] and not listed(home)["a"]["default"]
    assert "did you mean" in fault(home, "models", "default", "bb", code=3)
    said = home.command("models", "default", "a", env={"THREADRUNNER_MODEL": "b"})
    assert said.stdout == b"the default model is a\n", "the daemon that runs knows no variable"


def test_names_that_are_no_names_are_refused_with_the_reason(home, models):
    for name in ("x/y", "./x", "x.gguf", "hf:x", "two words", "a=b"):
        said = fault(home, "models", "alias", "a", name)
        assert "cannot be a model's name" in said, name
    assert "is b's already" in fault(home, "models", "alias", "a", "b")
    assert "cannot be a model's name" in fault(
        home, "models", "add", str(models / "a.gguf"), "--name", "-x=y")
    assert "there is no model file" in fault(home, "models", "add", "nothing.gguf", code=3)


def test_a_model_is_deleted_after_a_yes_and_never_without_one(home, models):
    file = models / "a.gguf"
    said = fault(home, "rm", "a", code=64)
    assert f"this would delete {file} (" in said and "--yes" in said
    for answer, gone in ((b"n\n", False), (b"\n", False), (b"y\n", True)):
        terminal = Terminal([BIN / "threadrunner", "rm", "a"], home.environment())
        terminal.read_until(b"? [y/N] ")
        terminal.type(answer)
        terminal.finish()
        assert file.exists() != gone
    assert home.command("rm", "b", "--yes").returncode == 0
    assert not listed(home)


def test_a_model_that_a_worker_has_is_kept(home, models):
    home.use(upstream_program=FAKE, worker_idle="60s")
    home.command("models", "alias", "a", "x")
    asked = home.command("-m", "x", "Hello", env=UPSTREAM)
    assert asked.returncode == 0, asked.stderr
    said = fault(home, "rm", "a", "--yes")
    assert "is loaded" in said and "threadrunner unload" in said
    assert (models / "a.gguf").exists()
    assert home.command("unload", "a", "--backend", "upstream").returncode == 0
    wait_until(
        lambda: home.command("rm", "a", "--yes").returncode == 0, "an unloaded model can go"
    )
    assert not (models / "a.gguf").exists()


def test_an_alias_and_its_model_are_one_worker_and_another_way_of_loading_is_one_more(home, models):
    home.use(upstream_program=FAKE, worker_idle="60s")
    home.command("models", "alias", "a", "x")
    home.command("models", "add", str(models / "a.gguf"), "--name", "long")
    home.command("models", "set", "long", "context=256", "slots=3")
    for name in ("a", "x", str(models / "a.gguf"), "long"):
        assert home.command("-m", name, "Hello", env=UPSTREAM).returncode == 0
    workers = home.ps()["workers"]
    assert sorted(worker["name"] for worker in workers) == ["a", "long"]
    assert b"\nlong  " in home.command("ps").stdout
    servers = [p.arguments for p in home.processes() if str(FAKE) in p.arguments]
    sizes = sorted(words[words.index("--ctx-size") + 1] for words in servers)
    assert sizes == sorted(["16384", "768"]), "what the settings say, and what is set for it"


def test_a_shell_completes_names_and_runs_none_of_them(home, models, tmp_path):
    bait = tmp_path / "bait"
    odd = models / f"$(touch {bait.name}).gguf"
    shutil.copy(models / "a.gguf", odd)
    assert sorted(home.command("models", "--names").stdout.splitlines()) == [
        odd.stem.encode(), b"a", b"b"], "without a daemon it is the files"
    assert not home.processes(), "completion starts no daemon"
    home.start()
    home.command("models", "alias", "b", "bee")
    script = home.command("completion", "bash").stdout.decode()
    asks = (
        "COMP_WORDS=(threadrunner show '%s'); COMP_CWORD=2; _threadrunner;"
        'printf "%%s\\n" "${COMPREPLY[@]}"\n'
    )
    said = subprocess.run(
        ["bash", "-c", script + asks % "b" + asks % ""],
        env={**home.environment(), "PATH": f"{BIN}:/usr/bin:/bin"},
        cwd=tmp_path, capture_output=True, text=True)
    assert sorted(said.stdout.split("\n")) == sorted(
        ["b", "bee", odd.stem, "a", "b", "bee", ""]), said.stderr
    assert not bait.exists()


@pytest.mark.model
def test_a_loaded_model_and_its_requests_go_by_its_defaults(home, model):
    home.use(engine_slots=1)
    home.command("models", "add", model, "--name", "gemma")
    home.command("models", "set", "gemma", "context=700", "max_tokens=3", "temperature=0")
    with home.client() as client:
        loaded = client.call("load", model="gemma")
        assert loaded["meta"]["context"] >= 700 and loaded["meta"]["context"] < 1024
        done = client.send("generate", model="gemma", prompt="1, 2, 3,", raw=True).end()
        assert done["usage"]["completion"] == 3 and done["reason"] == "length"
        done = client.send("generate", model="gemma", prompt="1, 2,", raw=True, max_tokens=5).end()
        assert done["usage"]["completion"] == 5


@pytest.mark.model
def test_adapters_drafts_and_templates_take_effect(home, model, tmp_path):
    adapter = small_adapter(tmp_path / "adapter.gguf")
    template = tmp_path / "template.jinja"
    template.write_text("Yes or no? Yes. Yes or no?")

    def answer(*default):
        said = home.command("models", "set", "gemma", *default)
        assert said.returncode == 0, said.stderr
        asked = home.command("-m", "gemma", "--temperature", "0", "--max-tokens", "12", "Hello")
        assert asked.returncode == 0, asked.stderr
        return asked.stdout

    home.use(engine_slots=1)
    home.command("models", "add", model, "--name", "gemma")
    usual = answer("max_tokens=12")
    assert answer(f"adapters={adapter}") != usual
    assert answer(f"adapters={adapter}=0") == usual
    assert answer("adapters=", f"draft={model}")
    with home.client() as client:
        done = client.send("generate", model="gemma", prompt="Hello", temperature=0).end()
    assert done["timings"]["draft_n_accepted"] > 0, "the draft guessed, and right"
    assert answer("draft=", f"template={template}") != usual
