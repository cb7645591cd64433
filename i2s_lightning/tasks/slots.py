"""The fixed rows that a step works on, and what the pictures in them are compared with."""

import torch
from torch import Tensor

from i2s_lightning.tasks.objective import References

NOBODY = -1


class Slots:
    """Which picture sits in which row.

    A step always works on the same number of rows, whether they hold pictures or not: equal shapes give equal bits
    whatever else is in flight, and one compiled graph. When a picture is done, the next one takes its row.

    Args:
        rows: How many.
        blank: References of one empty picture, for rows without one.
        noise: Noise maps of one picture, each ``(1, 1, h, w)``, when every picture has its own; else None.
    """

    def __init__(self, rows: int, blank: References, noise: list[Tensor] | None = None) -> None:
        self.pictures = [NOBODY] * rows
        self.references: References = {
            loss: {key: value.repeat(rows, *[1] * (value.dim() - 1)) for key, value in tensors.items()}
            for loss, tensors in blank.items()
        }
        self.noise = None if noise is None else [m.repeat(rows, 1, 1, 1) for m in noise]

    @property
    def occupied(self) -> list[int]:
        """Rows that hold a picture."""
        return [row for row, picture in enumerate(self.pictures) if picture != NOBODY]

    @torch.no_grad()
    def put(self, row: int, picture: int, references: References, noise: list[Tensor] | None) -> None:
        """Let a picture take a row.

        Args:
            row: Which.
            picture: Its index in the data.
            references: Of this picture, ``(1, ...)`` each.
            noise: Its own noise maps, ``(1, 1, h, w)`` each, if it has any.
        """
        self.pictures[row] = picture
        for loss, tensors in references.items():
            for key, value in tensors.items():
                self.references[loss][key][row] = value[0]
        for mine, theirs in zip(self.noise or [], noise or [], strict=True):
            mine[row] = theirs[0]

    def clear(self, row: int) -> None:
        """Give a row free."""
        self.pictures[row] = NOBODY
