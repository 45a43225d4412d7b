"""The client of bench/serve: what it measures is only as good as what it reads."""

import sys

import pytest

from harness.home import ROOT

sys.path.append(str(ROOT / "bench"))

from streams import HttpDoor, NotReady, SocketDoor, ask  # noqa: E402  (after the path to it)

PROMPT = "one two three"  # to which the dummy says eight words
SLOW = "tokens_per_second=5"


@pytest.fixture
def doors(home):
    home.start()
    port = int(home.http_url.rpartition(":")[2])
    return [HttpDoor(port, f"dummy:{SLOW}"), SocketDoor(home.socket, SLOW, backend="dummy")]


def test_every_token_of_several_streams_is_seen_once_and_in_order(doors):
    for door in doors:
        answers = ask(door, [PROMPT] * 3, 8)
        assert [len(answer.tokens) for answer in answers.each] == [8, 8, 8]
        for answer in answers.each:
            assert answer.asked < answer.tokens[0]
            assert answer.tokens == sorted(answer.tokens)
            assert answer.tokens_a_second > 0
        assert answers.together_a_second > 0


def test_an_answer_that_is_too_short_or_an_error_stops_the_bench(home, doors):
    for door in doors:
        with pytest.raises(SystemExit, match="an answer of 8 tokens, not 9"):
            ask(door, [PROMPT], 9)
    http, _ = doors
    with pytest.raises(SystemExit, match="no_such_habit"):
        ask(HttpDoor(http.port, "dummy:no_such_habit=1"), [PROMPT], 8)
    with pytest.raises(SystemExit, match="no_such_habit"):
        ask(SocketDoor(home.socket, "no_such_habit=1", backend="dummy"), [PROMPT], 8)


def test_a_server_that_is_not_there_yet_can_be_waited_for(home):
    with pytest.raises(NotReady):
        ask(SocketDoor(home.socket, "", backend="dummy"), [PROMPT], 8)
