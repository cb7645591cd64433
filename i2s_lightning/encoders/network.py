"""From a picture to styles in one pass."""

from collections.abc import Sequence
from itertools import pairwise
from math import gcd
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from i2s_lightning.generators.base import Generator
from i2s_lightning.ops.resize import shrink

GROUPS = 8
"""Channels are normalised in at most so many groups, over one picture: so its latent depends on it alone."""


class Encoder(nn.Module):
    """Guess the W+ styles of a picture: one w, and an offset from it for each layer.

    The idea of one w plus offsets that come in one by one is that of Tov et al. 2021 (e4e). Which generator the styles
    are for is known by its hash.

    Args:
        img_channels: Colour channels.
        img_shape: Height and width of the generator's images.
        num_ws: Styles an image takes.
        w_dim: Width of a style.
        size: The longer side that the network sees at most, in pixels.
        widths: Channels after the first convolution and after each halving.
        features: Width of the description that styles are read from.
    """

    w_avg: Tensor
    w_scale: Tensor
    enabled: Tensor

    def __init__(
        self,
        img_channels: int,
        img_shape: Sequence[int],
        num_ws: int,
        w_dim: int,
        size: int = 64,
        widths: Sequence[int] = (32, 64, 128, 192, 192),
        features: int = 256,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "img_channels": img_channels,
            "img_shape": list(img_shape),
            "num_ws": num_ws,
            "w_dim": w_dim,
            "size": size,
            "widths": list(widths),
            "features": features,
        }
        self.num_ws, self.w_dim, self.size = num_ws, w_dim, size
        self.generator_sha256 = ""
        self.sha256 = ""
        height, width = shrink(torch.zeros(1, 1, *img_shape), size).shape[2:]
        for _ in widths[1:]:
            height, width = -(-height // 2), -(-width // 2)
        self.stem = nn.Conv2d(img_channels, widths[0], 3, padding=1)
        self.blocks = nn.Sequential(*(Halving(a, b) for a, b in pairwise(widths)))
        self.to_features = nn.Linear(widths[-1] * height * width, features)
        self.to_w = nn.Linear(features, w_dim)
        self.to_offsets = nn.Linear(features, num_ws * w_dim)
        nn.init.zeros_(self.to_offsets.weight)
        nn.init.zeros_(self.to_offsets.bias)
        self.register_buffer("w_avg", torch.zeros(w_dim))
        self.register_buffer("w_scale", torch.ones(()))
        self.register_buffer("enabled", torch.tensor(num_ws))

    def attach(self, generator: Generator, w_scale: float) -> None:
        """Say whose styles these are.

        Args:
            generator: The generator.
            w_scale: Root mean square deviation of its w.
        """
        self.w_avg.copy_(generator.w_avg)
        self.w_scale.fill_(w_scale)
        self.generator_sha256 = generator.sha256

    def forward(self, image: Float[Tensor, "B C H W"]) -> Float[Tensor, "B L D"]:
        """Guess W+ styles, ``(B, L, D)``.

        Args:
            image: In [-1, 1], at the generator's size.
        """
        w, offsets = self.parts(image)
        return w.unsqueeze(1) + offsets

    def w(self, image: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D"]:
        """Guess one style for all layers, ``(B, D)``."""
        return self.parts(image)[0]

    def parts(self, image: Float[Tensor, "B C H W"]) -> tuple[Float[Tensor, "B D"], Float[Tensor, "B L D"]]:
        """Guess one style, and each layer's offset from it: zero for layers from ``enabled`` on."""
        seen = self.blocks(self.stem(shrink(image, self.size)))
        features = F.leaky_relu(self.to_features(F.leaky_relu(seen, 0.2).flatten(1)), 0.2)
        w = self.w_avg + self.w_scale * self.to_w(features)
        offsets = self.w_scale * self.to_offsets(features).view(-1, self.num_ws, self.w_dim)
        on = (torch.arange(self.num_ws, device=w.device) < self.enabled).to(w)
        return w, offsets * on[:, None]


class Halving(nn.Module):
    """Two convolutions beside a shortcut, at half the resolution.

    Args:
        before: Channels that come.
        after: Channels that go.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.GroupNorm(gcd(GROUPS, width), width) for width in (before, after))
        self.first = nn.Conv2d(before, after, 3, stride=2, padding=1)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1, bias=False)

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B d H W"]:
        """Halve the resolution, rounding up."""
        kept = self.shortcut(F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False))
        y = self.first(F.leaky_relu(self.norms[0](x), 0.2))
        y = self.second(F.leaky_relu(self.norms[1](y), 0.2))
        half: Tensor = (kept + y) * 0.5**0.5
        return half
