"""The page at /, as people use it in a browser, against the dummy. Screenshots of what they see are
left in build/screenshots/."""

import json
import os
import re
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import expect

from harness.browser import DESK, PHONE, Browser, chromium_path
from harness.client import answer_to
from harness.small_model import small_model
from harness.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(not chromium_path(), reason="chromium is not installed")

DUMMY = {"THREADRUNNER_BACKEND": "dummy"}
FAKE = Path(__file__).resolve().parents[1] / "harness" / "fake_server.py"
SLOW = "dummy:tokens_per_second=4"
LONG = " ".join(f"word{n}" for n in range(200))


@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def open_tab(browser):
    """Opens tabs. None may ask another host, throw, or break its own content-security-policy."""
    yield browser.open
    faults = browser.close_tabs()
    assert not faults, faults


@pytest.fixture
def served(home):
    home.start(env=DUMMY)
    return home


@pytest.fixture
def tab(served, open_tab):
    return open_tab(served)


# Chat


def test_a_question_is_answered_with_its_figures(tab):
    tab.ask("Hello, how are you?")
    expect(tab.answers).to_have_text(answer_to("Hello, how are you?"))
    expect(tab.last.locator(".facts")).to_have_text(re.compile(r"^dummy · 9 tokens · .* tok/s$"))
    expect(tab.page.get_by_label("Your message")).to_have_value("")
    expect(tab.page).to_have_title(re.compile("^Hello, how are you"))
    tab.ask("And now?")
    expect(tab.answers.last).to_have_text(answer_to("And now?"))


def test_an_answer_is_shown_as_it_comes(served, tab):
    tab.ask(LONG, model=SLOW)
    expect(tab.last).to_have_class(re.compile("running"))
    expect(tab.answers).to_have_text(re.compile("^lorem ipsum"))
    assert not served.nothing_under_way(), "it was shown before it was whole"
    tab.page.get_by_role("button", name="Stop").click()


def test_enter_sends_and_shift_enter_begins_a_line(tab):
    prompt = tab.page.get_by_label("Your message")
    prompt.press_sequentially("one")
    prompt.press("Shift+Enter")
    prompt.press_sequentially("two")
    prompt.press("Enter")
    expect(tab.answers).to_have_text(answer_to("one two"))
    expect(tab.page.locator(".bubble")).to_have_text("one\ntwo")


@pytest.mark.parametrize("way", ["button", "key"])
def test_stopping_cancels_the_job_and_keeps_what_was_said(served, tab, way):
    tab.ask(LONG, model=SLOW)
    expect(tab.answers).to_have_text(re.compile("^lorem ipsum"))
    if way == "button":
        tab.page.get_by_role("button", name="Stop").click()
    else:
        tab.page.get_by_label("Your message").press("Escape")
    expect(tab.last.locator(".facts")).to_have_text(re.compile("stopped$"))
    expect(tab.answers).to_have_text(re.compile("^lorem ipsum"))
    wait_until(served.nothing_under_way, "the job is to end")
    wait_until(lambda: "end=cancelled" in served.log(), "the log says so")


def test_a_reload_keeps_conversations_and_drafts(tab):
    tab.ask("Hello")
    expect(tab.answers).to_have_text(answer_to("Hello"))
    tab.wait_whole()
    tab.page.get_by_label("Your message").fill("half a thou")
    tab.page.reload()
    expect(tab.answers).to_have_text(answer_to("Hello"))
    expect(tab.last.locator(".facts")).to_contain_text("6 tokens")
    expect(tab.page.get_by_label("Your message")).to_have_value("half a thou")


def test_an_answer_that_a_reload_broke_off_keeps_what_was_said(served, tab):
    tab.ask(LONG, model=SLOW)
    expect(tab.answers).to_have_text(re.compile("^lorem ipsum"))
    tab.page.reload()
    expect(tab.answers).to_have_text(re.compile("^lorem ipsum"))
    expect(tab.last.locator(".facts")).to_have_text(re.compile("interrupted$"))
    wait_until(served.nothing_under_way, "nobody reads it: the job is to end")


