"""The perceptual term of equation 1, which is equation 2."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.features import FeatureExtractor
from i2s_lightning.losses.base import ImageLoss
from i2s_lightning.ops.distances import mean_square_difference
from i2s_lightning.ops.resize import Downsample

PAPER_LAYERS = {"conv1_1": 1.0, "conv1_2": 1.0, "conv3_2": 1.0, "conv4_2": 1.0}


class PerceptualLoss(ImageLoss):
    """Compare VGG-16 features: ``sum_j lambda_j / N_j ||F_j(I1) - F_j(I2)||^2`` of Abdal et al. 2019, equation 2.

    N_j counts the values of layer j of one image. Known or possible deviations from the paper:

    * F_j is taken after the ReLU, as re-implementations do; the paper does not say.
    * Images reach VGG in the scale of torchvision's weights (about unit deviation). The paper's loss values suggest
      pixels in 0..255, some 3,300 times this term, beside an unchanged pixel term; compare orderings, not values.
    * The bundled weights are not exactly ImageNet's: see :func:`i2s_lightning.features.load.load_vgg`.
    * 256 pixels is the custom of re-implementations; which filter the paper shrank with is not known.

    Args:
        weight: Factor in the task's sum.
        layers: The paper's lambda_j by layer, or a list of layers that all get 1.
        size: The longer side that VGG sees at most, in pixels; the aspect is kept, smaller images keep their size.
        downsample: ``area`` averages, ``bilinear`` interpolates (and aliases).
        vgg: ``auto``, ``hed``, ``imagenet`` or a file.

    Raises:
        ConfigError: An unknown layer, none, or a size below 8.
        UnsupportedWeightsError: The weights are missing or not VGG-16.
    """

    def __init__(
        self,
        weight: float = 1.0,
        layers: dict[str, float] | list[str] = PAPER_LAYERS,
        size: int = 256,
        downsample: Downsample = "area",
        vgg: str | Path = "auto",
    ) -> None:
        super().__init__(weight)
        self.layers = dict(layers) if isinstance(layers, Mapping) else dict.fromkeys(layers, 1.0)
        self.features = FeatureExtractor(self.layers, size, downsample, vgg)

    @torch.no_grad()
    def prepare(self, target: Float[Tensor, "B C H W"]) -> dict[str, Tensor]:
        """Compute the target's features."""
        features: dict[str, Tensor] = self.features(target)
        return features

    def forward(self, image: Float[Tensor, "B C H W"], reference: dict[str, Tensor]) -> Float[Tensor, " B"]:
        """Return the weighted sum over layers per image."""
        features = self.features(image)
        terms = [
            factor * mean_square_difference(features[name], reference[name]) for name, factor in self.layers.items()
        ]
        return torch.stack(terms).sum(dim=0)

    def describe(self) -> dict[str, Any]:
        """Add layers, size and VGG's hash to the description."""
        return super().describe() | {"layers": self.layers} | self.features.describe()
