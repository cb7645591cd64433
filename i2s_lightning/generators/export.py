"""Our generators as other tools' files: NVIDIA-style state dicts and rosinality's ``.pt``, checked by reading back."""

from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.formats import read_generator_state
from i2s_lightning.generators.formats.rosinality import KERNEL_GAIN, layer_names, output_names
from i2s_lightning.generators.state import GeneratorState

Layout = Literal["nvidia", "rosinality"]

#: What those files can't say and does not change images: activations never come near a clamp of 256 in float32.
_UNSAID = {"conv_clamp"}


def export_generator(state: GeneratorState, path: Path, layout: Layout) -> list[str]:
    """Write a generator for another tool, read it back, and only then call it written.

    Args:
        state: From ``read_state``.
        path: The file (a torch file, whatever its ending).
        layout: "nvidia": ``G_ema.state_dict()``, StyleGAN2 and 3; "rosinality": ``{g_ema, latent_avg}``, StyleGAN2.

    Returns:
        Remarks about what the file can't say.

    Raises:
        UnsupportedWeightsError: The layout can't hold this generator; the message says what is in the way.
    """
    if layout == "nvidia" and state.family == "stylegan1":
        raise UnsupportedWeightsError("NVIDIA has no PyTorch StyleGAN1: write .safetensors")
    root = rosinality_root(state) if layout == "rosinality" else dict(state.tensors)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        torch.save(root, draft)
        remarks = _compare(state, read_generator_state(draft), layout)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return remarks


def rosinality_root(state: GeneratorState) -> dict[str, Any]:
    """Rename and reshape NVlabs' tensors to rosinality's.

    Raises:
        UnsupportedWeightsError: The network is none of those that rosinality's code builds.
    """
    config, tensors = state.config, state.tensors
    wanted = {"architecture": "skip", "c_dim": 0, "use_noise": True, "filter_shape": [4, 4], "const_size": [4, 4]}
    odd = [f"{name}={config.get(name)}" for name, value in wanted.items() if config.get(name) != value]
    if state.family != "stylegan2" or odd or config["z_dim"] != config["w_dim"]:
        what = state.family if state.family != "stylegan2" else ", ".join(odd) or "z_dim other than w_dim"
        raise UnsupportedWeightsError(f"rosinality's code has no generator with {what}: write .safetensors or nvidia")
    blocks = len(config["channels"])
    found: dict[str, Tensor] = {"input.input": tensors["synthesis.b4.const"].unsqueeze(0)}
    for i in range(config["mapping_layers"]):
        for kind in ("weight", "bias"):
            found[f"style.{i + 1}.{kind}"] = tensors[f"mapping.fc{i}.{kind}"]
    for i, (name, ours) in enumerate(layer_names(blocks)):
        found |= _styled(tensors, name, ours)
        found[f"{name}.activate.bias"] = tensors[f"{ours}.bias"]
        found[f"{name}.noise.weight"] = tensors[f"{ours}.noise_strength"].reshape(1)
        found[f"noises.noise_{i}"] = tensors[f"{ours}.noise_const"][None, None]
        if ours.endswith(".conv0"):
            found[f"{name}.conv.blur.kernel"] = tensors[f"{ours}.resample_filter"] * KERNEL_GAIN
    for name, ours in output_names(blocks):
        found |= _styled(tensors, name, ours)
        found[f"{name}.bias"] = tensors[f"{ours}.bias"].reshape(1, -1, 1, 1)
        if name != "to_rgb1":
            block = ours.removesuffix(".torgb")
            found[f"{name}.upsample.kernel"] = tensors[f"{block}.resample_filter"] * KERNEL_GAIN
    return {"g_ema": {name: value.clone() for name, value in found.items()}, "latent_avg": tensors["mapping.w_avg"]}


def _styled(tensors: dict[str, Tensor], name: str, ours: str) -> dict[str, Tensor]:
    return {
        f"{name}.conv.weight": tensors[f"{ours}.weight"].unsqueeze(0),
        f"{name}.conv.modulation.weight": tensors[f"{ours}.affine.weight"],
        f"{name}.conv.modulation.bias": tensors[f"{ours}.affine.bias"],
    }


def _compare(state: GeneratorState, again: GeneratorState, layout: str) -> list[str]:
    """Find what got lost on the way."""
    differing = {name for name in state.config if state.config[name] != again.config.get(name)}
    if state.family != again.family or differing - _UNSAID:
        lost = ", ".join(f"{name}={state.config[name]}" for name in sorted(differing - _UNSAID))
        raise UnsupportedWeightsError(f"a {layout} file can't say {lost}: write .safetensors")
    for name, value in state.tensors.items():
        if not torch.equal(value, again.tensors[name]):
            raise UnsupportedWeightsError(f"a {layout} file can't hold this {name}: write .safetensors")
    return [
        f"the file does not say {name}={state.config[name]}: set it in the other tool" for name in sorted(differing)
    ]