def test_conversations_are_begun_renamed_and_deleted(tab):
    page = tab.page
    for words in ("First", "Second"):
        page.get_by_role("button", name="New chat").click()
        tab.ask(words)
        expect(tab.answers).to_have_text(answer_to(words))
        tab.wait_whole()
    titles = page.locator(".session-title")
    expect(titles).to_have_text(["Second", "First"])
    first = page.locator(".session").filter(has_text="First")
    first.hover()
    first.get_by_role("button", name="Rename").click()
    page.get_by_label("The conversation's name").fill("A better name")
    page.keyboard.press("Enter")
    expect(titles).to_have_text(["Second", "A better name"])
    page.get_by_role("link", name="A better name").click()
    expect(tab.answers).to_have_text(answer_to("First"))
    better = page.locator(".session").filter(has_text="A better name")
    better.hover()
    better.get_by_role("button", name="Delete").click()
    expect(titles).to_have_text(["Second", "A better name"])  # it asks again first
    better.get_by_role("button", name="Click again to delete").click()
    expect(titles).to_have_text(["Second"])
    page.reload()
    expect(titles).to_have_text(["Second"])


def test_tabs_of_a_browser_have_the_same_conversations(tab):
    other = tab.new_page()
    tab.ask("Hello")
    expect(other.locator(".session-title")).to_have_text(["Hello"])
    tab.wait_whole()
    other.get_by_role("link", name="Hello").click()
    expect(other.locator(".answer .prose")).to_have_text(answer_to("Hello"))


def test_the_model_is_switched_in_the_midst_of_a_conversation(served, tab):
    served.client().ask("Hi", model="tokens_per_second=500").end()
    tab.ask("one")
    expect(tab.last.locator(".facts")).to_contain_text("dummy ·")
    tab.wait_whole()
    tab.page.get_by_label("Model", exact=True).select_option("dummy:tokens_per_second=500")
    tab.ask("two")
    expect(tab.last.locator(".facts")).to_contain_text("dummy:tokens_per_second=500")
    expect(tab.answers).to_have_count(2)
    tab.page.reload()
    model = tab.page.get_by_label("Model", exact=True)
    expect(model).to_have_value("dummy:tokens_per_second=500")


def test_system_prompt_and_sampling_go_with_the_question(served, open_tab):
    tab = open_tab(served)
    asked = []
    tab.page.on("request", lambda request: asked.append(request))
    tab.page.get_by_role("button", name="System prompt and sampling").click()
    tab.page.get_by_label("System prompt", exact=True).fill("Be brief.")
    tab.page.get_by_label(re.compile("^Longest answer")).fill("2")
    tab.page.get_by_label(re.compile("^Temperature")).fill("0.5")
    tab.page.keyboard.press("Escape")
    tab.ask("Hello")
    expect(tab.answers).to_have_text("lorem ipsum")
    expect(tab.last.locator(".facts")).to_contain_text("cut at its limit")
    (body,) = [json.loads(one.post_data) for one in asked if "completions" in one.url]
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["max_tokens"], body["temperature"]) == (2, 0.5)


def test_a_load_is_seen_getting_on(served, tab):
    tab.ask("Hello", model="dummy:load_ms=3000")
    expect(tab.last.locator(".wait")).to_contain_text(re.compile(r"Loading the model, \d+ %"))
    tab.go("Models")
    expect(tab.page.locator(".model-card .state")).to_contain_text(re.compile(r"loading, \d+ %"))
    tab.go("Chat")
    expect(tab.answers).to_have_text(answer_to("Hello"))


def test_an_error_says_what_to_do_and_can_be_tried_again(served, tab):
    tab.ask("Hello", model="dummy:loadms=3")
    expect(tab.last.get_by_role("alert")).to_contain_text("did you mean 'load_ms'")
    tab.shot("error")
    tab.use_model("dummy")
    tab.page.get_by_role("button", name="Try again").click()
    expect(tab.answers).to_have_text(answer_to("Hello"))
    expect(tab.last.get_by_role("alert")).to_be_hidden()


def test_an_answer_that_breaks_off_says_so(served, tab):
    tab.ask("Hello", model="dummy:crash_at=3")
    expect(tab.last.get_by_role("alert")).to_contain_text("The answer broke off")
    expect(tab.last.get_by_role("alert")).to_contain_text("send the request again")
    expect(tab.answers).to_have_text(re.compile("^lorem ipsum"))


