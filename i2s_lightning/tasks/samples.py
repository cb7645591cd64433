"""A generator's own samples, with the styles that they were made from."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.generators.base import Generator

TRUNCATION = (0.5, 1.0)
"""Samples are pulled towards the mean by a factor drawn from this range: real pictures lie in the middle, too."""


@dataclass(frozen=True)
class Samples:
    """Pictures and the styles behind them.

    Attributes:
        image: ``(B, C, H, W)``, clipped to [-1, 1] as every stored picture is.
        ws: ``(B, L, D)``.
    """

    image: Float[Tensor, "B C H W"]
    ws: Float[Tensor, "B L D"]


@torch.no_grad()
def draw(generator: Generator, count: int, rng: torch.Generator, *, mixed: bool) -> Samples:
    """Draw samples, with noise maps of their own.

    Args:
        generator: The generator.
        count: How many.
        rng: On the generator's device.
        mixed: Give every second sample the styles of another one from a random layer on, so that layers differ.
    """
    device = generator.w_avg.device
    ws = draw_ws(generator, count, rng)
    if mixed:
        cut = torch.randint(1, max(2, generator.num_ws), (count, 1), generator=rng, device=device)
        cut[::2] = generator.num_ws
        kept = torch.arange(generator.num_ws, device=device) < cut
        ws = torch.where(kept.unsqueeze(-1), ws, draw_ws(generator, count, rng))
    image: Tensor = generator.synthesis(ws, noise_mode="random", rng=rng)
    return Samples(image.clamp(-1, 1), ws)


@torch.no_grad()
def draw_ws(generator: Generator, count: int, rng: torch.Generator) -> Float[Tensor, "B L D"]:
    """Draw truncated styles, of random classes where there are such."""
    like = generator.w_avg
    z = torch.randn(count, generator.z_dim, generator=rng, device=like.device).to(like)
    c = None
    if generator.c_dim:
        classes = torch.randint(generator.c_dim, (count,), generator=rng, device=like.device)
        c = F.one_hot(classes, generator.c_dim).to(like)
    low, high = TRUNCATION
    psi = low + (high - low) * torch.rand(count, 1, 1, generator=rng, device=like.device).to(like)
    ws: Tensor = generator.mapping(z, c)
    return like + psi * (ws - like)
