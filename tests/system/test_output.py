"""Answers for programs: shapes that an answer must have, probabilities, reasoning."""

import json
import re

import pytest

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "colours": {"type": "array", "items": {"enum": ["red", "blue"]}, "maxItems": 2},
    },
    "required": ["name", "age", "colours"],
}


def ask(home, *arguments, **options):
    return home.command(*arguments, env=DUMMY, **options)


@pytest.fixture(scope="module")
def loaded(shared_home, model):
    """Asks the real model; how it answers is left to chance with a fixed seed."""

    def ask_model(*arguments, **options):
        return shared_home.command("-m", model, *arguments, timeout=120, **options)

    return ask_model


@pytest.fixture
def person_file(tmp_path):
    file = tmp_path / "person.json"
    file.write_text(json.dumps(PERSON))
    return file


# Reasoning


def test_reasoning_is_shown_beside_the_answer_or_hidden(home):
    shown = ask(home, "--think", "show", "-m", "think=3", "Hi")
    assert (shown.stdout, shown.stderr) == (b" sit amet Hi.\n", b"lorem ipsum dolor\n\n")
    for arguments in (["--think", "hide"], []):
        hidden = ask(home, *arguments, "-m", "think=3", "Hi")
        assert (hidden.stdout, hidden.stderr) == (b" sit amet Hi.\n", b"")


def test_events_tell_reasoning_from_the_answer(home):
    lines = ask(home, "--json", "-m", "think=2", "Hi").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    thought = [event["text"] for event in events if event["ev"] == "reasoning"]
    assert thought == ["lorem", " ipsum"]
    whole = json.loads(ask(home, "--json", "--no-stream", "-m", "think=2", "Hi").stdout)
    assert (whole["reasoning"], whole["text"]) == ("lorem ipsum", " dolor sit amet Hi.")


# What is wrong is said before anything runs


@pytest.mark.parametrize(
    "content, fault",
    [
        ("{", b"is not JSON"),
        ("[]", b"holds no JSON schema"),
        ('{"$ref": "other.json"}', b"refers to other.json"),
    ],
)
def test_a_file_that_holds_no_schema_is_refused_before_a_daemon_starts(
    home, tmp_path, content, fault
):
    file = tmp_path / "schema.json"
    file.write_text(content)
    refused = ask(home, "--schema", file, "Hi")
    assert refused.returncode == 64 and fault in refused.stderr, refused
    assert not home.processes()


def test_probabilities_without_json_are_refused_with_the_remedy(home):
    refused = ask(home, "--logprobs", "2", "Hi")
    assert refused.returncode == 64 and b"add --json" in refused.stderr


def test_a_schema_can_come_from_a_pipe_and_then_the_prompt_cannot(home):
    answered = ask(home, "--schema", "-", "Hi", input=b"{}")
    assert answered.stdout == b"lorem ipsum dolor sit amet Hi.\n"
    refused = ask(home, "--schema", "-", input=b"{}")
    assert refused.returncode == 64 and b"nothing to ask" in refused.stderr


# The real model


def white_space_runs(text):
    """The lengths of white space outside strings."""
    return [len(run) for run in re.findall(r"\s+", re.sub(r'"(?:[^"\\]|\\.)*"', '""', text))]


@pytest.mark.model
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_answer_conforms_to_its_schema_without_wasted_white_space(loaded, person_file, seed):
    options = ["--schema", person_file, "--seed", seed, "--temperature", "1"]
    ended = loaded("--json", "--no-stream", *options, "--max-tokens", "120", "Describe a person.")
    document = json.loads(ended.stdout)
    assert document["reason"] == "stop", "the answer is to fit its budget"
    person = json.loads(document["text"])
    assert list(person) == ["name", "age", "colours"], "in the order of the schema"
    assert len(person["name"]) <= 12 and 0 <= person["age"] <= 150
    assert len(person["colours"]) <= 2 and set(person["colours"]) <= {"red", "blue"}
    assert all(length == 1 for length in white_space_runs(document["text"]))


@pytest.mark.model
def test_a_schema_that_llama_cpp_does_not_know_is_the_requests_fault(loaded, tmp_path):
    file = tmp_path / "schema.json"
    file.write_text('{"type": "zebra"}')
    refused = loaded("--schema", file, "Hi")
    assert refused.returncode == 1
    assert b"zebra" in refused.stderr


@pytest.mark.model
def test_a_grammar_restricts_the_answer(loaded, tmp_path):
    file = tmp_path / "yes.gbnf"
    file.write_text('root ::= "yes" | "no"\n')
    for seed in ("1", "2"):
        options = ["--grammar", file, "--seed", seed, "--temperature", "2"]
        assert loaded(*options, "Is water wet?").stdout in (b"yes\n", b"no\n")
    file.write_text("root ::= nothing\n")
    refused = loaded("--grammar", file, "Hi")
    assert refused.returncode == 1 and b"grammar" in refused.stderr


@pytest.mark.model
@pytest.mark.parametrize("raw", [[], ["--raw"]])
def test_probabilities_come_with_each_token(loaded, raw):
    options = ["--logprobs", "3", "--max-tokens", "4", "--temperature", "0", *raw]
    events = map(json.loads, loaded("--json", *options, "The sky is").stdout.splitlines())
    tokens = [event for event in events if event["ev"] == "token"]
    assert tokens
    for token in (entry for event in tokens for entry in event["logprobs"]):
        likeliest = token["top_logprobs"]
        assert len(likeliest) == 3
        assert all(entry["logprob"] <= 0 for entry in [token, *likeliest])
        assert token["logprob"] == max(entry["logprob"] for entry in likeliest)
    whole = loaded("--json", "--no-stream", *options, "The sky is")
    assert len(json.loads(whole.stdout)["logprobs"]) == sum(len(t["logprobs"]) for t in tokens)


@pytest.mark.model
def test_options_of_llama_cpp_reach_it_and_its_faults_come_back(home, model):
    home.use(engine_args="--predict 3")
    answered = home.command("-m", model, "--json", "Count to ten.", timeout=120)
    assert json.loads(answered.stdout.splitlines()[-1])["usage"]["completion"] == 3
    home.stop_daemon()
    home.use(engine_args="--flash-attn perhaps")
    refused = home.command("-m", model, "Hi", timeout=120)
    assert refused.returncode != 0
    assert b"--flash-attn" in refused.stderr and b"perhaps" in refused.stderr
    home.stop_daemon()
    home.use(engine_args="--host 0.0.0.0")
    assert b"'--host' is not allowed" in home.command("-m", model, "Hi", timeout=120).stderr
