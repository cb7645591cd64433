"""Directions in W that change one thing about a picture."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def sefa(weights: Float[Tensor, "O D"]) -> tuple[Float[Tensor, "K D"], Float[Tensor, " K"]]:
    """Find the directions that change a layer's modulation most (SeFa, Shen & Zhou 2021, equation 9).

    Args:
        weights: The affine layers' weights, stacked over layers and outputs.

    Returns:
        Unit eigenvectors of ``A^T A``, strongest first, ``(D, D)``; and how much each changes the modulation.

    Example:
        >>> directions, gains = sefa(torch.tensor([[3.0, 0.0], [0.0, 1.0]]))
        >>> directions.abs(), gains
        (tensor([[1., 0.],
                [0., 1.]]), tensor([3., 1.]))
    """
    squares, vectors = torch.linalg.eigh(weights.double().T @ weights.double())
    directions = fixed_sign(vectors.T.flip(0))
    return directions.to(weights), squares.flip(0).clamp(min=0).sqrt().to(weights)


def principal(samples: Float[Tensor, "N D"]) -> tuple[Float[Tensor, "D D"], Float[Tensor, " D"]]:
    """Find the directions in which samples of W vary most (GANSpace, Harkonen et al. 2020).

    Args:
        samples: Styles.

    Returns:
        Unit principal axes, strongest first, and the deviation along each.
    """
    covariance = torch.cov(samples.double().T).reshape(samples.shape[1], samples.shape[1])
    variances, vectors = torch.linalg.eigh(covariance)
    return fixed_sign(vectors.T.flip(0)).to(samples), variances.flip(0).clamp(min=0).sqrt().to(samples)


def boundary(
    latents: Float[Tensor, "N D"], labels: Bool[Tensor, " N"], penalty: float = 1.0
) -> tuple[Float[Tensor, " D"], float]:
    """Find the direction from pictures without an attribute to those with it (InterFaceGAN, Shen et al. 2020).

    Logistic regression with a quadratic penalty, in float64, by Newton's method; the normal of its boundary. Latents
    are standardised as a whole, so that ``penalty`` does not depend on their scale.

    Args:
        latents: Styles.
        labels: Which have the attribute; both kinds occur.
        penalty: More keeps the direction closer to the difference of the two means.

    Returns:
        The unit normal towards the attribute, and the share of ``latents`` on the right side.

    Raises:
        ValueError: All labels are the same.
    """
    if bool(labels.all()) or not bool(labels.any()):
        raise ValueError("a boundary needs pictures with and without the attribute; all labels are the same")
    x = latents.double()
    x = (x - x.mean(dim=0)) / (x - x.mean(dim=0)).square().mean().sqrt()
    x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype, device=x.device)], dim=1)
    y = labels.to(x)
    keep = torch.full((x.shape[1],), penalty, dtype=x.dtype, device=x.device)
    keep[-1] = 1e-6  # the offset is free
    theta = torch.zeros(x.shape[1], dtype=x.dtype, device=x.device)
    for _ in range(100):
        p = torch.sigmoid(x @ theta)
        gradient = x.T @ (p - y) + keep * theta
        hessian = (x.T * (p * (1 - p))) @ x + torch.diag(keep)
        step = torch.linalg.solve(hessian, gradient)
        theta = theta - step / max(1.0, float(step.norm()))  # damped far from the solution
        if float(step.norm()) < 1e-9:
            break
    accuracy = float(((x @ theta > 0) == labels).double().mean())
    normal = theta[:-1] / theta[:-1].norm()
    return normal.to(latents), accuracy


def fixed_sign(directions: Float[Tensor, "K D"]) -> Float[Tensor, "K D"]:
    """Choose the sign of each row so that its largest entry is positive: eigenvectors have none of their own."""
    largest = directions.abs().argmax(dim=1, keepdim=True)
    return directions * directions.gather(1, largest).sign()


def span(directions: Float[Tensor, "K L D"]) -> Float[Tensor, "R L D"]:
    """Find orthonormal directions that reach the same changes of W+ as the given ones.

    Args:
        directions: May depend on each other, or be zero.

    Returns:
        As many as are independent.

    Example:
        >>> span(torch.tensor([[[3.0, 0.0]], [[-5.0, 0.0]]])).abs()
        tensor([[[1., 0.]]])
    """
    rows = directions.double().flatten(1)
    _, sizes, basis = torch.linalg.svd(rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-12), full_matrices=False)
    independent: Tensor = basis[sizes > 1e-6]
    return independent.reshape(-1, *directions.shape[1:]).to(directions)


def project(difference: Float[Tensor, "B L D"], basis: Float[Tensor, "R L D"]) -> Float[Tensor, "B L D"]:
    """Keep of each difference what orthonormal directions can express: its nearest point in their span.

    Example:
        >>> project(torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[0.0, 1.0]]]))
        tensor([[[0., 4.]]])
    """
    rows = basis.flatten(1)
    return (difference.flatten(1) @ rows.T @ rows).reshape(difference.shape)