def test_only_the_last_exchange_can_be_asked_again(tab):
    for words in ("first", "second"):
        tab.ask(words)
        expect(tab.answers.last).to_have_text(answer_to(words))
        tab.wait_whole()
    again = tab.page.get_by_role("button", name="Ask again", exact=True)
    expect(again).to_have_count(1)
    again.click()
    expect(tab.answers.last).to_have_text(answer_to("second"))
    tab.wait_whole()
    tab.page.locator(".user").last.hover()
    tab.page.get_by_role("button", name="Edit and ask again").click()
    expect(tab.answers).to_have_count(1)
    prompt = tab.page.get_by_label("Your message")
    expect(prompt).to_have_value("second")
    prompt.fill("third")
    prompt.press("Enter")
    expect(tab.answers.last).to_have_text(answer_to("third"))


def test_a_daemon_that_is_gone_is_told_and_a_new_one_is_found(served, tab):
    tab.ask("Hello")
    expect(tab.answers).to_have_text(answer_to("Hello"))
    address = served.http_url.removeprefix("http://")
    served.stop_daemon()
    expect(tab.page.locator("#side-memory")).to_have_text("The daemon does not answer")
    tab.ask("Are you there?")
    expect(tab.last.get_by_role("alert")).to_contain_text("threadrunner status")
    tab.faults.clear()  # the browser says on the console, too, that nobody answered
    served.start(env={**DUMMY, "THREADRUNNER_HTTP": address})
    tab.go("Activity")  # its cookie is the old daemon's: the page gets itself a new one
    expect(tab.page.get_by_role("log")).to_contain_text("serves")
    tab.faults.clear()


def test_reading_back_is_not_disturbed_by_what_comes(tab):
    tab.page.set_viewport_size({"width": 900, "height": 420})
    tab.ask(LONG, model="dummy:tokens_per_second=30")
    scroll = tab.page.locator("#scroll")
    latest = tab.page.get_by_role("button", name="To the latest")
    wait_until(lambda: scroll.evaluate("it => it.scrollHeight - it.clientHeight") > 300,
               "the answer is to be longer than the window")
    assert scroll.evaluate("it => it.scrollHeight - it.scrollTop - it.clientHeight") < 60
    scroll.hover()
    tab.page.mouse.wheel(0, -10_000)
    expect(latest).to_be_visible()
    length = len(tab.answers.inner_text())
    wait_until(lambda: len(tab.answers.inner_text()) > length + 60, "more is to come")
    assert scroll.evaluate("it => it.scrollTop") == 0
    latest.click()
    expect(latest).to_be_hidden()
    tab.page.get_by_role("button", name="Stop").click()


# Foreign words


HOSTILE = " ".join([
    "<img/src=x/onerror=top.hacked=1>a",
    "<script>top.hacked=2</script>a",
    "<svg/onload=top.hacked=3>a",
    "<iframe/srcdoc='<script>top.hacked=4</script>'>a",
    "[link](javascript:top.hacked=5)a",
    "[data](data:text/html,<script>top.hacked=6</script>)a",
    "![picture](https://elsewhere.example/pixel.png)a",
    "<style>body{display:none}</style>a",
    "<form/action=//elsewhere.example><button>a",
    "[fine](https://example.org/page)a",
    "[own](/unload)a",
])


def test_what_a_model_says_never_becomes_more_than_text(tab):
    tab.ask(HOSTILE)
    tab.wait_whole()
    prose = tab.answers
    expect(prose).to_contain_text("<script>top.hacked=2</script>a")
    expect(prose).to_contain_text("<img/src=x/onerror=top.hacked=1>a")
    for forbidden in ("img", "script", "svg", "iframe", "style", "form", "button", "object"):
        expect(prose.locator(forbidden)).to_have_count(0)
    links = prose.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert links == ["https://elsewhere.example/pixel.png", "https://example.org/page"]
    assert tab.page.evaluate("window.hacked") is None


BLOCKS = """\
# Title <b>bold</b>

<div onclick="top.hacked=7">
<script>top.hacked=8</script>
</div>

| a | b |
|--:|---|
| 1 | <img src=x onerror=top.hacked=9> &amp; &lt;b&gt; |

```html
<script>top.hacked=10</script>
```

> quoted `<i>code</i>`

1. one
   - [x] done
2. two

<https://example.org> and [ref][r], **strong *em* ~~del~~** &copy;

[r]: javascript:top.hacked=11
"""


