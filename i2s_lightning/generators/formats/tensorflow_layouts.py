"""Names and array layouts of NVIDIA's TensorFlow networks, turned into NVlabs' PyTorch ones.

Convolutions are stored ``(kh, kw, in, out)``, dense layers ``(in, out)``; StyleGAN2's upsampling convolutions are
stored flipped, and its style biases without the 1 that PyTorch's contain.
"""

import math
import re
from collections.abc import Callable
from typing import Any

from torch import Tensor

from i2s_lightning.errors import UnsupportedWeightsError

from .problems import damaged, shown
from .stylegan1_layout import infer_stylegan1
from .stylegan2_layout import add_filters, infer_stylegan2, smooth_filter
from .weights import Weights

Options = dict[str, Any]
Convert = Callable[[Tensor], Tensor]
#: Name in the file, name in ours, conversion.
Move = tuple[str, str, Convert]


def mapping_tensors(weights: Weights) -> dict[str, Tensor]:
    """Take the mapping network (alike in all versions) and the average w."""
    layers = 0
    while f"mapping/Dense{layers}/weight" in weights:
        layers += 1
    moves: list[Move] = [
        ("dlatent_avg", "mapping.w_avg", _as_it_is),
        ("mapping/LabelEmbed/weight", "mapping.embed.weight", _transposed),
        ("mapping/LabelEmbed/bias", "mapping.embed.bias", _as_it_is),
        ("mapping/LabelConcat/weight", "mapping.embed.weight", _transposed),
    ]
    tensors = _moved(weights, *(move for move in moves if move[0] in weights))
    for i in range(layers):
        tensors |= _moved(
            weights,
            (f"mapping/Dense{i}/weight", f"mapping.fc{i}.weight", _transposed),
            (f"mapping/Dense{i}/bias", f"mapping.fc{i}.bias", _as_it_is),
        )
    return tensors


def stylegan1(weights: Weights, tensors: dict[str, Tensor], options: Options) -> dict[str, Any]:
    """Take a StyleGAN1 synthesis network; the options that matter have been checked.

    Returns:
        Its construction.
    """
    tensors |= _moved(weights, ("synthesis/4x4/Const/const", "synthesis.b4.const", _first))
    layers = [("4x4/Const", "b4.conv0"), *_layers(_resolutions(weights))]
    for i, (name, ours) in enumerate(layers):
        name, ours = f"synthesis/{name}", f"synthesis.{ours}"
        if i > 0:
            tensors |= _moved(weights, (f"{name}/weight", f"{ours}.weight", _convolution))
        tensors |= _moved(
            weights,
            (f"{name}/bias", f"{ours}.bias", _as_it_is),
            (f"{name}/Noise/weight", f"{ours}.noise_strength", _as_it_is),
            (f"synthesis/noise{i}", f"{ours}.noise_const", _map),
            (f"{name}/StyleMod/weight", f"{ours}.affine.weight", _transposed),
            (f"{name}/StyleMod/bias", f"{ours}.affine.bias", _as_it_is),
        )
    tensors |= _moved(
        weights,
        ("synthesis/ToRGB_lod0/weight", "synthesis.torgb.weight", _convolution),
        ("synthesis/ToRGB_lod0/bias", "synthesis.torgb.bias", _as_it_is),
    )
    weights.drop(*[name for name in weights if name.startswith("synthesis/ToRGB_lod")])
    return infer_stylegan1({name: tuple(value.shape) for name, value in tensors.items()}, weights.where)


