"""StyleGAN2's residual discriminator (Karras et al. 2020), which also lends its features as a perceptual distance."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from i2s_lightning.generators.mapping import FullyConnected
from i2s_lightning.ops.resample import binomial_filter, fir

_SQRT2 = 2**0.5


class Convolution(nn.Module):
    """Convolution with equalised learning rate; ``down`` low-passes first and halves the resolution."""

    resample_filter: Tensor

    def __init__(
        self, inputs: int, outputs: int, size: int, *, active: bool = True, down: bool = False, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.active, self.down, self.size = active, down, size
        self.bias_gain = gain * (_SQRT2 if active else 1.0)
        self.weight_gain = self.bias_gain / (inputs * size * size) ** 0.5
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs)) if active else None
        if down:
            kernel = binomial_filter(4)
            self.register_buffer("resample_filter", torch.outer(kernel, kernel))

    def forward(self, x: Float[Tensor, "B I H W"]) -> Float[Tensor, "B O H2 W2"]:
        """Filter, convolve and activate."""
        bias = None if self.bias is None else self.bias * self.bias_gain
        weight, padding = self.weight * self.weight_gain, self.size // 2
        if self.down:
            before = padding + 1  # of the four taps; what a convolution of this size reaches beyond the border is added
            kernel = self.resample_filter.to(x.dtype)
            if self.size == 1:
                x = fir(x, kernel, padding=(before, before, before, before), down=2)
            else:
                x = fir(x, kernel, padding=(before, before, before, before))
            x = F.conv2d(x, weight.to(x.dtype), None if bias is None else bias.to(x.dtype), stride=self.size // 2 + 1)
        else:
            x = F.conv2d(x, weight, bias, padding=padding)
        return F.leaky_relu(x, 0.2) if self.active else x


class Block(nn.Module):
    """Two convolutions beside a shortcut, at half the resolution afterwards; the first block reads colours."""

    def __init__(self, inputs: int, outputs: int, *, first: bool) -> None:
        super().__init__()
        if first:
            self.fromrgb = Convolution(3, inputs, 1)
        self.conv0 = Convolution(inputs, inputs, 3)
        self.conv1 = Convolution(inputs, outputs, 3, down=True, gain=0.5**0.5)
        self.skip = Convolution(inputs, outputs, 1, active=False, down=True, gain=0.5**0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Halve the resolution."""
        if hasattr(self, "fromrgb"):
            x = self.fromrgb(x)
        y: Tensor = self.conv1(self.conv0(x)) + self.skip(x)
        return y


class Head(nn.Module):
    """From 4x4 features to one number, with the spread of features over small groups of images as one more channel."""

    def __init__(self, channels: int, group: int = 4) -> None:
        super().__init__()
        self.group = group
        self.conv = Convolution(channels + 1, channels, 3)
        self.fc = FullyConnected(channels * 16, channels, activation="lrelu")
        self.out = FullyConnected(channels, 1)

    def forward(self, x: Float[Tensor, "B C 4 4"]) -> Float[Tensor, " B"]:
        """Score images."""
        grouped = x.reshape(min(self.group, len(x)), -1, *x.shape[1:])
        spread = (grouped.var(dim=0, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))
        spread = spread.repeat(len(grouped))[:, None, None, None].expand(-1, 1, 4, 4)
        x = self.conv(torch.cat([x, spread], dim=1))
        logits: Tensor = self.out(self.fc(x.flatten(1)))
        return logits[:, 0]


class Discriminator(nn.Module):
    """Tell real images from a generator's.

    Args:
        channels: Width at 4, 8, ... pixels, as the generator's.

    Example:
        >>> discriminator = Discriminator((8, 8, 4))
        >>> logits, features = discriminator(torch.zeros(4, 3, 16, 16))
        >>> logits.shape, [tuple(f.shape[1:]) for f in features]
        (torch.Size([4]), [(8, 8, 8), (8, 4, 4)])
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.blocks: list[str] = []
        for i in range(len(channels) - 1, 0, -1):
            self.blocks.append(f"b{4 * 2**i}")
            block = Block(channels[i], channels[i - 1], first=i == len(channels) - 1)
            self.add_module(self.blocks[-1], block)
        self.b4 = Head(channels[0])
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster on CPU and tensor cores

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> tuple[Float[Tensor, " B"], list[Float[Tensor, "B _ _ _"]]]:
        """Score images.

        Args:
            image: In [-1, 1]. Groups of four images (those a quarter of the batch apart) are scored together.

        Returns:
            A logit per image, above 0 for real, and the features after each block.
        """
        features: list[Tensor] = []
        x = image.contiguous(memory_format=torch.channels_last)
        for name in self.blocks:
            x = self.get_submodule(name)(x)
            features.append(x)
        with torch.autocast(x.device.type, enabled=False):
            logits: Tensor = self.b4(x.float())
        return logits, features
