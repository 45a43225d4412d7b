"""One connection of socket v2, for many at once on one thread."""

import asyncio
import json
import socket
import struct

from harness.client import answer_to
from soak.ledger import Account

PATIENCE_S = 90.0  # for the end of a job: models wait for memory, the machine is loaded
DAEMON_BACK_S = 60.0  # from a kill to the next daemon's socket


class Gone(Exception):
    """The daemon ended the connection."""


class Request:
    """One request; `account` follows it if it is a job of ours."""

    def __init__(self, conversation, account):
        self.conversation = conversation
        self.account = account
        self.events = asyncio.Queue()

    async def next(self):
        """The next event, the last one again and again. Gone at the connection's end; a job that
        never ends is a fault."""
        if self.events.empty() and self.account and self.account.end:
            return self.account.end
        try:
            event = await asyncio.wait_for(self.events.get(), PATIENCE_S)
        except TimeoutError:
            if self.account:
                self.account.never_ended()
            raise Gone from None
        if event is None:
            self.events.put_nowait(None)
            raise Gone
        return event

    async def until(self, *kinds):
        """Reads on to an event of these kinds or the last one, whichever comes first."""
        while True:
            event = await self.next()
            if event["ev"] in kinds or event["ev"] in ("done", "error"):
                return event

    async def end(self):
        return await self.until("done", "error")


class Conversation:
    def __init__(self, world, reader, writer):
        self.world = world
        self.reader = reader
        self.writer = writer
        credentials = writer.get_extra_info("socket").getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        self.daemon = struct.unpack("3i", credentials)[0]
        self.requests = {}
        self.left = False
        self.reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, world):
        """Connects; waits for a daemon that was killed to be back."""
        give_up = asyncio.get_running_loop().time() + DAEMON_BACK_S
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(world.home.socket))
                return cls(world, reader, writer)
            except (FileNotFoundError, ConnectionError, BlockingIOError):
                if asyncio.get_running_loop().time() > give_up:
                    world.ledger.fault("other", f"no daemon for {DAEMON_BACK_S:g} s")
                    raise Gone from None
                await asyncio.sleep(0.02)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.leave()

    def send(self, op, account=None, **members):
        if self.reading.done():
            raise Gone
        request = Request(self, account)
        number = len(self.requests) + 1
        self.requests[number] = request
        self.send_document({"v": 2, "id": number, "op": op, **members})
        return request

    def ask(self, prompt, **members):
        """A job for the dummy, kept account of."""
        account = Account(self.world.ledger, self.daemon, prompt, answer_to(prompt), members)
        request = self.send("generate", account, backend="dummy", prompt=prompt, **members)
        self.world.ledger.count("jobs")
        return request

    def send_document(self, document):
        payload = json.dumps(document, ensure_ascii=False).encode()
        self.send_bytes(struct.pack("<I", len(payload)) + payload)

    def send_bytes(self, data):
        if not self.writer.is_closing():
            self.writer.write(data)

    async def call(self, op, **members):
        """The last event of a request that is no job of ours."""
        return await self.send(op, **members).end()

    async def pause_reading(self, seconds):
        self.writer.transport.pause_reading()
        await asyncio.sleep(seconds)
        if not self.writer.is_closing():
            self.writer.transport.resume_reading()

    async def leave(self):
        """Closes at once, whatever is under way."""
        self.left = True
        self.writer.transport.abort()
        await self.reading

    async def _read(self):
        try:
            while True:
                head = await self.reader.readexactly(4)
                payload = await self.reader.readexactly(*struct.unpack("<I", head))
                self._sort(json.loads(payload))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for request in self.requests.values():
                if request.account and not self.left:
                    request.account.connection_ended()
                request.events.put_nowait(None)

    def _sort(self, event):
        if self.left:
            return
        request = self.requests.get(event.get("id"))
        if request is None:
            self.refused(event)
            return
        if request.account:
            request.account.take(event)
        request.events.put_nowait(event)

    def refused(self, event):
        """An event for no request: the daemon refuses the connection, or mixes up its clients."""
        if "error" not in event:
            self.world.ledger.fault("crossed", f"{event} for a request that was never sent")
            return
        self.world.ledger.count("connections refused")
