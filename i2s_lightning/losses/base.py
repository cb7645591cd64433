"""What a loss is to the tasks."""

from abc import ABC, abstractmethod
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from i2s_lightning.generators.base import Generator


class Loss(nn.Module, ABC):
    """One named term of a task's objective, a value for each picture.

    A task adds ``weight * loss(...)`` over its losses and logs each by its name. Row i of every result depends on row i
    of the inputs only.

    Args:
        weight: Factor in the task's sum; the loss itself does not apply it.
    """

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight

    def describe(self) -> dict[str, Any]:
        """Tell what decides the values, JSON-able: a result's record, and what a resumed run is compared with."""
        return {"class": type(self).__name__, "weight": self.weight}


class ImageLoss(Loss):
    """Compare images with targets that were prepared once."""

    @abstractmethod
    def prepare(self, target: Float[Tensor, "B C H W"]) -> dict[str, Tensor]:
        """Compute what is needed of ``target`` in [-1, 1], without gradient; every value has the image axis first."""

    @abstractmethod
    def forward(self, image: Float[Tensor, "B C H W"], reference: dict[str, Tensor]) -> Float[Tensor, " B"]:
        """Return one unweighted value per image; ``image`` in [-1, 1], ``reference`` from :meth:`prepare`."""


class LatentLoss(Loss):
    """Judge the styles themselves, whatever they render to: a regulariser."""

    @abstractmethod
    def attach(self, generator: Generator) -> None:
        """Take from the generator what styles are measured by; called once, before anything else."""

    @abstractmethod
    def forward(self, ws: Float[Tensor, "B L D"]) -> Float[Tensor, " B"]:
        """Return one unweighted value per picture."""
