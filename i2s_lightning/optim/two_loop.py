"""L-BFGS' memory and the direction that follows from it, for rows independent of one another."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

CURVED = 1e-10
"""Pairs whose curvature ``s.y`` is less than this part of ``y.y`` say nothing of a minimum and are left out."""


def append(
    history: dict[str, Tensor], *, move: Float[Tensor, "N D"], change: Float[Tensor, "N D"], where: Bool[Tensor, "N 1"]
) -> dict[str, Tensor]:
    """Remember a pair in rows where it is accepted and the function is convex along it; the oldest is forgotten.

    Args:
        history: ``moves`` and ``changes``, ``(N, m, D)`` each, the newest last; zeros stand for nothing.
        move: From the last point to this one (s).
        change: Of the gradient (y).
        where: Rows that accepted it.
    """
    curved = (move * change).sum(-1, keepdim=True) > CURVED * change.square().sum(-1, keepdim=True)
    keep = (where & curved).unsqueeze(-1)
    new = {"moves": move, "changes": change}
    return {
        name: torch.where(keep, torch.cat([pairs[:, 1:], new[name].unsqueeze(1)], 1), pairs)
        for name, pairs in history.items()
    }


def descent(
    gradient: Float[Tensor, "N D"], moves: Float[Tensor, "N m D"], changes: Float[Tensor, "N m D"]
) -> Float[Tensor, "N D"]:
    """Give minus the inverse Hessian, as far as it is known, times the gradient.

    The two-loop recursion (Nocedal and Wright 2006, algorithm 7.4). The first matrix is the newest pair's ``s.y / y.y``
    times the identity; without any pair it scales the gradient to length 1.

    Args:
        gradient: One a row.
        moves: Pairs' s, the newest last; zeros stand for nothing.
        changes: Pairs' y.
    """
    curvature = (moves * changes).sum(-1, keepdim=True)
    known = curvature > 0
    inverse = torch.where(known, 1 / torch.where(known, curvature, 1), 0)
    q, shares = gradient, []
    for i in reversed(range(moves.shape[1])):
        shares.append(inverse[:, i] * (moves[:, i] * q).sum(-1, keepdim=True))
        q = q - shares[-1] * changes[:, i]
    tiny = torch.finfo(gradient.dtype).tiny
    unit = 1 / gradient.norm(dim=-1, keepdim=True).clamp(min=tiny)
    newton = curvature[:, -1] / changes[:, -1].square().sum(-1, keepdim=True).clamp(min=tiny)
    q = q * torch.where(known[:, -1], newton, unit)
    for i in range(moves.shape[1]):
        q = q + (shares.pop() - inverse[:, i] * (changes[:, i] * q).sum(-1, keepdim=True)) * moves[:, i]
    return -q
