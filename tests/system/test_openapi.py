"""docs/openapi.json says what our own routes answer: schemathesis tries it on the daemon, and no
route may be missing in it."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request

import jsonschema_rs
import pytest

from harness.home import ROOT
from harness.tools import install
from harness.waiting import PATIENCE

DOCUMENT = json.loads((ROOT / "docs/openapi.json").read_text())
# of APIs that others have described
FOREIGN = re.compile(
    r"[A-Z]+ (/v1/|/api/|/(tokenize|detokenize|apply-template|completion|props|slots)$)"
)


def get(home, path):
    with urllib.request.urlopen(home.http_url + path, timeout=PATIENCE) as answer:
        return answer.read().decode()


def schema(name):
    return jsonschema_rs.validator_for(
        {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    )


def schemathesis(home, folder, *options, header=False):
    key = ("--header", "Authorization: Bearer secret") if header else ()
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{home.http_url}/openapi.json"),
            *("--url", home.http_url, *options, *key),
            *("--max-examples", "40", "--generation-deterministic"),
            *("--request-timeout", str(PATIENCE), "--no-color"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_the_daemon_serves_the_description(home):
    home.start()
    assert json.loads(get(home, "/openapi.json")) == DOCUMENT


def test_every_route_of_ours_is_described(home):
    home.start()
    with pytest.raises(urllib.error.HTTPError) as lost:
        get(home, "/nowhere")
    listing = json.loads(lost.value.read())["error"]["message"].split("there are: ")[1]
    served = {route for route in listing.split(", ") if not FOREIGN.match(route)}
    described = {
        f"{method.upper()} {path}"
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
    }
    assert served == described


@pytest.mark.timeout(180)
def test_the_daemon_answers_as_described(home, tmp_path):
    """While something is under way; the stream of events has no end, see below."""
    home.start(env={"THREADRUNNER_BACKEND": "dummy"})
    busy = home.client()
    busy.ask("one two three four five", model="tokens_per_second=0.1").until("token")
    ran = schemathesis(home, tmp_path, "--exclude-path-regex", "^/(events|logs)$")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    jobs = json.loads(get(home, "/jobs"))["jobs"]
    assert jobs == [], "jobs of the socket are another owner's"
    busy.close()


def test_tools_are_as_described(home, tmp_path):
    install(home, "mine", preopens=[("/w", tmp_path, "ro")])
    install(home, "broken", memory_mb=5)
    home.start(http_keys="me:secret")
    request = urllib.request.Request(
        f"{home.http_url}/tools", headers={"Authorization": "Bearer secret"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        tools = json.loads(answer.read())["tools"]
    assert {"mine", "broken"} <= {tool["name"] for tool in tools}
    for tool in tools:
        schema("Tool").validate(tool)
    # whether arguments fit is the tool's to say (400), and a short deadline passes (504)
    checks = "positive_data_acceptance,not_a_server_error"
    options = ("--include-path-regex", "^/tools", "--exclude-checks", checks)
    ran = schemathesis(home, tmp_path, *options, header=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_cannot_be_served_is_told_as_described(home):
    home.start()
    with pytest.raises(urllib.error.HTTPError) as unavailable:
        get(home, "/health")
    assert unavailable.value.code == 503 and int(unavailable.value.headers["retry-after"]) >= 1
    schema("Error").validate(json.loads(unavailable.value.read()))


def test_jobs_and_events_are_as_described(home):
    home.start()
    client = home.client()
    with urllib.request.urlopen(home.http_url + "/events", timeout=PATIENCE) as events:
        body = {"model": "dummy", "messages": [{"role": "user", "content": "Hello"}]}
        urllib.request.urlopen(
            urllib.request.Request(
                home.http_url + "/v1/chat/completions", json.dumps(body).encode()
            ),
            timeout=PATIENCE,
        ).close()
        client.call("unload")
        seen = set()
        while "unload" not in seen:
            line = events.readline().decode().strip()
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
                data = json.loads(events.readline().decode().removeprefix("data: "))
                schema(f"{name.capitalize()}Event").validate(data)
                seen.add(name)
    assert seen == {"load", "ready", "job", "unload"}
    client.ask("one two", model="tokens_per_second=0.1").until("token")
    for job in home.ps()["jobs"]:
        schema("Job").validate(job)
    assert home.ps()["jobs"]
