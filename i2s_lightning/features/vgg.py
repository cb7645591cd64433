"""VGG-16 (Simonyan and Zisserman 2014) up to conv4_2, the deepest layer that Image2StyleGAN compares."""

from collections.abc import Collection, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from i2s_lightning.errors import ConfigError
from i2s_lightning.ops.frozen_conv import FrozenConv, conv_relu
from i2s_lightning.ops.prepared import Prepared, constant, working_dtype

TAPS = {
    "conv1_1": 1,
    "conv1_2": 3,
    "conv2_1": 6,
    "conv2_2": 8,
    "conv3_1": 11,
    "conv3_2": 13,
    "conv3_3": 15,
    "conv4_1": 18,
    "conv4_2": 20,
}
"""Where in ``VGG16.features`` each convolution's ReLU stands; the convolution itself stands one before."""

MIN_SIDE = 8
"""The shorter side, in pixels, that conv4_2 needs."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class VGG16(nn.Module):
    """Map an image to the activations after chosen convolutions and their ReLU.

    The paper does not say whether its F_j are taken before or after the ReLU; we follow its known re-implementations
    (after). Parameters are named as torchvision's (``features.0.weight``...). Construct it with random weights, or get
    trained ones from :func:`i2s_lightning.features.load_vgg`.

    Args:
        channels: Width of each of the nine convolutions.
        mean: Per RGB channel of pixels in [0, 1], subtracted first. Constants belong to the weights: see ``load_vgg``.
        std: Divides the difference.

    Example:
        >>> vgg = VGG16(channels=[4] * 9)
        >>> features = vgg(torch.zeros(2, 3, 32, 16), ["conv1_2", "conv3_2"])
        >>> {name: tuple(value.shape) for name, value in features.items()}
        {'conv1_2': (2, 4, 32, 16), 'conv3_2': (2, 4, 8, 4)}
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self,
        channels: Sequence[int] = (64, 64, 128, 128, 256, 256, 256, 512, 512),
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        super().__init__()
        stack: list[nn.Module] = []
        width = 3
        for name, channel in zip(TAPS, channels, strict=True):
            if stack and name.endswith("_1"):
                stack.append(nn.MaxPool2d(2))
            stack += [nn.Conv2d(width, channel, 3, padding=1), nn.ReLU(inplace=True)]
            width = channel
        self.features = nn.Sequential(*stack)
        self._convolutions = {i: Prepared(FrozenConv) for i, layer in enumerate(stack) if isinstance(layer, nn.Conv2d)}
        # ((image + 1) / 2 - mean) / std as one multiply-add. It can't go into conv1_1, which pads zeros after it.
        mean_, std_ = torch.tensor(mean).view(1, 3, 1, 1), torch.tensor(std).view(1, 3, 1, 1)
        self.register_buffer("scale", 0.5 / std_, persistent=False)
        self.register_buffer("shift", (0.5 - mean_) / std_, persistent=False)
        self.sha256 = ""
        """Fingerprint of the weights and the constants; empty unless loaded."""
        self.source: dict[str, Any] = {}
        """Which file the weights came from; empty unless loaded."""

    def forward(self, image: Float[Tensor, "B C H W"], layers: Collection[str]) -> dict[str, Float[Tensor, "B _ _ _"]]:
        """Run once, as far as the deepest of ``layers``.

        Args:
            image: RGB in [-1, 1], or one channel, which stands for three equal ones.
            layers: Names in :data:`TAPS`.

        Returns:
            The activations by name, shallowest first.

        Raises:
            ValueError: ``image`` has neither 1 nor 3 channels, or (a ConfigError) is too small to be halved on the way.
        """
        wanted = {TAPS[name]: name for name in layers}
        last = max(wanted)
        activation = self._normalise(image)
        found: dict[str, Tensor] = {}
        for index, layer in enumerate(list(self.features)[: last + 1]):
            if isinstance(layer, nn.MaxPool2d) and min(activation.shape[2:]) < 2:
                raise ConfigError(
                    f"{wanted[last]} needs {MIN_SIDE} pixels a side; got {image.shape[2]} x {image.shape[3]}. "
                    "Leave VGG's losses out, or ask for earlier layers."
                )
            if isinstance(layer, nn.Conv2d):
                activation = self._conv_relu(index, layer, activation)
            elif isinstance(layer, nn.MaxPool2d):
                activation = layer(activation)
            if index in wanted:
                found[wanted[index]] = activation
        return found

    def _conv_relu(self, index: int, layer: nn.Conv2d, x: Tensor) -> Tensor:
        """Run a convolution and its ReLU; with constant weights as one step of autograd on prepared ones."""
        assert layer.bias is not None
        if not constant(layer.weight, layer.bias):
            return F.relu(layer(x))
        x = x.to(working_dtype(x))
        with torch.autocast(x.device.type, enabled=False):
            return conv_relu(x, self._convolutions[index](x.dtype, layer.weight), layer.bias)

    def _normalise(self, image: Tensor) -> Tensor:
        if image.shape[1] not in (1, 3):
            raise ValueError(f"VGG-16 takes 1 or 3 channels; got {image.shape[1]}. Leave out alpha or extra channels.")
        # channels_last: up to 5 % faster than NCHW on CPU, and what half precision on CUDA wants.
        rgb = image.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        return torch.addcmul(self.shift, rgb, self.scale)
