"""Styles as a generator's own mapping network gives them."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.generators.base import Generator

SAMPLES = 20_000
"""Enough to estimate the mean and the axes of styles."""
CHUNK = 1000


@torch.no_grad()
def sample_w(generator: Generator, count: int, seed: int = 0) -> Float[Tensor, "N D"]:
    """Draw styles as the mapping network gives them; classes of a conditional generator in equal shares.

    Args:
        generator: Its mapping network is used.
        count: How many.
        seed: Decides the draws.

    Returns:
        Styles, on the CPU.
    """
    rng = torch.Generator().manual_seed(seed)
    parts = []
    for start in range(0, count, CHUNK):
        z = torch.randn(min(CHUNK, count - start), generator.z_dim, generator=rng).to(generator.w_avg)
        turns = (torch.arange(start, start + len(z)) % generator.c_dim) if generator.c_dim else None
        c = None if turns is None else F.one_hot(turns, generator.c_dim).to(z)
        ws: Tensor = generator.mapping(z, c)
        parts.append(ws[:, 0].cpu())
    return torch.cat(parts)
