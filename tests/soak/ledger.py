"""The accounting of a soak: what each job was owed, and what its client got."""

from collections import Counter

FAULTS_SHOWN = 20
# Errors that ask to come again: what goes wrong is the soak's doing, but it must be said. A worker
# that somebody tells to end (SIGTERM) is `unreachable`.
HONEST_ERRORS = {"worker_crashed", "overloaded", "unreachable"}


class Ledger:
    """Counts what happened; a fault is something that must never happen."""

    def __init__(self):
        self.counts = Counter()
        self.faults = []
        self.fault_counts = Counter({"lost": 0, "crossed": 0, "doubled": 0, "other": 0})
        self.killed = set()  # daemons that we ended with SIGKILL, by pid
        self.stopped = set()  # and with SIGTERM
        self.accepted = {}  # daemon's pid: ids of its jobs that clients know

    def count(self, what):
        self.counts[what] += 1

    def fault(self, kind, what):
        self.fault_counts[kind] += 1
        self.faults.append(f"{kind}: {what}")
        if len(self.faults) <= FAULTS_SHOWN:
            print(f"soak: {kind}: {what}", flush=True)

    def accept(self, daemon, job):
        jobs = self.accepted.setdefault(daemon, set())
        if job in jobs:
            self.fault("doubled", f"{job} was given to two requests of daemon {daemon}")
        jobs.add(job)


class Account:
    """One job: its prompt has words that no other has, so its answer belongs to it alone."""

    def __init__(self, ledger, daemon, prompt, answer, members):
        self.ledger = ledger
        self.daemon = daemon
        self.prompt = prompt
        self.answer = answer
        self.members = members
        self.may_fail = "fail_at" in members.get("model", "")
        self.job = None
        self.seq = 0
        self.text = ""
        self.end = None
        self.cancelled = False  # somebody asked for it

    def __repr__(self):
        shown = {name: value for name, value in self.members.items() if name != "prompt"}
        return (f"{self.job} of daemon {self.daemon}, {self.prompt[:40]!r}, {shown}, "
                f"{self.seq} events, {len(self.text)} bytes of text")

    def take(self, event):
        """One event of the job, as it came."""
        if self.end is not None:
            self.ledger.fault("doubled", f"{event} after the end of {self}")
            return
        self.seq += 1
        if event["seq"] != self.seq:
            self.ledger.fault("lost", f"event {self.seq} of {self}; {event} came")
            self.seq = event["seq"]
        match event["ev"]:
            case "accepted":
                self.job = event["job"]
                self.ledger.accept(self.daemon, self.job)
            case "token":
                self.text += event["text"]
                if not self.answer.startswith(self.text):
                    self.ledger.fault("crossed", f"{self.text[-80:]!r} in {self}")
            case "done":
                self.end = event
                self._done(event)
            case "error":
                self.end = event
                self._failed(event)

    def _done(self, event):
        reason = event["reason"]
        self.ledger.count(f"done: {reason}")
        if reason == "stop" and self.text != self.answer:
            self.ledger.fault("lost", f"the end of the text of {self}")
        elif reason == "length" and len(self.text.split()) != self.members.get("max_tokens"):
            self.ledger.fault("other", f"{event} of {self}")
        elif reason == "cancelled" and not self.cancelled:
            self.ledger.fault("other", f"nobody cancelled {self}")

    def _failed(self, event):
        code = event["code"]
        self.ledger.count(f"error: {code}")
        told = ((code in HONEST_ERRORS and event["retryable"])
                or (code == "timeout" and "deadline_ms" in self.members)
                or (code == "inference_failed" and self.may_fail))
        if not told:
            self.ledger.fault("other", f"{event} of {self}")

    def connection_ended(self):
        """The daemon closed the connection, or died."""
        if self.end is not None:
            return
        if self.daemon in self.ledger.killed:
            self.ledger.count("ended with their daemon")
        elif self.job is None and self.daemon in self.ledger.stopped:
            self.ledger.count("came too late for a daemon that stopped")
        else:
            self.ledger.fault("lost", f"the connection ended under {self}")

    def daemon_gone(self):
        """Somebody came back for it, to another daemon."""
        if self.daemon in self.ledger.killed | self.ledger.stopped:
            self.ledger.count("left to themselves, and ended with their daemon")
        else:
            self.ledger.fault("other", f"another daemon, and nobody ended the one of {self}")

    def never_ended(self):
        self.ledger.fault("lost", f"no end of {self}")
