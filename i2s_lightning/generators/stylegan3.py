"""StyleGAN3, configurations T and R (Karras et al. 2021), under NVlabs' parameter names.

It has no noise inputs: ``noise_mode`` changes nothing. Everything is computed in the precision of the parameters.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.generators.arguments import LIMIT, length, number, size, sizes
from i2s_lightning.generators.base import Generator, NoiseMode, Synthesis, noise_maps
from i2s_lightning.generators.mapping import MappingNetwork
from i2s_lightning.generators.stylegan3_layers import StyleGAN3Input, StyleGAN3Layer

_LAYER_KEYS = {
    "name",
    "in_channels",
    "out_channels",
    "kernel",
    "up",
    "down",
    "padding",
    "up_filter",
    "down_filter",
    "torgb",
    "out_size",
}
_INPUT_KEYS = {"channels", "size", "sampling_rate", "bandwidth"}


class StyleGAN3Synthesis(Synthesis):
    """Fourier features, then one layer per further style."""

    def __init__(
        self,
        *,
        w_dim: int,
        start: Mapping[str, Any],
        layers: Sequence[dict[str, Any]],
        output_scale: float,
        conv_clamp: float | None,
    ) -> None:
        super().__init__()
        self.output_scale, self.layer_names = output_scale, [layer["name"] for layer in layers]
        self.input = StyleGAN3Input(
            w_dim=w_dim,
            channels=start["channels"],
            size=(start["size"][0], start["size"][1]),
            sampling_rate=start["sampling_rate"],
            bandwidth=start["bandwidth"],
        )
        for layer in layers:
            self.add_module(layer["name"], StyleGAN3Layer(w_dim=w_dim, layer=layer, conv_clamp=conv_clamp))
        width, height = layers[-1]["out_size"]
        self.num_ws, self.img_channels, self.img_shape = len(layers) + 1, layers[-1]["out_channels"], (height, width)
        rates = [int(start["sampling_rate"])]
        for layer in layers:
            rates.append(rates[-1] * layer["up"] // layer["down"])
        self.layer_resolutions, self.noise_shapes = tuple(rates), ()

    def forward(
        self,
        ws: Float[Tensor, "B L D"],
        noise_mode: NoiseMode = "const",
        noise: Sequence[Float[Tensor, "..."]] | None = None,
        rng: torch.Generator | None = None,
    ) -> Float[Tensor, "B C H W"]:
        """See ``Synthesis.forward``."""
        noise_maps([], ws.shape[0], noise_mode, noise, rng)  # only to refuse what does not fit
        styles = ws.unbind(dim=1)
        x: Tensor = self.input(styles[0])
        for name, w in zip(self.layer_names, styles[1:], strict=True):
            x = self.get_submodule(name)(x, w)
        return x * self.output_scale


class StyleGAN3(Generator):
    """StyleGAN3 generator.

    Args:
        z_dim: Width of the noise vector.
        c_dim: Width of the label; 0: unconditional.
        w_dim: Width of a style.
        img_resolution: Side of the image.
        img_channels: Colour channels.
        input: Of the Fourier features: ``channels``, ``size`` [width, height], ``sampling_rate``, ``bandwidth``.
        layers: For each layer ``name``, ``in_channels``, ``out_channels``, ``kernel``, ``up``, ``down``, ``padding``,
            the shapes ``up_filter`` and ``down_filter`` (None: no filter), ``torgb``, ``out_size`` [width, height].
            ``plan_stylegan3`` computes ``input`` and ``layers``.
        mapping_layers: Depth of the mapping network.
        mapping_lr_multiplier: See ``FullyConnected``.
        output_scale: Factor on the image.
        conv_clamp: Limit of the activations, or None.

    Raises:
        ValueError: Arguments outside their range, or that contradict each other.

    Example:
        >>> from i2s_lightning.generators.stylegan3_plan import plan_stylegan3
        >>> plan = plan_stylegan3(img_resolution=16, channels=[6, 6, 6, 6, 3], conv_kernel=3, radial=False)
        >>> generator = StyleGAN3(z_dim=8, w_dim=8, img_resolution=16, **plan)
        >>> generator.num_ws, generator(torch.randn(2, 8)).shape
        (5, torch.Size([2, 3, 16, 16]))
    """

    family = "stylegan3"

    def __init__(
        self,
        *,
        input: Mapping[str, Any],
        layers: Sequence[Mapping[str, Any]],
        z_dim: int = 512,
        c_dim: int = 0,
        w_dim: int = 512,
        img_resolution: int,
        img_channels: int = 3,
        mapping_layers: int = 2,
        mapping_lr_multiplier: int | float = 0.01,
        output_scale: int | float = 0.25,
        conv_clamp: int | float | None = 256.0,
    ) -> None:
        length("layers", layers, least=3, most=64)
        config: dict[str, Any] = {
            "z_dim": size("z_dim", z_dim),
            "c_dim": size("c_dim", c_dim, least=0),
            "w_dim": size("w_dim", w_dim),
            "img_resolution": size("img_resolution", img_resolution),
            "img_channels": size("img_channels", img_channels),
            "mapping_layers": size("mapping_layers", mapping_layers, most=64),
            "mapping_lr_multiplier": number("mapping_lr_multiplier", mapping_lr_multiplier),
            "output_scale": number("output_scale", output_scale),
            "conv_clamp": None if conv_clamp is None else number("conv_clamp", conv_clamp),
            "input": _checked_input(input),
            "layers": [_checked_layer(layer) for layer in layers],
        }
        _check_chain(config)
        mapping = MappingNetwork(
            z_dim=z_dim,
            c_dim=c_dim,
            w_dim=w_dim,
            num_ws=len(layers) + 1,
            num_layers=mapping_layers,
            lr_multiplier=config["mapping_lr_multiplier"],
        )
        synthesis = StyleGAN3Synthesis(
            w_dim=w_dim,
            start=config["input"],
            layers=config["layers"],
            output_scale=config["output_scale"],
            conv_clamp=config["conv_clamp"],
        )
        super().__init__(mapping, synthesis, config)


def _checked_input(start: Mapping[str, Any]) -> dict[str, Any]:
    _check_keys("input", start, _INPUT_KEYS)
    length("input.size", start["size"], least=2, most=2)
    return {
        "channels": size("input.channels", start["channels"]),
        "size": sizes("input.size", start["size"]),
        "sampling_rate": number("input.sampling_rate", start["sampling_rate"]),
        "bandwidth": number("input.bandwidth", start["bandwidth"]),
    }


def _checked_layer(layer: Mapping[str, Any]) -> dict[str, Any]:
    _check_keys("layers", layer, _LAYER_KEYS)
    name = layer["name"]
    if not isinstance(name, str) or not name.isidentifier() or hasattr(StyleGAN3Synthesis, name) or name == "input":
        raise ValueError(f"a layer needs a name such as L0_36_512; got {name!r}")
    for key, least, most in (("padding", 4, 4), ("out_size", 2, 2), ("up_filter", 0, 2), ("down_filter", 0, 2)):
        length(f"{name}.{key}", layer[key] or (), least=least, most=most)
    ints = {key: size(f"{name}.{key}", layer[key]) for key in ("in_channels", "out_channels", "kernel", "up", "down")}
    filters = {
        key: sizes(f"{name}.{key}", layer[key], most=256) if layer[key] else None
        for key in ("up_filter", "down_filter")
    }
    padding = sizes(f"{name}.padding", layer["padding"], least=-LIMIT)
    out_size = sizes(f"{name}.out_size", layer["out_size"])
    return {"name": name, **ints, **filters, "padding": padding, "out_size": out_size, "torgb": bool(layer["torgb"])}


def _check_keys(name: str, given: Mapping[str, Any], wanted: set[str]) -> None:
    if not isinstance(given, Mapping) or given.keys() != wanted:
        got = sorted(given) if isinstance(given, Mapping) else given
        raise ValueError(f"{name} must have the keys {sorted(wanted)}; got {got}")


def _check_chain(config: dict[str, Any]) -> None:
    """Check that each layer fits the one before it and the last one the image."""
    channels, layers = config["input"]["channels"], config["layers"]
    for layer in layers:
        if layer["in_channels"] != channels:
            raise ValueError(
                f"{layer['name']} takes {layer['in_channels']} channels, the layer before gives {channels}"
            )
        channels = layer["out_channels"]
    if channels != config["img_channels"] or max(layers[-1]["out_size"]) != config["img_resolution"]:
        raise ValueError(
            f"the last layer gives {channels} channels at {layers[-1]['out_size']}, the image should have "
            f"{config['img_channels']} at {config['img_resolution']}"
        )