def test_blocks_of_markdown_are_shown_and_stay_harmless(tab):
    show = """async (text) => {
        const { Markdown } = await import("/page/markdown.js");
        const place = document.createElement("div");
        place.className = "prose tried";
        document.querySelector("#messages").append(place);
        const markdown = new Markdown(place);
        const kept = [];
        for (let end = 1; end <= text.length; end += 7) {  // as it grows
            markdown.show(text.slice(0, end));
            kept.push(place.firstElementChild);
        }
        markdown.show(text);
        return kept.at(-1) === place.firstElementChild;
    }"""
    assert tab.page.evaluate(show, BLOCKS), "what is whole stays as more comes"
    prose = tab.page.locator(".tried")
    expect(prose.locator("h1")).to_have_text("Title <b>bold</b>")
    expect(prose.locator("td")).to_have_text(["1", "<img src=x onerror=top.hacked=9> & <b>"])
    expect(prose.locator("pre code")).to_have_text("<script>top.hacked=10</script>")
    expect(prose.locator("blockquote code")).to_have_text("<i>code</i>")
    expect(prose.locator("ol > li")).to_have_count(2)
    expect(prose.locator("ol ul input:checked")).to_have_count(1)
    expect(prose.locator("strong em")).to_have_text("em")
    assert prose.locator("a").evaluate_all("links => links.map(a => a.href)") == [
        "https://example.org/"]
    for forbidden in ("img", "script", "div[onclick]", "b"):
        expect(prose.locator(forbidden)).to_have_count(0)
    assert tab.page.evaluate("window.hacked") is None


def test_what_is_nested_without_end_is_shown_as_text(tab):
    shown = """async (text) => {
        const { Markdown } = await import("/page/markdown.js");
        const place = document.createElement("div");
        new Markdown(place).show(text);
        return place.textContent.length;
    }"""
    assert tab.page.evaluate(shown, "> " * 20_000 + "end") > 0
    assert tab.page.evaluate(shown, "x" * 300_000) == 300_000


def test_code_is_copied(served, open_tab):
    tab = open_tab(served, permissions=["clipboard-read", "clipboard-write"])
    tab.ask("Hello")
    expect(tab.answers).to_have_text(answer_to("Hello"))
    tab.wait_whole()
    tab.last.get_by_role("button", name="Copy the answer").click()
    expect(tab.last.locator("use[href='#i-check']")).to_have_count(1)
    assert tab.page.evaluate("navigator.clipboard.readText()") == answer_to("Hello")


# Models and activity


def test_models_are_listed_and_workers_unloaded(home, open_tab):
    (home.root / "models").mkdir(mode=0o700)
    small_model(home.root / "models" / "small.gguf")
    (home.root / "models" / "broken.gguf").write_bytes(b"PK nonsense")
    home.start(env=DUMMY)
    tab = open_tab(home)
    tab.ask("Hello")
    expect(tab.answers).to_have_text(answer_to("Hello"))
    tab.go("Models")
    cards = tab.page.locator(".model-card")
    small = cards.filter(has_text="small")
    expect(small).to_contain_text("4,096 tokens of context")
    expect(cards.filter(has_text="broken").locator(".fault")).to_contain_text("GGUF")
    expect(tab.page.locator(".meter-head span")).to_have_text(re.compile(r"MiB of .*\sGiB"))
    dummy = cards.filter(has=tab.page.get_by_role("heading", name="dummy"))
    expect(dummy.locator(".state")).to_contain_text("ready")
    dummy.get_by_role("button", name="Unload dummy").click()
    expect(dummy).to_have_count(0)
    wait_until(lambda: not home.workers(), "its worker is to end")


def test_a_model_is_loaded_and_unloaded_on_its_card(home, open_tab):
    """By a server that needs a moment, as backend upstream."""
    (home.root / "models").mkdir(mode=0o700)
    for name in "ab":
        small_model(home.root / "models" / f"{name}.gguf")
    home.start(env={"THREADRUNNER_BACKEND": "upstream"}, upstream_program=FAKE,
               upstream_args="--loading-ms 1500")
    tab = open_tab(home)
    tab.go("Models")
    cards = tab.page.locator(".model-card")
    expect(cards.locator(".state")).to_have_text(["not loaded", "not loaded"])
    load = tab.page.get_by_role("button", name="Load a", exact=True)
    load.click()
    expect(cards.first.locator("progress")).to_be_visible()
    expect(load).to_have_count(0)
    expect(cards.first.locator(".state")).to_contain_text("ready")
    tab.shot("models-loaded-light-desk")
    tab.page.get_by_role("button", name="Unload a", exact=True).click()
    expect(cards.locator(".state")).to_have_text(["not loaded", "not loaded"])
    wait_until(lambda: home.status()["workers"] == 0, "its server is to end")


