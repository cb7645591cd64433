"""The layers and blocks of StyleGAN2's synthesis network.

A convolution whose weights are constant, as all are when pictures are embedded or rendered, runs as one step of
autograd on weights that are prepared once (``ops.styled``); others, as in training, as plain operations. Both compute
the same function. ``StyleGAN2Layer.forward`` chooses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from i2s_lightning.generators.mapping import FullyConnected
from i2s_lightning.ops.frozen_conv import FrozenConv, FrozenMap, FrozenUpConv
from i2s_lightning.ops.modulated import (
    demodulation,
    kernel_power,
    modulated_projection,
    noisy_activation,
    up_convolution,
    up_filter,
)
from i2s_lightning.ops.prepared import Prepared, constant, working_dtype
from i2s_lightning.ops.resample import binomial_filter, upsample2d
from i2s_lightning.ops.styled import SLOPES, styled_layer

Architecture = Literal["skip", "orig", "resnet"]


@dataclass(frozen=True)
class Common:
    """What all layers of one synthesis network share."""

    w_dim: int
    img_channels: int
    architecture: Architecture
    activation: str
    conv_clamp: float | None
    use_noise: bool
    filter_shape: tuple[int, ...]

    def low_pass(self) -> Tensor:
        """Return a fresh resampling filter."""
        kernel = binomial_filter(self.filter_shape[0])
        return kernel if len(self.filter_shape) == 1 else torch.outer(kernel, binomial_filter(self.filter_shape[1]))


class StyleGAN2Layer(nn.Module):
    """Modulated 3x3 convolution, noise, bias and activation; ``up`` doubles the resolution first."""

    resample_filter: Tensor
    noise_const: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, shape: tuple[int, int], *, up: bool, common: Common
    ) -> None:
        super().__init__()
        self.up, self.use_noise = up, common.use_noise
        self.activation, self.conv_clamp = common.activation, common.conv_clamp
        self.affine = FullyConnected(common.w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.register_buffer("resample_filter", common.low_pass())
        if self.use_noise:
            self.noise_strength = nn.Parameter(torch.zeros([]))
            self.register_buffer("noise_const", torch.randn(*shape))
        self._power = Prepared(kernel_power)
        self._convolution: Prepared[FrozenMap] = Prepared(_doubling if up else _plain_sized)

    def forward(
        self,
        x: Float[Tensor, "B I H W"],
        w: Float[Tensor, "B D"],
        noise: Float[Tensor, "#B 1 #H2 #W2"] | None,
        gain: float = 1.0,
    ) -> Float[Tensor, "B O H2 W2"]:
        """Run the layer for one style per image; ``noise`` is scaled by the learned strength."""
        noise = None if noise is None else noise * self.noise_strength
        fast = self.activation in SLOPES and constant(self.weight, self.bias, noise)
        return (self._prepared if fast else self._plain)(x, w, noise, gain)

    def _plain(self, x: Tensor, w: Tensor, noise: Tensor | None, gain: float) -> Tensor:
        style = self.affine(w)
        scale = demodulation(style, kernel_power(self.weight))
        x = x * style[:, :, None, None]
        x = up_convolution(x, self.weight, self.resample_filter) if self.up else F.conv2d(x, self.weight, padding=1)
        return noisy_activation(
            x, scale, self.bias, noise, activation=self.activation, gain=gain, clamp=self.conv_clamp
        )

    def _prepared(self, x: Tensor, w: Tensor, noise: Tensor | None, gain: float) -> Tensor:
        x = x.to(working_dtype(x))
        with torch.autocast(x.device.type, enabled=False):  # styles stay as precise as they are
            convolution = self._convolution(x.dtype, self.weight, self.resample_filter)
            style = self.affine(w)
            scale = demodulation(style, self._power(style.dtype, self.weight))
            return styled_layer(
                x,
                style,
                scale,
                self.bias,
                noise,
                convolution,
                activation=self.activation,
                gain=gain,
                clamp=self.conv_clamp,
            )


def _doubling(weight: Tensor, kernel: Tensor) -> FrozenMap:
    return FrozenUpConv(weight, up_filter(kernel))


def _plain_sized(weight: Tensor, kernel: Tensor) -> FrozenMap:
    return FrozenConv(weight)


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to colour, without demodulation or activation."""

    def __init__(self, in_channels: int, common: Common) -> None:
        super().__init__()
        self.conv_clamp, self.weight_gain = common.conv_clamp, in_channels**-0.5
        self.affine = FullyConnected(common.w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(common.img_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(common.img_channels))

    def forward(self, x: Float[Tensor, "B I H W"], w: Float[Tensor, "B D"]) -> Float[Tensor, "B C H W"]:
        """Compute a layer's part of the image."""
        with torch.autocast(x.device.type, enabled=False):  # the image is worth more bits than the features
            style = self.affine(w) * self.weight_gain
        rgb = modulated_projection(x, self.weight, style, self.bias)
        return rgb if self.conv_clamp is None else rgb.clamp(-self.conv_clamp, self.conv_clamp)


class Shortcut(nn.Module):
    """The residual branch of the resnet architecture: 1x1 convolution and upsampling."""

    resample_filter: Tensor

    def __init__(self, in_channels: int, out_channels: int, common: Common) -> None:
        super().__init__()
        self.weight_gain = in_channels**-0.5
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 1, 1))
        self.register_buffer("resample_filter", common.low_pass())

    def forward(self, x: Float[Tensor, "B I H W"], gain: float) -> Float[Tensor, "B O 2*H 2*W"]:
        """Carry features past a block's convolutions."""
        return upsample2d(F.conv2d(x, self.weight * (self.weight_gain * gain)), self.resample_filter)


