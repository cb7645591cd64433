"""Where pictures go one by one: videos, sheets, folders. A target appears whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.drawing.sheet import PAPER, Cell, Pixels, sheet
from i2s_lightning.edits.options import Number
from i2s_lightning.edits.video import mp4
from i2s_lightning.errors import ConfigError

Add = Callable[[Pixels], None]


@dataclass(frozen=True)
class Look:
    """How pictures are put together.

    Attributes:
        fps: Frames a second of a video.
        scale: Every picture is enlarged by this whole number.
        columns: Pictures a row on a sheet.
        captions: Those of a sheet's cells; None is an empty place.
    """

    fps: Number = 25.0
    scale: int = 1
    columns: int = 1
    captions: Sequence[str | None] = ()


def is_sheet(path: str | Path) -> bool:
    """Tell whether all pictures go to one page."""
    return Path(path).suffix.lower() == ".png"


def open_sink(path: str | Path, look: Look) -> AbstractContextManager[Add]:
    """Open a target by its ending.

    Args:
        path: ``.mp4``, ``.gif``, ``.webp``, ``.png``, or no ending for a folder.
        look: How pictures are put together.

    Returns:
        A context manager that gives a function, which takes the pictures one by one, ``(H, W, C)`` uint8. The target
        appears when the block ends well; a sheet takes as many pictures as there are captions.

    Raises:
        ConfigError: An unknown ending, or numbers that make no sense.
    """
    path = Path(path)
    if look.scale < 1 or look.columns < 1 or look.fps <= 0:
        raise ConfigError(
            f"scale and columns must be at least 1, fps more than 0; got {look.scale}, {look.columns} and {look.fps}"
        )
    openers = {".mp4": mp4, ".gif": _animation, ".webp": _animation}
    suffix = path.suffix.lower()
    if suffix in openers:
        return _enlarged(openers[suffix](path, look.fps), look.scale)
    if is_sheet(path):
        return _page(path, look)
    if suffix:
        raise ConfigError(
            f"out must end in .mp4, .gif, .webp or .png, or be a folder without ending; got {path.name!r}"
        )
    return _enlarged(_folder(path), look.scale)


@contextmanager
def _enlarged(opened: AbstractContextManager[Add], scale: int) -> Iterator[Add]:
    with opened as add:
        yield lambda pixels: add(pixels.repeat(scale, axis=0).repeat(scale, axis=1))


@contextmanager
def _page(path: Path, look: Look) -> Iterator[Add]:
    taken: list[Pixels] = []
    yield taken.append
    blank = np.broadcast_to(np.array(PAPER, np.uint8), (*taken[0].shape[:2], 3))
    given = iter(taken)
    pairs = [(blank, "") if caption is None else (next(given), caption) for caption in look.captions]
    lines = any(caption for _, caption in pairs)
    cells = [Cell([pixels], [caption] if lines else []) for pixels, caption in pairs]
    page = sheet(cells, columns=look.columns, scale=look.scale)
    with replacing(path) as draft:
        page.save(draft)


@contextmanager
def _folder(path: Path) -> Iterator[Add]:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ConfigError(f"{path} is not an empty folder; delete it or give another one")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.mkdir()
    count = 0

    def add(pixels: Pixels) -> None:
        nonlocal count
        _image(pixels).save(draft / f"{count:04d}.png")
        count += 1

    try:
        yield add
        draft.replace(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _animation(path: Path, fps: Number) -> Iterator[Add]:
    """Write an animated GIF or WebP that repeats for ever.

    Pillow fetches the frames while it writes, so they wait in a file until all are there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    shape: tuple[int, ...] = ()
    count = 0
    with tempfile.TemporaryFile(dir=path.parent) as waiting:

        def add(pixels: Pixels) -> None:
            nonlocal shape, count
            shape, count = pixels.shape, count + 1
            waiting.write(np.ascontiguousarray(pixels).tobytes())

        yield add
        size = int(np.prod(shape))
        waiting.seek(0)
        frames = (_image(np.frombuffer(waiting.read(size), np.uint8).reshape(shape)) for _ in range(count))
        options: dict[str, Any] = {"quality": 90} if path.suffix.lower() == ".webp" else {}
        with replacing(path) as draft:
            next(frames).save(draft, save_all=True, append_images=frames, duration=round(1000 / fps), loop=0, **options)


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
