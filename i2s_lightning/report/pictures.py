"""What a report shows of a picture: the target as the task saw it, and its embedding, as files for a browser.

Pictures of up to 256 px are kept exactly, as PNG; larger ones are reduced to 512 px and kept as JPEG, so that a report
of many large pictures stays a small part of the run folder. Facts for which the store has no place stand in the
embedding's file as a comment: of which result it is, and the curve of the loss. A file of another result (of an earlier
run into the same folder) therefore counts as missing.
"""

import hashlib
import json
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.pages.images import Kind

Pixels = UInt8[np.ndarray, "H W C"]
Role = Literal["target", "embedding"]

EXACT = 256
"""Pictures up to this size are kept as they are."""
LARGEST = 512
"""Larger ones are reduced to this size."""
QUALITY = 92
LAST = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9"}
"""How a whole file ends. Pixels are not decoded: a report reads 70,000 files."""
POINTS = 100
"""Points of a curve that are kept."""


@dataclass(frozen=True)
class Facts:
    """What is known of a picture besides its record.

    Attributes:
        steps: Optimiser steps at which the loss was noted; may be empty.
        losses: The losses there.
        note: Why there is no target; empty when there is one.
    """

    steps: Sequence[int] = ()
    losses: Sequence[float] = ()
    note: str = ""

    def thinned(self) -> "Facts":
        """Keep about evenly spread finite points of the curve, the first and the last among them."""
        points = [(step, loss) for step, loss in zip(self.steps, self.losses, strict=True) if math.isfinite(loss)]
        if len(points) > POINTS:
            points = [points[round(i * (len(points) - 1) / (POINTS - 1))] for i in range(POINTS)]
        return Facts([step for step, _ in points], [float(f"{loss:.4g}") for _, loss in points], self.note)


class PictureFolder:
    """The pictures of one report.

    Args:
        folder: Where they lie: ``target/NAME.png`` and ``embedding/NAME.png`` (or ``.jpg``).
        size: Height and width of the generator's pictures.
    """

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        self.folder = folder
        self.exact = max(size) <= EXACT
        factor = 1.0 if self.exact else min(1.0, LARGEST / max(size))
        self.height, self.width = (max(1, round(side * factor)) for side in size)
        self.kind: Kind = "png" if self.exact else "jpeg"
        self.ending = ".png" if self.exact else ".jpg"

    def path(self, role: Role, name: str) -> Path:
        """Say where a picture lies."""
        return self.folder / role / f"{name}{self.ending}"

    def write(self, record: Mapping[str, Any], embedding: Pixels, target: Pixels | None, facts: Facts) -> None:
        """Keep a picture; the embedding comes last, so that whoever finds it finds its target.

        Args:
            record: The picture's, as the store has it.
            embedding: The picture as its latent renders.
            target: What it was to be; None when it is not there, and ``facts.note`` says why.
            facts: What else is known.
        """
        name = str(record["name"])
        if target is not None:
            self._save(self.path("target", name), target, "")
        comment = json.dumps({"record": _digest(record), **asdict(facts.thinned())})
        self._save(self.path("embedding", name), embedding, comment)

    def read(self, record: Mapping[str, Any]) -> Facts | None:
        """Read the facts of a picture; None if it is missing, damaged, or of another result."""
        embedding, target = (self.path(role, str(record["name"])) for role in ("embedding", "target"))
        try:
            with Image.open(embedding) as image:
                comment = json.loads(image.info["comment"])
            whole = _is_whole(embedding) and (bool(comment.get("note")) or not target.exists() or _is_whole(target))
        except (OSError, KeyError, ValueError):
            return None
        if comment.pop("record", None) != _digest(record) or not whole:
            return None
        facts = Facts(**comment)
        return Facts(array("i", facts.steps), array("d", facts.losses), facts.note)  # 70,000 lists would take a lot

    def _save(self, path: Path, pixels: Pixels, comment: str) -> None:
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        if image.size != (self.width, self.height):
            image = image.resize((self.width, self.height), Image.Resampling.BOX)
        text = PngInfo()
        text.add_text("comment", comment)
        options = {"pnginfo": text} if self.exact else {"quality": QUALITY, "subsampling": 0, "comment": comment}
        with replacing(path, settle=False) as draft:  # ``report`` makes a lost one again
            image.save(draft, self.kind, **options)


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        end = LAST[path.suffix]
        file.seek(max(0, path.stat().st_size - len(end)))
        return file.read() == end


def _digest(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]
