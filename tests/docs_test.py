"""Every example of the documentation is tried: docs/README.md says how a page marks them."""

import os
import re
import subprocess

import pytest

from harness import transcript
from harness.home import BIN, ROOT

INDEX = ROOT / "docs/README.md"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
of_each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
MARK = "--- ended with code "
SECONDS_MAX = 120


def blocks(page, language):
    """(line, what stands after the language, lines) of each fenced block in that language."""
    lines = page.read_text().splitlines()
    fence = None
    for number, line in enumerate(lines, 1):
        opened = re.fullmatch(r"```(\S*)\s*(.*)", line)
        if fence is None and opened:
            fence = (number, opened[1], opened[2])
        elif fence is not None and line == "```":
            start, name, rest = fence
            fence = None
            if name == language:
                yield start, rest, lines[start : number - 1]
    assert fence is None, f"{page.name}: the block of line {fence[0]} has no end"


def commands(lines):
    """(command, expected lines of output) of a console block. A command may go on after a backslash
    at the end of a line, or to the EOF of its here-document."""
    steps = []
    open_until = None
    for line in lines:
        if open_until == "EOF":
            steps[-1][0].append(line)
            open_until = None if line == "EOF" else "EOF"
        elif open_until == "\\":
            steps[-1][0].append(line)
            open_until = "\\" if line.endswith("\\") else None
        elif line.startswith("$ "):
            steps.append(([line[2:]], []))
            open_until = "EOF" if "<<'EOF'" in line else "\\" if line.endswith("\\") else None
        else:
            assert steps, f"output before any command: {line}"
            steps[-1][1].append(line)
    return [("\n".join(command), output) for command, output in steps]


def matches(expected, received):
    """Whether lines are as expected, where … stands for anything within a line, and a line that is
    nothing else for any lines."""
    pattern = ""
    for line in expected:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(map(re.escape, line.split("…"))) + r"\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in received)) is not None


def run_block(lines, home, directory, variables):
    """Runs a block's commands in one shell: (command, expected lines, received lines, exit code) of
    each, both streams together."""
    steps = commands(lines)
    after = f"code=$?; printf '\\n%s%s\\n' '{MARK}' $code; (exit $code)"
    script = "".join(f"{command}\n{after}\n" for command, _ in steps)
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=directory,
        env=home.environment(**variables),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS_MAX,
    )
    parts = re.split(rf"\n{MARK}(\d+)\n", ended.stdout)
    assert len(parts) == 2 * len(steps) + 1, f"a command ended the shell:\n{ended.stdout}"
    return [
        (command, expected, output.rstrip("\n").splitlines(), int(code))
        for (command, expected), output, code in zip(steps, parts[::2], parts[1::2])
    ]


def try_commands(page, kind, home, directory, variables):
    """Runs all console blocks of a page that are marked with `kind`, in their order."""
    path = {"PATH": f"{BIN.resolve()}:{os.environ['PATH']}"}
    for number, marked, lines in blocks(page, "console"):
        assert marked in ("", "model", "shown"), f"{page.name}:{number}: what is console {marked}?"
        if marked == kind:
            for step in run_block(lines, home, directory, path | variables):
                yield f"{page.name}, the block of line {number}", *step


@of_each_page
def test_what_a_page_shows_is_what_happens(page, home, tmp_path):
    variables = {"THREADRUNNER_BACKEND": "dummy"}
    for place, command, expected, received, _ in try_commands(page, "", home, tmp_path, variables):
        assert matches(expected, received), "\n".join(
            [f"{place}:", f"$ {command}", *received, "--- but the page says:", *expected]
        )


@pytest.mark.model
@of_each_page
def test_what_a_page_asks_of_a_model_is_answered(page, home, model, tmp_path):
    home.root.joinpath("models").mkdir(mode=0o700)
    home.root.joinpath("models", model.name).symlink_to(model.resolve())
    for place, command, _, received, code in try_commands(page, "model", home, tmp_path, {}):
        writes_a_file = command.startswith("cat > ")
        assert code == 0 and (received or writes_a_file), "\n".join(
            [f"{place}: {code}", f"$ {command}", *received])


@of_each_page
def test_frames_that_a_page_shows_are_those_of_the_daemon(page, homes):
    for _, _, lines in blocks(page, "transcript"):
        transcript.play("\n".join(lines), homes())


def test_a_new_page_is_found_from_the_index():
    linked = re.findall(r"\]\(([^)#]+)", INDEX.read_text())
    pages = {str(page.relative_to(INDEX.parent)) for page in INDEX.parent.glob("**/*.md")}
    missing = pages - {INDEX.name, *linked}
    assert not missing


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_a_page_shows_in_its_first_lines_how_to_do_something(page):
    text = page.read_text().splitlines()
    assert any(line.startswith("```") for line in text[:12]), page.name


def test_the_comparison_tells_what_is_left_out_from_what_is_wrong():
    assert matches(["a … c", "…", "z"], ["a b c", "d", "e", "z"])
    assert matches(["…", "z"], ["z"])
    assert not matches(["a … c"], ["a b d"])
    assert not matches(["a"], ["a", "b"])
    assert commands(["$ a \\", "  b", "1", "$ c <<'EOF'", "$ d", "EOF", "2"]) == [
        ("a \\\n  b", ["1"]),
        ("c <<'EOF'\n$ d\nEOF", ["2"]),
    ]
