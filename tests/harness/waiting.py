"""Waiting for a condition, always with a deadline."""

import time

PATIENCE = 20.0  # seconds; generous, because a loaded machine must not fail a test


def wait_until(condition, what, patience=PATIENCE):
    """Returns the first true value of condition(); fails with `what` after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {patience:g} s in vain: {what}")
        time.sleep(0.01)
