"""Transcripts: text files of frames in and out, played against the real daemon.

A line is one of

    # words                    a comment
    set NAME=VALUE             a setting of the daemon: set queue_jobs=1 (before the first frame)
    @NAME                      the lines below are of another connection; the first is called 1
    > JSON                     send a frame
    >payload PART...           send a frame of these bytes; a part is 'text' or hexadecimals, and
                               PART*1000 repeats it
    >bytes PART...             send bytes that are no whole frame, or more than one
    >end                       send nothing more on this connection, but go on reading
    >leave                     close this connection
    < JSON                     expect a frame
    <* JSON                    skip frames up to one that matches
    <close                     expect the end of the connection

An expected frame with an `id` is matched with the next frame of that id: the protocol promises the
order of one job's events, not the order between jobs. Without an `id` it is the connection's next.
In what is expected,

    "..." as a key             other members may be there (its value does not matter)
    "$any"                     anything
    "$number"                  any number
    "$NAME"                    the same value wherever this name stands, in what is sent too
    "~PATTERN"                 a text in which the regular expression is found

When the file ends, no connection may have another frame waiting.
"""

import json
import re
from dataclasses import dataclass

from harness.frames import Closed, Connection, pack_bytes


@dataclass
class Line:
    number: int
    verb: str
    rest: str


VERBS = [">payload", ">bytes", ">end", ">leave", "<close", "<*", ">", "<", "@", "set"]


def parse(text):
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        verb = next((verb for verb in VERBS if line.startswith(verb)), None)
        if verb is None:
            raise ValueError(f"line {number} starts with no known word: {line}")
        lines.append(Line(number, verb, line[len(verb) :].strip()))
    return lines


def settings_of(lines):
    return dict(line.rest.split("=", 1) for line in lines if line.verb == "set")


def bytes_of(parts):
    """The bytes of `>payload` and `>bytes`."""
    data = bytearray()
    for part in re.findall(r"'[^']*'(?:\*\d+)?|\S+", parts):
        body, star, times = part.rpartition("*") if re.search(r"\*\d+$", part) else (part, "", "1")
        unit = body[1:-1].encode() if body.startswith("'") else bytes.fromhex(body)
        data += unit * int(times)
    return bytes(data)


def matches(expected, actual, names):
    """Whether a frame is what was expected; binds names on the way."""
    if isinstance(expected, str) and expected.startswith("$"):
        if expected == "$any":
            return True
        if expected == "$number":
            return isinstance(actual, (int, float)) and not isinstance(actual, bool)
        return names.setdefault(expected, actual) == actual
    if isinstance(expected, str) and expected.startswith("~"):
        return isinstance(actual, str) and re.search(expected[1:], actual) is not None
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return False
        wanted = {key: value for key, value in expected.items() if key != "..."}
        if "..." not in expected and wanted.keys() != actual.keys():
            return False
        return all(
            key in actual and matches(value, actual[key], names) for key, value in wanted.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(expected) == len(actual)
            and all(matches(e, a, names) for e, a in zip(expected, actual))
        )
    return type(expected) is type(actual) and expected == actual


def substitute(document, names):
    """What is sent, with names replaced by the values that they have."""
    if isinstance(document, dict):
        return {key: substitute(value, names) for key, value in document.items()}
    if isinstance(document, list):
        return [substitute(value, names) for value in document]
    return names.get(document, document) if isinstance(document, str) else document


class Side:
    """One connection, with the frames that came before their turn."""

    def __init__(self, path):
        self.connection = Connection(path)
        self.early = []

    def take(self, request_id):
        """The next frame with this id; None takes the next of any."""
        for index, frame in enumerate(self.early):
            if request_id is None or frame.get("id") == request_id:
                return self.early.pop(index)
        while True:
            frame = self.connection.receive()
            if request_id is None or frame.get("id", request_id) == request_id:
                return frame
            self.early.append(frame)

    def leftover(self):
        if self.early:
            return self.early[0]
        try:
            return self.connection.receive(patience=0.05)
        except (TimeoutError, Closed, OSError):
            return None


class Player:
    """Plays one transcript against a daemon that listens at `path`."""

    def __init__(self, path):
        self.path = path
        self.names = {}
        self.sides = {}
        self.side_name = "1"

    @property
    def side(self):
        if self.side_name not in self.sides:
            self.sides[self.side_name] = Side(self.path)
        return self.sides[self.side_name]

    def play(self, lines):
        try:
            for line in lines:
                try:
                    self.step(line)
                except (AssertionError, Closed, OSError) as failure:
                    raise AssertionError(
                        f"line {line.number}: {line.verb} {line.rest[:300]}\n{failure!r}"
                    ) from failure
            for name, side in self.sides.items():
                frame = side.leftover()
                assert frame is None, f"connection {name} has a frame that nobody expected: {frame}"
        finally:
            for side in self.sides.values():
                side.connection.close()

    def step(self, line):
        match line.verb:
            case "@":
                self.side_name = line.rest
            case ">":
                # The text as it stands, unless names are to be filled in: it may be on purpose odd.
                text = line.rest
                if '"$' in text:
                    text = json.dumps(substitute(json.loads(text), self.names))
                self.send(pack_bytes(text.encode()))
            case ">payload":
                self.send(pack_bytes(bytes_of(line.rest)))
            case ">bytes":
                self.send(bytes_of(line.rest))
            case ">end":
                self.side.connection.finish_writing()
            case ">leave":
                self.side.connection.close()
                self.side.early.clear()
            case "<":
                self.expect(json.loads(line.rest))
            case "<*":
                self.skip_to(json.loads(line.rest))
            case "<close":
                assert not self.side.early, f"frames that nobody expected: {self.side.early}"
                assert self.side.connection.at_end()

    def send(self, data):
        try:
            self.side.connection.send_bytes(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was read whole: what comes back says why

    def expect(self, expected):
        frame = self.side.take(self.id_of(expected))
        names = dict(self.names)
        if not matches(expected, frame, names):
            raise AssertionError(f"received {json.dumps(frame, ensure_ascii=False)}")
        self.names = names

    def skip_to(self, expected):
        for _ in range(100_000):
            frame = self.side.take(self.id_of(expected))
            names = dict(self.names)
            if matches(expected, frame, names):
                self.names = names
                return
        raise AssertionError("a hundred thousand frames, and none matches")

    def id_of(self, expected):
        number = expected.get("id") if isinstance(expected, dict) else None
        return number if isinstance(number, int) else None


def play(text, home):
    lines = parse(text)
    home.start(env={"THREADRUNNER_BACKEND": "dummy"}, **settings_of(lines))
    Player(home.socket).play([line for line in lines if line.verb != "set"])
