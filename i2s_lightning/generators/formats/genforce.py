"""genforce's checkpoints of StyleGAN1 and StyleGAN2."""

from typing import Any

from torch import Tensor

from i2s_lightning.generators.state import GeneratorState

from .stylegan1_layout import infer_stylegan1
from .stylegan2_layout import add_filters, incomplete, infer_stylegan2, smooth_filter, state_of
from .weights import Weights

_CONST = {"synthesis.early_layer.const": "stylegan2", "synthesis.layer0.const": "stylegan1"}
_KERNEL_TAPS = [1.0, 3.0, 3.0, 1.0]


def is_genforce(root: object) -> bool:
    """Whether a file's root object holds a genforce generator."""
    return isinstance(root, dict) and _generator_of(root) is not None


def read_genforce(root: Any) -> GeneratorState:
    """Read ``generator_smooth`` of a genforce checkpoint.

    Args:
        root: ``{generator_smooth, ...}``, a training snapshot ``{models: ...}`` or a state dict.

    Raises:
        UnsupportedWeightsError: A tensor is missing, unknown or of a wrong shape.
    """
    found = _generator_of(root)
    if found is None:
        raise incomplete("the file", "generator_smooth")
    name, entries, notes = found
    weights = Weights(entries, name)
    family = next(family for const, family in _CONST.items() if const in weights)
    tensors = _mapping(weights)
    config = (_stylegan1 if family == "stylegan1" else _stylegan2)(weights, tensors)
    weights.finish()
    return state_of(family, config, tensors, {"format": f"genforce ({name})", "notes": notes})


def _generator_of(root: dict[Any, Any]) -> tuple[str, dict[str, object], list[str]] | None:
    models = root.get("models")
    table = models if isinstance(models, dict) else root
    candidates: list[tuple[str, object, list[str]]] = [
        ("generator_smooth", table.get("generator_smooth"), []),
        (
            "generator",
            table.get("generator"),
            ["holds only generator, not the moving average: samples are of lower quality"],
        ),
        ("state dict", table, []),
    ]
    for name, entries, notes in candidates:
        if isinstance(entries, dict) and any(const in entries for const in _CONST):
            return name, entries, notes
    return None


def _mapping(weights: Weights) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    layer = 0
    while f"mapping.dense{layer}.weight" in weights:
        for kind in ("weight", "bias"):
            tensors[f"mapping.fc{layer}.{kind}"] = weights.take(f"mapping.dense{layer}.{kind}")
        layer += 1
    if "mapping.label_weight" in weights:
        tensors["mapping.embed.weight"] = weights.take("mapping.label_weight").T.contiguous()
    if "truncation.w_avg" in weights and layer > 0:
        # One w, or one per layer in a row.
        average = weights.take("truncation.w_avg").reshape(-1)
        w_dim = tensors[f"mapping.fc{layer - 1}.bias"].numel()
        whole = w_dim > 0 and average.numel() % w_dim == 0
        tensors["mapping.w_avg"] = average.reshape(-1, w_dim).mean(dim=0) if whole else average
    return tensors


def _stylegan1(weights: Weights, tensors: dict[str, Tensor]) -> dict[str, Any]:
    tensors["synthesis.b4.const"] = weights.take("synthesis.layer0.const").squeeze(0)
    layers = outputs = 0
    while f"synthesis.layer{layers}.bias" in weights:
        name, ours = f"synthesis.layer{layers}", f"synthesis.b{4 << (layers // 2)}.conv{layers % 2}"
        if layers > 0:
            tensors[f"{ours}.weight"] = weights.take(f"{name}.weight")
        tensors[f"{ours}.bias"] = weights.take(f"{name}.bias")
        tensors[f"{ours}.noise_strength"] = weights.take(f"{name}.apply_noise.weight")
        tensors[f"{ours}.noise_const"] = weights.take(f"{name}.apply_noise.noise").squeeze(0).squeeze(0)
        tensors[f"{ours}.affine.weight"] = weights.take(f"{name}.style.weight")
        tensors[f"{ours}.affine.bias"] = weights.take(f"{name}.style.bias")
        weights.drop(f"{name}.blur.kernel")
        layers += 1
    while f"synthesis.output{outputs}.weight" in weights:
        # One per level of growing; the last is the one in use.
        for kind in ("weight", "bias"):
            tensors[f"synthesis.torgb.{kind}"] = weights.take(f"synthesis.output{outputs}.{kind}")
        outputs += 1
    weights.drop("synthesis.lod")
    return infer_stylegan1({name: tuple(value.shape) for name, value in tensors.items()}, weights.where)


def _stylegan2(weights: Weights, tensors: dict[str, Tensor]) -> dict[str, Any]:
    tensors["synthesis.b4.const"] = weights.take("synthesis.early_layer.const").squeeze(0)
    layers = outputs = 0
    while f"synthesis.layer{layers}.weight" in weights:
        name = f"synthesis.layer{layers}"
        # layer0 is the only convolution at 4x4; then two per block, the first of them upsampling.
        up = layers % 2 == 1
        ours = f"synthesis.b{4 << ((layers + 1) // 2)}.conv{0 if up else 1}"
        _styled(weights, tensors, name, ours)
        if up:
            tensors[f"{ours}.weight"] = tensors[f"{ours}.weight"].flip(-1, -2)
        tensors[f"{ours}.noise_strength"] = weights.take(f"{name}.noise_strength").squeeze()
        tensors[f"{ours}.noise_const"] = weights.take(f"{name}.noise").squeeze(0).squeeze(0)
        weights.drop(f"{name}.filter.kernel")
        layers += 1
    while f"synthesis.output{outputs}.weight" in weights:
        _styled(weights, tensors, f"synthesis.output{outputs}", f"synthesis.b{4 << outputs}.torgb")
        weights.drop(f"synthesis.output{outputs}.filter.kernel")
        outputs += 1
    weights.drop("synthesis.upsample.kernel", "synthesis.lod")
    add_filters(tensors, smooth_filter(_KERNEL_TAPS))
    return infer_stylegan2({name: tuple(value.shape) for name, value in tensors.items()}, weights.where)


def _styled(weights: Weights, tensors: dict[str, Tensor], name: str, ours: str) -> None:
    tensors[f"{ours}.weight"] = weights.take(f"{name}.weight")
    tensors[f"{ours}.bias"] = weights.take(f"{name}.bias")
    tensors[f"{ours}.affine.weight"] = weights.take(f"{name}.style.weight")
    tensors[f"{ours}.affine.bias"] = weights.take(f"{name}.style.bias") + 1
