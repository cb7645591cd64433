"""The spaces a picture can be embedded in: what is optimised, and the W+ styles it stands for."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.errors import ConfigError
from i2s_lightning.generators.base import Generator
from i2s_lightning.ops.layers import layer_groups

SpaceName = Literal["z", "w", "w_groups", "w_plus"]


class Space:
    """One latent space of one generator.

    ``z`` is the mapping network's input, ``w`` its output used for all layers, ``w_plus`` one w a layer (paper, section
    3.3). ``w_groups`` lies between the two: one w for the coarse layers, one for the middle, one for the fine ones.

    Args:
        name: Which space.
        generator: The frozen generator.
        label: Class of a conditional generator, for ``z`` and for the mean; None otherwise.
    """

    def __init__(self, name: SpaceName, generator: Generator, label: int | None = None) -> None:
        self.name, self.generator, self.label = name, generator, label
        self.groups = [layers for layers in layer_groups(generator.layer_resolutions).values() if layers]
        shapes = {
            "z": (generator.z_dim,),
            "w": (generator.w_dim,),
            "w_groups": (len(self.groups), generator.w_dim),
            "w_plus": (generator.num_ws, generator.w_dim),
        }
        self.shape: tuple[int, ...] = shapes[name]
        if label is not None and not 0 <= label < generator.c_dim:
            raise ConfigError(f"label must lie in [0, {generator.c_dim}) for this generator; got {label}")
        if name == "z" and generator.c_dim > 0 and label is None:
            raise ConfigError(f"the generator is conditional ({generator.c_dim} classes): z needs --model.label")

    def to_ws(self, latent: Float[Tensor, "B ..."]) -> Float[Tensor, "B L D"]:
        """Turn latents of this space into W+ styles, ``(B, L, D)``."""
        if self.name == "w_plus":
            return latent
        if self.name == "w":
            return latent.unsqueeze(1).expand(-1, self.generator.num_ws, -1)
        if self.name == "w_groups":
            group_of = {layer: group for group, layers in enumerate(self.groups) for layer in layers}
            return torch.stack([latent[:, group_of[layer]] for layer in range(self.generator.num_ws)], dim=1)
        return self.map(latent)

    def map(self, z: Float[Tensor, "B Z"]) -> Float[Tensor, "B L D"]:
        """Send z through the mapping network, with this space's label."""
        ws: Tensor = self.generator.mapping(z, self._labels(z))
        return ws

    def from_ws(self, ws: Float[Tensor, "B L D"]) -> Float[Tensor, "B ..."]:
        """Turn W+ styles into latents of this space: the layers' mean for ``w``, each group's for ``w_groups``.

        Raises:
            ConfigError: The space is ``z``, which has no inverse.
        """
        if self.name == "z":
            raise ConfigError("W+ styles can't be turned into z; start z from mean or random_w")
        if self.name == "w_groups":
            return torch.stack([ws[:, list(layers)].mean(1) for layers in self.groups], dim=1)
        return ws if self.name == "w_plus" else ws.mean(1)

    def _labels(self, z: Tensor) -> Tensor | None:
        if self.generator.c_dim == 0:
            return None
        classes = torch.full((len(z),), 0 if self.label is None else self.label, device=z.device)
        return F.one_hot(classes, self.generator.c_dim).to(z)
