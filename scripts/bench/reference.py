"""The usual way to compute an embedding step, to compare with: plain operations, nothing known to be constant.

StyleGAN2's synthesis as public implementations run it: each image's own weights in one grouped convolution (Karras et
al. 2020, appendix B), upsampling by zero insertion and filters, noise, bias, activation and gain one after the other.
Written for this comparison on the tensors of our own generator; skip architecture, leaky ReLU, stored noise.
"""

from collections.abc import Sequence
from typing import Any

import torch
from bench.parts import SYNTHESIS, VGG
from torch import Tensor, nn
from torch.nn import functional as F
from torch.profiler import record_function

from i2s_lightning.features.vgg import TAPS, VGG16
from i2s_lightning.generators.stylegan2 import StyleGAN2
from i2s_lightning.ops.resize import shrink

_SQRT2 = 2.0**0.5


class Reference:
    """Image and objective of one step.

    Args:
        generator: Whose tensors to compute with.
        vgg: Whose features to compare.
        layers: Names of features.
    """

    def __init__(self, generator: StyleGAN2, vgg: VGG16, layers: Sequence[str]) -> None:
        self.generator, self.vgg, self.layers = generator, vgg, layers

    @record_function(SYNTHESIS)
    def image(self, ws: Tensor) -> Tensor:
        """Compute images, ``(B, 3, H, W)``."""
        synthesis: Any = self.generator.synthesis
        x: Tensor = synthesis.b4.const.expand(len(ws), -1, -1, -1)
        image: Tensor | None = None
        k = 0
        for block in map(synthesis.get_submodule, synthesis.blocks):
            for layer in block.layers:
                x = _layer(x, ws[:, k], layer)
                k += 1
            style = block.torgb.affine(ws[:, k]) * block.torgb.weight_gain
            rgb = _grouped(x, _own(block.torgb.weight, style, demodulate=False)) + block.torgb.bias[:, None, None]
            image = rgb if image is None else _doubled(image, block.resample_filter) + rgb
        assert image is not None
        return image

    @record_function(VGG)
    def features(self, image: Tensor) -> list[Tensor]:
        """Run VGG as torch's modules do, with ReLUs in place."""
        x, found, last = shrink(image, 256), [], max(TAPS[name] for name in self.layers)
        x = (x + 1) / 2 * (2 * self.vgg.scale) + (self.vgg.shift - self.vgg.scale)
        for i, layer in enumerate(list(self.vgg.features)[: last + 1]):
            x = F.conv2d(x, layer.weight, layer.bias, padding=1) if isinstance(layer, nn.Conv2d) else layer(x)
            if i in {TAPS[name] for name in self.layers}:
                found.append(x)
        return found

    def loss(self, image: Tensor, target: Tensor, target_features: Sequence[Tensor]) -> Tensor:
        """Sum equation 1 over images."""
        pairs = zip([image, *self.features(image)], [target, *target_features], strict=True)
        return sum((F.mse_loss(a, b) * len(image) for a, b in pairs), image.new_zeros(()))


def _layer(x: Tensor, w: Tensor, layer: Any) -> Tensor:
    own = _own(layer.weight, layer.affine(w), demodulate=True)
    if layer.up:
        x = _grouped_transposed(x, own)
        x = _filtered(F.pad(x, (1, 1, 1, 1)), layer.resample_filter * 4)
    else:
        x = _grouped(x, own)
    x = x + layer.noise_const * layer.noise_strength
    x = x + layer.bias[:, None, None]
    return F.leaky_relu(x, 0.2) * _SQRT2


def _own(weight: Tensor, style: Tensor, *, demodulate: bool) -> Tensor:
    own = weight * style[:, None, :, None, None]
    return own * (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt() if demodulate else own


def _grouped(x: Tensor, own: Tensor) -> Tensor:
    batch, side = len(own), own.shape[-1]
    y = F.conv2d(x.reshape(1, -1, *x.shape[2:]), own.flatten(0, 1), padding=side // 2, groups=batch)
    return y.reshape(batch, -1, *y.shape[2:])


def _grouped_transposed(x: Tensor, own: Tensor) -> Tensor:
    weight = own.transpose(1, 2).flatten(0, 1)
    y = F.conv_transpose2d(x.reshape(1, -1, *x.shape[2:]), weight, stride=2, groups=len(own))
    return y.reshape(len(own), -1, *y.shape[2:])


def _doubled(image: Tensor, kernel: Tensor) -> Tensor:
    batch, channels, height, width = image.shape
    spread = F.pad(image.reshape(batch, channels, height, 1, width, 1), (0, 1, 0, 0, 0, 1))
    return _filtered(F.pad(spread.reshape(batch, channels, 2 * height, 2 * width), (2, 1, 2, 1)), kernel * 4)


def _filtered(x: Tensor, kernel: Tensor) -> Tensor:
    kernel = kernel if kernel.ndim == 2 else torch.outer(kernel, kernel)
    return F.conv2d(x, kernel.flip(0, 1).expand(x.shape[1], 1, -1, -1), groups=x.shape[1])
