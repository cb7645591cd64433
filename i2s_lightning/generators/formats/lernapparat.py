"""lernapparat's StyleGAN1 (``for_g_all.pt``), the file of the first Image2StyleGAN re-implementations."""

import re
from typing import Any

from torch import Tensor

from i2s_lightning.generators.state import GeneratorState

from .stylegan1_layout import infer_stylegan1, noise_sizes
from .stylegan2_layout import add_noise_maps, state_of
from .weights import Weights


def is_lernapparat(root: object) -> bool:
    """Whether a file's root object is lernapparat's state dict."""
    return isinstance(root, dict) and "g_mapping.dense0.weight" in root


def read_lernapparat(root: Any) -> GeneratorState:
    """Read lernapparat's generator.

    Its own code normalises with an epsilon of 1e-5; the weights are NVIDIA's, whose epsilon (1e-8) is used here.

    Args:
        root: The state dict.

    Raises:
        UnsupportedWeightsError: A tensor is missing, unknown or of a wrong shape.
    """
    weights = Weights(root, "the state dict")
    tensors: dict[str, Tensor] = {}
    layer = 0
    while f"g_mapping.dense{layer}.weight" in weights:
        for kind in ("weight", "bias"):
            tensors[f"mapping.fc{layer}.{kind}"] = weights.take(f"g_mapping.dense{layer}.{kind}")
        layer += 1
    _take_synthesis(weights, tensors)
    if "truncation.avg_latent" in weights:
        tensors["mapping.w_avg"] = weights.take("truncation.avg_latent").reshape(-1)
    weights.finish()
    shapes = {name: tuple(value.shape) for name, value in tensors.items()}
    config = infer_stylegan1(shapes, weights.where)
    add_noise_maps(tensors, noise_sizes(shapes))
    note = "holds no noise maps: fixed noise is made up (seed 0); pass synthesis(..., noise=[...]) or noise_mode 'none'"
    return state_of("stylegan1", config, tensors, {"format": "lernapparat StyleGAN1", "notes": [note]})


def _take_synthesis(weights: Weights, tensors: dict[str, Tensor]) -> None:
    for kind in ("weight", "bias"):
        tensors[f"synthesis.torgb.{kind}"] = weights.take(f"g_synthesis.torgb.{kind}")
    tensors["synthesis.b4.const"] = weights.take("g_synthesis.blocks.4x4.const").squeeze(0)
    resolutions = sorted(
        {int(match[1]) for name in weights if (match := re.match(r"g_synthesis\.blocks\.(\d{1,5})x\1\.", name))}
    )
    for r in resolutions:
        block, ours = f"g_synthesis.blocks.{r}x{r}", f"synthesis.b{r}"
        first, second = ("", "conv") if r == 4 else ("conv0_up", "conv1")
        tensors[f"{ours}.conv0.bias"] = weights.take(f"{block}.{first}.bias" if first else f"{block}.bias")
        if first:
            tensors[f"{ours}.conv0.weight"] = weights.take(f"{block}.{first}.weight")
            weights.drop(f"{block}.{first}.intermediate.kernel")
        for kind in ("weight", "bias"):
            tensors[f"{ours}.conv1.{kind}"] = weights.take(f"{block}.{second}.{kind}")
        for conv, epilogue in (("conv0", "epi1"), ("conv1", "epi2")):
            tensors[f"{ours}.{conv}.noise_strength"] = weights.take(f"{block}.{epilogue}.top_epi.noise.weight")
            for kind in ("weight", "bias"):
                tensors[f"{ours}.{conv}.affine.{kind}"] = weights.take(f"{block}.{epilogue}.style_mod.lin.{kind}")
