"""From a finished row to a result: rendered, scored and described, one picture at a time."""

from typing import Any

import torch
from torch import Tensor

from i2s_lightning.checkpoints.render import render_one
from i2s_lightning.checkpoints.store import Result
from i2s_lightning.generators.base import Generator, NoiseMode
from i2s_lightning.metrics import PerceptualDistance, score
from i2s_lightning.ops.images import from_uint8, to_uint8
from i2s_lightning.tasks.objective import Objective
from i2s_lightning.tasks.space import Space


class Finisher:
    """Turns latents into results.

    Scores are taken from what a user sees: both pictures rounded to uint8.

    Args:
        space: What the latents are.
        objective: For the loss of the result, term by term.
        perceptual: The perceptual distance that is reported.
        noise_mode: ``const`` or ``none``.
    """

    def __init__(
        self, space: Space, objective: Objective, perceptual: PerceptualDistance, noise_mode: NoiseMode
    ) -> None:
        self.space, self.objective, self.perceptual, self.noise_mode = space, objective, perceptual, noise_mode

    @property
    def generator(self) -> Generator:
        """The frozen generator."""
        return self.space.generator

    @torch.no_grad()
    def finish(
        self, latent: Tensor, target: Tensor, noise: list[Tensor] | None, facts: dict[str, Any]
    ) -> tuple[Result, Tensor]:
        """Render and score one latent.

        Args:
            latent: In its space, without the batch axis.
            target: ``(C, H, W)`` in [-1, 1].
            noise: The picture's own maps ``(1, h, w)``, if it has any.
            facts: What the record starts with: name, status, steps...

        Returns:
            What to store, and the picture ``(H, W, C)`` uint8.
        """
        ws = self.space.to_ws(latent.unsqueeze(0))[0]
        image = render_one(self.generator, ws, self.noise_mode, noise).unsqueeze(0)
        pixels, wanted = to_uint8(image), to_uint8(target.unsqueeze(0))
        seen, meant = from_uint8(pixels), from_uint8(wanted)
        scores = {name: float(value[0]) for name, value in score(seen, meant, self.perceptual).items()}
        total, terms = self.objective(image, ws.unsqueeze(0), self.objective.prepare(target.unsqueeze(0)))
        losses = {"loss": float(total[0])} | {f"loss_{name}": float(term[0]) for name, term in terms.items()}
        distance = {"w_avg_distance": float((ws - self.generator.w_avg).norm())}
        tensors = {"ws": ws.clone()} | ({self.space.name: latent} if self.space.name != "w_plus" else {})
        tensors |= {f"noise_{i:02d}": m for i, m in enumerate(noise or [])}
        return Result(facts | scores | losses | distance, {k: v.cpu() for k, v in tensors.items()}), pixels[0]
