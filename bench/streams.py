"""Answers that are read as they come, many at once, by one loop that notes when bytes arrive and
reads them only when all are there: it measures a server, not itself."""

import json
import selectors
import socket
import struct
import time
from dataclasses import dataclass

SILENCE_S_MAX = 300
RECEIVE_BYTES = 1 << 16


class NotReady(Exception):
    """It takes no connections yet, or says that its model is loading."""


class HttpDoor:
    """OpenAI's completions, of any server that has them; a connection each."""

    ends = (b"data: [DONE]",)  # an error ends with its connection

    def __init__(self, port, model):
        self.port, self.model = port, model

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def request(self, prompt, tokens):
        body = json.dumps({"model": self.model, "prompt": prompt, "max_tokens": tokens,
                           "temperature": 0, "stream": True}).encode()
        return (f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                "Content-Type: application/json\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    def token_times(self, pieces):
        data = b"".join(data for _, data in pieces)
        head, _, _ = data.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        if status == 503:
            raise NotReady
        if status != 200:
            raise SystemExit(f"the server answered {data.decode(errors='replace')}")
        times = []
        for start, end in chunks(data, len(head) + 4):
            when = arrival(pieces, end)
            for line in data[start:end].splitlines():
                if line.startswith(b"data: {"):
                    event = json.loads(line[6:])
                    times += [when for choice in event.get("choices", []) if choice["text"]]
        return times


class SocketDoor:
    """Socket v2 of our daemon; a connection each."""

    ends = (b'"ev":"done"', b'"ev":"error"')

    def __init__(self, path, model, backend="llama"):
        self.path, self.model, self.backend = str(path), model, backend

    def connect(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(self.path)
        return connection

    def request(self, prompt, tokens):
        body = json.dumps({"v": 2, "id": 1, "op": "generate", "backend": self.backend,
                           "model": self.model, "raw": True, "prompt": prompt,
                           "max_tokens": tokens, "temperature": 0}).encode()
        return struct.pack("<I", len(body)) + body

    def token_times(self, pieces):
        data = b"".join(data for _, data in pieces)
        times = []
        at = 0
        while at < len(data):
            (length,) = struct.unpack_from("<I", data, at)
            event = json.loads(data[at + 4:at + 4 + length])
            at += 4 + length
            if event["ev"] == "error":
                raise SystemExit(f"the daemon said: {event['message']}")
            if event["ev"] == "token":
                times.append(arrival(pieces, at))
        return times


def chunks(data, at):
    """(start, end) of each chunk of a body in HTTP's chunked coding. RFC 9112, 7.1."""
    while (line_end := data.find(b"\r\n", at)) >= 0:
        length = int(data[at:line_end], 16)
        start = line_end + 2
        if length == 0:
            return
        yield start, start + length
        at = start + length + 2


def arrival(pieces, end):
    """When the first `end` bytes were there."""
    for when, data in pieces:
        end -= len(data)
        if end <= 0:
            return when
    raise SystemExit("an answer was cut off")


@dataclass
class Answer:
    """Times are those of time.perf_counter()."""

    asked: float
    tokens: list

    @property
    def first_ms(self):
        return (self.tokens[0] - self.asked) * 1000

    @property
    def tokens_a_second(self):
        """From the first token to the last."""
        return (len(self.tokens) - 1) / (self.tokens[-1] - self.tokens[0])


@dataclass
class Answers:
    """Of prompts that were asked at once."""

    each: list
    own_share: float  # of the time, what reading cost this process in processor time

    @property
    def together_a_second(self):
        """Tokens of all, while all spoke."""
        since = max(answer.tokens[0] for answer in self.each)
        until = min(answer.tokens[-1] for answer in self.each)
        spoken = sum(since < time <= until for answer in self.each for time in answer.tokens)
        return spoken / (until - since)


def ask(door, prompts, tokens):
    """All prompts at once, each on a connection of its own. NotReady when they come too early."""
    began, used = time.perf_counter(), time.process_time()
    with selectors.DefaultSelector() as selector:
        streams = [_begin(door, prompt, tokens, selector) for prompt in prompts]
        while selector.get_map():
            ready = selector.select(SILENCE_S_MAX)
            if not ready:
                raise SystemExit(f"nothing came for {SILENCE_S_MAX} s")
            for key, _ in ready:
                if _take(key, door.ends):
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
    share = (time.process_time() - used) / (time.perf_counter() - began)
    answers = [Answer(asked, door.token_times(pieces)) for asked, pieces in streams]
    for answer in answers:
        if len(answer.tokens) != tokens:
            raise SystemExit(f"an answer of {len(answer.tokens)} tokens, not {tokens}: choose a "
                             "prompt that makes the model say more")
    return Answers(answers, share)


def _begin(door, prompt, tokens, selector):
    asked, pieces = time.perf_counter(), []
    try:
        connection = door.connect()
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise NotReady from error
    connection.sendall(door.request(prompt, tokens))
    selector.register(connection, selectors.EVENT_READ, pieces)
    return asked, pieces


def _take(key, ends):
    """Whether the answer is over."""
    data = key.fileobj.recv(RECEIVE_BYTES)
    key.data.append((time.perf_counter(), data))
    last = b"".join(piece for _, piece in key.data[-max(map(len, ends)):])
    return not data or any(end in last for end in ends)
