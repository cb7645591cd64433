"""Distances per image: every function keeps the batch axis and reduces the others."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def mean_square_difference(a: Float[Tensor, "B ..."], b: Float[Tensor, "B ..."]) -> Float[Tensor, " B"]:
    """Compute ``||a - b||^2 / N`` per image, N being the number of its values.

    Args:
        a: Images or features. Half precision is raised to float32 first.
        b: What to compare with.

    Returns:
        ``(B,)``, float32 or float64.

    Example:
        >>> mean_square_difference(torch.zeros(2, 3, 4, 4), torch.full((2, 3, 4, 4), 0.5))
        tensor([0.2500, 0.2500])
    """
    result: Tensor = _MeanSquare.apply(_at_least_float32(a), _at_least_float32(b))  # type: ignore[no-untyped-call]
    return result


class _MeanSquare(torch.autograd.Function):
    """Keeps what it is given, which is in memory anyway, and takes two passes back; plain operations keep more."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return (a - b).square().mean(dim=tuple(range(1, a.ndim)))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None]:
        a, b = ctx.saved_tensors
        factor = gradients[0] * (2 * len(a) / a.numel())
        gradient = (a - b).mul_(factor.view(-1, *[1] * (a.ndim - 1)))
        return gradient, -gradient if ctx.needs_input_grad[1] else None


def gram_matrix(features: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C C"]:
    """Compute how often channels fire together: the mean over positions of their products (Gatys et al. 2016).

    Args:
        features: Activations; half precision is raised to float32 first.

    Returns:
        ``(B, C, C)``, symmetric. Gatys sums over positions; the mean makes images of different size comparable.
    """
    flat = _at_least_float32(features).flatten(2)
    with torch.autocast(features.device.type, enabled=False):
        return flat @ flat.transpose(1, 2) / flat.shape[2]


def unit_distance(a: Float[Tensor, "B C H W"], b: Float[Tensor, "B C H W"]) -> Float[Tensor, " B"]:
    """Compute the mean over positions of ``||a/|a| - b/|b|||^2``, the norms taken over channels (Zhang et al. 2018).

    Args:
        a: Activations; half precision is raised to float32 first. A position without any activation counts as zero.
        b: What to compare with.

    Returns:
        ``(B,)`` in [0, 4]; in [0, 2] for activations after a ReLU.
    """
    a, b = F.normalize(_at_least_float32(a)), F.normalize(_at_least_float32(b))
    return (a - b).square().sum(dim=1).mean(dim=(1, 2))


def _at_least_float32(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype == torch.float64 else tensor.float()
