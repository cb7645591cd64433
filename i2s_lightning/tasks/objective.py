"""The weighted sum of losses, a value for each picture (paper, equation 1)."""

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from i2s_lightning.errors import ConfigError
from i2s_lightning.generators.base import Generator
from i2s_lightning.losses import ImageLoss, LatentLoss, Loss, PixelLoss

References = dict[str, dict[str, Tensor]]


class Objective(nn.Module):
    """Named losses and their sum.

    Args:
        losses: By the name under which each is logged.
        generator: What losses on styles are measured by.
    """

    def __init__(self, losses: Mapping[str, Loss], generator: Generator) -> None:
        super().__init__()
        if not losses:
            raise ConfigError("losses must hold at least one loss; got none")
        self.losses = nn.ModuleDict(dict(losses))
        for loss in losses.values():
            if isinstance(loss, LatentLoss):
                loss.attach(generator)

    def prepare(self, target: Float[Tensor, "B C H W"]) -> References:
        """Compute once what each loss needs to know of the targets; the picture is the first axis of every tensor."""
        return {name: loss.prepare(target) for name, loss in self._items() if isinstance(loss, ImageLoss)}

    def forward(
        self, image: Float[Tensor, "B C H W"], ws: Float[Tensor, "B L D"], references: References
    ) -> tuple[Float[Tensor, " B"], dict[str, Float[Tensor, " B"]]]:
        """Compare pictures with their targets.

        Args:
            image: What the generator made.
            ws: The styles it was made from.
            references: From :meth:`prepare`.

        Returns:
            The weighted sum, and each loss before its weight, one value a picture.
        """
        terms: dict[str, Tensor] = {
            name: loss(ws) if isinstance(loss, LatentLoss) else loss(image, references[name])
            for name, loss in self._items()
        }
        total: Tensor = sum((loss.weight * terms[name] for name, loss in self._items()), image.new_zeros(len(image)))
        return total, terms

    @property
    def pixel(self) -> str | None:
        """The name of a loss that is the pixels' mean squared error, from which PSNR follows; None without one."""
        return next((name for name, loss in self._items() if isinstance(loss, PixelLoss)), None)

    def describe(self) -> dict[str, Any]:
        """Tell what decides the values, for the record of a result."""
        return {name: loss.describe() for name, loss in self._items()}

    def _items(self) -> list[tuple[str, Loss]]:
        return [(name, loss) for name, loss in self.losses.items() if isinstance(loss, Loss)]
