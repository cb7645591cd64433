"""Teach the mapping network what style a code has, once styles stand."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.generators.mapping import FullyConnected, MappingNetwork
from i2s_lightning.ops.activations import activate
from i2s_lightning.ops.mapping import normalize_2nd_moment

_BATCH = 512
_RATE = 3.0  # on weights that the network multiplies by 0.01


def teach_mapping(
    mapping: MappingNetwork, codes: Float[Tensor, "N Z"], styles: Float[Tensor, "N W"], steps: int
) -> float:
    """Regress styles on codes, with Adam and a cosine.

    Args:
        mapping: Changed in place, with its ``w_avg``.
        codes: Of portraits.
        styles: That a ``Teacher`` gives to their parameters; the last tenth only measures.
        steps: Of the optimiser.

    Returns:
        The share of the styles' variance that is missed.
    """
    rng = torch.Generator().manual_seed(0)
    mapping.requires_grad_(True)
    held = len(codes) - len(codes) // 10
    optimizer = torch.optim.Adam(mapping.parameters(), lr=_RATE, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    mapping.w_avg.copy_(styles.mean(dim=0))
    weights = 1 / styles.var(dim=0).mean()
    for _ in range(steps):
        rows = torch.randint(held, (_BATCH,), generator=rng)
        loss = (styles_of(mapping, codes[rows]) - styles[rows]).square().mean() * weights
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    mapping.requires_grad_(False)
    with torch.no_grad():
        missed = (styles_of(mapping, codes[held:]) - styles[held:]).square().mean() / styles[held:].var(dim=0).mean()
    return float(missed)


def styles_of(mapping: MappingNetwork, z: Float[Tensor, "B Z"]) -> Float[Tensor, "B W"]:
    """Compute styles with one matrix product for all rows.

    The network has one for each row, for bits that do not depend on the batch: many times slower to learn by.
    """
    x = normalize_2nd_moment(z)
    for name, layer in mapping.named_children():
        assert isinstance(layer, FullyConnected), name
        x = F.linear(x, layer.weight * layer.weight_gain, layer.bias * layer.bias_gain)
        x = activate(x, layer.activation, gain=layer.gain)
    return x
