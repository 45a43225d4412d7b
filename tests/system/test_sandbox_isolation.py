"""Attacks on the sandbox from inside, by a module that does what a test tells it. Each must fail,
and leave no trace."""

import os
import resource

import pytest

from harness import wasm
from harness.home import BIN
from harness.sandbox import FRAME, PROBE, Ended, Sandbox
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(
    not (BIN / "threadrunner-sandbox").exists() or not PROBE.exists(),
    reason="the sandbox and its probe are not built",
)
SECRET = "the secret"


class World:
    """Two granted directories, one to be read, one to be written, and a secret beside them."""

    def __init__(self, root):
        self.root = root
        self.music, self.books = root / "music", root / "books"
        self.music.mkdir()
        self.books.mkdir()
        (root / "secret").write_text(SECRET)
        (self.music / "song").write_text("a song")
        (self.books / "book").write_text("a book")
        self.grants = [(self.music, "/music", "rw"), (self.books, "/books", "ro")]

    def everything(self):
        """Every path with what it holds."""
        return {
            path: os.readlink(path) if path.is_symlink() else path.is_file() and path.read_text()
            for path in self.root.rglob("*")
        }


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def loaded(world):
    """Makes sandboxes whose probe has the world's grants."""
    made = []

    def make(module=PROBE, **members):
        sandbox = Sandbox(cwd=world.root)
        made.append(sandbox)
        answer = sandbox.load(module, *world.grants, **members)
        assert answer["ev"] == "done", answer
        return sandbox

    yield make
    for sandbox in made:
        sandbox.close()


@pytest.fixture
def sandbox(loaded):
    return loaded()


def refused(answer):
    return answer.startswith("error ")


# Paths


def test_what_was_granted_can_be_used(sandbox, world):
    assert sandbox.tell("read", "/music/song") == "ok a song"
    assert sandbox.tell("read", "/books/book") == "ok a book"
    assert sandbox.tell("write", "/music/new", "made") == "ok "
    assert sandbox.tell("mkdir", "/music/folder") == "ok "
    assert sandbox.tell("rename", "/music/new", "/music/folder/new") == "ok "
    assert (world.music / "folder" / "new").read_text() == "made"
    assert sandbox.tell("unlink", "/music/folder/new") == "ok "
    assert sandbox.tell("list", "/music") == "ok 4"


def test_a_file_that_replaces_another_keeps_the_other_s_permissions(sandbox, world):
    song = world.music / "song"
    song.chmod(0o640)
    os.setxattr(song, "user.rating", b"five")
    assert sandbox.tell("write", "/music/draft", "a better song") == "ok "
    assert sandbox.tell("rename", "/music/draft", "/music/song") == "ok "
    assert song.read_text() == "a better song"
    assert song.stat().st_mode & 0o777 == 0o640
    assert os.getxattr(song, "user.rating") == b"five"


OUTSIDE = [
    "/music/../secret",
    "/music/./../secret",
    "/music/sub/../../secret",
    "/music//..//secret",
    "../secret",
    "secret",
    "/secret",
    "/musical/secret",
    "/etc/passwd",
    "/proc/self/environ",
    "/proc/self/root/etc/passwd",
    "/proc/1/status",
    "/dev/null",
    "/music/../../../../../../../../etc/passwd",
    "",
    "/",
    "..",
    "a" * 5000,
]


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path[:40] or "empty")
@pytest.mark.parametrize("action", ["open", "read", "list"])
def test_nothing_else_can_be_opened(sandbox, action, path):
    answer = sandbox.tell(action, path)
    assert refused(answer) and SECRET not in answer


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path[:40] or "empty")
@pytest.mark.parametrize("action", ["write", "mkdir", "unlink", "truncate"])
def test_nothing_else_can_be_changed(sandbox, world, action, path):
    before = world.everything()
    assert refused(sandbox.tell(action, path, "overwritten"))
    assert world.everything() == before


def test_a_path_of_the_host_means_nothing_inside(sandbox, world):
    assert refused(sandbox.tell("read", str(world.music / "song")))


def test_nothing_can_be_moved_in_or_out(sandbox, world):
    before = world.everything()
    for source, target in [
        ("/music/song", "/music/../stolen"),
        ("/music/../secret", "/music/secret"),
        ("/books/book", "/music/book"),
        ("/music/song", "/books/song"),
    ]:
        assert refused(sandbox.tell("rename", source, target))
    assert world.everything() == before


# Symlinks


