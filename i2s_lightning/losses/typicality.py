"""A regulariser that keeps styles where the generator's own lie."""

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.samples import SAMPLES, sample_w
from i2s_lightning.losses.base import LatentLoss
from i2s_lightning.ops.whitening import fit_whitening, straighten


class TypicalityLoss(LatentLoss):
    """Penalise styles that the generator would hardly draw: the squared P-norm of II2S (Zhu et al. 2020).

    Each layer's style is straightened and whitened; the value is the mean over layers and axes of the square, so about
    1 for the generator's own samples (II2S sums: its weight of 0.001 is 0.001 L D here). Axes along which samples
    hardly vary count as in :data:`i2s_lightning.ops.whitening.FLOOR`, which II2S does not do.

    Args:
        weight: Factor in the task's sum: the knob between likeness and editability.
    """

    mean: Tensor
    whiten: Tensor

    def __init__(self, weight: float = 0.01) -> None:
        super().__init__(weight)

    def attach(self, generator: Generator) -> None:
        """Estimate mean and axes from samples of the mapping network."""
        found = fit_whitening(sample_w(generator, SAMPLES))
        self.register_buffer("mean", found.mean.to(generator.w_avg), persistent=False)
        self.register_buffer("whiten", (found.axes / found.deviations).to(generator.w_avg), persistent=False)

    def forward(self, ws: Float[Tensor, "B L D"]) -> Float[Tensor, " B"]:
        """Return the mean squared whitened style per picture."""
        with torch.autocast(ws.device.type, enabled=False):
            whitened = (straighten(ws.to(self.mean)) - self.mean) @ self.whiten
            return whitened.square().mean(dim=(1, 2))
