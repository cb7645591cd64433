"""Edits of styles: pure functions on latents, each row by itself."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def interpolate(
    first: Float[Tensor, "B ..."], last: Float[Tensor, "B ..."], share: float | int | Float[Tensor, "..."]
) -> Float[Tensor, "B ..."]:
    """Go straight from ``first`` to ``last`` (Image2StyleGAN, section 4.1, with lambda = 1 - share).

    Args:
        first: Any latents.
        last: Of the same shape.
        share: How far, 0 to 1 (others extrapolate); a tensor broadcasts, so ``(L, 1)`` gives each layer its own.

    Returns:
        ``first`` itself, bit by bit, where the share is 0, and ``last`` where it is 1.

    Example:
        >>> interpolate(torch.zeros(1, 2), torch.ones(1, 2), 0.25)
        tensor([[0.2500, 0.2500]])
    """
    weight = torch.as_tensor(share, dtype=first.dtype, device=first.device)
    return torch.lerp(first, last, weight.expand_as(first))


def slerp(first: Float[Tensor, "B Z"], last: Float[Tensor, "B Z"], share: float | int) -> Float[Tensor, "B Z"]:
    """Go from ``first`` to ``last`` along the arc between them: for ``z``, whose samples lie near a sphere.

    Shoemake 1985, with the length interpolated linearly. Rows that are (almost) parallel or opposite, where no single
    arc exists, go straight.

    Args:
        first: Rows that are not zero.
        last: Of the same shape.
        share: How far, 0 to 1.

    Returns:
        ``first`` and ``last`` themselves at 0 and 1.

    Example:
        >>> slerp(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 0.5)
        tensor([[0.7071, 0.7071]])
    """
    if share in (0, 1):
        return (last if share else first).clone()
    lengths = first.norm(dim=-1, keepdim=True), last.norm(dim=-1, keepdim=True)
    a, b = first / lengths[0], last / lengths[1]
    angle = (a * b).sum(dim=-1, keepdim=True).clamp(-1, 1).acos()
    arc = (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle)
    curved = arc * torch.lerp(*lengths, share)
    return torch.where(torch.sin(angle).abs() < 1e-4, torch.lerp(first, last, share), curved)


def ease(share: float | int) -> float:
    """Turn an even pace into one that starts and ends at rest (smoothstep: ``3t^2 - 2t^3``).

    Example:
        >>> ease(0.0), ease(0.25), ease(0.5), ease(1.0)
        (0.0, 0.15625, 0.5, 1.0)
    """
    return share * share * (3 - 2 * share)


def mix(
    content: Float[Tensor, "B L D"], style: Float[Tensor, "#B L D"], *, layers: Sequence[int], weight: float | int = 1
) -> Float[Tensor, "B L D"]:
    """Take ``layers`` from ``style`` and the rest from ``content``.

    Style mixing (Karras et al. 2019, section 3.1); the paper's crossover (section 4.2) takes the last half.

    Args:
        content: W+ styles.
        style: W+ styles; a batch of 1 broadcasts.
        layers: Indices in ``[0, L)``; none returns a copy of ``content``.
        weight: 1 takes the style's layers whole, less mixes them with the content's.

    Returns:
        A new tensor; the inputs are untouched.

    Raises:
        ValueError: An index lies outside ``[0, L)``.

    Example:
        >>> a, b = torch.zeros(1, 3, 2), torch.ones(1, 3, 2)
        >>> mix(a, b, layers=[2])[0, :, 0]
        tensor([0., 0., 1.])
    """
    chosen = _checked(layers, content)
    mixed = content.clone()
    mixed[:, chosen] = interpolate(content[:, chosen], style.expand_as(content)[:, chosen], weight)
    return mixed


def clean_difference(
    difference: Float[Tensor, "B L D"], *, threshold: float | int, normalise: bool = False
) -> Float[Tensor, "B L D"]:
    """Remove noise from a difference of styles (Image2StyleGAN, section 4.3).

    Args:
        difference: Expressive minus neutral styles.
        threshold: A layer whose L2 norm is below it becomes zero; the paper's is 1, in a 1024 px StyleGAN.
        normalise: Scale what is left to a root mean square norm of 1 over its layers, so that one strength means the
            same for every pair.

    Returns:
        The cleaned difference; all zero when no layer reaches the threshold.

    Example:
        >>> clean_difference(torch.tensor([[[3.0, 4.0], [0.5, 0.0]]]), threshold=1.0)
        tensor([[[3., 4.],
                 [0., 0.]]])
    """
    norms = difference.norm(dim=-1, keepdim=True)
    kept = norms >= threshold
    cleaned = torch.where(kept, difference, torch.zeros_like(difference))
    if not normalise:
        return cleaned
    squares = torch.where(kept, norms.square(), torch.zeros_like(norms)).sum(dim=1, keepdim=True)
    scale = (squares / kept.sum(dim=1, keepdim=True).clamp(min=1)).sqrt()
    return torch.where(scale > 0, cleaned / scale.clamp(min=torch.finfo(scale.dtype).tiny), cleaned)


def move(
    ws: Float[Tensor, "B L D"],
    direction: Float[Tensor, "#B L D"],
    strength: float | int,
    *,
    layers: Sequence[int] | None = None,
) -> Float[Tensor, "B L D"]:
    """Add ``strength`` times a direction (transfer: ``w1 + lambda (w3 - w2)``; semantic directions).

    Args:
        ws: W+ styles.
        direction: What to add.
        strength: 0 leaves ``ws`` as it is, negative goes the other way.
        layers: Indices in ``[0, L)`` to move; None: all.

    Returns:
        A new tensor.

    Raises:
        ValueError: An index lies outside ``[0, L)``.

    Example:
        >>> move(torch.zeros(1, 2, 1), torch.ones(1, 2, 1), -2.0, layers=[0]).flatten()
        tensor([-2.,  0.])
    """
    chosen = _checked(range(ws.shape[1]) if layers is None else layers, ws)
    moved = ws.clone()
    if strength:
        moved[:, chosen] += strength * direction.expand_as(ws)[:, chosen]
    return moved


def pull_to_mean(
    ws: Float[Tensor, "B L D"], w_avg: Float[Tensor, " D"], psi: float | int, *, layers: Sequence[int] | None = None
) -> Float[Tensor, "B L D"]:
    """Pull chosen layers towards the mean style (truncation trick, Karras et al. 2019, appendix B).

    Args:
        ws: W+ styles.
        w_avg: The mean style.
        psi: 1 leaves ``ws`` as it is, 0 gives ``w_avg``.
        layers: Indices in ``[0, L)``; None: all.

    Returns:
        ``w_avg + psi * (ws - w_avg)`` in those layers.

    Raises:
        ValueError: An index lies outside ``[0, L)``.

    Example:
        >>> pull_to_mean(torch.ones(1, 3, 1), torch.zeros(1), 0.5, layers=[1]).flatten()
        tensor([1.0000, 0.5000, 1.0000])
    """
    everything = range(ws.shape[1]) if layers is None else layers
    return mix(ws, w_avg.expand_as(ws), layers=everything, weight=1 - psi)


def smooth_sequence(latents: Float[Tensor, "T ..."], sigma: float | int) -> Float[Tensor, "T ..."]:
    """Smooth a sequence over time with a Gaussian; the ends are continued by their own value.

    Args:
        latents: The frame first.
        sigma: Standard deviation in frames; 0 returns the sequence as it is.

    Returns:
        A sequence of the same length.

    Example:
        >>> [round(value, 3) for value in smooth_sequence(torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0]), 0.5).tolist()]
        [0.0, 0.106, 0.787, 0.106, 0.0]
    """
    if sigma == 0:
        return latents
    reach = max(1, round(4 * sigma))
    offsets = torch.arange(-reach, reach + 1)
    weights = torch.exp(-0.5 * (offsets.double() / sigma).square())
    weights = (weights / weights.sum()).to(latents)
    last = len(latents) - 1
    index = (torch.arange(len(latents))[:, None] + offsets).clamp(0, last).to(latents.device)
    return torch.einsum("k,tk...->t...", weights, latents[index])


def _checked(layers: Sequence[int], ws: Tensor) -> list[int]:
    count = ws.shape[1]
    wrong = [layer for layer in layers if not 0 <= layer < count]
    if wrong:
        raise ValueError(f"layers must lie in [0, {count}); got {wrong}")
    return list(layers)
