"""rosinality's stylegan2-pytorch, alone or inside pSp, e4e and ReStyle checkpoints."""

from typing import Any

from torch import Tensor

from i2s_lightning.generators.state import GeneratorState

from .stand_ins import StoredTensor
from .stylegan2_layout import add_filters, add_noise_maps, incomplete, infer_stylegan2, smooth_filter, state_of
from .weights import Weights, without_prefix

#: Tensors that tell this layout from every other.
_SIGNS = ("style.1.weight", "conv1.conv.weight")
_DEFAULT_TAPS = [1.0, 3.0, 3.0, 1.0]
#: The file's upsampling kernels contain the factor that makes up for the inserted zeros.
KERNEL_GAIN = 4.0


def is_rosinality(root: object) -> bool:
    """Whether a file's root object holds rosinality's StyleGAN2 generator."""
    return isinstance(root, dict) and _generator_of(root) is not None


def read_rosinality(root: Any) -> GeneratorState:
    """Read rosinality's generator.

    Args:
        root: ``{g_ema, latent_avg, ...}``, ``{state_dict: {decoder...}, latent_avg}`` or a state dict.

    Raises:
        UnsupportedWeightsError: A tensor is missing, unknown or of a wrong shape.
    """
    found = _generator_of(root)
    if found is None:
        raise incomplete("the file", _SIGNS[0])
    name, entries, notes = found
    weights = Weights(entries, name)
    tensors: dict[str, Tensor] = {}
    _take_mapping(weights, tensors)
    _take_synthesis(weights, tensors)
    _take_noise(weights, tensors)
    weights.finish()
    config = infer_stylegan2({key: tuple(value.shape) for key, value in tensors.items()}, name)
    average = root.get("latent_avg")
    if isinstance(average, StoredTensor):
        tensors["mapping.w_avg"] = _average(Weights({"latent_avg": average}, "the file").take("latent_avg"))
    if not any(key.endswith(".noise_const") for key in tensors):
        add_noise_maps(tensors, _noise_sizes(tensors))
        notes = [
            *notes,
            "holds no noise maps: fixed noise is made up (seed 0); noise_mode 'none' or noise=[...] avoid it",
        ]
    return state_of("stylegan2", config, tensors, {"format": f"rosinality stylegan2-pytorch ({name})", "notes": notes})


def _generator_of(root: dict[Any, Any]) -> tuple[str, dict[str, object], list[str]] | None:
    inner = root.get("state_dict")
    candidates: list[tuple[str, object, list[str]]] = [
        ("g_ema", root.get("g_ema"), []),
        ("decoder", without_prefix(inner, "decoder.") if isinstance(inner, dict) else None, []),
        ("g", root.get("g"), ["holds only g, not the moving average g_ema: samples are of lower quality"]),
        ("state dict", root, []),
    ]
    for name, entries, notes in candidates:
        if isinstance(entries, dict):
            plain = _without_module(entries)
            if all(sign in plain for sign in _SIGNS):
                return name, plain, notes
    return None


def _without_module(entries: dict[Any, object]) -> dict[Any, object]:
    prefixed = [name for name in entries if isinstance(name, str) and name.startswith("module.")]
    return without_prefix(entries, "module.") if entries and len(prefixed) == len(entries) else entries


def _take_mapping(weights: Weights, tensors: dict[str, Tensor]) -> None:
    layer = 0
    while f"style.{layer + 1}.weight" in weights:
        for kind in ("weight", "bias"):
            tensors[f"mapping.fc{layer}.{kind}"] = weights.take(f"style.{layer + 1}.{kind}")
        layer += 1


def layer_names(blocks: int) -> list[tuple[str, str]]:
    """Name in the file and in ours of every convolution, in the order of their styles.

    Args:
        blocks: Number of resolutions, 4x4 included.
    """
    names = [("conv1", "synthesis.b4.conv1")]
    for j in range(blocks - 1):
        names += [
            (f"convs.{2 * j}", f"synthesis.b{8 << j}.conv0"),
            (f"convs.{2 * j + 1}", f"synthesis.b{8 << j}.conv1"),
        ]
    return names


def output_names(blocks: int) -> list[tuple[str, str]]:
    """The same of every layer that makes colours."""
    return [
        ("to_rgb1", "synthesis.b4.torgb"),
        *((f"to_rgbs.{j}", f"synthesis.b{8 << j}.torgb") for j in range(blocks - 1)),
    ]


def _take_synthesis(weights: Weights, tensors: dict[str, Tensor]) -> None:
    blocks = 1
    while f"convs.{2 * blocks - 2}.conv.weight" in weights:
        blocks += 1
    tensors["synthesis.b4.const"] = weights.take("input.input").squeeze(0)
    kernels: dict[str, Tensor] = {}
    for name, ours in [*layer_names(blocks), *output_names(blocks)]:
        tensors[f"{ours}.weight"] = weights.take(f"{name}.conv.weight").squeeze(0)
        for kind in ("weight", "bias"):
            tensors[f"{ours}.affine.{kind}"] = weights.take(f"{name}.conv.modulation.{kind}")
        if ours.endswith(".torgb"):
            tensors[f"{ours}.bias"] = weights.take(f"{name}.bias").reshape(-1)
        else:
            tensors[f"{ours}.bias"] = weights.take(f"{name}.activate.bias")
            tensors[f"{ours}.noise_strength"] = _scalar(weights.take(f"{name}.noise.weight"))
        owner = ours.removesuffix(".torgb")
        for kernel in (f"{name}.conv.blur.kernel", f"{name}.upsample.kernel"):
            if kernel in weights:
                kernels[f"{owner}.resample_filter"] = weights.take(kernel) / KERNEL_GAIN
    add_filters(tensors, next(iter(kernels.values()), smooth_filter(_DEFAULT_TAPS)))
    tensors |= kernels


def _take_noise(weights: Weights, tensors: dict[str, Tensor]) -> None:
    layers = [ours for _, ours in layer_names(len(tensors)) if f"{ours}.weight" in tensors]
    for i, ours in enumerate(layers):
        if f"noises.noise_{i}" in weights:
            tensors[f"{ours}.noise_const"] = weights.take(f"noises.noise_{i}").squeeze(0).squeeze(0)


def _noise_sizes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, int]]:
    height, width = tensors["synthesis.b4.const"].shape[1:]
    layers = [name.removesuffix(".noise_strength") for name in tensors if name.endswith(".noise_strength")]
    scales = {layer: int(layer.split(".")[1][1:]) // 4 for layer in layers}
    return {layer: (height * scale, width * scale) for layer, scale in scales.items()}


def _scalar(value: Tensor) -> Tensor:
    return value.reshape(()) if value.numel() == 1 else value


def _average(average: Tensor) -> Tensor:
    # One w, or one per layer (pSp and e4e store the same w for each).
    if average.ndim < 2:
        return average
    return average[0] if (average == average[:1]).all() else average.mean(dim=0)
