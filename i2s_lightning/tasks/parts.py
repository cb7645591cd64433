"""The gradient of a step in as many parts as memory asks for.

A step is computed for all rows at once. When that does not fit into memory it is computed again in halves, quarters and
so on, and stays so; nothing that was computed is lost, since rows change only after the whole gradient is there.
"""

import gc
import logging
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

log = logging.getLogger(__name__)

Losses = Callable[[Tensor, slice], tuple[Tensor, dict[str, Tensor]]]
"""From latents of some rows, and which rows they are, to each row's loss and its terms."""


class GivenGradient(torch.autograd.Function):
    """Gives a loss the gradient that was computed for it: Lightning's automatic optimisation goes on as ever."""

    @staticmethod
    def forward(ctx: Any, latent: Tensor, total: Tensor, gradient: Tensor) -> Tensor:
        """Return ``total``."""
        ctx.save_for_backward(gradient)
        return total.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient, times what comes."""
        (gradient,) = ctx.saved_tensors
        return gradient * grads[0], None, None


class Parts:
    """Computes losses and gradients of all rows, in parts that fit into memory.

    Args:
        rows: How many rows there are; parts begin with all of them.
    """

    def __init__(self, rows: int) -> None:
        self.size = rows

    def gradient(
        self, latent: Float[Tensor, "R ..."], losses: Losses
    ) -> tuple[Float[Tensor, " R"], dict[str, Float[Tensor, " R"]], Float[Tensor, "R ..."]]:
        """Compute each row's loss, its terms, and its gradient.

        Args:
            latent: All rows.
            losses: See :data:`Losses`.

        Returns:
            Losses, terms and gradients, detached.

        Raises:
            RuntimeError: Not even one row fits.
        """
        while True:
            try:
                parts = [self._part(latent, losses, slice(i, i + self.size)) for i in range(0, len(latent), self.size)]
            except RuntimeError as error:
                if self.size == 1 or not is_out_of_memory(error):
                    raise
            else:
                break
            self._halve()  # outside the handler: the error's frames hold what is to be freed
        terms = {name: torch.cat([part[1][name] for part in parts]) for name in parts[0][1]}
        return torch.cat([part[0] for part in parts]), terms, torch.cat([part[2] for part in parts])

    def _part(self, latent: Tensor, losses: Losses, rows: slice) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        leaf = latent[rows].detach().requires_grad_()
        loss, terms = losses(leaf, rows)
        with torch.autocast(latent.device.type, enabled=False):  # backward follows the forward's types by itself
            (gradient,) = torch.autograd.grad(loss.sum(), leaf)
        return loss.detach(), {name: term.detach() for name, term in terms.items()}, gradient

    def _halve(self) -> None:
        self.size = -(-self.size // 2)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        log.warning("out of memory: steps are now computed %d pictures at a time (last bits may differ)", self.size)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell torch's out-of-memory errors, of any device, from others."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "not enough memory" in str(error)