def test_jobs_of_everybody_are_seen_and_ended(served, tab):
    theirs = served.client().ask(LONG, model="tokens_per_second=4")
    theirs.until("token")
    expect(tab.page.locator("#jobs-count")).to_have_text("1")
    tab.go("Activity")
    row = tab.page.locator(".row-card")
    expect(row).to_contain_text(theirs.job)
    tab.shot("activity-light-desk")
    row.get_by_role("button", name=f"Cancel {theirs.job}").click()
    assert theirs.end()["reason"] == "cancelled"
    expect(tab.page.get_by_text("Nothing is under way.")).to_be_visible()


def test_the_log_is_followed(served, tab):
    tab.go("Activity")
    log = tab.page.get_by_role("log")
    expect(log).to_contain_text("HTTP is served at")
    job = served.client().ask("Hello")
    job.end()
    expect(log.locator(".log-line").filter(has_text=job.job)).to_contain_text("end=stop")
    tab.page.get_by_label("From level").select_option("error")
    expect(log.locator(".log-line.info")).to_have_count(0)


@pytest.mark.model
@pytest.mark.timeout(180)
def test_a_real_model_is_talked_to_and_seen_in_the_list(home, model, open_tab):
    (home.root / "models").mkdir(mode=0o700)
    (home.root / "models" / model.name).symlink_to(model.resolve())
    home.start()
    tab = open_tab(home)
    tab.ask("What is the capital of France?")
    expect(tab.answers).to_contain_text("Paris", timeout=100_000)
    expect(tab.last.locator(".facts")).to_contain_text("tok/s")
    expect(tab.last.locator(".facts")).to_contain_text(model.stem)
    choice = tab.page.get_by_label("Model", exact=True)
    expect(choice.locator("option")).to_have_text([f"Default ({model.stem})", model.stem])
    tab.shot("real-model-light-desk")
    tab.go("Models")
    card = tab.page.locator(".model-card")
    expect(card.locator("h3")).to_have_text(model.stem)
    expect(card.locator(".state")).to_contain_text("ready")
    expect(card.locator(".chip.default")).to_be_visible()
    tab.shot("real-models-light-desk")


# How it looks


CONVERSATION = [
    {"role": "user", "content": "Compare two ways to sort, with code."},
    {"role": "assistant", "content": """\
## Two ways to sort

**Merge sort** keeps the order among equals; *quicksort* is faster in practice.

| Method | Average | Worst | Stable |
|---|---:|---:|:---:|
| Merge | n log n | n log n | yes |
| Quick | n log n | n² | no |

1. If order matters, take the first.
2. Else take `quicksort`:

```python
def quicksort(values: list[int]) -> list[int]:
    \"\"\"A line that is longer than any phone is wide, so that it has to be scrolled.\"\"\"
    if len(values) <= 1:
        return values
    pivot = values[len(values) // 2]
    less = [value for value in values if value < pivot]
    same = [value for value in values if value == pivot]
    return quicksort(less) + same + quicksort([v for v in values if v > pivot])
```

> Measure before you choose.
""", "model": "gemma-3-270m-q4_k_m", "tokens": 212, "rate": 41.7},
    {"role": "user", "content": "Thanks!"},
    {"role": "assistant", "content": "You are welcome.", "model": "gemma-3-270m-q4_k_m",
     "tokens": 5, "rate": 40.2},
]
KEPT = {"id": "feed", "title": "Compare two ways to sort, with code.", "named": False,
        "updated": 1, "model": "", "system": "", "sampling": {}, "draft": "",
        "messages": CONVERSATION}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", ["desk", "phone"])
