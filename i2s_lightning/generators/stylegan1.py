"""StyleGAN (Karras et al. 2019) at its final resolution.

NVIDIA published no torch network, so the names are ours, after those of StyleGAN2: ``synthesis.b{r}.conv0`` and
``conv1`` are the two layers of resolution r (``b4.conv0`` has no weight: its input is ``b4.const``), each with
``weight`` (O, I, 3, 3), ``bias``, ``noise_strength`` (C,), ``noise_const`` (r, r) and ``affine`` (2 C styles: scale
without its 1, then shift); ``synthesis.torgb``; ``mapping.fc{i}`` and, with labels, ``mapping.embed.weight``
(z_dim, c_dim). The numbers are TensorFlow's, transposed; run-time scales are the official ones.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from i2s_lightning.generators.arguments import length, number, size, sizes
from i2s_lightning.generators.base import Generator, NoiseMode, Synthesis, noise_maps
from i2s_lightning.generators.mapping import FullyConnected, MappingNetwork
from i2s_lightning.ops.adain import (
    activated_layer,
    adaptive_instance_norm,
    nearest_up_convolution,
    smooth,
    smooth_up_convolution,
)
from i2s_lightning.ops.frozen_conv import FrozenConv, FrozenUpConv
from i2s_lightning.ops.prepared import Prepared, constant, working_dtype

_FUSED_FROM = 128  # from here on the official layers fuse upsampling and convolution, which turns the kernel round


class StyleGAN1Layer(nn.Module):
    """Convolution (unless ``in_channels`` is 0), noise, bias, activation and adaptive instance normalisation."""

    noise_const: Tensor

    def __init__(
        self, in_channels: int, channels: int, resolution: int, *, w_dim: int, norm_eps: float, bias_before_blur: bool
    ) -> None:
        super().__init__()
        self.in_channels, self.fused, self.norm_eps = in_channels, resolution >= _FUSED_FROM, norm_eps
        self.bias_before_blur = bias_before_blur
        if in_channels:
            self.weight = nn.Parameter(torch.randn(channels, in_channels, 3, 3))
            self.weight_gain = (2 / (9 * in_channels)) ** 0.5
            self._convolution = Prepared(partial(_scaled, gain=self.weight_gain))
            self._doubling = Prepared(partial(_scaled_doubling, gain=self.weight_gain, turned=self.fused))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.noise_strength = nn.Parameter(torch.zeros(channels))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))
        self.affine = FullyConnected(w_dim, 2 * channels)

    def forward(
        self, x: Float[Tensor, "B I H W"], w: Float[Tensor, "B D"], noise: Float[Tensor, "#B 1 #H2 #W2"] | None
    ) -> Float[Tensor, "B C H2 W2"]:
        """Run the layer; it doubles the resolution where its noise maps are twice as large as ``x``."""
        fast = self.in_channels and constant(self.weight, self.bias, self.noise_strength, noise)
        x = (self._prepared if fast else self._plain)(x, noise)
        with torch.autocast(x.device.type, enabled=False):
            scale, shift = self.affine(w).chunk(2, dim=1)
        return adaptive_instance_norm(x, scale + 1, shift, self.norm_eps)

    def _doubles(self, x: Tensor) -> bool:
        return x.shape[-1] < self.noise_const.shape[-1]

    def _plain(self, x: Tensor, noise: Tensor | None) -> Tensor:
        bias = self.bias[:, None, None]
        if self.in_channels and self._doubles(x):
            weight = self.weight.flip(2, 3) if self.fused else self.weight
            x = nearest_up_convolution(x, weight, self.weight_gain)
            x = smooth(x + bias) if self.bias_before_blur else smooth(x) + bias
        elif self.in_channels:
            x = F.conv2d(x, self.weight * self.weight_gain, self.bias, padding=1)
        else:
            x = x + bias
        if noise is not None:
            x = x.addcmul_(noise, self.noise_strength[:, None, None])
        return F.leaky_relu_(x, 0.2)

    def _prepared(self, x: Tensor, noise: Tensor | None) -> Tensor:
        """Compute the same as one step of autograd on weights that are prepared once."""
        x, bias = x.to(working_dtype(x)), self.bias[None, :, None, None]
        with torch.autocast(x.device.type, enabled=False):
            if not self._doubles(x):
                return activated_layer(x, self._convolution(x.dtype, self.weight), bias, noise, self.noise_strength)
            if self.bias_before_blur:
                bias = smooth(bias.expand(-1, -1, *self.noise_const.shape))
            return activated_layer(x, self._doubling(x.dtype, self.weight), bias, noise, self.noise_strength)


def _scaled(weight: Tensor, gain: float) -> FrozenConv:
    return FrozenConv(weight * gain)


def _scaled_doubling(weight: Tensor, gain: float, *, turned: bool) -> FrozenUpConv:
    return smooth_up_convolution((weight.flip(2, 3) if turned else weight) * gain)


class StyleGAN1Block(nn.Module):
    """The two layers of one resolution; the first block starts from a constant."""

    def __init__(self, in_channels: int, channels: int, resolution: int, **layer: Any) -> None:
        super().__init__()
        if not in_channels:
            self.const = nn.Parameter(torch.ones(channels, resolution, resolution))
        self.conv0 = StyleGAN1Layer(in_channels, channels, resolution, **layer)
        self.conv1 = StyleGAN1Layer(channels, channels, resolution, **layer)


class StyleGAN1Color(nn.Module):
    """Projection of the last features to colour."""

    def __init__(self, channels: int, img_channels: int) -> None:
        super().__init__()
        self.weight_gain = channels**-0.5
        self.weight = nn.Parameter(torch.randn(img_channels, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(img_channels))

    def forward(self, x: Float[Tensor, "B I H W"]) -> Float[Tensor, "B C H W"]:
        """Compute images."""
        return F.conv2d(x, self.weight * self.weight_gain, self.bias)


class StyleGAN1Synthesis(Synthesis):
    """Two layers a resolution, one style and one noise map each."""

    def __init__(self, channels: Sequence[int], img_channels: int, **layer: Any) -> None:
        super().__init__()
        resolutions = [4 * 2**i for i in range(len(channels))]
        for inputs, outputs, resolution in zip([0, *channels], channels, resolutions, strict=False):
            self.add_module(f"b{resolution}", StyleGAN1Block(inputs, outputs, resolution, **layer))
        self.torgb = StyleGAN1Color(channels[-1], img_channels)
        self.num_ws, self.img_channels = 2 * len(channels), img_channels
        self.img_shape = (resolutions[-1], resolutions[-1])
        self.layer_resolutions = tuple(r for r in resolutions for _ in range(2))
        self.noise_shapes = tuple((r, r) for r in self.layer_resolutions)

    def forward(
        self,
        ws: Float[Tensor, "B L D"],
        noise_mode: NoiseMode = "const",
        noise: Sequence[Float[Tensor, "..."]] | None = None,
        rng: torch.Generator | None = None,
    ) -> Float[Tensor, "B C H W"]:
        """See ``Synthesis.forward``."""
        names = [f"b{r}.conv{i % 2}" for i, r in enumerate(self.layer_resolutions)]
        layers: list[Any] = [self.get_submodule(name) for name in names]
        noises = noise_maps([layer.noise_const for layer in layers], ws.shape[0], noise_mode, noise, rng)
        first: Any = self.get_submodule("b4")
        x: Tensor = first.const.expand(ws.shape[0], -1, -1, -1)
        for layer, w, map_ in zip(layers, ws.unbind(dim=1), noises, strict=True):
            x = layer(x, w, map_)
        image: Tensor = self.torgb(x)
        return image


class StyleGAN1(Generator):
    """StyleGAN generator.

    Args:
        z_dim: Width of the noise vector.
        c_dim: Width of the label; 0: unconditional.
        w_dim: Width of a style.
        img_channels: Colour channels.
        channels: Feature channels of the resolutions 4, 8, ..., so that their number gives the resolution.
        mapping_layers: Depth of the mapping network.
        mapping_lr_multiplier: See ``FullyConnected``.
        layer_features: Width of the mapping network; None: ``w_dim``.
        norm_eps: Added to the variance in the normalisation; 1e-8 officially, 1e-5 in some re-implementations.
        bias_before_blur: Whether upsampling layers add their bias before the blur (a re-implementation does), which
            differs at the border.

    Raises:
        ValueError: Arguments outside their range.

    Example:
        >>> generator = StyleGAN1(z_dim=8, w_dim=8, channels=(8, 4), mapping_layers=2)
        >>> generator.img_shape, generator.num_ws, generator.layer_resolutions
        ((8, 8), 4, (4, 4, 8, 8))
        >>> generator(torch.randn(2, 8)).shape
        torch.Size([2, 3, 8, 8])
    """

    family = "stylegan1"

    def __init__(
        self,
        *,
        z_dim: int = 512,
        c_dim: int = 0,
        w_dim: int = 512,
        img_channels: int = 3,
        channels: Sequence[int] = (512, 512, 512, 512, 256, 128, 64, 32, 16),
        mapping_layers: int = 8,
        mapping_lr_multiplier: int | float = 0.01,
        layer_features: int | None = None,
        norm_eps: float = 1e-8,
        bias_before_blur: bool = False,
    ) -> None:
        length("channels", channels, least=1, most=12)
        config: dict[str, Any] = {
            "z_dim": size("z_dim", z_dim),
            "c_dim": size("c_dim", c_dim, least=0),
            "w_dim": size("w_dim", w_dim),
            "img_channels": size("img_channels", img_channels),
            "channels": sizes("channels", channels),
            "mapping_layers": size("mapping_layers", mapping_layers, most=64),
            "mapping_lr_multiplier": number("mapping_lr_multiplier", mapping_lr_multiplier),
            "layer_features": size("layer_features", w_dim if layer_features is None else layer_features),
            "norm_eps": number("norm_eps", norm_eps),
            "bias_before_blur": bool(bias_before_blur),
        }
        mapping = MappingNetwork(
            z_dim=z_dim,
            c_dim=c_dim,
            w_dim=w_dim,
            num_ws=2 * len(channels),
            num_layers=mapping_layers,
            lr_multiplier=config["mapping_lr_multiplier"],
            embed_features=z_dim,
            layer_features=config["layer_features"],
            label_mode="concat",
            gain_on_weights=True,
        )
        synthesis = StyleGAN1Synthesis(
            config["channels"],
            img_channels,
            w_dim=w_dim,
            norm_eps=config["norm_eps"],
            bias_before_blur=config["bias_before_blur"],
        )
        super().__init__(mapping, synthesis, config)