@pytest.fixture
def links(world):
    """Symlinks that somebody else made."""
    for name, target in {
        "inside": "song",
        "absolute": "/etc/passwd",
        "outside": "../secret",
        "above": "..",
        "root": "/",
        "self": "self",
        "process": "/proc/self/environ",
        "deep": "inside",
    }.items():
        (world.music / name).symlink_to(target)


def test_symlinks_that_stay_inside_are_followed(links, sandbox):
    assert sandbox.tell("read", "/music/inside") == "ok a song"
    assert sandbox.tell("read", "/music/deep") == "ok a song"


@pytest.mark.parametrize(
    "path",
    ["absolute", "outside", "above/secret", "root/etc/passwd", "self", "process",
     "above/music/song"],
)
def test_symlinks_that_lead_out_are_not(links, sandbox, world, path):
    before = world.everything()
    for action in ("open", "read", "list", "write", "truncate"):
        answer = sandbox.tell(action, f"/music/{path}", "overwritten")
        assert refused(answer) and SECRET not in answer
    assert world.everything() == before


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd", "song", "..", "/"])
def test_no_symlink_can_be_made(sandbox, world, target):
    before = world.everything()
    assert refused(sandbox.tell("symlink", target, "/music/link"))
    assert world.everything() == before


@pytest.mark.parametrize("source", ["/books/book", "/music/song", "/music/../secret"])
def test_no_file_gets_a_second_name(sandbox, world, source):
    before = world.everything()
    assert refused(sandbox.tell("link", source, "/music/second"))
    assert world.everything() == before


# What is only to be read


@pytest.mark.parametrize(
    "words",
    [
        ("write", "/books/book", "overwritten"),
        ("write", "/books/new", "made"),
        ("truncate", "/books/book"),
        ("unlink", "/books/book"),
        ("mkdir", "/books/folder"),
        ("rename", "/books/book", "/books/other"),
        ("symlink", "book", "/books/link"),
    ],
    ids=lambda words: words[0],
)
def test_a_directory_to_be_read_is_not_written(sandbox, world, words):
    before = world.everything()
    assert refused(sandbox.tell(*words))
    assert world.everything() == before


def test_a_directory_may_be_granted_twice_and_each_name_keeps_its_mode(world):
    sandbox = Sandbox()
    try:
        answer = sandbox.load(
            PROBE, (world.music, "/reading", "ro"), (world.music, "/writing", "rw")
        )
        assert answer["ev"] == "done"
        assert refused(sandbox.tell("write", "/reading/song", "overwritten"))
        assert sandbox.tell("write", "/writing/song", "written") == "ok "
        assert sandbox.tell("read", "/reading/song") == "ok written"
    finally:
        sandbox.close()


def test_what_a_module_makes_is_for_its_owner_alone(sandbox, world):
    sandbox.tell("write", "/music/new", "made")
    sandbox.tell("mkdir", "/music/folder")
    assert (world.music / "new").stat().st_mode & 0o777 == 0o600
    assert (world.music / "folder").stat().st_mode & 0o777 == 0o700


def test_a_directory_that_is_replaced_after_the_load_stays_what_it_was(sandbox, world):
    world.music.rename(world.root / "elsewhere")
    world.music.symlink_to("/etc")
    assert refused(sandbox.tell("read", "/music/passwd"))
    assert sandbox.tell("read", "/music/song") == "ok a song"


# Resources


def test_memory_beyond_the_limit_fails_inside_and_the_module_lives_on(loaded):
    sandbox = loaded(memory_mib=64)
    taken = int(sandbox.tell("memory").split()[1])
    assert 32 < taken < 64
    assert sandbox.tell("arguments") == "ok probe"
    with open(f"/proc/{sandbox.process.pid}/status", encoding="ascii") as status:
        (resident,) = [line for line in status if line.startswith("VmRSS")]
    assert int(resident.split()[1]) < 192 * 1024


def test_memory_may_be_taken_up_to_the_limit(loaded):
    assert 200 < int(loaded(memory_mib=256).tell("memory").split()[1]) < 256


def test_open_files_run_out_inside_and_come_back(sandbox):
    count = int(sandbox.tell("fds", "/music/song").split()[1])
    assert 100 < count < 256
    assert sandbox.tell("read", "/music/song") == "ok a song"
    assert int(sandbox.tell("fds", "/music/song").split()[1]) == count


def ends_by(sandbox, code, *words):
    """Whether the module ends as told, and its process with it."""
    end = sandbox.event()
    assert (end["ev"], end["code"]) == ("trap", code)
    assert all(word in end["message"] for word in words), end
    assert sandbox.wait_exit() == {"timeout": 4, "worker_crashed": 3}[code]
    return True