def test_every_place_fits_its_window_in_both_schemes(served, open_tab, scheme, width):
    served.client().ask("Hi").end()
    phone = width == "phone"
    tab = open_tab(served, viewport=PHONE if phone else DESK, color_scheme=scheme,
                   device_scale_factor=2 if phone else 1)
    page = tab.page
    tab.shot(f"empty-{scheme}-{width}")
    page.evaluate("kept => localStorage.setItem('threadrunner.session.feed', kept)",
                  json.dumps(KEPT))
    page.goto(f"{tab.url}/#/chat/feed")
    page.reload()
    expect(tab.answers.first.locator("table")).to_be_visible()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(map(int, re.findall(r"\d+", paper)[:3])) / 3
    assert lightness > 200 if scheme == "light" else lightness < 60
    page.locator("#scroll").evaluate("scroll => { scroll.scrollTop = 0; }")
    for place in ("chat", "models", "activity"):
        page.goto(f"{tab.url}/#/{place}")
        expect(page.locator(f"#{place}-view")).to_be_visible()
        assert tab.width_overflow() <= 0, place
        tab.shot(f"{place}-{scheme}-{width}")
    if phone:
        page.locator("#activity-view").get_by_role("button", name="Open the menu").click()
        expect(page.get_by_role("link", name="Models")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#side")).to_be_hidden()


def test_the_arrow_of_a_choice_lies_in_it_and_lets_clicks_through(tab):
    tab.go("Activity")
    choice = tab.page.get_by_label("From level").bounding_box()
    arrow = tab.page.locator("#activity-view .select svg").bounding_box()
    assert arrow["width"] >= 12, arrow
    assert choice["x"] < arrow["x"] and arrow["x"] + arrow["width"] <= choice["x"] + choice["width"]
    middle = [arrow["x"] + arrow["width"] / 2, arrow["y"] + arrow["height"] / 2]
    hit = tab.page.evaluate("([x, y]) => document.elementFromPoint(x, y).id", middle)
    assert hit == "log-level"


def test_the_switch_of_colours_is_kept(served, open_tab):
    tab = open_tab(served, color_scheme="light")
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    tab.page.get_by_role("radio", name="Dark").check(force=True)
    assert tab.page.evaluate(scheme) == "dark"
    tab.page.reload()
    assert tab.page.evaluate(scheme) == "dark"
    tab.page.get_by_role("radio", name="As the system").check(force=True)
    assert tab.page.evaluate(scheme) == "light dark"


def test_everything_that_can_be_used_has_a_name(served, tab):
    tab.ask("Hello")
    tab.wait_whole()
    nameless = """() => [...document.querySelectorAll("button, a, input, select, textarea")]
        .filter((node) => !(node.ariaLabel || node.textContent.trim() || node.labels?.length))
        .map((node) => node.outerHTML)"""
    assert tab.page.evaluate(nameless) == []


def test_it_is_used_with_the_keyboard_alone(tab):
    page = tab.page
    page.get_by_label("Your message").focus()
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    expect(tab.answers).to_have_text(answer_to("Hello"))
    page.get_by_role("link", name="Models").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#models-view")).to_be_visible()
    page.get_by_role("link", name="Chat").focus()
    page.keyboard.press("Enter")
    expect(tab.answers).to_be_visible()


# Who may


def fetch(home, path, method="GET", host=None, **headers):
    """(status, headers, first bytes) of a request."""
    address = home.http_url.removeprefix("http://")
    connection = HTTPConnection(address, timeout=PATIENCE)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host or address, **sent})
        answer = connection.getresponse()
        first = answer.read1(200) if answer.status == 200 else answer.read()
        return answer.status, answer.headers, first.decode()
    finally:
        connection.close()


def cookie_of(home):
    return fetch(home, "/")[1]["set-cookie"].split(";")[0]


def test_only_the_page_itself_has_the_rights_of_its_cookie(served):
    cookie = cookie_of(served)
    own = {"Cookie": cookie, "Sec_Fetch_Site": "same-origin"}
    address = served.http_url.removeprefix("http://")
    assert fetch(served, "/logs", **own)[0] == 200
    assert fetch(served, "/logs", Cookie=cookie, Origin=f"http://{address}")[0] == 200
    assert fetch(served, "/logs", Cookie=cookie)[0] == 401
    # what is served at another port of this machine is the same site to a browser
    for site, status in (("same-site", 403), ("cross-site", 403), ("none", 401)):
        assert fetch(served, "/logs", Cookie=cookie, Sec_Fetch_Site=site)[0] == status, site
    assert fetch(served, "/logs", Origin="http://127.0.0.1:1", **own)[0] == 403
    assert fetch(served, "/logs", host="evil.example", **own)[0] == 403
    name = cookie.split("=")[0]
    wrong = {**own, "Cookie": f"{name}={'0' * 64}"}
    assert fetch(served, "/logs", **wrong)[0] == 401
    assert fetch(served, "/logs", **{**own, "Cookie": f"a=b; {cookie}"})[0] == 200


