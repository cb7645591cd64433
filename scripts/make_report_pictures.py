"""Take the pictures of ``docs/report.md`` in Chromium: ``python scripts/make_report_pictures.py``.

First: ``scripts/run fit --config configs/embed.yaml``, whose ``runs/embed/report.html`` is shown.
"""

import argparse
import io
import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
LARGEST = 290_000
"""Bytes of a picture; a larger one gets 256 colours."""


def sheet(page: Page) -> None:
    """Show the sheet with differences."""
    page.get_by_label("Differences").check()
    page.get_by_label("Size").fill("84")
    page.mouse.move(0, 0)
    if page.viewport_size["width"] < 600:
        page.evaluate("document.querySelector('#pictures').scrollIntoView({behavior: 'instant'})")


def one(page: Page) -> None:
    """Look at one picture."""
    page.locator("#sheet").get_by_role("link", name="grace").click()
    page.locator("#slide").fill("50")


def table(page: Page) -> None:
    """Show the table, the best on top."""
    page.get_by_text("Table", exact=True).click()
    page.locator("th").get_by_role("button", name="PSNR").click()
    page.evaluate("document.querySelector('#pictures').scrollIntoView({behavior: 'instant'})")


def view(
    browser: Browser, address: str, size: tuple[int, int], scheme: str, act: Callable[[Page], None]
) -> Image.Image:
    """Open the page, do something, and look at it."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(address)
    act(page)
    page.evaluate("Promise.all([...document.images].map(image => image.decode().catch(() => null)))")
    page.wait_for_timeout(300)  # the chart is drawn once its width is known
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    return picture


def beside(pictures: list[Image.Image], gap: int = 24) -> Image.Image:
    """Put pictures into a row."""
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    row = Image.new("RGB", (width, max(picture.height for picture in pictures)), (255, 255, 255))
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + gap
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", type=Path, default=Path("runs/embed/report.html"))
    parser.add_argument("--images", type=Path, default=ROOT / "docs" / "images", help="where the pictures go")
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        parser.error("needs Chromium: apt-get install chromium")
    address = options.report.resolve(strict=True).as_uri()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        desk, phone = (1180, 860), (390, 760)
        pictures = {
            "report": view(browser, address, (1180, 765), "light", sheet),
            "report_picture": view(browser, address, desk, "light", one),
            "report_table": view(browser, address, (1180, 700), "dark", table),
            "report_phone": beside(
                [view(browser, address, phone, "light", sheet), view(browser, address, phone, "dark", one)]
            ),
        }
        browser.close()
    for name, picture in pictures.items():
        path = options.images / f"{name}.png"
        picture.save(path, optimize=True)
        if path.stat().st_size > LARGEST:
            picture.quantize(256).save(path, optimize=True)
        print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
