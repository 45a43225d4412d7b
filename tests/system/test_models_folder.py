"""A models folder as people have them: many files, and names of any characters."""

import json
import os
import struct

from harness.waiting import wait_until

MANY = 10_000
ODD_NAMES = [
    "with blanks",
    "größe 日本",
    "line\nbreak",
    "esc\x1b[2Jape",
    "-m",
    "quo'te\"s",
    "a" * 200,
]


def string(text):
    return struct.pack("<Q", len(text)) + text.encode()


def tiny_model():
    """A GGUF file that says what it is, and holds nothing."""
    pairs = [
        ("general.architecture", 8, string("llama")),
        ("llama.context_length", 4, struct.pack("<I", 64)),
    ]
    body = b"".join(string(key) + struct.pack("<I", kind) + value for key, kind, value in pairs)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + body


def fill(home, names):
    folder = home.root / "models"
    folder.mkdir(mode=0o700, exist_ok=True)
    first = folder / f"{names[0]}.gguf"
    first.write_bytes(tiny_model())
    for name in names[1:]:
        (folder / f"{name}.gguf").hardlink_to(first)
    return folder


def test_ten_thousand_models_are_listed_and_do_not_slow_others_down(home):
    folder = fill(home, [f"model-{number:05}" for number in range(MANY)])
    home.start()
    with home.client() as client:
        listing = client.send("models")
        for _ in range(20):
            # names are looked up in the folder by requests without a model's worker, too
            missing = client.send("generate", prompt="Hi", model="model-1234")
            assert "did you mean" in missing.end()["message"]
        models = listing.end(patience=60)["result"]["models"]
    assert len(models) == MANY
    assert models[0]["name"] == "model-00000"
    listed = home.command("models", timeout=60).stdout.decode().splitlines()
    assert len(listed) >= MANY
    (folder / "newcomer.gguf").write_bytes(tiny_model())
    wait_until(
        lambda: "newcomer" in home.command("models", timeout=60).stdout.decode(),
        "a model that comes is to be seen",
    )
    several = home.command("Hi", env={"THREADRUNNER_BACKEND": "llama"})
    assert several.returncode == 3
    assert b"more): choose one with -m NAME" in several.stderr


def test_names_of_any_characters_are_listed_safely_and_can_be_chosen(home):
    fill(home, ODD_NAMES)
    listed = home.command("models", "--json")
    names = [model["name"] for model in json.loads(listed.stdout)["models"]]
    assert sorted(names) == sorted(ODD_NAMES)
    table = home.command("models").stdout
    assert b"\x1b" not in table
    assert b"line break" in table, "a name takes one line"
    for name in ODD_NAMES:
        asked = home.command("--model=" + name, "Hi")
        assert b"there is no model" not in asked.stderr, name
        assert asked.returncode == 3, "a model without weights cannot be loaded"


def test_a_name_that_is_no_text_does_no_harm(home):
    folder = fill(home, ["good"])
    with open(os.fsencode(folder) + b"/caf\xe9.gguf", "wb") as file:
        file.write(tiny_model())
    names = [m["name"] for m in json.loads(home.command("models", "--json").stdout)["models"]]
    assert names == ["caf\ufffd", "good"]
