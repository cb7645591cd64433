"""LPIPS (Zhang et al. 2018), for whoever has the trunks' weights; nothing is downloaded."""

from pathlib import Path
from typing import Literal, get_args

import torch
import torchmetrics
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from i2s_lightning.errors import UnsupportedWeightsError

Net = Literal["alex", "vgg"]

TRUNKS: dict[Net, str] = {"alex": "alexnet-owt-7be5be79.pth", "vgg": "vgg16-397923af.pth"}
"""torchvision's files, where its downloads put them: ``torch.hub.get_dir()/checkpoints``."""
TAPS: dict[Net, tuple[int, ...]] = {"alex": (1, 4, 7, 9, 11), "vgg": (3, 8, 15, 22, 29)}
"""Layers of the trunk whose activations are compared."""

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # what the heads were trained with, for [-1, 1]


def lpips_nets() -> dict[Net, Path]:
    """Tell which trunks are there, and where the missing ones would be looked for.

    Returns:
        The file of each; it may not exist.
    """
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    return {net: folder / TRUNKS[net] for net in get_args(Net)}


class Lpips(nn.Module):
    """The learned perceptual distance, version 0.1, with the heads that torchmetrics carries.

    Args:
        net: ``alex`` (what is usually reported) or ``vgg``.
        trunk: torchvision's weights; default: in torch hub's cache.

    Raises:
        UnsupportedWeightsError: They are not there, or are not that network's.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, net: Net = "alex", trunk: Path | None = None) -> None:
        super().__init__()
        self.taps = TAPS[net]
        self.trunk = (_alexnet if net == "alex" else _vgg16)()[: self.taps[-1] + 1]
        file = lpips_nets()[net] if trunk is None else trunk
        if not file.is_file():
            raise UnsupportedWeightsError(f"LPIPS ({net}) needs torchvision's {TRUNKS[net]}; expected it at {file}")
        weights = torch.load(file, map_location="cpu", weights_only=True)
        try:
            self.trunk.load_state_dict({name: weights[f"features.{name}"] for name in self.trunk.state_dict()})
        except (KeyError, RuntimeError) as error:
            raise UnsupportedWeightsError(f"{file} does not hold torchvision's {net} network: {error}") from error
        heads = torch.load(_heads(net), map_location="cpu", weights_only=True)
        for i in range(len(self.taps)):
            self.register_buffer(f"head{i}", heads[f"lin{i}.model.1.weight"], persistent=False)
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False).eval()

    def forward(self, image: Float[Tensor, "B 3 H W"], target: Float[Tensor, "B 3 H W"]) -> Float[Tensor, " B"]:
        """Return the distance per image; both in [-1, 1], of the size at which they are to be compared."""
        total = image.new_zeros(len(image))
        for i, (a, b) in enumerate(zip(self._features(image), self._features(target), strict=True)):
            difference = (_unit(a) - _unit(b)).square()
            weighted: Tensor = F.conv2d(difference, self.get_buffer(f"head{i}"))
            total = total + weighted.mean(dim=(1, 2, 3))
        return total

    def _features(self, image: Tensor) -> list[Tensor]:
        found, x = [], (image - self.shift) / self.scale
        for i, layer in enumerate(self.trunk.children()):
            x = layer(x)
            if i in self.taps:
                found.append(x)
        return found


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)


def _heads(net: Net) -> Path:
    return Path(torchmetrics.__file__).parent / "functional" / "image" / "lpips_models" / f"{net}.pth"


def _alexnet() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
    )


def _vgg16() -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 3
    for repeats, width in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(repeats):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