class StyleGAN2Block(nn.Module):
    """The layers of one resolution; the first block (``in_channels=0``) starts from a constant."""

    resample_filter: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, shape: tuple[int, int], *, is_last: bool, common: Common
    ) -> None:
        super().__init__()
        self.is_first = in_channels == 0
        self.residual = common.architecture == "resnet" and not self.is_first
        self.has_rgb = is_last or common.architecture == "skip"
        self.register_buffer("resample_filter", common.low_pass())
        if self.is_first:
            self.const = nn.Parameter(torch.randn(out_channels, *shape))
        else:
            self.conv0 = StyleGAN2Layer(in_channels, out_channels, shape, up=True, common=common)
        self.conv1 = StyleGAN2Layer(out_channels, out_channels, shape, up=False, common=common)
        if self.has_rgb:
            self.torgb = ToRGB(out_channels, common)
        if self.residual:
            self.skip = Shortcut(in_channels, out_channels, common)

    @property
    def layers(self) -> list[StyleGAN2Layer]:
        """The style convolutions in order."""
        return [self.conv1] if self.is_first else [self.conv0, self.conv1]

    def forward(
        self, x: Tensor | None, image: Tensor | None, ws: Sequence[Tensor], noises: Sequence[Tensor | None]
    ) -> tuple[Tensor, Tensor | None]:
        """Run the block on features and image so far; ``ws`` is a style per convolution and one for ToRGB."""
        gain = 0.5**0.5 if self.residual else 1.0
        if x is None:
            x = self.const.expand(ws[0].shape[0], -1, -1, -1)
            y = x
        else:
            y = self.conv0(x, ws[0], noises[0])
        y = self.conv1(y, ws[-2], noises[-1], gain=gain)
        if self.residual:
            y = y + self.skip(x, gain=gain)
        if image is not None:
            with torch.autocast(image.device.type, enabled=False):
                image = upsample2d(image, self.resample_filter)
        if self.has_rgb:
            rgb: Tensor = self.torgb(y, ws[-1])
            image = rgb if image is None else image + rgb
        return y, image
