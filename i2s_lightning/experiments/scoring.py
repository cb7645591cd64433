"""Scoring reconstructions, whoever made them, by one protocol."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.drawing.sheet import Pixels
from i2s_lightning.experiments.lab import image
from i2s_lightning.metrics import PerceptualDistance, score
from i2s_lightning.metrics.lpips import Lpips, lpips_nets

Size = int | Literal["full"]

FIT = Preprocess(fit="crop", resample="lanczos")


class Scorer:
    """Scores a reconstruction against its original.

    The original is cropped and brought (Lanczos) to the reconstruction's size; both are then brought to the size at
    which they are compared, unless that is ``full``, and are 8-bit pictures throughout. MSE is on [-1, 1], PSNR
    10 log10(4 / mse) (that is, peak 255 on 8 bits).

    Args:
        perceptual: Our own distance.
    """

    def __init__(self, perceptual: PerceptualDistance) -> None:
        self.perceptual = perceptual

    @cached_property
    def lpips(self) -> dict[str, Lpips]:
        """LPIPS by its column's name, where the weights are there."""
        return {f"lpips_{net}": Lpips(net) for net, file in lpips_nets().items() if file.is_file()}

    @torch.no_grad()
    def __call__(self, original: Pixels, made: UInt8[np.ndarray, "h w C"], size: Size) -> dict[str, float]:
        """Give every measure that is defined at this size.

        Args:
            original: Of any size.
            made: Of any size, with as many channels.
            size: The side of the square at which they are compared, or ``full``, the reconstruction's own size.
        """
        target = FIT(original, made.shape[:2])
        if size != "full":
            target, made = FIT(target, (size, size)), FIT(made, (size, size))
        a, b = image(made), image(target)
        values: dict[str, Tensor] = score(a, b, self.perceptual)
        if made.shape[2] == 3:
            values |= {name: distance(a, b) for name, distance in self.lpips.items()}
        return {name: float(value[0]) for name, value in values.items()}

    def remarks(self, sizes: Sequence[Size]) -> list[str]:
        """Say what is not computed, and why."""
        absent = [f"LPIPS ({net}) needs {_told(file)}" for net, file in lpips_nets().items() if not file.is_file()]
        return [
            f"Sizes: {', '.join(map(str, sizes))} px. Both pictures are 8-bit; MSE on [-1, 1], PSNR 10 log10(4 / mse).",
            *([f"Not computed: {'; '.join(absent)} (torchvision's file, for whoever has it)."] if absent else []),
            "Not computed: identity: face-recognition networks come under unclear licences, and as code to run.",
        ]


def _told(file: Path) -> str:
    """Say where a file is without saying whose home that is."""
    return f"~/{file.relative_to(Path.home())}" if file.is_relative_to(Path.home()) else str(file)
