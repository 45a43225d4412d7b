"""The tools as programs have them that speak the Model Context Protocol: its own client, on stdin
and stdout and over HTTP, in the revision with a handshake and in the one without."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx2
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from harness.home import BIN
from harness.plain_http import ask
from harness.tools import CRASHING_BYTES, ENDLESS_BYTES, described_module, install
from harness.waiting import PATIENCE, wait_until

KEY = {"Authorization": "Bearer secret"}
CRASHES = {"more": "x" * CRASHING_BYTES}
NEVER_ENDS = {"more": "x" * ENDLESS_BYTES}
SHIPPED = BIN.parent / "tools"

every_way = pytest.mark.parametrize("way", ["stdio", "http"])
every_revision = pytest.mark.parametrize("mode", ["auto", "legacy"])


@pytest.fixture
def folder(home, tmp_path):
    """A folder with a file, and a home with the tool `mine` that may touch it."""
    home.use(worker_restart_min="0ms", worker_restart_max="0ms", http_keys="me:secret")
    (tmp_path / "a.txt").write_text("one two\n")
    install(home, "mine", described_module(), preopens=[("/w", tmp_path, "rw")])
    return tmp_path


@asynccontextmanager
async def connected(home, way, mode, options):
    if way == "stdio":
        program = StdioServerParameters(
            command=str(BIN / "threadrunner"), args=["mcp", *options], env=home.environment()
        )
        async with Client(program, mode=mode) as client:
            yield client
        return
    if not home.socket.exists():
        home.start()
    async with httpx2.AsyncClient(headers=KEY, timeout=PATIENCE) as http:
        url = home.http_url + "/mcp" + "".join(options)
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            yield client


def converse(home, story, way="stdio", mode="auto", options=(), patience=2 * PATIENCE):
    """Has a client of that kind live through the story."""

    async def live():
        async with connected(home, way, mode, options) as client:
            return await story(client)

    return asyncio.run(asyncio.wait_for(live(), patience))


def only(way, *tools):
    """What offers just these: those that come along take a while to be compiled for a new home."""
    if way == "http":
        return ["?tools=" + ",".join(tools)]
    return ["--tools", ",".join(tools)]


def busy(home, name="mine"):
    return sum(w["busy"] for w in home.ps()["workers"] if w["model"] == name)


async def until(condition, what):
    await asyncio.get_running_loop().run_in_executor(None, wait_until, condition, what)


# With the protocol's own client


@every_way
@every_revision
def test_tools_are_listed_and_called(home, folder, way, mode):
    async def story(client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        result = await client.call_tool("mine_look", {"path": str(folder / "a.txt")})
        return client.protocol_version, tools, result

    revision, tools, result = converse(home, story, way, mode, only(way, "mine"))
    assert revision == ("2026-07-28" if mode == "auto" else "2025-11-25")
    look, change = tools["mine_look"], tools["mine_change"]
    assert look.description == "Looks at a file."
    assert look.input_schema["properties"] == {"path": {"type": "string"}}
    assert look.annotations.read_only_hint and not look.annotations.destructive_hint
    assert change.annotations.destructive_hint and not change.annotations.read_only_hint
    assert not result.is_error
    assert result.structured_content["ok"] is True
    assert json.loads(result.content[0].text) == result.structured_content


@every_way
@every_revision
def test_what_goes_wrong_is_for_the_model_to_read(home, folder, way, mode):
    async def story(client):
        with pytest.raises(MCPError) as unknown:
            await client.call_tool("mine_nothing", {})
        return (
            unknown.value.code,
            await client.call_tool("mine_look", {"path": "/etc/hostname"}),
            await client.call_tool("mine_look", CRASHES),
            await client.call_tool("mine_look", {}),
        )

    unknown, forbidden, crashed, well = converse(home, story, way, mode, only(way, "mine"))
    assert unknown == -32602
    assert forbidden.is_error and str(folder) in forbidden.content[0].text
    assert crashed.is_error and crashed.structured_content["code"] == "worker_crashed"
    assert not well.is_error, "the next call goes to the next worker"


@every_way
@every_revision
def test_a_call_goes_on_beside_others_until_it_is_cancelled(home, folder, way, mode):
    install(home, "twice", described_module(), instances=2)

    async def story(client):
        endless = asyncio.create_task(client.call_tool("twice_look", NEVER_ENDS))
        await until(lambda: busy(home, "twice") == 1, "it is under way")
        beside = await client.call_tool("twice_look", {})
        endless.cancel()
        await until(lambda: busy(home, "twice") == 0, "it is to end in the daemon, too")
        return beside

    assert not converse(home, story, way, mode, only(way, "twice")).is_error


@every_way
def test_less_may_be_on_offer(home, folder, way):
    install(home, "other", described_module())
    options = {"stdio": ["--tools", "mine", "--read-only"], "http": ["?tools=mine&read_only=true"]}

    async def story(client):
        with pytest.raises(MCPError) as refused:
            await client.call_tool("mine_change", {})
        return refused.value.code, [t.name for t in (await client.list_tools()).tools]

    assert converse(home, story, way, options=options[way]) == (-32602, ["mine_look"])


def test_a_directory_of_the_command_is_there_for_calls(home, folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")

    async def story(client):
        return await client.call_tool("mine_look", {"path": str(other / "b")})

    options = only("stdio", "mine")
    assert converse(home, story, options=options).is_error
    options += ["--dir", f"{other}::/other:ro"]
    assert not converse(home, story, options=options).is_error


def test_a_tool_that_cannot_say_what_it_can_do_is_left_out_and_the_log_says_why(home, folder):
    install(home, "mute")
    install(home, "torn", memory_mb=5)

    async def story(client):
        return {t.name for t in (await client.list_tools()).tools}

    names = converse(home, story, options=only("stdio", "mine", "mute", "torn"))
    assert names == {"mine_look", "mine_change"}
    log = home.command("logs", "-n", "50").stdout.decode()
    assert "tool mute is not offered" in log and "tool torn is not offered" in log


def test_the_next_daemon_serves_a_client_of_the_last(home, folder):
    async def story(client):
        first = await client.call_tool("mine_look", {})
        await asyncio.get_running_loop().run_in_executor(None, home.command, "stop")
        return first, await client.call_tool("mine_look", {})

    first, second = converse(home, story, options=only("stdio", "mine"))
    assert not first.is_error and not second.is_error


def test_a_client_that_leaves_cancels_its_calls(home, folder):
    home.start()
    bridge = home.spawn("threadrunner", "mcp", stdin=-1, stdout=-1)
    call = {"name": "mine_look", "arguments": NEVER_ENDS}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    bridge.stdin.write(json.dumps(message).encode() + b"\n")
    bridge.stdin.flush()
    wait_until(lambda: busy(home) == 1, "it is under way")
    bridge.stdout.close()
    wait_until(lambda: bridge.poll() is not None, "nobody reads its answers: it is to end")
    bridge.stdin.close()
    wait_until(lambda: busy(home) == 0, "its call is to end")


@pytest.mark.timeout(180)  # they are compiled for this home
@pytest.mark.skipif(not (SHIPPED / "text").is_dir(), reason="the tools were not built")
def test_the_tools_that_come_along_are_on_offer(home, folder):
    async def story(client):
        names = {tool.name for tool in (await client.list_tools()).tools}
        missing = await client.call_tool("text_word_count", {"path": str(folder / "b.txt")})
        counted = await client.call_tool("text_word_count", {"path": str(folder / "a.txt")})
        return names, missing, counted

    names, missing, counted = converse(
        home, story, options=["--dir", f"{folder}::/t:ro"], patience=8 * PATIENCE
    )
    assert {"text_word_count", "text_grep", "taglib_read_tags", "taglib_write_tags"} <= names
    assert missing.is_error and not missing.structured_content["ok"]
    assert counted.structured_content["words"] == 2


# What no such client says


def message(method="ping", **members):
    return {"jsonrpc": "2.0", "id": 1, "method": method, **members}


def test_what_is_no_message_gets_the_error_of_json_rpc(home):
    lines = ["{", "[]", '{"id": 7}', json.dumps(message("no/such")), "", json.dumps(message())]
    said = home.command("mcp", input="\n".join(lines).encode())
    assert said.returncode == 0 and said.stderr == b""
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    codes = [answer.get("error", {}).get("code") for answer in answers]
    assert sorted(codes, key=str) == [-32600, -32600, -32601, -32700, None]
    assert all(answer["jsonrpc"] == "2.0" for answer in answers)


def test_words_beside_the_command_are_a_prompt_and_options_are_checked(home):
    said = home.command("mcp", "--dir", "/tmp", input=b"")
    assert said.returncode == 64 and b"HOST::GUEST" in said.stderr


def test_http_has_its_own_rules(home, folder):
    home.start()

    def post(body, **headers):
        return ask(home, "POST", "/mcp", body, {**KEY, **headers})

    assert ask(home, "POST", "/mcp", message())[0] == 401
    assert ask(home, "DELETE", "/mcp")[0] == 401
    status, headers, text = post(message())
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(text) == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert post({"jsonrpc": "2.0", "method": "notifications/initialized"})[0] == 202
    assert post([message()])[0] == 400
    assert post(message("no/such"))[0] == 200, "an error of JSON-RPC was none of HTTP's"
    assert post(message(), accept="text/html")[0] == 406
    assert post(message(), **{"mcp-protocol-version": "1999-12-31"})[0] == 400
    assert post(message(), origin="http://evil.example")[0] == 403
    status, headers, text = post(message(), accept="text/event-stream")
    assert headers["content-type"] == "text/event-stream"
    assert text.startswith("event: message\ndata: {")
    status, headers, _ = ask(home, "GET", "/mcp", headers=KEY)
    assert status == 405 and "POST" in headers["allow"]
    assert ask(home, "DELETE", "/mcp", headers={**KEY, "mcp-session-id": "x"})[0] == 204


def test_the_newest_revision_over_http_agrees_with_its_headers(home, folder):
    home.start()
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }

    def post(method, **headers):
        given = {**KEY, "mcp-protocol-version": "2026-07-28", "mcp-method": method, **headers}
        status, _, text = ask(home, "POST", "/mcp", message(method, params={"_meta": meta}), given)
        return status, json.loads(text)

    status, answer = post("server/discover")
    assert status == 200 and answer["result"]["supportedVersions"][0] == "2026-07-28"
    assert answer["result"]["resultType"] == "complete"
    status, answer = post("tools/list", **{"mcp-method": "tools/call"})
    assert status == 400 and answer["error"]["code"] == -32020
    status, answer = post("ping")
    assert status == 404 and answer["error"]["code"] == -32601
