"""A generator's twin that has learned nothing."""

from pathlib import Path

import torch

from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.native import save_native
from i2s_lightning.generators.w_avg import average_w

SEED = 0


def untrained_twin(generator: Generator, folder: Path) -> Path:
    """Write a generator of the same construction with random weights, as training would start from.

    Args:
        generator: Says the construction.
        folder: Where the file goes; an existing one is taken.

    Returns:
        The file. Its ``w_avg`` is the mean of its own styles, like a trained one's.
    """
    path = folder / f"untrained-{generator.sha256[:8]}.safetensors"
    if path.exists():
        return path
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        twin = type(generator)(**generator.config)
    with torch.no_grad():
        twin.w_avg.copy_(average_w(twin.mapping))
    save_native(twin, path)
    return path
