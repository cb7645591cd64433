"""A perceptual distance that needs no learnt weights beyond VGG's."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from i2s_lightning.features import FeatureExtractor
from i2s_lightning.ops.distances import unit_distance
from i2s_lightning.ops.resize import Downsample


class PerceptualDistance(nn.Module):
    """Compare directions of VGG-16 activations, as LPIPS does (Zhang et al. 2018), without its learnt channel weights.

    At each position of conv1_1, conv1_2, conv3_2 and conv4_2 activations are scaled to unit length; squared differences
    are summed over channels, then averaged over positions and layers. **This is not LPIPS**: other layers, no learnt
    weights, so values don't compare with published ones. Nor is it independent of a perceptual loss on the same VGG.

    Args:
        size: The longer side that VGG sees at most, in pixels; the aspect is kept, smaller images keep their size.
        downsample: ``area`` averages, ``bilinear`` interpolates (and aliases).
        vgg: ``auto``, ``hed``, ``imagenet`` or a file.
    """

    def __init__(self, size: int = 256, downsample: Downsample = "area", vgg: str | Path = "auto") -> None:
        super().__init__()
        self.features = FeatureExtractor(("conv1_1", "conv1_2", "conv3_2", "conv4_2"), size, downsample, vgg)

    def forward(self, image: Float[Tensor, "B C H W"], target: Float[Tensor, "B C H W"]) -> Float[Tensor, " B"]:
        """Return the distance per image, in [0, 2]; both in [-1, 1], 1 or 3 channels."""
        features, reference = self.features(image), self.features(target)
        return torch.stack([unit_distance(features[name], reference[name]) for name in features]).mean(dim=0)
