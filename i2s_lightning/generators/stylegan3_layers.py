"""The layers of StyleGAN3's synthesis network."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from i2s_lightning.generators.mapping import FullyConnected
from i2s_lightning.ops.alias_free import filtered_lrelu, fourier_features, input_transform
from i2s_lightning.ops.mapping import linear
from i2s_lightning.ops.resample import binomial_filter


class StyleGAN3Input(nn.Module):
    """Fourier features that the first style turns and shifts.

    ``transform`` is the user's: an inverse transform of the image plane, in units of the image's side.
    """

    transform: Tensor
    freqs: Tensor
    phases: Tensor

    def __init__(
        self, *, w_dim: int, channels: int, size: tuple[int, int], sampling_rate: float, bandwidth: float
    ) -> None:
        super().__init__()
        self.size, self.sampling_rate, self.bandwidth = size, sampling_rate, bandwidth
        self.weight_gain = channels**-0.5
        self.weight = nn.Parameter(torch.randn(channels, channels))
        self.affine = FullyConnected(w_dim, 4)
        nn.init.zeros_(self.affine.weight)
        self.affine.bias.data[0] = 1.0
        self.register_buffer("transform", torch.eye(3))
        radius = torch.rand(channels, 1).sqrt() * bandwidth  # uniform over the disc
        self.register_buffer("freqs", F.normalize(torch.randn(channels, 2)) * radius)
        self.register_buffer("phases", torch.rand(channels) - 0.5)

    def forward(self, w: Float[Tensor, "B D"]) -> Float[Tensor, "B C H W"]:
        """Sample the features for one style per image."""
        features = fourier_features(
            self.freqs,
            self.phases,
            input_transform(self.affine(w), self.transform),
            size=self.size,
            sampling_rate=self.sampling_rate,
            bandwidth=self.bandwidth,
        )
        return F.conv2d(features, (self.weight * self.weight_gain)[:, :, None, None])


class StyleGAN3Layer(nn.Module):
    """Modulated convolution and filtered nonlinearity.

    The official code also divides the styles by their root mean square over the batch. Demodulation cancels that up to
    its epsilon, so here each image divides by its own: images must not mix.

    Args:
        w_dim: Width of a style.
        layer: One entry of the ``layers`` argument of ``StyleGAN3``.
        conv_clamp: Limit of the activation's absolute value, or None.
    """

    magnitude_ema: Tensor
    up_filter: Tensor | None
    down_filter: Tensor | None

    def __init__(self, *, w_dim: int, layer: dict[str, Any], conv_clamp: float | None) -> None:
        super().__init__()
        self.torgb, self.conv_clamp, kernel = layer["torgb"], conv_clamp, layer["kernel"]
        self.up, self.down, self.padding = layer["up"], layer["down"], tuple(layer["padding"])
        self.affine = FullyConnected(w_dim, layer["in_channels"], bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(layer["out_channels"], layer["in_channels"], kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(layer["out_channels"]))
        self.register_buffer("magnitude_ema", torch.ones([]))
        for name in ("up_filter", "down_filter"):
            # Files bring their own; this one only has the right shape and sum.
            taps = [binomial_filter(n) for n in layer[name] or ()]
            start = None if not taps else taps[0] if len(taps) == 1 else torch.outer(*taps)
            self.register_buffer(name, start)

    def forward(self, x: Float[Tensor, "B I H W"], w: Float[Tensor, "B D"]) -> Float[Tensor, "B O H2 W2"]:
        """Run the layer for one style per image."""
        style, scale = self._factors(w)
        x = F.conv2d(x * style[:, :, None, None], self.weight, padding=self.weight.shape[-1] - 1)
        x = torch.addcmul(self.bias[:, None, None], x, scale[:, :, None, None])
        return filtered_lrelu(
            x,
            self.up_filter,
            self.down_filter,
            up=self.up,
            down=self.down,
            padding=self.padding,
            activated=not self.torgb,
            clamp=self.conv_clamp,
        )

    def _factors(self, w: Float[Tensor, "B D"]) -> tuple[Float[Tensor, "B I"], Float[Tensor, "#B O"]]:
        """Compute the scales of the input and output channels."""
        style: Tensor = self.affine(w)
        gain = self.magnitude_ema.rsqrt()
        power = self.weight.square().sum(dim=(2, 3))
        if self.torgb:
            return style * self.weight[0].numel() ** -0.5, gain.expand(1, power.shape[0])
        style = style * style.square().mean(dim=1, keepdim=True).rsqrt()
        norm = (power.sum(dim=1) / self.weight[0].numel()).rsqrt()
        return style, norm * (linear(style.square(), power) * norm.square() + 1e-8).rsqrt() * gain
