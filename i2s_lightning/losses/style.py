"""The style term that Image2StyleGAN's style transfer figure adds."""

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.features import FeatureExtractor
from i2s_lightning.losses.base import ImageLoss
from i2s_lightning.ops.distances import gram_matrix, mean_square_difference
from i2s_lightning.ops.resize import Downsample


class StyleLoss(ImageLoss):
    """Compare the Gram matrices of one VGG-16 layer (Gatys et al. 2016; on conv4_2 in Abdal et al. 2019).

    Both are means: the Gram matrix over positions, the squared difference over its entries. That is four times Gatys'
    E_l; how the paper scales it is not known.

    Args:
        weight: Factor in the task's sum.
        layer: Which activations.
        size: The longer side that VGG sees at most, in pixels; the aspect is kept, smaller images keep their size.
        downsample: ``area`` averages, ``bilinear`` interpolates (and aliases).
        vgg: ``auto``, ``hed``, ``imagenet`` or a file.

    Raises:
        ConfigError: An unknown layer, or a size below 8.
        UnsupportedWeightsError: The weights are missing or not VGG-16.
    """

    def __init__(
        self,
        weight: float = 1.0,
        layer: str = "conv4_2",
        size: int = 256,
        downsample: Downsample = "area",
        vgg: str | Path = "auto",
    ) -> None:
        super().__init__(weight)
        self.layer = layer
        self.features = FeatureExtractor([layer], size, downsample, vgg)

    @torch.no_grad()
    def prepare(self, target: Float[Tensor, "B C H W"]) -> dict[str, Tensor]:
        """Compute the target's Gram matrix."""
        return {"gram": gram_matrix(self.features(target)[self.layer])}

    def forward(self, image: Float[Tensor, "B C H W"], reference: dict[str, Tensor]) -> Float[Tensor, " B"]:
        """Return the mean squared difference of Gram matrices per image."""
        return mean_square_difference(gram_matrix(self.features(image)[self.layer]), reference["gram"])

    def describe(self) -> dict[str, Any]:
        """Add layer, size and VGG's hash to the description."""
        return super().describe() | {"layer": self.layer} | self.features.describe()
