"""Twenty seconds of the soak, so that it runs when it is needed: see tests/README.md."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.timeout(300)
def test_random_load_and_faults_lose_cross_and_double_nothing(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "soak", "--minutes", "0.3", "--players", "8", "--out", tmp_path],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout
    assert "lost: 0, crossed: 0, doubled: 0, other: 0" in ended.stdout
    assert (tmp_path / "soak.svg").read_text().startswith("<svg")