def test_a_listed_page_may_ask_but_has_not_the_rights_of_ours(home):
    home.start(env=DUMMY, http_origins="https://chat.example")
    cookie = cookie_of(home)
    theirs = {"Cookie": cookie, "Sec_Fetch_Site": "cross-site", "Origin": "https://chat.example"}
    assert fetch(home, "/v1/models", **theirs)[0] == 200
    assert fetch(home, "/logs", **theirs)[0] == 401


def test_a_page_whose_name_was_rebound_gets_no_cookie(served):
    status, headers, _ = fetch(served, "/", host="evil.example")
    assert status == 403 and "set-cookie" not in headers


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_other_users_of_the_machine_get_no_cookie_and_have_no_use_of_one(served):
    def as_nobody(*arguments):
        return subprocess.run(["curl", "-s", "-i", "-m", "5", *arguments], user=65534,
                              capture_output=True, text=True, timeout=PATIENCE).stdout

    url = served.http_url
    page = as_nobody(url + "/")
    assert "200 OK" in page and "set-cookie" not in page.lower()
    stolen = ["-H", f"Cookie: {cookie_of(served)}", "-H", "Sec-Fetch-Site: same-origin"]
    assert "401 Unauthorized" in as_nobody(*stolen, url + "/logs")


def test_the_cookie_is_no_scripts_and_no_other_sites(served, tab):
    attributes = fetch(served, "/")[1]["set-cookie"]
    assert attributes.endswith("; HttpOnly; SameSite=Strict; Path=/")
    assert tab.page.evaluate("document.cookie") == ""
    assert cookie_of(served) not in served.log()


def test_from_elsewhere_the_page_asks_for_a_key(home, open_tab):
    home.variables["THREADRUNNER_HTTP"] = "0.0.0.0:0"
    home.start(env=DUMMY, http_keys="me:a-secret")
    url = home.http_url.replace("0.0.0.0", "127.0.0.1")  # an address for all counts as elsewhere
    tab = open_tab(home, url=url)
    expect(tab.page.locator("#key-dialog")).to_be_visible()
    tab.shot("key-light-desk")
    polls = []
    tab.page.on("request", lambda request: polls.append(request.url))
    tab.page.get_by_role("button", name="Cancel").click()
    expect(tab.page.locator("#side-memory")).to_have_text("The daemon wants a key")
    # evaluating lets the browser's news in
    wait_until(lambda: tab.page.evaluate("1") and len(polls) > 12,
               "it is to go on asking the daemon")
    expect(tab.page.locator("#key-dialog")).to_be_hidden()  # and not its user
    tab.ask("Hello")
    tab.page.get_by_label("Key", exact=True).fill("wrong")
    tab.page.get_by_role("button", name="Use it").click()
    expect(tab.page.locator("#key-reason")).to_contain_text("this key is none of")
    tab.page.get_by_label("Key", exact=True).fill("a-secret")
    tab.page.get_by_role("button", name="Use it").click()
    expect(tab.answers).to_have_text(answer_to("Hello"))
    tab.go("Activity")
    expect(tab.page.get_by_role("log")).to_contain_text("owner=key:me")
    assert tab.page.evaluate("Object.keys(localStorage).join()").count("key") == 0


# How it is served


def test_browsers_keep_the_page_as_long_as_it_is_the_same(served):
    status, headers, body = fetch(served, "/")
    assert status == 200 and body.startswith("<!doctype html>")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    tag = headers["etag"]
    status, headers, body = fetch(served, "/", If_None_Match=f'"other", W/{tag}')
    assert (status, body, headers["etag"]) == (304, "", tag)
    assert headers["set-cookie"], "one that has the page may lack the cookie of a new daemon"
    assert fetch(served, "/", If_None_Match='"other"')[0] == 200
    types = {"main.js": "text/javascript", "base.css": "text/css", "icon.svg": "image/svg+xml"}
    for name, kind in types.items():
        assert fetch(served, f"/page/{name}")[1]["content-type"].startswith(kind)
    status, _, text = fetch(served, "/page/../../etc/passwd")
    assert status == 404 and "the page has no file" in text


def test_the_page_lets_nothing_foreign_in(served):
    headers = fetch(served, "/")[1]
    policy = headers["content-security-policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "connect-src 'self'",
                 "frame-ancestors 'none'", "require-trusted-types-for 'script'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
