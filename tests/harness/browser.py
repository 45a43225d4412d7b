"""A page in Debian's Chromium, headless, that can reach nobody but the daemon of a home."""

import os
import re
import shutil
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from harness.waiting import PATIENCE

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 375, "height": 740}
PATIENCE_MS = PATIENCE * 1000

expect.set_options(timeout=PATIENCE_MS)


def chromium_path():
    return shutil.which("chromium")


class Browser:
    """Chromium, and the pages that a test opens in it."""

    def __init__(self):
        self._playwright = sync_playwright().start()
        # a sandbox within a container needs more rights than tests have
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        self._chromium = self._playwright.chromium.launch(
            executable_path=chromium_path(), args=[*sandbox, "--disable-dev-shm-usage"]
        )
        self._tabs = []

    def open(self, home, url=None, viewport=None, **options):
        """A tab of a browser that knows nothing yet, at the page of the home's daemon."""
        tab = Tab(self._chromium, url or home.http_url, viewport or DESK, options)
        self._tabs.append(tab)
        return tab

    def close_tabs(self):
        """Returns what no tab should have done."""
        faults = [fault for tab in self._tabs for fault in tab.close()]
        self._tabs.clear()
        return faults

    def close(self):
        self._chromium.close()
        self._playwright.stop()


class Tab:
    """The page as somebody uses it. What it finds is waited for, as long as it takes."""

    def __init__(self, chromium, url, viewport, options):
        self.url = url
        self.faults = []
        self._context = chromium.new_context(viewport=viewport, **options)
        self._context.set_default_timeout(PATIENCE_MS)
        self._context.route("**/*", self._let_home_only)
        self.page = self.new_page()

    def new_page(self):
        """One more of the same browser."""
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"an exception: {error}"))
        page.on("console", self._hear)
        page.goto(self.url)
        return page

    def _let_home_only(self, route):
        if route.request.url.startswith(f"{self.url}/"):
            route.continue_()
        else:
            self.faults.append(f"asked {route.request.url}")
            route.abort()

    def _hear(self, message):
        # an answer that is an error is heard of, too, and is for the page to show
        if message.type == "error" and "status of" not in message.text:
            self.faults.append(f"the console: {message.text}")

    def close(self):
        self._context.close()
        return self.faults

    # What people do

    def ask(self, text, model=None):
        if model is not None:
            self.use_model(model)
        self.page.get_by_label("Your message").fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()

    def use_model(self, name):
        self.page.get_by_role("button", name="System prompt and sampling").click()
        self.page.get_by_label("Model by name").fill(name)
        self.page.keyboard.press("Escape")

    def go(self, place):
        self.page.get_by_role("link", name=re.compile(f"^{place}")).click()

    def shot(self, name):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    # What people see

    @property
    def answers(self):
        return self.page.locator(".answer .prose")

    @property
    def last(self):
        """The last answer with all that belongs to it."""
        return self.page.locator(".answer").last

    def wait_whole(self):
        expect(self.page.locator(".answer.running")).to_have_count(0)
        expect(self.page.get_by_role("button", name="Send", exact=True)).to_be_visible()

    def width_overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
