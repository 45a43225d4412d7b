"""Plays every transcript of this folder; each file is a test."""

from pathlib import Path

import pytest

from harness.transcript import bytes_of, matches, parse, play

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("v*/*.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_transcript(file, home):
    play(file.read_text(), home)


@pytest.mark.parametrize(
    "expected, actual, fits",
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "...": 0}, {"a": 1, "b": 2}, True),
        ({"a": "$any"}, {}, False),
        ({"a": "$number"}, {"a": 1.5}, True),
        ({"a": "$number"}, {"a": True}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": "$x", "b": "$x"}, {"a": 1, "b": 1}, True),
        ({"a": "$x", "b": "$x"}, {"a": 1, "b": 2}, False),
        ({"a": "~^ab"}, {"a": "abc"}, True),
        ({"a": "~^b"}, {"a": "abc"}, False),
        ([1, "$any"], [1, 2], True),
        ([1], [1, 2], False),
    ],
)
def test_an_expectation_fits_only_what_it_says(expected, actual, fits):
    assert matches(expected, actual, {}) is fits


def test_a_line_that_means_nothing_is_refused():
    with pytest.raises(ValueError):
        parse("{}")


def test_parts_become_bytes():
    assert bytes_of("'ab'*2 00ff '[' 5d*3") == b"abab\x00\xff[]]]"
