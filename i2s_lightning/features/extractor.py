"""Images to VGG features at a bounded size: what losses and metrics share."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from i2s_lightning.errors import ConfigError
from i2s_lightning.features.load import load_vgg
from i2s_lightning.features.vgg import MIN_SIDE, TAPS
from i2s_lightning.ops.resize import Downsample, shrink


class FeatureExtractor(nn.Module):
    """Shrink images to at most ``size`` pixels a side, then run a frozen VGG-16.

    Args:
        layers: Which activations, for example ``["conv1_1", "conv4_2"]``.
        size: The longer side that VGG sees at most, in pixels; smaller images keep their size.
        downsample: See :func:`i2s_lightning.ops.resize.shrink`.
        vgg: Weights for :func:`i2s_lightning.features.load.load_vgg`.

    Raises:
        ConfigError: No layer, an unknown one, or a size that VGG can't take.
    """

    def __init__(self, layers: Collection[str], size: int, downsample: Downsample, vgg: str | Path) -> None:
        super().__init__()
        unknown = [name for name in layers if name not in TAPS]
        if unknown or not layers:
            raise ConfigError(f"layers must name some of {', '.join(TAPS)}; got {', '.join(unknown) or 'none'}.")
        if size < MIN_SIDE:
            raise ConfigError(f"size must be at least {MIN_SIDE} pixels, since VGG halves it three times; got {size}.")
        self.layers, self.size, self.downsample = tuple(layers), size, downsample
        self.vgg = load_vgg(vgg)

    def forward(self, image: Float[Tensor, "B C H W"]) -> dict[str, Float[Tensor, "B _ _ _"]]:
        """Return the activations by name; ``image`` lies in [-1, 1] and has 3 channels, or 1 that stands for 3."""
        features: dict[str, Tensor] = self.vgg(shrink(image, self.size, self.downsample), self.layers)
        return features

    def describe(self) -> dict[str, Any]:
        """Tell what decides the features, JSON-able."""
        return {
            "size": self.size,
            "downsample": self.downsample,
            "vgg": self.vgg.source["name"],
            "sha256": self.vgg.sha256,
        }
