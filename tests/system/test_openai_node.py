"""OpenAI's client for Node, unchanged, at the HTTP door: tests/node has what it is to hear."""

import os
import subprocess

import pytest

from harness.home import ROOT

MODULES = ROOT / "build/deps/node_modules"
SECONDS_MAX = 50


@pytest.fixture(scope="module")
def node():
    """The program; scripts/make-node-modules has fetched it and the client, if need be."""
    if not (MODULES / "openai").is_dir():
        pytest.skip("scripts/make-node-modules has not been run")
    found = subprocess.run(
        [ROOT / "scripts/find-node", "22"], check=True, capture_output=True, text=True
    )
    return f"{found.stdout.strip()}/node"


def run(node, script, home):
    ran = subprocess.run(
        [node, "--test", "--test-reporter=spec", ROOT / "tests/node" / script],
        env={**os.environ, "NODE_PATH": str(MODULES), "THREADRUNNER_URL": home.http_url},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "ℹ fail 0" in ran.stdout and "ℹ pass 0" not in ran.stdout, ran.stdout


def test_openais_client_for_node_gets_what_it_expects_of_the_dummy(home, node):
    home.start()
    run(node, "openai_dummy.cjs", home)


@pytest.mark.model
def test_openais_client_for_node_gets_what_it_expects_of_a_model(home, node, model):
    home.root.joinpath("models").mkdir(mode=0o700)
    home.root.joinpath("models", model.name).symlink_to(model.resolve())
    home.start()
    run(node, "openai_model.cjs", home)
