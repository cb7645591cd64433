"""The step through ``torch.compile``."""

import logging
import time
from collections.abc import Callable
from typing import Any, Literal

import pytorch_lightning as pl
import torch
from torch import Tensor

from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.parts import is_out_of_memory

log = logging.getLogger(__name__)

Mode = Literal["default", "reduce-overhead", "max-autotune"]


class CompileStep(pl.Callback):
    """Compiles rendering and losses of a step, forward and backward, for ``fit``.

    Meant for GPUs, where fused operations and CUDA graphs save memory traffic and launches; on a CPU the prepared
    weights that run otherwise are faster. What is stored is rendered as ever, without it. Latents agree with those of a
    run without it to rounding, not to the bit.

    Args:
        mode: Of ``torch.compile``; all but ``default`` use CUDA graphs.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the compiled function in place of the step's."""
        if isinstance(pl_module, Embed):
            compiled = torch.compile(pl_module.losses_of_rows, dynamic=False, mode=self.mode)
            pl_module.losses_of_rows = OrAsItIs(compiled, pl_module.losses_of_rows)  # type: ignore[method-assign]


class OrAsItIs:
    """A compiled function; the first failure of the compiler brings the original one back, and a line that says so.

    Args:
        compiled: Compiles at its first call.
        original: What it was made of.
    """

    def __init__(self, compiled: Callable[..., Any], original: Callable[..., Any]) -> None:
        self.function, self.original = compiled, original

    def __call__(self, latent: Tensor, rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the losses of some rows."""
        if self.function is not self.original:
            begun = time.monotonic()
            try:
                return self._compiled(latent, rows)
            except Exception as error:  # the compiler's errors have no common class
                if is_out_of_memory(error):
                    raise
                reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"
                log.warning(
                    "torch.compile failed after %.0f s; going on without it (%s)", time.monotonic() - begun, reason
                )
                self.function = self.original
        result: tuple[Tensor, dict[str, Tensor]] = self.original(latent, rows)
        return result

    def _compiled(self, latent: Tensor, rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
        loss, terms = self.function(latent, rows)
        # CUDA graphs give the same memory at every call.
        return loss.clone(), {name: term.clone() for name, term in terms.items()}
