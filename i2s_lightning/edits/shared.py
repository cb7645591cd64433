"""What turns one picture into another, as one small change of its styles."""

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.generators.base import Generator, NoiseMode
from i2s_lightning.losses import PerceptualLoss, PixelLoss
from i2s_lightning.optim import RowLBFGS
from i2s_lightning.tasks.objective import Objective

EVALUATIONS = 20
PENALTY = 2.5
"""Weight of an offset's mean square, in the usual units of W (its numbers deviate by about 0.44)."""


def shared_difference(
    generator: Generator,
    neutral: Float[Tensor, "L D"],
    expressive: Float[Tensor, "B L D"],
    noise_mode: NoiseMode = "const",
    within: Float[Tensor, "R L D"] | None = None,
) -> Float[Tensor, "B L D"]:
    """Find the least change of the neutral styles, the same in all layers, that gives each expressive picture.

    ``expressive - neutral`` (Image2StyleGAN, section 4.3) holds, beside the expression, everything in which two
    embeddings found different ways to reproduce a face, and in W+ that is the larger part. A generator's own styles are
    the same in all layers, so what it would do to change an expression is such an offset. It is searched from the
    neutral styles by the paper's loss (equation 1) against the picture that ``expressive`` renders to, with a penalty
    on its length.

    Args:
        generator: Of both.
        neutral: w2.
        expressive: w3 of each expression; each is searched by itself.
        noise_mode: For rendering both; noise maps of their own are left out.
        within: Search only sums of these directions, orthonormal, instead of all that is the same in all layers.

    Returns:
        The offset for each layer; zero where nothing better was found.
    """
    objective = Objective({"pixel": PixelLoss(), "perceptual": PerceptualLoss()}, generator).to(neutral.device)
    everything = torch.eye(neutral.shape[1]).unsqueeze(1)
    # Scaled so that a step is as long in a layer as without directions.
    basis = (everything if within is None else within * len(neutral) ** 0.5).to(neutral)
    rows = [_search(generator, objective, neutral, row, noise_mode, basis) for row in expressive]
    return torch.stack(rows)


def _search(
    generator: Generator,
    objective: Objective,
    neutral: Float[Tensor, "L D"],
    expressive: Float[Tensor, "L D"],
    noise_mode: NoiseMode,
    basis: Tensor,
) -> Float[Tensor, "L D"]:
    with torch.no_grad():
        references = objective.prepare(generator.synthesis(expressive.unsqueeze(0), noise_mode))
    amounts = torch.nn.Parameter(neutral.new_zeros(1, len(basis)))
    optimizer = RowLBFGS([amounts], history=EVALUATIONS)
    best, least = torch.zeros_like(neutral), torch.inf
    for _ in range(EVALUATIONS):
        with torch.enable_grad():
            offset = torch.einsum("r,rld->ld", amounts[0], basis)
            ws = (neutral + offset).unsqueeze(0)
            loss = objective(generator.synthesis(ws, noise_mode), ws, references)[0] + PENALTY * offset.square().mean()
            (amounts.grad,) = torch.autograd.grad(loss.sum(), amounts)
        loss = loss.detach()
        if float(loss) < least:
            best, least = offset.detach().expand_as(neutral), float(loss)
        optimizer.param_groups[0]["loss"] = loss
        optimizer.step()
    return best
