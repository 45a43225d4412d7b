"""What clients do, in episodes of seconds: each takes the world and the dice of who plays it."""

import asyncio
import contextlib
import os
import signal
import struct
import subprocess

from harness.client import answer_to
from harness.home import BIN
from soak.conversation import Conversation, Gone

SOUND_MODELS = [
    "memory_mib=90,slots=4",
    "memory_mib=120,slots=2,tokens_per_second=400",
    "memory_mib=80,slots=1,prompt_ms=20,tokens_per_second=500",
    "memory_mib=110,slots=3,load_ms=80",
    "memory_mib=60,slots=2,tokens_per_second=300,prompt_ms=30",
    "memory_mib=150,slots=8,stderr_lines=30",
]
FAULTY_MODELS = [
    "memory_mib=70,crash_at=25",
    "memory_mib=60,crash_at=1",
    "memory_mib=75,garbage_at=25",
    "memory_mib=40,freeze_at=30",
    "memory_mib=50,fail_at=20",
    "memory_mib=50,deaf_to_cancel,tokens_per_second=200",
    "memory_mib=30,mute",
]
PHASES = ["accepted", "queued", "load", "prompt", "token"]
COMMAND_PATIENCE_S = 90
COMMAND_LOST_CODES = {1, 2, 3, 4, 130}  # errors that it tells; never 0 with half an answer


def new_prompt(world, dice, words_max=40):
    """Words that no other prompt has."""
    number = world.new_number()
    return " ".join(f"n{number}w{index}" for index in range(dice.randint(1, words_max)))


def members(dice):
    """Whom a job asks, and how."""
    faulty = dice.random() < 0.15
    chosen = {"model": dice.choice(FAULTY_MODELS if faulty else SOUND_MODELS)}
    if dice.random() < 0.3:
        chosen["priority"] = "batch"
    if dice.random() < 0.1:
        chosen["keep_alive"] = dice.choice([0, "200ms", 60])
    if dice.random() < 0.1:
        chosen["max_tokens"] = dice.randint(1, 30)
    return chosen


async def questions(world, dice):
    async with await Conversation.open(world) as talk:
        for _ in range(dice.randint(1, 5)):
            requests = [talk.ask(new_prompt(world, dice), **members(dice))
                        for _ in range(dice.randint(1, 4))]
            for request in requests:
                await request.end()


async def crowd(world, dice):
    """Many jobs at once, for one model or for several."""
    async with await Conversation.open(world) as talk:
        chosen = [members(dice) for _ in range(dice.randint(1, 3))]
        requests = [talk.ask(new_prompt(world, dice, 10), **dice.choice(chosen))
                    for _ in range(dice.randint(20, 80))]
        for request in requests:
            await request.end()


async def long_answer(world, dice):
    """More than credits and buffers hold, now and then to a client that reads slowly."""
    async with await Conversation.open(world) as talk:
        request = talk.ask(new_prompt(world, dice, 5000), model=SOUND_MODELS[0])
        await request.until("token")
        if dice.random() < 0.5:
            await talk.pause_reading(dice.uniform(0, 1))
        await request.end()


async def vanish(world, dice):
    """A client that goes in any phase: before it has said all, waiting, listening."""
    talk = await Conversation.open(world)
    try:
        for _ in range(dice.choice([0, 1, 1, 1, 3])):
            request = talk.ask(new_prompt(world, dice, 200), **members(dice))
            phase = dice.choice(["sent", *PHASES])
            if phase != "sent":
                await request.until(phase)
        if dice.random() < 0.1:
            talk.send_bytes(struct.pack("<I", 500) + b'{"v":2,"id":')
        await asyncio.sleep(dice.choice([0, 0, dice.uniform(0, 0.05)]))
    finally:
        await talk.leave()
        world.ledger.count("vanished clients")


async def half_close(world, dice):
    """Says that nothing more will come, and still gets its answer."""
    async with await Conversation.open(world) as talk:
        request = talk.ask(new_prompt(world, dice), **members(dice))
        talk.writer.write_eof()
        await request.end()


async def cancel(world, dice):
    async with await Conversation.open(world) as talk:
        stays = talk.ask(new_prompt(world, dice), model=(chosen := members(dice))["model"])
        request = talk.ask(new_prompt(world, dice, 300), **chosen)
        event = await request.until(dice.choice(PHASES))
        if event["ev"] not in ("done", "error"):
            request.account.cancelled = True
            await talk.call("cancel", job=request.account.job)
            await request.end()
        await stays.end()


