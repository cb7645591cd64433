"""What every generator offers, whatever its family."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from i2s_lightning.generators.mapping import MappingNetwork
from i2s_lightning.generators.state import GeneratorState

NoiseMode = Literal["const", "none", "random"]


class Synthesis(nn.Module, ABC):
    """The half of a generator that turns styles into images.

    Attributes:
        num_ws: Number of styles an image takes.
        img_channels: Colour channels.
        img_shape: Height and width of an image.
        layer_resolutions: For each style, the resolution (longer side) of the convolution it modulates.
        noise_shapes: Height and width of each noise input, first layer first.
    """

    num_ws: int
    img_channels: int
    img_shape: tuple[int, int]
    layer_resolutions: tuple[int, ...]
    noise_shapes: tuple[tuple[int, int], ...]

    @abstractmethod
    def forward(
        self,
        ws: Float[Tensor, "B L D"],
        noise_mode: NoiseMode = "const",
        noise: Sequence[Float[Tensor, "..."]] | None = None,
        rng: torch.Generator | None = None,
    ) -> Float[Tensor, "B C H W"]:
        """Compute images, about within [-1, 1] and not clamped.

        Args:
            ws: One style per layer.
            noise_mode: "const": the stored maps; "none": no noise; "random": standard normal maps, new for each image.
            noise: Maps in place of the stored ones, first layer first, each broadcastable to ``(B, 1, h, w)``.
            rng: Source of random noise; None: torch's global one.

        Returns:
            Images. Row i depends on ``ws[i]`` (and its noise) alone.

        Raises:
            ValueError: ``noise`` does not fit ``noise_shapes`` or ``noise_mode``.
        """


class Generator(nn.Module, ABC):
    """A pretrained or fresh StyleGAN: ``mapping(z, c)`` gives ``ws``, ``synthesis(ws)`` gives images.

    Attributes:
        family: "stylegan1", "stylegan2" or "stylegan3".
        config: JSON-able keyword arguments that rebuild the network.
        sha256: Identity of the loaded generator: a hash of its numbers and ``config``, whatever file they came in.
            Empty for a network that was not built from a ``GeneratorState`` (one in training).
        source: Where it came from and what had to be inferred.
    """

    family: ClassVar[str]
    mapping: MappingNetwork
    synthesis: Synthesis
    z_dim: int
    c_dim: int
    w_dim: int
    config: dict[str, Any]
    sha256: str = ""
    source: dict[str, Any]

    def __init__(self, mapping: MappingNetwork, synthesis: Synthesis, config: dict[str, Any]) -> None:
        super().__init__()
        self.mapping, self.synthesis, self.config, self.source = mapping, synthesis, config, {}
        self.z_dim, self.c_dim, self.w_dim = mapping.z_dim, mapping.c_dim, mapping.w_avg.shape[0]

    @property
    def num_ws(self) -> int:
        """Number of styles an image takes."""
        return self.synthesis.num_ws

    @property
    def img_channels(self) -> int:
        """Colour channels of an image."""
        return self.synthesis.img_channels

    @property
    def img_shape(self) -> tuple[int, int]:
        """Height and width of an image."""
        return self.synthesis.img_shape

    @property
    def img_resolution(self) -> int:
        """The longer side of an image."""
        return max(self.img_shape)

    @property
    def layer_resolutions(self) -> tuple[int, ...]:
        """For each style, the resolution of the convolution it modulates."""
        return self.synthesis.layer_resolutions

    @property
    def noise_shapes(self) -> tuple[tuple[int, int], ...]:
        """Height and width of each noise input, first layer first."""
        return self.synthesis.noise_shapes

    @property
    def w_avg(self) -> Float[Tensor, " D"]:
        """The mean style."""
        return self.mapping.w_avg

    def forward(
        self, z: Float[Tensor, "B Z"], c: Float[Tensor, "B c"] | None = None, truncation_psi: float = 1.0
    ) -> Float[Tensor, "B C H W"]:
        """Sample images with the stored noise maps."""
        image: Tensor = self.synthesis(self.mapping(z, c, truncation_psi))
        return image

    def state(self) -> GeneratorState:
        """Return the numbers and the construction, also of a frozen generator (whose ``state_dict`` is empty)."""
        tensors = {name: tensor.detach() for name, tensor in (*self.named_parameters(), *self.named_buffers())}
        return GeneratorState(self.family, self.config, tensors, self.source)


def noise_maps(
    stored: Sequence[Tensor],
    batch_size: int,
    noise_mode: NoiseMode,
    noise: Sequence[Tensor] | None,
    rng: torch.Generator | None,
) -> list[Tensor | None]:
    """Choose the noise map of each layer.

    Args:
        stored: The stored maps, ``(h, w)`` each.
        batch_size: Number of images, for random maps.
        noise_mode: See ``Synthesis.forward``.
        noise: See ``Synthesis.forward``.
        rng: See ``Synthesis.forward``.

    Returns:
        Maps that broadcast to ``(B, 1, h, w)``, or None where there is no noise.

    Raises:
        ValueError: ``noise`` does not fit the layers or the mode, or the mode is unknown.
    """
    if noise is not None:
        return [_checked(map_, own, batch_size) for map_, own in _paired(noise, stored, noise_mode)]
    if noise_mode == "const":
        return [own[None, None] for own in stored]
    if noise_mode == "none":
        return [None for _ in stored]
    if noise_mode == "random":
        like = [(own.shape, own.dtype, own.device) for own in stored]
        return [torch.randn(batch_size, 1, *s, dtype=t, device=d, generator=rng) for s, t, d in like]
    raise ValueError(f"noise_mode must be 'const', 'none' or 'random'; got {noise_mode!r}")


def _paired(noise: Sequence[Tensor], stored: Sequence[Tensor], noise_mode: str) -> list[tuple[Tensor, Tensor]]:
    if noise_mode != "const":
        raise ValueError(f"noise maps were given together with noise_mode={noise_mode!r}; pass noise_mode='const'")
    if len(noise) != len(stored):
        raise ValueError(f"this generator takes {len(stored)} noise maps; got {len(noise)}. See noise_shapes.")
    return list(zip(noise, stored, strict=True))


def _checked(map_: Tensor, own: Tensor, batch_size: int) -> Tensor:
    wanted = (batch_size, 1, *own.shape)
    sides = zip(map_.shape[::-1], wanted[::-1], strict=False)
    if map_.ndim > 4 or any(side not in (1, target) for side, target in sides):
        raise ValueError(f"a noise map must broadcast to {wanted}; got {tuple(map_.shape)}. See noise_shapes.")
    return map_[(None,) * (4 - map_.ndim)]
