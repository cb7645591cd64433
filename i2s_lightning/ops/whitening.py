"""How typical a style is of its generator: the P space of II2S (Zhu et al. 2020, arXiv 2012.09036)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

FLOOR = 0.01
"""Variance that every direction is taken to have at least, as a share of the mean variance. Some directions hardly vary
among samples; without a floor, an embedding's distance would be decided by them alone."""


def straighten(w: Float[Tensor, "... D"]) -> Float[Tensor, "... D"]:
    """Undo the mapping network's last leaky ReLU (slope 0.2), so that styles are distributed almost normally.

    Example:
        >>> straighten(torch.tensor([1.0, -0.2]))
        tensor([ 1., -1.])
    """
    return torch.where(w < 0, 5 * w, w)


@dataclass(frozen=True)
class Whitening:
    """Mean and principal axes of straightened styles.

    Attributes:
        mean: ``(D,)``.
        axes: Orthonormal columns, ``(D, D)``.
        deviations: Along each axis, ``(D,)``.
    """

    mean: Float[Tensor, " D"]
    axes: Float[Tensor, "D D"]
    deviations: Float[Tensor, " D"]

    def typicality(self, ws: Float[Tensor, "*B D"]) -> Float[Tensor, "*B"]:
        """Measure how far styles lie from the mean, in standard deviations: about 1 for the generator's own samples.

        The root mean square over axes of the whitened, straightened style (the P-norm divided by its expectation).
        """
        whitened = (straighten(ws.to(self.mean)) - self.mean) @ self.axes / self.deviations
        return whitened.square().mean(dim=-1).sqrt()


def fit_whitening(samples: Float[Tensor, "N D"], floor: float = FLOOR) -> Whitening:
    """Estimate the whitening from samples of W, in float64.

    Args:
        samples: The mapping network's outputs, many more than D.
        floor: See ``FLOOR``.

    Returns:
        The whitening, float64.
    """
    straight = straighten(samples.double())
    mean = straight.mean(dim=0)
    variances, axes = torch.linalg.eigh(torch.cov(straight.T).reshape(len(mean), len(mean)))
    return Whitening(mean, axes, raised(variances, floor).sqrt())


def raised(variances: Float[Tensor, " D"], floor: float = FLOOR) -> Float[Tensor, " D"]:
    """Raise variances to a share of their mean.

    Example:
        >>> raised(torch.tensor([0.0, 2.0]), floor=0.1)
        tensor([0.1000, 2.0000])
    """
    return variances.clamp(min=floor * float(variances.mean()))
