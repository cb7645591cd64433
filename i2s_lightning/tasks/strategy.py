"""Several devices: each process embeds pictures of its own and none waits for another."""

from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.strategies import DDPStrategy, StrategyRegistry
from torch.nn import Module
from torch.optim import Optimizer

from i2s_lightning.errors import ConfigError
from i2s_lightning.tasks.schedule import searches

NAME = "rows"


class RowParallel(DDPStrategy):
    """DDP's processes without DDP's gradient exchange.

    DistributedDataParallel would start all processes from rank 0's latents and average the gradients of different
    pictures. Here nothing is wrapped and nothing exchanged during a round; between rounds the ranks agree on which
    pictures come next.
    """

    def _setup_model(self, model: Module) -> Any:
        return model

    def _register_ddp_hooks(self) -> None:
        pass

    def setup(self, trainer: Trainer) -> None:
        """Set up, without Lightning's broadcast of a SIGTERM flag at every step.

        It would cost a collective and a device synchronisation a step (Lightning #21487); the flag is exchanged at the
        end of each round instead.
        """
        super().setup(trainer)
        trainer.fit_loop.epoch_loop._broadcast_sigterm_tensor = lambda: None  # type: ignore[method-assign]


def refuse_unfit(trainer: Trainer) -> None:
    """Refuse devices and precisions that would let pictures disturb one another.

    Raises:
        ConfigError: Several processes without :class:`RowParallel`, or a gradient scaler shared by all pictures.
    """
    if trainer.world_size > 1 and not isinstance(trainer.strategy, RowParallel):
        raise ConfigError(
            f"several devices need trainer.strategy={NAME} (or auto); {type(trainer.strategy).__name__} would "
            "average the gradients of different pictures"
        )
    if trainer.accumulate_grad_batches != 1:
        raise ConfigError(
            "trainer.accumulate_grad_batches must be 1: a step works on whole pictures, there are no parts to add up"
        )
    if getattr(trainer.precision_plugin, "scaler", None) is not None:
        raise ConfigError(
            "trainer.precision=16-mixed is refused: its scaler skips the step of all pictures when one overflows. "
            "Use bf16-mixed or 32-true"
        )


def refuse_inexact(trainer: Trainer, optimizer: Optimizer) -> None:
    """Refuse what a line search cannot work with: it stalls on rounded losses, and on gradients that are none.

    Raises:
        ConfigError: The optimiser takes each picture's loss, and precision is reduced or gradients are clipped.
    """
    if not searches(optimizer):
        return
    exact, name = ("32-true", "64-true"), type(optimizer).__name__
    if trainer.precision not in exact:
        raise ConfigError(
            f"{name} searches along lines and needs exact losses: trainer.precision must be one of {', '.join(exact)}; "
            f"got {trainer.precision}. For reduced precision: --model.optimizer torch.optim.Adam "
            "--model.optimizer.lr 0.05 --model.steps 300"
        )
    if trainer.gradient_clip_val is not None:
        raise ConfigError(f"{name} needs whole gradients; got trainer.gradient_clip_val={trainer.gradient_clip_val}")


def register() -> None:
    """Make ``trainer.strategy: rows`` known to Lightning (several calls do no harm)."""
    if NAME not in StrategyRegistry:
        StrategyRegistry.register(NAME, RowParallel, description="each process embeds its own pictures")
