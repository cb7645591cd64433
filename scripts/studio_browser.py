"""A studio and a browser to look at it with, for the scripts that photograph and time it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

SLIDE = """(slider, value) => {
    slider.value = value;
    slider.dispatchEvent(new Event("input", {bubbles: true}));
}"""


@contextmanager
def studio(embedding: Path, out: Path) -> Iterator[str]:
    """Serve a studio for as long as the block lasts, and give its address."""
    words = [sys.executable, "-m", "i2s_lightning", "studio", "--embedding", str(embedding), "--out", str(out)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        if not said.startswith("The studio is at "):
            raise SystemExit("the studio did not start")
        yield said.split()[4]
    finally:
        process.terminate()
        process.wait()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("this needs Chromium: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def opened(page: Page, address: str) -> Page:
    """Load the studio and wait until its pictures are there."""
    page.set_default_timeout(120_000)
    page.goto(address)
    page.wait_for_selector("#view img")
    page.wait_for_selector("#strip img")
    return page


def slide(page: Page, name: str, value: float) -> None:
    """Move a slider."""
    page.eval_on_selector(f"#{name} input[type=range]", SLIDE, value)


def caption(page: Page, text: str) -> None:
    """Wait until the picture's caption is this."""
    page.get_by_text(text, exact=True).wait_for()
