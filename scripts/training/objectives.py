"""The terms of StyleGAN2's training, and those that tie a generator to paired renders."""

from collections.abc import Sequence

import torch
from faces.region import face_region
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.generators.base import Synthesis


def adversarial_losses(
    fake_logits: Float[Tensor, " B"], real_logits: Float[Tensor, " N"]
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Compute the non-saturating loss of the generator and the logistic loss of the discriminator."""
    return F.softplus(-fake_logits).mean(), F.softplus(fake_logits).mean() + F.softplus(-real_logits).mean()


def feature_difference(
    features: Sequence[Float[Tensor, "..."]], reference: Sequence[Float[Tensor, "..."]]
) -> Float[Tensor, ""]:
    """Average the absolute difference of discriminator features over layers (Larsen et al. 2016, with L1).

    Args:
        features: Of generated images.
        reference: Of the renders that they should equal; no gradient.
    """
    pairs = zip(features, reference, strict=True)
    return torch.stack([(a.float() - b.detach().float()).abs().mean() for a, b in pairs]).mean()


def pixel_difference(
    image: Float[Tensor, "B 3 H W"], reference: Float[Tensor, "B 3 H W"], face: float
) -> Float[Tensor, ""]:
    """Average the squared difference of pixels, those between brows and chin weighted ``face``.

    Squared, because the absolute one's optimum is a median: a mouth that is mostly closed stays closed.
    """
    difference = (image - reference).square()
    return difference.mean() + (face - 1) * face_region(difference).sum() / difference.numel()


def expression_difference(
    image: Float[Tensor, "B 3 H W"], reference: Float[Tensor, "B 3 H W"], twins: int
) -> Float[Tensor, ""]:
    """Compare what expression (and glasses) change in the face, between the last ``twins`` rows and those before them.

    Whatever else is wrong with a person's picture cancels, so that this sees expressions before likeness is good.
    """
    error = face_region(image - reference)
    return (error[-twins:] - error[-2 * twins : -twins]).square().mean()


def gradient_penalty(logits: Float[Tensor, " B"], image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, ""]:
    """Average the squared gradient of real images' logits (R1, Mescheder et al. 2018)."""
    (slope,) = torch.autograd.grad(logits.sum(), image, create_graph=True)
    return slope.float().square().sum(dim=(1, 2, 3)).mean()


def path_length(synthesis: Synthesis, ws: Float[Tensor, "B L D"]) -> Float[Tensor, " B"]:
    """Measure how far images move with styles (Karras et al. 2020, equation 4), with a graph to its gradient."""
    image: Tensor = synthesis(ws, "random")
    height, width = image.shape[2:]
    noise = torch.randn_like(image) / (height * width) ** 0.5
    (slope,) = torch.autograd.grad((image * noise).sum(), ws, create_graph=True)
    return slope.square().sum(dim=2).mean(dim=1).sqrt()
