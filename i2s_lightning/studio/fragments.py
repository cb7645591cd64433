"""The pieces of HTML that the page shows; what comes from outside (names, messages) is escaped, whatever it is."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from i2s_lightning.pages import Pages, data_uri
from i2s_lightning.studio.adding import Progress
from i2s_lightning.studio.rendering import Pixels
from i2s_lightning.studio.saving import Saved
from i2s_lightning.studio.session import Studio, Upload

Kind = Literal["plain", "good", "bad"]

_PAGES: Final = Pages(Path(__file__).parent / "templates")


def head(studio: Studio, path: str) -> str:
    """Say what was opened."""
    offered, there = len(studio.names), len(studio.embedding)
    return _PAGES.render(
        "head.html",
        count=str(offered) if offered == there else f"{offered} of {there}",
        path=path,
        generator=Path(studio.embedding.run["generator"]["file"]).name,
        size=" x ".join(map(str, studio.embedding.generator.img_shape[::-1])),
    )


def picture(pixels: Pixels, sentence: str) -> str:
    """Show the edited picture with what was done to it."""
    height, width = pixels.shape[:2]
    source = data_uri(pixels, fast=True)
    return _PAGES.render("picture.html", source=source, sentence=sentence, height=height, width=width)


def note(text: str, kind: Kind = "plain") -> str:
    """Say something; nothing when the text is empty."""
    return _PAGES.render("note.html", text=text, kind=kind) if text else ""


def saved(written: Saved) -> str:
    """Offer what was saved; the files are in the addresses, so the server gives nothing away."""
    picture, latents = (base64.b64encode(path.read_bytes()).decode() for path in (written.picture, written.latents))
    return _PAGES.render(
        "saved.html",
        saved=written,
        picture=f"data:image/png;base64,{picture}",
        latents=f"data:application/octet-stream;base64,{latents}",
    )


def strip(pictures: Sequence[tuple[str, str]], more: int) -> str:
    """Show pictures to choose from: names and addresses, and how many there are besides."""
    return _PAGES.render("strip.html", pictures=pictures, more=more)


def adding(upload: Upload, text: str, kind: Kind = "plain", progress: Progress | None = None) -> str:
    """Show a picture that is to be embedded, and how far that is."""
    shown = None if progress is None or progress.pixels is None else data_uri(progress.pixels, fast=True)
    return _PAGES.render(
        "progress.html",
        target=data_uri(upload.pixels, fast=True),
        name=upload.name,
        so_far=shown,
        share=None if progress is None else progress.step / progress.steps,
        text=text,
        kind=kind,
    )
