"""A generator that is small enough to embed very many pictures with."""

from pathlib import Path

import torch

from i2s_lightning.generators import StyleGAN2
from i2s_lightning.generators.native import save_native


def make_generator(path: Path) -> None:
    """Write a 16 px StyleGAN2 with random weights, unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        generator = StyleGAN2(z_dim=12, w_dim=16, channels=(16, 12, 8), mapping_layers=2)
    save_native(generator.eval().requires_grad_(False), path)
