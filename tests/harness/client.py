"""A client of socket v2: many requests at once on one connection."""

from collections import deque

from harness.frames import Connection
from harness.waiting import PATIENCE


def answer_to(prompt):
    """What the dummy says to a prompt of plain words."""
    return " ".join(
        ["lorem ipsum dolor sit amet"] + [word.rstrip(".,?!") + "." for word in prompt.split()]
    )


class Request:
    """One request and the events that came for it so far."""

    def __init__(self, client, number):
        self.client = client
        self.id = number
        self.unread = deque()
        self.events = []

    def next(self, patience=PATIENCE):
        """The next event, its sequence number checked."""
        while not self.unread:
            self.client.pump(patience)
        event = self.unread.popleft()
        self.events.append(event)
        assert event["v"] == 2
        assert event["seq"] == len(self.events), f"a gap before {event}"
        return event

    def until(self, *kinds, patience=PATIENCE):
        """Reads on to the first event of one of the kinds, and returns it."""
        while True:
            event = self.next(patience)
            if event["ev"] in kinds:
                return event
            if event["ev"] in ("done", "error"):
                raise AssertionError(f"the job ended before {kinds}: {event}")

    def end(self, patience=PATIENCE):
        """Reads on to the last event, `done` or `error`, and returns it."""
        return self.until("done", "error", patience=patience)

    @property
    def job(self):
        while not self.events:
            self.next()
        return self.events[0]["job"]

    @property
    def text(self):
        return "".join(event["text"] for event in self.events if event["ev"] == "token")

    @property
    def kinds(self):
        return [event["ev"] for event in self.events]


class Client:
    """Sends requests and sorts the events that come back by request."""

    def __init__(self, path):
        self.connection = Connection(path)
        self.requests = {}
        self.last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def send(self, op, **members):
        self.last_id += 1
        request = Request(self, self.last_id)
        self.requests[self.last_id] = request
        self.connection.send({"v": 2, "id": self.last_id, "op": op, **members})
        return request

    def ask(self, prompt, **members):
        """A prompt for the dummy; options of the dummy go into `model`."""
        return self.send("generate", **{"backend": "dummy", "prompt": prompt, **members})

    def call(self, op, **members):
        """The result of an op that succeeds."""
        end = self.send(op, **members).end()
        assert end["ev"] == "done", end
        return end.get("result")

    def pump(self, patience=PATIENCE):
        event = self.connection.receive(patience)
        assert "id" in event, f"the daemon refused the connection: {event}"
        assert event["id"] in self.requests, f"an event for a request that was never sent: {event}"
        self.requests[event["id"]].unread.append(event)
