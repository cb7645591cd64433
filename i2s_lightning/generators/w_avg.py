"""The average style of a generator whose file does not hold one."""

import copy
import dataclasses

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.generators.build import build
from i2s_lightning.generators.mapping import MappingNetwork
from i2s_lightning.generators.state import GeneratorState

_SAMPLES, _SEED, _CHUNK = 10_000, 0, 1000
#: The result is a multiple of this, so that the last bits, which differ between machines, don't decide its identity.
_GRID = 2.0**-16


def average_w(mapping: MappingNetwork) -> Float[Tensor, " D"]:
    """Estimate the mean style from 10,000 samples, the same on every machine.

    The sum is taken in float64 and rounded to multiples of 2**-16, far below its standard error (about 1/100 of the
    styles' deviation).

    Args:
        mapping: On the CPU. Labels are taken in turn, one-hot.

    Returns:
        The average, float32.
    """
    exact = copy.deepcopy(mapping).double()
    rng = torch.Generator().manual_seed(_SEED)
    total = torch.zeros(mapping.w_avg.shape[0], dtype=torch.float64)
    with torch.no_grad():
        for start in range(0, _SAMPLES, _CHUNK):
            z = torch.randn(_CHUNK, mapping.z_dim, generator=rng, dtype=torch.float64)
            turns = torch.arange(start, start + _CHUNK)
            c = torch.eye(mapping.c_dim, dtype=torch.float64)[turns % mapping.c_dim] if mapping.c_dim else None
            total += exact(z, c)[:, 0].sum(dim=0)
    return ((total / _SAMPLES / _GRID).round() * _GRID).float()


def complete(state: GeneratorState) -> GeneratorState:
    """Give a state its average style, if the file did not hold one.

    Args:
        state: From a file reader; ``source["w_avg"]`` is "computed" if it lacks the average.

    Returns:
        The same state, or one with the average and a note of how it came about.

    Raises:
        UnsupportedWeightsError: The state is not that of a complete generator.
    """
    if state.source.get("w_avg") != "computed":
        return state
    average = average_w(build(state).mapping)
    note = f"computed from {_SAMPLES:,} samples (seed {_SEED}): the file holds none"
    return dataclasses.replace(
        state, tensors={**state.tensors, "mapping.w_avg": average}, source={**state.source, "w_avg": note}
    )
