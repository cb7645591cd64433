"""StyleGAN2 as NVlabs names it: what its tensors' shapes say, and the parts that some formats leave out."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.state import GeneratorState

from .problems import damaged, hostile, shown

Shapes = Mapping[str, tuple[int, ...]]

#: What no tensor tells; true of NVIDIA's networks unless their attributes say otherwise.
ASSUMED: dict[str, Any] = {
    "activation": "lrelu",
    "conv_clamp": None,
    "mapping_activation": "lrelu",
    "mapping_lr_multiplier": 0.01,
    "label_mode": "embed",
}

_NOISE_SEED = 0
#: Made-up maps cost memory that the file did not pay for; no known network draws more than 1024 pixels.
_LARGEST_MAP = 2048


def infer_stylegan2(shapes: Shapes, where: str) -> dict[str, Any]:
    """Derive a StyleGAN2's construction from its tensors.

    Args:
        shapes: Shapes under NVlabs' names.
        where: What they are, for messages.

    Returns:
        The whole ``config``, with :data:`ASSUMED` for what shapes don't say.

    Raises:
        UnsupportedWeightsError: A block or layer is missing.
    """
    resolutions = block_resolutions(shapes, where)
    const = need(shapes, "synthesis.b4.const", 3, where)
    last = f"synthesis.b{resolutions[-1]}"
    filters = [shape for name, shape in shapes.items() if name.endswith(".resample_filter")]
    if not filters:
        raise incomplete(where, "resample_filter")
    return {
        **mapping_sizes(shapes, where),
        **ASSUMED,
        "channels": [need(shapes, f"synthesis.b{r}.conv1.weight", 4, where)[0] for r in resolutions],
        "const_size": list(const[1:]),
        "img_channels": need(shapes, f"{last}.torgb.weight", 4, where)[0],
        "architecture": _architecture(shapes, resolutions),
        "use_noise": any(name.endswith(".noise_strength") for name in shapes),
        "filter_shape": list(filters[0]),
    }


def mapping_sizes(shapes: Shapes, where: str) -> dict[str, Any]:
    """The part of the construction that the mapping network's tensors tell (the same for StyleGAN1)."""
    layers = 0
    while f"mapping.fc{layers}.weight" in shapes:
        layers += 1
    if layers == 0:
        raise incomplete(where, "mapping.fc0.weight")
    first, last = need(shapes, "mapping.fc0.weight", 2, where), need(shapes, f"mapping.fc{layers - 1}.weight", 2, where)
    embed = need(shapes, "mapping.embed.weight", 2, where) if "mapping.embed.weight" in shapes else (0, 0)
    return {
        "z_dim": first[1] - embed[0],
        "c_dim": embed[1],
        "w_dim": last[0],
        "mapping_layers": layers,
        "embed_features": embed[0],
        "layer_features": first[0],
    }


def block_resolutions(shapes: Shapes, where: str) -> list[int]:
    """Resolutions 4, 8, ... of all blocks, which must be complete."""
    found = {int(match[1]) for name in shapes if (match := re.match(r"synthesis\.b(\d{1,5})\.", name))}
    resolutions = [4 << k for k in range(len(found))]
    if not found or found != set(resolutions):
        missing = next((r for r in resolutions if r not in found), 4)
        raise incomplete(where, f"synthesis.b{missing}.*")
    return resolutions


def _architecture(shapes: Shapes, resolutions: list[int]) -> str:
    if "synthesis.b8.skip.weight" in shapes:
        return "resnet"
    return "skip" if "synthesis.b4.torgb.weight" in shapes else "orig"


def need(shapes: Shapes, name: str, dimensions: int, where: str) -> tuple[int, ...]:
    """The shape of a tensor that must be there with that many dimensions."""
    if name not in shapes:
        raise incomplete(where, name)
    shape = shapes[name]
    if len(shape) != dimensions or 0 in shape:
        raise damaged(f"{where}: {shown(name)} should have {dimensions} dimensions, its shape is {list(shape)}")
    return shape


def incomplete(where: str, name: str) -> UnsupportedWeightsError:
    """The error for a missing tensor."""
    return UnsupportedWeightsError(
        f"{where} lacks {shown(name)}; the file is incomplete or holds another network. Get it again from its source"
    )


def add_filters(tensors: dict[str, Tensor], kernel: Tensor) -> None:
    """Give every block and layer the resample filter, as NVlabs' buffers are.

    Args:
        tensors: NVlabs' names; extended in place.
        kernel: ``(n, n)``, of sum 1.
    """
    owners = {name.rsplit(".", 1)[0] for name in tensors if re.search(r"\.(conv[01]|skip)\.weight$", name)}
    owners |= {owner.rsplit(".", 1)[0] for owner in owners}
    for owner in sorted(owners):
        tensors[f"{owner}.resample_filter"] = kernel.clone()


def smooth_filter(taps: list[float]) -> Tensor:
    """The separable filter of the given taps as a square of sum 1."""
    line = torch.tensor(taps, dtype=torch.float32)
    square = line.outer(line)
    return square / square.sum()


def add_noise_maps(tensors: dict[str, Tensor], sizes: Mapping[str, tuple[int, int]]) -> None:
    """Make up the noise maps of a file that has none, the same on every machine.

    Args:
        tensors: NVlabs' names; extended in place.
        sizes: Layer (``synthesis.b8.conv1``) to the map's height and width.

    Raises:
        UnsupportedWeightsError: A map would be larger than any network's.
    """
    if any(max(size) > _LARGEST_MAP for size in sizes.values()):
        raise hostile(f"has blocks for images beyond {_LARGEST_MAP} pixels but no noise maps of their size")
    generator = torch.Generator().manual_seed(_NOISE_SEED)
    for layer in sorted(sizes):
        tensors[f"{layer}.noise_const"] = torch.randn(sizes[layer], generator=generator)


def state_of(family: str, config: dict[str, Any], tensors: dict[str, Tensor], source: dict[str, Any]) -> GeneratorState:
    """Finish a state: without an average w in the file, it is computed when the generator is built."""
    source = {"w_avg": "from the file", "inferred": [], "notes": [], **source}
    if "mapping.w_avg" not in tensors:
        tensors["mapping.w_avg"] = torch.zeros(config["w_dim"])
        source["w_avg"] = "computed"
    return GeneratorState(family, config, tensors, source)
