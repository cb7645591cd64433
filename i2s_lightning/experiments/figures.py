"""How experiments show pictures."""

import io
from collections.abc import Sequence

from matplotlib.figure import Figure
from PIL import Image

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.drawing.grid import Row, Tile
from i2s_lightning.experiments.lab import Lab

SHOWN_SIDE = 128
"""Small pictures are enlarged to about so many pixels."""
PER_ROW = 9


def enlargement(lab: Lab) -> int:
    """Give the whole number by which this generator's pictures are enlarged."""
    return max(1, SHOWN_SIDE // lab.generator().img_resolution)


def seen(lab: Lab, embedding: Embedding, name: str) -> Tile:
    """Show an embedded picture with its PSNR."""
    return Tile(lab.render(embedding, name), f"{embedding.metrics[name]['psnr']:.1f} dB")


def pairs(lab: Lab, embedding: Embedding, names: Sequence[str], labels: Sequence[str]) -> list[Row]:
    """Show inputs above embeddings, as the paper's figure 1 does.

    Args:
        lab: Reads targets.
        embedding: Has the pictures.
        names: Their names.
        labels: What stands under each input.
    """
    rows = []
    for start in range(0, len(names), PER_ROW):
        part = slice(start, start + PER_ROW)
        inputs = [Tile(lab.target(embedding, n), label) for n, label in zip(names[part], labels[part], strict=True)]
        rows += [Row("input", inputs), Row("embedding", [seen(lab, embedding, name) for name in names[part]])]
    return rows


def short(name: str) -> str:
    """Leave the class out of a picture's name."""
    return name.rpartition("/")[2]


def flat(name: str) -> str:
    """Turn a picture's name into one without folders, for pictures that are made from it.

    Example:
        >>> flat("faces/family/anna")
        'faces-family-anna'
    """
    return name.replace("/", "-")


def drawn(figure: Figure) -> Image.Image:
    """Turn a plot into a picture."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")


def stacked(pictures: Sequence[Image.Image]) -> Image.Image:
    """Put pictures under each other, on white."""
    page = Image.new("RGB", (max(p.width for p in pictures), sum(p.height for p in pictures)), "white")
    top = 0
    for picture in pictures:
        page.paste(picture, ((page.width - picture.width) // 2, top))
        top += picture.height
    return page
