"""Fixtures of all tests: a home, and the real model."""

import os
import resource
import signal
from pathlib import Path

import pytest

from harness.home import BIN, Home


def pytest_configure():
    """A run in the background of a script, or under nohup, inherits that interrupts or hangups are
    ignored; programs under test must not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_report_header():
    return f"programs: {BIN}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    item.failed = getattr(item, "failed", False) or outcome.get_result().failed


def finish(homes, failed):
    """Ends homes; after a failure their logs are shown."""
    left = [fault for home in homes for fault in home.close()]
    if failed or left:
        for home in homes:
            print(f"--- log of {home.root} ---\n{home.log()}")
    for home in homes:
        home.remove()
    assert not left, left


@pytest.fixture
def homes(request):
    """Makes homes. After the test nothing of theirs may be left: no process, no socket."""
    made = []

    def make():
        made.append(Home())
        return made[-1]

    yield make
    finish(made, getattr(request.node, "failed", False))


@pytest.fixture
def home(homes):
    return homes()


@pytest.fixture
def many_descriptors():
    """A test with a crowd of clients may open as many as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def shared_home(request):
    """One home for a file's tests that do it no harm."""
    home = Home()
    failures = request.session.testsfailed
    yield home
    finish([home], request.session.testsfailed > failures)


def pytest_collection_modifyitems(items):
    reason = why_no_model()
    for item in items if reason else []:
        if item.get_closest_marker("model"):
            item.add_marker(pytest.mark.skip(reason=reason))


def why_no_model():
    if not (BIN / "threadrunner-engine").exists():
        return "the engine is not built"
    if not Path(os.environ.get("THREADRUNNER_TEST_MODEL", "")).is_file():
        return "THREADRUNNER_TEST_MODEL names no file"
    return None


@pytest.fixture(scope="session")
def model():
    """The path of the real model, for tests that are marked so."""
    return Path(os.environ["THREADRUNNER_TEST_MODEL"])
