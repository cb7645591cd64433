"""StyleGAN2 (Karras et al. 2020a), also as trained by StyleGAN2-ADA, under NVlabs' parameter names.

Everything is computed in the precision of the parameters: the half-precision blocks of the official GPU code are not
emulated.
"""

from collections.abc import Sequence
from typing import Any, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.generators.arguments import choice, length, number, size, sizes
from i2s_lightning.generators.base import Generator, NoiseMode, Synthesis, noise_maps
from i2s_lightning.generators.mapping import LabelMode, MappingNetwork
from i2s_lightning.generators.stylegan2_layers import Architecture, Common, StyleGAN2Block
from i2s_lightning.ops.activations import ACTIVATIONS


class StyleGAN2Synthesis(Synthesis):
    """Blocks ``b4``, ``b8``, ... up to the image; ToRGB shares its style with the next block's first convolution."""

    def __init__(self, channels: Sequence[int], const_size: tuple[int, int], common: Common) -> None:
        super().__init__()
        self.blocks: list[str] = []
        for i, (inputs, outputs) in enumerate(zip([0, *channels], channels, strict=False)):
            shape = (const_size[0] * 2**i, const_size[1] * 2**i)
            block = StyleGAN2Block(inputs, outputs, shape, is_last=i == len(channels) - 1, common=common)
            self.blocks.append(f"b{4 * 2**i}")
            self.add_module(self.blocks[-1], block)
        count = len(channels)
        shapes = [(const_size[0] * 2 ** ((i + 1) // 2), const_size[1] * 2 ** ((i + 1) // 2)) for i in range(2 * count)]
        self.num_ws, self.img_channels, self.img_shape = 2 * count, common.img_channels, shapes[2 * count - 2]
        self.layer_resolutions = tuple(max(shape) for shape in (*shapes[:-1], self.img_shape))
        self.noise_shapes = tuple(shapes[:-1]) if common.use_noise else ()

    def forward(
        self,
        ws: Float[Tensor, "B L D"],
        noise_mode: NoiseMode = "const",
        noise: Sequence[Float[Tensor, "..."]] | None = None,
        rng: torch.Generator | None = None,
    ) -> Float[Tensor, "B C H W"]:
        """See ``Synthesis.forward``."""
        blocks: list[Any] = [self.get_submodule(name) for name in self.blocks]
        stored = [layer.noise_const for block in blocks for layer in block.layers if layer.use_noise]
        noises = noise_maps(stored, ws.shape[0], noise_mode, noise, rng) or [None] * (self.num_ws - 1)
        styles = ws.unbind(dim=1)
        x: Tensor | None = None
        image: Tensor | None = None
        k = 0
        for block in blocks:
            n = len(block.layers)
            x, image = block(x, image, styles[k : k + n + 1], noises[k : k + n])
            k += n
        assert image is not None  # the last block has a ToRGB
        return image.contiguous()


class StyleGAN2(Generator):
    """StyleGAN2 generator.

    Args:
        z_dim: Width of the noise vector.
        c_dim: Width of the label; 0: unconditional.
        w_dim: Width of a style.
        img_channels: Colour channels.
        channels: Feature channels of the blocks b4, b8, ..., so that their number gives the resolution.
        const_size: Height and width of the constant input; (4, 4) officially, others give images that aren't square.
        architecture: How images arise: "skip" (a sum over resolutions), "orig" (from the last block), "resnet".
        activation: Of the synthesis layers, a key of ``ACTIVATIONS``.
        conv_clamp: Limit of every convolution's output, or None.
        use_noise: Whether layers have noise inputs.
        filter_shape: Shape of the resampling filter, ``(n, n)`` or ``(n,)`` (separable); starts as binomial.
        mapping_layers: Depth of the mapping network.
        mapping_activation: A key of ``ACTIVATIONS``.
        mapping_lr_multiplier: See ``FullyConnected``.
        embed_features: Width of the embedded label; None: ``w_dim``.
        layer_features: Width of the mapping network; None: ``w_dim``.
        label_mode: See ``MappingNetwork``.

    Raises:
        ValueError: Arguments outside their range.

    Example:
        >>> generator = StyleGAN2(z_dim=8, w_dim=8, channels=(8, 4), mapping_layers=2)
        >>> generator.img_shape, generator.num_ws, generator.layer_resolutions
        ((8, 8), 4, (4, 8, 8, 8))
        >>> generator(torch.randn(2, 8)).shape
        torch.Size([2, 3, 8, 8])
    """

    family = "stylegan2"

    def __init__(
        self,
        *,
        z_dim: int = 512,
        c_dim: int = 0,
        w_dim: int = 512,
        img_channels: int = 3,
        channels: Sequence[int] = (512, 512, 512, 512, 512, 256, 128, 64, 32),
        const_size: Sequence[int] = (4, 4),
        architecture: Architecture = "skip",
        activation: str = "lrelu",
        conv_clamp: int | float | None = None,
        use_noise: bool = True,
        filter_shape: Sequence[int] = (4, 4),
        mapping_layers: int = 8,
        mapping_activation: str = "lrelu",
        mapping_lr_multiplier: int | float = 0.01,
        embed_features: int | None = None,
        layer_features: int | None = None,
        label_mode: LabelMode = "embed",
    ) -> None:
        length("channels", channels, least=1, most=12)
        length("const_size", const_size, least=2, most=2)
        length("filter_shape", filter_shape, least=1, most=2)
        if not c_dim:
            embed_features, label_mode = 0, "embed"
        config = {
            "z_dim": size("z_dim", z_dim),
            "c_dim": size("c_dim", c_dim, least=0),
            "w_dim": size("w_dim", w_dim),
            "img_channels": size("img_channels", img_channels),
            "channels": sizes("channels", channels),
            "const_size": sizes("const_size", const_size),
            "architecture": choice("architecture", architecture, get_args(Architecture)),
            "activation": choice("activation", activation, sorted(ACTIVATIONS)),
            "conv_clamp": None if conv_clamp is None else number("conv_clamp", conv_clamp),
            "use_noise": bool(use_noise),
            "filter_shape": sizes("filter_shape", filter_shape, least=2, most=64),
            "mapping_layers": size("mapping_layers", mapping_layers, most=64),
            "mapping_activation": choice("mapping_activation", mapping_activation, sorted(ACTIVATIONS)),
            "mapping_lr_multiplier": number("mapping_lr_multiplier", mapping_lr_multiplier),
            "embed_features": size("embed_features", w_dim if embed_features is None else embed_features, least=0),
            "layer_features": size("layer_features", w_dim if layer_features is None else layer_features),
            "label_mode": choice("label_mode", label_mode, get_args(LabelMode)),
        }
        super().__init__(_mapping(config), _synthesis(config), config)


def _mapping(config: dict[str, Any]) -> MappingNetwork:
    return MappingNetwork(
        z_dim=config["z_dim"],
        c_dim=config["c_dim"],
        w_dim=config["w_dim"],
        num_ws=2 * len(config["channels"]),
        num_layers=config["mapping_layers"],
        activation=config["mapping_activation"],
        lr_multiplier=config["mapping_lr_multiplier"],
        embed_features=config["embed_features"],
        layer_features=config["layer_features"],
        label_mode=config["label_mode"],
    )


def _synthesis(config: dict[str, Any]) -> StyleGAN2Synthesis:
    common = Common(
        w_dim=config["w_dim"],
        img_channels=config["img_channels"],
        architecture=config["architecture"],
        activation=config["activation"],
        conv_clamp=config["conv_clamp"],
        use_noise=config["use_noise"],
        filter_shape=tuple(config["filter_shape"]),
    )
    height, width = config["const_size"]
    return StyleGAN2Synthesis(config["channels"], (height, width), common)
