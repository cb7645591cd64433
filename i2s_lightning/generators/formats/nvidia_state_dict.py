"""Plain state dicts of NVIDIA's PyTorch generators (``torch.save(G.state_dict())``): everything follows from shapes."""

import re
from typing import Any

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.state import GeneratorState
from i2s_lightning.generators.stylegan3_plan import plan_stylegan3

from .stylegan2_layout import Shapes, incomplete, infer_stylegan2, mapping_sizes, need, state_of
from .weights import Weights

_SIGN = "mapping.fc0.weight"
_FEWEST_LAYERS, _MOST_LAYERS, _SMALLEST = 4, 64, 4
_SIZES = ("z_dim", "c_dim", "w_dim", "mapping_layers")
_FROM_SHAPES = "everything from the tensors' shapes; assumed: a mapping learning-rate multiplier of 0.01, "


def is_nvidia_state_dict(root: object) -> bool:
    """Whether a file's root object has NVlabs' tensor names."""
    return isinstance(root, dict) and _SIGN in root


def read_nvidia_state_dict(root: Any) -> GeneratorState:
    """Read a state dict.

    Args:
        root: Names to tensors.

    Raises:
        UnsupportedWeightsError: A tensor is missing, unknown or of a wrong shape.
    """
    weights = Weights(root, "the state dict")
    shapes = {name: weights.shape(name) for name in weights}
    third = "synthesis.input.weight" in shapes
    config = _infer_stylegan3(shapes) if third else infer_stylegan2(shapes, weights.where)
    tensors = {name: weights.take(name) for name in list(weights)}
    inferred = _FROM_SHAPES + ("the default sampling plan and a clamp of 256" if third else "lrelu and no clamp")
    source = {"format": "NVIDIA state dict", "inferred": [inferred]}
    return state_of("stylegan3" if third else "stylegan2", config, tensors, source)


def _infer_stylegan3(shapes: Shapes) -> dict[str, Any]:
    where = "the state dict"
    names = _layer_names(shapes)
    widths = [need(shapes, f"synthesis.{name}.weight", 4, where)[0] for name in names]
    resolution = int(names[-1].split("_")[1])
    if resolution < _SMALLEST:
        raise incomplete(where, "synthesis.L*")
    plan = plan_stylegan3(
        img_resolution=resolution,
        channels=[need(shapes, "synthesis.input.weight", 2, where)[0], *widths],
        conv_kernel=need(shapes, f"synthesis.{names[0]}.weight", 4, where)[2],
        radial=len(shapes.get(f"synthesis.{names[0]}.down_filter", ())) == 2,
    )
    if [layer["name"] for layer in plan["layers"]] != names:
        raise UnsupportedWeightsError(
            "the StyleGAN3 state dict was made with other than the default sampling settings, which a state dict does "
            "not hold. Use the network's .pkl"
        )
    sizes = mapping_sizes(shapes, where)
    return {
        **{name: sizes[name] for name in _SIZES},
        **plan,
        "mapping_lr_multiplier": 0.01,
        "img_resolution": resolution,
        "img_channels": widths[-1],
        "output_scale": 0.25,
        "conv_clamp": 256,
    }


def _layer_names(shapes: Shapes) -> list[str]:
    found = (re.fullmatch(r"synthesis\.(L(\d{1,3})_\d{1,5}_\d{1,5})\.weight", name) for name in shapes)
    named = {int(match[2]): match[1] for match in found if match}
    names = [named[i] for i in range(len(named)) if i in named]
    if not _FEWEST_LAYERS <= len(names) <= _MOST_LAYERS or len(names) != len(named):
        raise incomplete("the state dict", "synthesis.L*")
    return names
