"""NVIDIA's PyTorch pickles (stylegan2-ada-pytorch, stylegan3): module objects with attributes."""

import math
from typing import Any

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.state import GeneratorState

from .nvidia_objects import Flat, attribute, common, flatten, integer, integers, number, wrong
from .problems import damaged, shown
from .stand_ins import NvidiaObject
from .stylegan2_layout import infer_stylegan2, mapping_sizes, need, state_of
from .weights import Weights


def is_nvidia(root: object) -> bool:
    """Whether a file's root object is an NVIDIA network or a snapshot of several."""
    return isinstance(root, NvidiaObject) or (
        isinstance(root, dict) and ("G_ema" in root or any(isinstance(value, NvidiaObject) for value in root.values()))
    )


def read_nvidia(root: Any) -> GeneratorState:
    """Read the generator of an NVIDIA pickle.

    Args:
        root: The root object of the file; the moving average ``G_ema`` is preferred.

    Raises:
        UnsupportedWeightsError: There is no generator, or one that differs from NVIDIA's.
    """
    network, notes = _generator_of(root)
    flat = flatten(network)
    if network.class_name != "Generator":
        raise UnsupportedWeightsError(
            f"the file holds only a {shown(network.class_name)}; a whole Generator (mapping and synthesis) is needed"
        )
    weights = Weights(flat.tensors, "the network")
    config = _stylegan3_config(flat) if "synthesis.input" in flat.modules else _stylegan2_config(flat)
    family = "stylegan3" if "synthesis.input" in flat.modules else "stylegan2"
    tensors = {name: weights.take(name) for name in list(weights)}
    return state_of(family, config, tensors, {"format": "NVIDIA PyTorch pickle", "notes": notes})


def _generator_of(root: Any) -> tuple[NvidiaObject, list[str]]:
    if isinstance(root, NvidiaObject):
        return root, []
    for name in ("G_ema", "G"):
        if isinstance(root.get(name), NvidiaObject):
            return root[name], [] if name == "G_ema" else [
                "holds only G, not the moving average G_ema: samples are of lower quality"
            ]
    held = ", ".join(f"{shown(name)}: {_kind(value)}" for name, value in list(root.items())[:8])
    raise UnsupportedWeightsError(
        f"the file holds no generator under G_ema or G (it holds {held}). Use a network snapshot with G_ema"
    )


def _kind(value: object) -> str:
    return value.class_name if isinstance(value, NvidiaObject) else "nothing" if value is None else shown(value)


def _stylegan2_config(flat: Flat) -> dict[str, Any]:
    config = infer_stylegan2(flat.shapes(), "the network")
    layers = flat.of_class("SynthesisLayer")
    config["activation"] = common(layers, "activation")
    config["conv_clamp"] = _clamp([*layers, *flat.of_class("ToRGBLayer")])
    config["architecture"] = common(flat.of_class("SynthesisBlock"), "architecture")
    config["mapping_activation"] = common(_dense(flat), "activation")
    config["mapping_lr_multiplier"] = _lr_multiplier(flat)
    blocks = len(config["channels"])
    _agree(flat, config, resolution=4 << (blocks - 1), num_ws=2 * blocks)
    return config


def _stylegan3_config(flat: Flat) -> dict[str, Any]:
    root, synthesis, start = flat.module(""), flat.module("synthesis"), flat.module("synthesis.input")
    names = attribute(synthesis, "layer_names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise wrong(synthesis, "layer_names", "a list of names", names)
    layers = [flat.module(f"synthesis.{name}") for name in names]
    sizes = mapping_sizes(flat.shapes(), "the network")
    if common(_dense(flat), "activation") != "lrelu":
        raise UnsupportedWeightsError(
            "the mapping network of a StyleGAN3 uses another activation than lrelu; such a network can't be used"
        )
    config = {
        **{name: sizes[name] for name in ("z_dim", "c_dim", "w_dim", "mapping_layers")},
        "img_resolution": integer(root, "img_resolution"),
        "img_channels": integer(root, "img_channels"),
        "mapping_lr_multiplier": _lr_multiplier(flat),
        "output_scale": number(synthesis, "output_scale"),
        "conv_clamp": _clamp(layers),
        "input": {
            "channels": need(flat.shapes(), "synthesis.input.weight", 2, "the network")[0],
            "size": integers(start, "size", 2),
            "sampling_rate": number(start, "sampling_rate"),
            "bandwidth": number(start, "bandwidth"),
        },
        "layers": [_stylegan3_layer(flat, name) for name in names],
    }
    _agree(flat, config, resolution=config["img_resolution"], num_ws=len(names) + 1)
    return config


def _stylegan3_layer(flat: Flat, name: str) -> dict[str, Any]:
    layer, shapes = flat.module(f"synthesis.{name}"), flat.shapes()
    weight = need(shapes, f"synthesis.{name}.weight", 4, "the network")
    filters = {kind: shapes.get(f"synthesis.{name}.{kind}") for kind in ("up_filter", "down_filter")}
    return {
        "name": name,
        "in_channels": weight[1],
        "out_channels": weight[0],
        "kernel": weight[2],
        "up": integer(layer, "up_factor"),
        "down": integer(layer, "down_factor"),
        "padding": integers(layer, "padding", 4),
        **{kind: None if shape is None else list(shape) for kind, shape in filters.items()},
        "torgb": attribute(layer, "is_torgb") is True,
        "out_size": integers(layer, "out_size", 2),
    }


def _dense(flat: Flat) -> list[NvidiaObject]:
    layers: list[NvidiaObject] = []
    while f"mapping.fc{len(layers)}" in flat.modules:
        layers.append(flat.modules[f"mapping.fc{len(layers)}"])
    return layers


def _clamp(layers: list[NvidiaObject]) -> float | None:
    clamp = common(layers, "conv_clamp")
    if clamp is not None and not (isinstance(clamp, int | float) and 0 < clamp < math.inf):
        raise damaged(f"the network's conv_clamp is {shown(clamp)}")
    return None if clamp is None else float(clamp)


def _lr_multiplier(flat: Flat) -> float:
    multiplier = common(_dense(flat), "bias_gain")
    if not isinstance(multiplier, int | float) or not (math.isfinite(multiplier) and multiplier > 0):
        raise damaged(f"the mapping network's bias_gain is {shown(multiplier)}")
    return float(multiplier)


def _agree(flat: Flat, config: dict[str, Any], *, resolution: int, num_ws: int) -> None:
    """Compare the attributes with what the tensors say."""
    expected = {
        "img_resolution": resolution,
        "num_ws": num_ws,
        **{name: config[name] for name in ("z_dim", "c_dim", "w_dim", "img_channels")},
    }
    for part in ("", "mapping", "synthesis"):
        module = flat.module(part)
        for name, value in expected.items():
            if name in module.state and integer(module, name) != value:
                found = integer(module, name)
                raise damaged(f"the {module.class_name}'s {name} is {found}, its layers make it {value}")
