"""Photograph the studio for ``docs/studio.md``: ``python scripts/make_studio_pictures.py --embedding runs/embed``.

First: ``scripts/run fit --config configs/embed.yaml``.
"""

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image
from studio_browser import caption, chromium, opened, slide, studio

IMAGES = Path(__file__).parents[1] / "docs" / "images"
GAP, PAPER = 24, (255, 255, 255)


def photographed(address: str, size: tuple[int, int]) -> Image.Image:
    """Make an edit and take a picture of the page."""
    with chromium() as browser:
        page = opened(browser.new_page(viewport={"width": size[0], "height": size[1]}), address)
        page.click("#strip button >> text=/^leo$/")
        slide(page, "morph", 0.35)
        slide(page, "direction-2", 1.5)  # smile: names in alphabetical order
        slide(page, "psi", 0.85)
        caption(page, "leo, 35% towards ruth, smile +1.5, truncated to 0.85")
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--embedding", type=Path, default=Path("runs/embed"))
    parser.add_argument("--images", type=Path, default=IMAGES, help="where the picture goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as out, studio(options.embedding, Path(out)) as address:
        wide, narrow = photographed(address, (1280, 800)), photographed(address, (390, 800))
    both = Image.new("RGB", (wide.width + GAP + narrow.width, wide.height), PAPER)
    both.paste(wide, (0, 0))
    both.paste(narrow, (wide.width + GAP, 0))
    path = options.images / "studio.png"
    palette = both.quantize(256)  # Pillow only dithers towards a palette that it is given
    both.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
