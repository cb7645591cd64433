"""Frames of one picture on the disk, each in a place of its own."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from i2s_lightning.drawing.sheet import Pixels

_THERE = b"\1"


class Frames:
    """A file of equally large pictures, by number.

    A frame that is written again takes its own place: a run that goes on from a checkpoint makes the steps since then
    once more, and no frame of them is doubled. A frame counts once all of it is there.

    Args:
        path: The file.
        shape: ``(H, W, C)``.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.path, self.shape = path, shape
        self._size = int(np.prod(shape))

    def write(self, number: int, pixels: Pixels) -> None:
        """Put a frame in its place."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        with self.path.open("r+b") as file:
            file.seek(number * (self._size + 1) + 1)
            file.write(pixels.tobytes())
            file.flush()
            file.seek(number * (self._size + 1))
            file.write(_THERE)

    def read(self) -> Iterator[tuple[int, Pixels]]:
        """Give the frames that are there, with their numbers, in order."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            number = 0
            while len(block := file.read(self._size + 1)) == self._size + 1:
                if block[:1] == _THERE:
                    yield number, np.frombuffer(block, np.uint8, offset=1).reshape(self.shape)
                number += 1

    def delete(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
