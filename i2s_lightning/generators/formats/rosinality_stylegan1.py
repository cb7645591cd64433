"""rosinality's style-based-gan-pytorch: a StyleGAN1 of other mathematics, expressed in ours."""

import math
from typing import Any

from torch import Tensor

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.state import GeneratorState

from .stylegan1_layout import infer_stylegan1, noise_sizes
from .stylegan2_layout import add_noise_maps, incomplete, state_of
from .weights import Weights, without_prefix

_SIGN = "generator.progression.0.conv1.input"
#: Its layers are fused with their upsampling from this block (output resolution 128) on.
_FIRST_FUSED = 5
#: Where its mathematics differs from NVIDIA's beyond constant factors.
_DIFFERENCES = {"mapping_lr_multiplier": 1.0, "norm_eps": 1e-5, "bias_before_blur": True}
_SQRT2 = math.sqrt(2)


def is_rosinality_stylegan1(root: object) -> bool:
    """Whether a file's root object holds that generator."""
    return isinstance(root, dict) and _generator_of(root) is not None


def read_rosinality_stylegan1(root: Any, resolution: int | None = None) -> GeneratorState:
    """Read ``g_running`` of a training snapshot, or a state dict of it.

    The file always has blocks up to 1024 px, trained or not, and does not say which is the last in use. A colour layer
    that was never trained has a bias of exactly 0, so the last one with another bias is taken, unless told otherwise.

    Args:
        root: The root object.
        resolution: Size of the images; None guesses.

    Raises:
        UnsupportedWeightsError: A tensor is missing or of a wrong shape.
    """
    found = _generator_of(root)
    if found is None:
        raise incomplete("the file", _SIGN)
    name, entries = found
    weights = Weights(entries, name)
    last, guess = _last_block(weights, resolution)
    tensors = _mapping(weights)
    for block in range(last + 1):
        _take_block(weights, tensors, block)
    tensors["synthesis.torgb.weight"] = weights.take(f"generator.to_rgb.{last}.conv.weight_orig") * _SQRT2
    tensors["synthesis.torgb.bias"] = weights.take(f"generator.to_rgb.{last}.conv.bias")
    shapes = {key: tuple(value.shape) for key, value in tensors.items()}
    config = infer_stylegan1(shapes, name) | _DIFFERENCES
    add_noise_maps(tensors, noise_sizes(shapes))
    notes = [
        "holds no noise maps: fixed noise is made up (seed 0); pass synthesis(..., noise=[...]) or noise_mode 'none'"
    ]
    source = {"format": f"rosinality style-based-gan-pytorch ({name})", "notes": notes, "inferred": guess}
    return state_of("stylegan1", config, tensors, source)


def _generator_of(root: dict[Any, Any]) -> tuple[str, dict[str, object]] | None:
    for name in ("g_running", "generator"):
        entries = root.get(name)
        if isinstance(entries, dict):
            plain = without_prefix(entries, "module.") or entries
            if _SIGN in plain:
                return name, plain
    plain = without_prefix(root, "module.") or root
    return ("state dict", plain) if _SIGN in plain else None


def _last_block(weights: Weights, resolution: int | None) -> tuple[int, list[str]]:
    trained = [-1]
    blocks = 0
    while f"generator.to_rgb.{blocks}.conv.bias" in weights:
        if weights.take(f"generator.to_rgb.{blocks}.conv.bias", keep=True).any():
            trained.append(blocks)
        blocks += 1
    last = max(trained) if resolution is None else resolution.bit_length() - 3
    if not 0 <= last < blocks or (resolution is not None and resolution != 4 << last):
        asked = f"{resolution}" if resolution else "is not said"
        raise UnsupportedWeightsError(
            f"the file has outputs of 4 to {2 << blocks} px; the resolution {asked}. Give "
            "the resolution that it was trained for"
        )
    guess = f"resolution {4 << last}: the last output that was trained; convert with --resolution if it is another"
    return last, [] if resolution else [guess]


def _mapping(weights: Weights) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    layer = 0
    while f"style.{2 * layer + 1}.linear.weight_orig" in weights:
        tensors[f"mapping.fc{layer}.weight"] = weights.take(f"style.{2 * layer + 1}.linear.weight_orig")
        tensors[f"mapping.fc{layer}.bias"] = weights.take(f"style.{2 * layer + 1}.linear.bias")
        layer += 1
    return tensors


def _take_block(weights: Weights, tensors: dict[str, Tensor], block: int) -> None:
    name, ours = f"generator.progression.{block}", f"synthesis.b{4 << block}"
    if block == 0:
        tensors[f"{ours}.const"] = weights.take(f"{name}.conv1.input").squeeze(0)
    elif block < _FIRST_FUSED:
        tensors[f"{ours}.conv0.weight"] = weights.take(f"{name}.conv1.1.conv.weight_orig")
        tensors[f"{ours}.conv0.bias"] = weights.take(f"{name}.conv1.1.conv.bias")
    else:
        # Its fused kernel is the mean of four shifts, NVIDIA's is their sum.
        tensors[f"{ours}.conv0.weight"] = weights.take(f"{name}.conv1.0.weight").transpose(0, 1).contiguous() / 4
        tensors[f"{ours}.conv0.bias"] = weights.take(f"{name}.conv1.0.bias")
    tensors[f"{ours}.conv1.weight"] = weights.take(f"{name}.conv2.conv.weight_orig")
    tensors[f"{ours}.conv1.bias"] = weights.take(f"{name}.conv2.conv.bias")
    for i in (0, 1):
        strength = weights.take(f"{name}.noise{i + 1}.weight_orig").reshape(-1)
        tensors[f"{ours}.conv{i}.noise_strength"] = strength * math.sqrt(2 / max(len(strength), 1))
        shift = weights.take(f"{name}.adain{i + 1}.style.linear.bias")
        shift[: len(shift) // 2] -= 1  # its scale contains the 1 that NVIDIA's adds
        tensors[f"{ours}.conv{i}.affine.weight"] = (
            weights.take(f"{name}.adain{i + 1}.style.linear.weight_orig") * _SQRT2
        )
        tensors[f"{ours}.conv{i}.affine.bias"] = shift
    tensors.setdefault(f"{ours}.conv0.bias", tensors[f"{ours}.conv0.noise_strength"].new_zeros(len(strength)))
