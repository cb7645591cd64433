"""StyleGAN1 under our names: what its tensors' shapes say."""

import re
from typing import Any

from .stylegan2_layout import Shapes, block_resolutions, mapping_sizes, need

#: What no tensor tells; true of NVIDIA's network.
ASSUMED: dict[str, Any] = {"mapping_lr_multiplier": 0.01, "norm_eps": 1e-8, "bias_before_blur": False}


def infer_stylegan1(shapes: Shapes, where: str) -> dict[str, Any]:
    """Derive a StyleGAN1's construction from its tensors.

    Args:
        shapes: Shapes under our names.
        where: What they are, for messages.

    Returns:
        The whole ``config``, with :data:`ASSUMED` for what shapes don't say.

    Raises:
        UnsupportedWeightsError: A block or layer is missing.
    """
    sizes = mapping_sizes(shapes, where)
    names = ("z_dim", "c_dim", "w_dim", "mapping_layers", "layer_features")
    return {
        **{name: sizes[name] for name in names},
        **ASSUMED,
        "channels": [
            need(shapes, f"synthesis.b{r}.conv1.weight", 4, where)[0] for r in block_resolutions(shapes, where)
        ],
        "img_channels": need(shapes, "synthesis.torgb.weight", 4, where)[0],
    }


def noise_sizes(tensors: Shapes) -> dict[str, tuple[int, int]]:
    """Every layer's noise map size, by layer name."""
    layers = {
        match[1]: int(match[2])
        for name in tensors
        if (match := re.match(r"(synthesis\.b(\d+)\.conv[01])\.bias$", name))
    }
    return {layer: (resolution, resolution) for layer, resolution in layers.items()}
