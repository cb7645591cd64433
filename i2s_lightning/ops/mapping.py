"""Arithmetic of mapping networks and styles: rows of vectors in, rows of vectors out."""

import torch
from jaxtyping import Float
from torch import Tensor


def linear(
    x: Float[Tensor, "B I"], weight: Float[Tensor, "O I"], bias: Float[Tensor, " O"] | None = None
) -> Float[Tensor, "B O"]:
    """Compute ``x @ weight.T + bias`` so that a row's bits do not depend on its place in the batch.

    One matrix product for all rows may round a row according to its index (its tile). A product per row, on the same
    weights without a copy, can't, as long as rows have an even number of entries (MKL also looks at alignment).

    Args:
        x: Rows, ``(B, I)``.
        weight: ``(O, I)``.
        bias: ``(O,)`` or None.

    Returns:
        Rows, ``(B, O)``.

    Example:
        >>> linear(torch.ones(2, 3), torch.ones(1, 3), torch.tensor([0.5]))
        tensor([[3.5000],
                [3.5000]])
    """
    shared = weight.t().expand(x.shape[0], -1, -1)
    y = torch.bmm(x.unsqueeze(1), shared).squeeze(1)
    return y if bias is None else y + bias


def normalize_2nd_moment(x: Float[Tensor, "B D"]) -> Float[Tensor, "B D"]:
    """Scale each row to a mean square of 1 (Karras et al. 2018, section 4.2; eps 1e-8).

    Example:
        >>> normalize_2nd_moment(torch.tensor([[3.0, 4.0]]))
        tensor([[0.8485, 1.1314]])
    """
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def truncate(
    ws: Float[Tensor, "B L D"], w_avg: Float[Tensor, " D"], psi: float, cutoff: int | None = None
) -> Float[Tensor, "B L D"]:
    """Pull styles towards the mean style (truncation trick, Karras et al. 2019, appendix B).

    Args:
        ws: Styles.
        w_avg: The mean style.
        psi: 1 leaves ``ws`` as it is, 0 gives ``w_avg``.
        cutoff: Only the first ``cutoff`` layers are truncated; None: all.

    Returns:
        ``w_avg + psi * (ws - w_avg)`` in the truncated layers.

    Example:
        >>> truncate(torch.ones(1, 3, 1), torch.zeros(1), 0.5, cutoff=2).flatten()
        tensor([0.5000, 0.5000, 1.0000])
    """
    if psi == 1.0:
        return ws
    truncated = w_avg.lerp(ws, psi)
    if cutoff is None:
        return truncated
    return torch.cat([truncated[:, :cutoff], ws[:, cutoff:]], dim=1)