def stylegan2(weights: Weights, tensors: dict[str, Tensor], options: Options) -> dict[str, Any]:
    """Take a StyleGAN2 synthesis network.

    Returns:
        Its construction.
    """
    resolutions = _resolutions(weights)
    concat = "mapping.embed.weight" in tensors and "mapping.embed.bias" not in tensors
    tensors |= _moved(weights, ("synthesis/4x4/Const/const", "synthesis.b4.const", _first))
    for i, (name, ours) in enumerate(_layers(resolutions)):
        name, ours = f"synthesis/{name}", f"synthesis.{ours}"
        tensors |= _moved(weights, *_styled(name, ours, _up_convolution if name.endswith("_up") else _convolution))
        if f"{name}/noise_strength" in weights:
            strength: Move = (f"{name}/noise_strength", f"{ours}.noise_strength", _as_it_is)
            tensors |= _moved(weights, strength, (f"synthesis/noise{i}", f"{ours}.noise_const", _map))
    for r in resolutions:
        name, ours = f"synthesis/{r}x{r}", f"synthesis.b{r}"
        # Networks of the kinds before StyleGAN2's config E keep one output per level of growing, and use the last.
        to_rgb = (
            "synthesis/ToRGB_lod0"
            if r == resolutions[-1] and "synthesis/ToRGB_lod0/weight" in weights
            else f"{name}/ToRGB"
        )
        if f"{to_rgb}/weight" in weights:
            tensors |= _moved(weights, *_styled(to_rgb, f"{ours}.torgb", _convolution))
        if f"{name}/Skip/weight" in weights:
            tensors |= _moved(weights, (f"{name}/Skip/weight", f"{ours}.skip.weight", _convolution))
    weights.drop(*[name for name in weights if name.startswith("synthesis/ToRGB_lod")])
    add_filters(tensors, smooth_filter(_taps(options)))
    return infer_stylegan2({name: tuple(value.shape) for name, value in tensors.items()}, weights.where) | {
        "label_mode": "concat" if concat else "embed",
        "activation": _text(options, "nonlinearity", "lrelu"),
        "mapping_activation": _text(options, "mapping_nonlinearity", "lrelu"),
        "conv_clamp": None if options.get("conv_clamp") is None else number_option(options, "conv_clamp", 0),
    }


def number_option(options: Options, name: str, default: float) -> float:
    """A positive number among the build arguments."""
    value = options.get(name, default)
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise UnsupportedWeightsError(
            f"the network was built with {name}={shown(value)}; a positive number was expected"
        )
    return float(value)


def _text(options: Options, name: str, default: str) -> str:
    value = options.get(name, default)
    if not isinstance(value, str):
        raise UnsupportedWeightsError(f"the network was built with {name}={shown(value)}; a name was expected")
    return value


def _taps(options: Options) -> list[float]:
    taps = options.get("resample_kernel", [1, 3, 3, 1])
    if (
        not isinstance(taps, list | tuple)
        or not 0 < len(taps) <= 64
        or not all(type(tap) in (int, float) for tap in taps)
    ):
        raise UnsupportedWeightsError(
            f"the network was built with resample_kernel={shown(taps)}; a list of numbers was expected"
        )
    return [float(tap) for tap in taps]


def _resolutions(weights: Weights) -> list[int]:
    return sorted({int(match[1]) for name in weights if (match := re.match(r"synthesis/(\d{1,5})x\1/", name))})


def _layers(resolutions: list[int]) -> list[tuple[str, str]]:
    """Name in the file and in ours of every convolution, in the order of their styles."""
    found = [("4x4/Conv", "b4.conv1")]
    for r in resolutions[1:]:
        found += [(f"{r}x{r}/Conv0_up", f"b{r}.conv0"), (f"{r}x{r}/Conv1", f"b{r}.conv1")]
    return found


def _styled(name: str, ours: str, kernel: Convert) -> list[Move]:
    return [
        (f"{name}/weight", f"{ours}.weight", kernel),
        (f"{name}/bias", f"{ours}.bias", _as_it_is),
        (f"{name}/mod_weight", f"{ours}.affine.weight", _transposed),
        (f"{name}/mod_bias", f"{ours}.affine.bias", _plus_one),
    ]


def _moved(weights: Weights, *moves: Move) -> dict[str, Tensor]:
    tensors = {}
    for name, ours, convert in moves:
        try:
            tensors[ours] = convert(weights.take(name)).contiguous()
        except (IndexError, RuntimeError) as error:  # torch's complaint about a wrong number of dimensions
            raise damaged(f"{weights.where}: {shown(name)} has too few or too many dimensions") from error
    return tensors


def _as_it_is(value: Tensor) -> Tensor:
    return value


def _plus_one(value: Tensor) -> Tensor:
    return value + 1


def _transposed(value: Tensor) -> Tensor:
    return value.permute(1, 0)


def _convolution(value: Tensor) -> Tensor:
    return value.permute(3, 2, 0, 1)


def _up_convolution(value: Tensor) -> Tensor:
    return value.permute(3, 2, 0, 1).flip(2, 3)


def _first(value: Tensor) -> Tensor:
    return value.squeeze(0)


def _map(value: Tensor) -> Tensor:
    return value.squeeze(0).squeeze(0)
