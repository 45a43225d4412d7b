"""HTTP from those who mean no good, or cannot do better: the daemon stays small, nobody else
notices, and no job is left running."""

import json
import random
import re
import socket
import threading
import time

import pytest

from harness.waiting import PATIENCE, wait_until

REQUEST = b"GET /jobs HTTP/1.1\r\nHost: localhost\r\n"
GROWTH_MAX = 48 * 1024 * 1024


class Raw:
    """A connection that says what the test says, byte by byte."""

    def __init__(self, home):
        host, port = home.http_url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def rest(self):
        """Everything up to the end of the connection."""
        data = b""
        while True:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                return data
            if not piece:
                return data
            data += piece

    def answers(self, data):
        """What comes for it until the daemon closes the connection."""
        self.send(data)
        return self.rest()


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def chat(prompt="Hello", model="dummy", **more):
    body = {"model": model, "messages": [{"role": "user", "content": prompt}], **more}
    data = json.dumps(body).encode()
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        % len(data)
    ) + data


def resident(home):
    return home.status()["memory"]["rss_bytes"]


def assert_unharmed(home):
    with Raw(home) as other:
        answer = other.answers(chat().replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
    assert status_of(answer) == 200 and b"lorem ipsum" in answer
    wait_until(home.nothing_under_way, "no job is to be left")


@pytest.fixture
def served(home):
    home.start(http_header="300ms", http_body="300ms", http_idle="300ms")
    return home


@pytest.mark.parametrize(
    "sent, status",
    [
        (REQUEST, 408),
        (b"G", 408),
        (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{", 408),
        (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5", 408),
        (REQUEST + b"X: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (REQUEST + b"x: y\r\n" * 5_000 + b"\r\n", 431),
        (b"GET /" + b"x" * 20_000, 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), 400),
        (b"\r\n\r\nnonsense\r\n\r\n", 400),
        (b"GET /jobs HTTP/9.9\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /jobs\r\n\r\n", 400),
        (b"GET /jobs HTTP/1.1\r\n\r\n", 400),
        (REQUEST + b"Host: other\r\n\r\n", 400),
        (REQUEST + b"bad header\r\n\r\n", 400),
        (REQUEST + b"X: a\x00b\r\n\r\n", 400),
    ],
    ids=range(16),
)
def test_what_is_slow_huge_or_nonsense_is_refused_and_closed(served, sent, status):
    with Raw(served) as client:
        assert status_of(client.answers(sent)) == status
    assert_unharmed(served)


@pytest.mark.parametrize(
    "headers, body",
    [
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3", b"0\r\n\r\n"),
        (b"Content-Length: 3\r\nContent-Length: 4", b"abcd"),
        (b"Content-Length: 3\r\nContent-Length: 3", b"abc"),
        (b"Content-Length: 3, 3", b"abc"),
        (b"Content-Length: +3", b"abc"),
        (b"Content-Length: 0x3", b"abc"),
        (b"Content-Length: -1", b""),
        (b"Content-Length : 3", b"abc"),
        (b"Transfer-Encoding: xchunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked, chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"-1\r\nx\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"ffffffffffffffffff\r\n"),
        (b"Transfer-Encoding: chunked", b"3\r\nabcd\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"zz\r\n"),
    ],
    ids=range(17),
)
def test_a_request_that_could_be_read_in_two_ways_is_not_read_at_all(served, headers, body):
    smuggled = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Raw(served) as client:
        answer = client.answers(
            b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n\r\n" + body
            + smuggled
        )
    assert len(re.findall(rb"HTTP/1.1 \d\d\d ", answer)) == 1, "nothing behind it is answered"
    assert 400 <= status_of(answer) < 500
    assert b"Connection: close" in answer


def test_requests_that_come_at_once_are_answered_in_their_order(served):
    one = REQUEST + b"X-Request-Id: one\r\n\r\n"
    two = REQUEST + b"X-Request-Id: two\r\nConnection: close\r\n\r\n"
    with Raw(served) as client:
        answer = client.answers(one + two)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(b"X-Request-Id: one") < answer.index(b"X-Request-Id: two")


def test_an_old_client_gets_an_answer_and_the_end_of_the_connection(served):
    with Raw(served) as client:
        stream = chat(stream=True).replace(b"HTTP/1.1", b"HTTP/1.0")
        answer = client.answers(stream)
    assert b"Transfer-Encoding" not in answer and answer.endswith(b"data: [DONE]\n\n")


def test_a_client_that_waits_to_be_told_is_told_to_go_on(served):
    head, body = chat().split(b"\r\n\r\n")
    with Raw(served) as client:
        client.send(head + b"\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        assert client.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert b"lorem ipsum" in client.answers(body)


def test_a_thousand_idle_connections_cost_little_and_harm_nobody(home, many_descriptors):
    home.start()
    before = resident(home)
    idle = [Raw(home) for _ in range(1000)]
    wait_until(lambda: home.status()["http"]["connections"] >= 1000, "all are to be accepted")
    grown = resident(home) - before
    print(f"1,000 idle connections: {grown / 1024 / 1000:.1f} KiB each")
    assert grown < GROWTH_MAX
    assert_unharmed(home)
    for client in idle:
        client.socket.close()
    wait_until(lambda: home.status()["http"]["connections"] == 0, "all are to be closed")


def test_idle_connections_end_by_themselves(served):
    with Raw(served) as client:
        assert client.rest() == b""
    with Raw(served) as client:
        client.send(REQUEST + b"\r\n")
        assert client.rest().startswith(b"HTTP/1.1 200")


def test_a_client_that_reads_slowly_or_not_at_all_costs_the_daemon_little(home):
    home.start()
    before = resident(home)
    words = "word " * 150_000
    readers = [Raw(home) for _ in range(4)]
    for reader in readers:
        reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.send(chat(words, stream=True))
    peak = 0
    for _ in range(20):
        for reader in readers:
            assert reader.socket.recv(1)
        peak = max(peak, resident(home) - before)
        assert_unharmed_while(home)
    print(f"4 slow readers of 30 MB each: {peak / 1024 / 1024:.1f} MiB")
    assert peak < GROWTH_MAX
    for reader in readers:
        reader.socket.close()
    wait_until(home.nothing_under_way, "their jobs are to end")


def assert_unharmed_while(home):
    with Raw(home) as other:
        other.send(chat("quick"))
        assert status_of(other.socket.recv(65536)) == 200


def test_a_client_that_reads_nothing_for_too_long_is_let_go(home):
    home.start(http_stall="300ms")
    with Raw(home) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(chat("word " * 200_000, stream=True))
        wait_until(lambda: "read nothing for" in home.log(), "the log says so")
        wait_until(home.nothing_under_way, "its job is to end")


def test_clients_that_leave_at_random_moments_leave_nothing_behind(home):
    home.start()
    dice = random.Random(7)
    models = ["dummy", "dummy:tokens_per_second=50", "dummy:slots=2,prompt_ms=100",
              "dummy:load_ms=50"]
    plans = [
        (chat("one two three", dice.choice(models), stream=dice.random() < 0.7),
         dice.random(), dice.random() * 0.3)
        for _ in range(200)
    ]

    def leave(request, part, after):
        with Raw(home) as client:
            client.send(request[: int(len(request) * min(1, part * 2))])
            time.sleep(after)

    threads = [threading.Thread(target=leave, args=plan) for plan in plans]
    for thread in threads:
        thread.start()
    assert_unharmed_while(home)
    for thread in threads:
        thread.join()
    wait_until(home.nothing_under_way, "no job is to be left")
    wait_until(lambda: all(w["busy"] == 0 for w in home.ps()["workers"]), "no slot is to be taken")
    wait_until(lambda: home.status()["http"]["connections"] == 0, "no connection is to be left")


def test_the_daemon_stops_although_clients_hang_on(home):
    home.start(daemon_drain="200ms")
    hangers = [Raw(home) for _ in range(3)]
    hangers[1].send(b"POST /tokenize HTTP/1.1\r\n")
    hangers[2].send(chat(model="dummy:tokens_per_second=1", stream=True))
    wait_until(lambda: not home.nothing_under_way(), "one is to be under way")
    home.stop_daemon()
    for hanger in hangers:
        hanger.rest()
        hanger.socket.close()
