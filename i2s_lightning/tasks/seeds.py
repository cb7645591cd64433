"""Randomness that belongs to the picture: the same alone, in any batch, on any rank, after any crash."""

import hashlib

import torch
from jaxtyping import Float
from torch import Tensor


def generator_for(seed: int, *key: object) -> torch.Generator:
    """Give a CPU random generator that is a pure function of its arguments.

    Args:
        seed: The run's seed.
        key: What the numbers are for: a picture's content hash, a purpose, a layer...

    Returns:
        A fresh generator; the global one is left alone.
    """
    text = "\0".join(str(part) for part in (seed, *key))
    return torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1)


def normal(shape: tuple[int, ...], seed: int, *key: object) -> Float[Tensor, "..."]:
    """Draw from N(0, 1), float32 on the CPU."""
    return torch.randn(shape, generator=generator_for(seed, *key))


def uniform(shape: tuple[int, ...], seed: int, *key: object) -> Float[Tensor, "..."]:
    """Draw from U[-1, 1), float32 on the CPU."""
    return torch.rand(shape, generator=generator_for(seed, *key)) * 2 - 1