async def deadline(world, dice):
    async with await Conversation.open(world) as talk:
        for _ in range(3):
            request = talk.ask(new_prompt(world, dice, 100), **members(dice),
                               deadline_ms=dice.randint(1, 400))
            await request.end()


async def detach(world, dice):
    """Leaves a job to itself, and comes back for what it said."""
    first = await Conversation.open(world)
    request = first.ask(new_prompt(world, dice, 300), **members(dice), detach=True)
    account = request.account
    try:
        await request.until("accepted")
        await request.until(dice.choice(PHASES))
    finally:
        await first.leave()
    if account.end is not None:
        return
    await asyncio.sleep(dice.uniform(0, 0.2))
    async with await Conversation.open(world) as again:
        if again.daemon != account.daemon:
            account.daemon_gone()
            return
        await follow(again, account)


async def follow(talk, account):
    """Attaches; the daemon may not have noticed yet that the first client is gone."""
    for _ in range(200):
        request = talk.send("attach", job=account.job, after_seq=account.seq)
        event = await request.next()
        if event["ev"] == "error" and event["code"] == "conflict":
            await asyncio.sleep(0.05)
            continue
        account.take(event)
        while account.end is None:
            account.take(await request.next())
        return
    account.never_ended()


async def rudeness(world, dice):
    """What is no request gets an error or silence; the daemon does not mind."""
    async with await Conversation.open(world) as talk:
        match dice.randrange(4):
            case 0:
                talk.send_bytes(struct.pack("<I", 0))
            case 1:
                talk.send_bytes(struct.pack("<I", 1 << 31))
            case 2:
                talk.send_bytes(struct.pack("<I", 5) + b"[1,2]")
            case 3:
                await talk.call("generate", prompt=5)
        await asyncio.wait([talk.reading], timeout=0.5)


async def other_ops(world, dice):
    async with await Conversation.open(world) as talk:
        text = new_prompt(world, dice)
        tokens = await talk.call("tokenize", backend="dummy", text=text)
        if tokens["ev"] == "done":
            back = await talk.call("detokenize", backend="dummy",
                                   tokens=tokens["result"]["tokens"])
            if back["ev"] == "done" and back["result"]["text"] != text:
                world.ledger.fault("crossed", f"{back} for {text!r}")
        await talk.call(dice.choice(["status", "ps", "models"]))
        await talk.call("embed", backend="dummy", input=[text])
        await talk.call(dice.choice(["load", "unload"]), backend="dummy",
                        model=dice.choice(SOUND_MODELS))
        await talk.call("cancel", job=f"j{10**9}")


async def command(world, dice):
    """The real command in a session of its own; now and then it is interrupted or killed."""
    prompt = new_prompt(world, dice)
    world.ledger.count("commands")
    process = await asyncio.create_subprocess_exec(
        str(BIN / "threadrunner"), "-m", dice.choice(SOUND_MODELS), prompt,
        env=world.home.environment(THREADRUNNER_BACKEND="dummy"), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ended_by_us = dice.random() < 0.3
    if ended_by_us:
        await asyncio.sleep(dice.uniform(0, 0.1))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, dice.choice([signal.SIGINT, signal.SIGKILL, signal.SIGTERM]))
    try:
        out, errors = await asyncio.wait_for(process.communicate(), COMMAND_PATIENCE_S)
    except TimeoutError:
        process.kill()
        world.ledger.fault("lost", f"a command for {prompt[:40]!r} did not end")
        return
    expected = answer_to(prompt)
    said = out.decode().rstrip("\n")
    if not expected.startswith(said):
        world.ledger.fault("crossed", f"{said[-80:]!r} for {prompt[:40]!r}")
    elif process.returncode == 0 and said != expected:
        world.ledger.fault("lost", f"the command said {said!r} and ended with 0")
    elif not ended_by_us and process.returncode not in {0, *COMMAND_LOST_CODES}:
        world.ledger.fault("other", f"the command ended with {process.returncode}: {errors!r}")


EPISODES = [
    (questions, 10),
    (vanish, 10),
    (cancel, 6),
    (deadline, 4),
    (detach, 5),
    (crowd, 2),
    (long_answer, 2),
    (half_close, 2),
    (rudeness, 2),
    (other_ops, 2),
    (command, 2),
]


async def play(world, dice):
    """One episode, chosen by its weight."""
    kinds, weights = zip(*EPISODES)
    (episode,) = dice.choices(kinds, weights)
    world.ledger.count(f"episode: {episode.__name__}")
    try:
        await episode(world, dice)
    except Gone:
        pass  # the account of each job has noted what that means for it
