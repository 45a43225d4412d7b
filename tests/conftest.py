"""Fixtures of all tests: a home, and the real model."""

import os
from pathlib import Path

import pytest

from harness.home import BIN, Home


def pytest_report_header():
    return f"programs: {BIN}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    item.failed = getattr(item, "failed", False) or outcome.get_result().failed


@pytest.fixture
def homes(request):
    """Makes homes. After the test nothing of theirs may be left: no process, no socket."""
    made = []

    def make():
        made.append(Home())
        return made[-1]

    yield make
    left = [fault for home in made for fault in home.close()]
    if getattr(request.node, "failed", False) or left:
        for home in made:
            print(f"--- log of {home.root} ---\n{home.log()}")
    for home in made:
        home.remove()
    assert not left, left


@pytest.fixture
def home(homes):
    return homes()


@pytest.fixture(scope="session")
def model():
    path = os.environ.get("THREADRUNNER_TEST_MODEL", "")
    if not path or not Path(path).is_file():
        pytest.skip("THREADRUNNER_TEST_MODEL names no file")
    if not (BIN / "threadrunner-engine").exists():
        pytest.skip("the engine is not built")
    return Path(path)