def test_an_endless_loop_ends_at_its_deadline(sandbox):
    sandbox.arm(300)
    sandbox.ask("spin")
    assert ends_by(sandbox, "timeout", "deadline", "spin")


def test_a_fifo_holds_a_module_up_no_longer_than_its_deadline(sandbox, world):
    os.mkfifo(world.music / "pipe")
    sandbox.arm(300)
    sandbox.ask("open", "/music/pipe")
    assert ends_by(sandbox, "timeout", "deadline")


def test_sleeping_does_not_outlast_the_deadline(sandbox):
    sandbox.arm(300)
    sandbox.ask("sleep", "3600")
    assert ends_by(sandbox, "timeout", "deadline")


def test_a_loop_before_the_main_function_ends_too(world, tmp_path):
    looping = tmp_path / "looping.wasm"
    looping.write_bytes(wasm.command(wasm.LOOP_FOREVER, start_section=True))
    sandbox = Sandbox()
    try:
        answer = sandbox.load(looping, patience=60)
        assert (answer["ev"], answer["code"]) == ("error", "timeout")
    finally:
        sandbox.close()


@pytest.mark.parametrize("attack", ["trap", "stack"])
def test_a_trap_ends_that_process_and_says_where(loaded, attack):
    victim, neighbour = loaded(), loaded()
    victim.ask(attack)
    assert ends_by(victim, "worker_crashed", "in ")
    assert neighbour.tell("read", "/music/song") == "ok a song"


def test_a_module_that_leaves_says_with_what(sandbox):
    sandbox.ask("exit", "7")
    assert ends_by(sandbox, "worker_crashed", "status 7")


# The module's pipe


@pytest.mark.parametrize(
    "payload",
    [b"\xc1\xff\x00\x01", b"\xdd\xff\xff\xff\xff", b"\x91" * 100_000, b"\0" * 8, b"\x81\xdb\xff"],
    ids=["garbage", "endless list", "nesting", "zeros", "cut text"],
)
def test_what_a_frame_holds_is_the_module_s_affair(sandbox, payload):
    sandbox.write(FRAME.pack(len(payload)) + payload)
    assert refused(sandbox.reply())
    assert sandbox.ping()["ev"] == "pong"
    assert sandbox.tell("arguments") == "ok probe"


def test_a_huge_frame_costs_nobody_memory_but_the_module(sandbox):
    sandbox.write(b"\xff\xff\xff\xff")
    assert ends_by(sandbox, "worker_crashed", "status 2")


def test_a_frame_that_is_cut_off_ends_the_module(sandbox):
    sandbox.write(FRAME.pack(100) + b"abc")
    sandbox.process.stdin.close()
    assert ends_by(sandbox, "worker_crashed", "status 3")


def test_half_a_frame_holds_a_module_up_no_longer_than_its_deadline(sandbox):
    sandbox.arm(300)
    sandbox.write(FRAME.pack(100) + b"abc")
    assert ends_by(sandbox, "timeout", "deadline")


def test_a_reader_that_does_not_read_holds_up_the_module_alone(sandbox):
    sandbox.arm(1000)
    question = FRAME.pack(9) + b"arguments"
    os.set_blocking(sandbox.process.stdin.fileno(), False)
    while sandbox.process.stdin.write(question * 1000) == 10_000 + 3000:
        assert sandbox.ping()["ev"] == "pong"
    with pytest.raises(Ended):
        while sandbox.event()["ev"] != "trap":
            pass
        sandbox.event()


# The process


def status_of(sandbox):
    with open(f"/proc/{sandbox.process.pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def test_the_kernel_keeps_every_thread_in(sandbox):
    sandbox.tell("read", "/music/song")
    for thread in os.listdir(f"/proc/{sandbox.process.pid}/task"):
        with open(f"/proc/{sandbox.process.pid}/task/{thread}/status", encoding="ascii") as file:
            lines = file.read().splitlines()
        assert "NoNewPrivs:\t1" in lines and "Seccomp:\t2" in lines
    assert status_of(sandbox)["Umask"] == "0077"


def test_its_limits_are_low(sandbox):
    pid = sandbox.process.pid
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (256, 256)


def test_nothing_of_a_module_is_left_when_it_is_killed(sandbox):
    sandbox.ask("spin")
    with open(f"/proc/{sandbox.process.pid}/task/{sandbox.process.pid}/children",
              encoding="ascii") as file:
        assert file.read() == ""
    sandbox.process.kill()
    assert sandbox.wait_exit() == -9
    wait_until(lambda: not os.path.exists(f"/proc/{sandbox.process.pid}"), "it is to be gone")
