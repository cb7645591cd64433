"""Any torch optimiser and schedule, per picture: the schedule becomes a table over the picture's own steps."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from i2s_lightning.errors import ConfigError

OptimizerFactory = Callable[[Iterable[Any]], Optimizer]
SchedulerFactory = Callable[[Optimizer], Any]


def build_optimizer(factory: OptimizerFactory, rows: Iterable[torch.nn.Parameter]) -> Optimizer:
    """Build one optimiser with a parameter group a picture.

    Torch's optimisers keep their state (moments, step count) per parameter, so pictures that are parameters of their
    own never influence one another, and each can enter, leave and have its learning rate by itself.

    Args:
        factory: Takes parameter groups.
        rows: One parameter a picture.

    Raises:
        ConfigError: The optimiser takes all parameters as one vector (torch's L-BFGS), which would couple the pictures.
    """
    try:
        return factory([{"params": [row]} for row in rows])
    except ValueError as error:
        raise ConfigError(
            f"the optimiser must treat each picture by itself, with a parameter group each: {error}"
        ) from error


def trial_optimizer(factory: OptimizerFactory) -> Optimizer:
    """Build the optimiser for a parameter that means nothing, to look at."""
    probe = torch.nn.Parameter(torch.zeros(()))
    probe.grad = torch.zeros(())
    return build_optimizer(factory, [probe])


def searches(optimizer: Optimizer) -> bool:
    """Tell whether an optimiser searches along lines: it asks for each picture's loss, and takes points back."""
    return "loss" in optimizer.defaults


def lr_table(optimizer: OptimizerFactory, scheduler: SchedulerFactory | None, steps: int) -> list[float]:
    """Tabulate the learning rate of a picture's steps.

    Args:
        optimizer: The run's optimiser.
        scheduler: A torch schedule, stepped once a step; None for a constant rate.
        steps: How many steps a picture gets.

    Returns:
        ``steps`` learning rates.

    Raises:
        ConfigError: The schedule needs the loss (ReduceLROnPlateau), which differs from picture to picture.
    """
    trial = trial_optimizer(optimizer)
    if scheduler is None:
        return [float(trial.param_groups[0]["lr"])] * steps
    trial.param_groups[0]["loss"] = torch.zeros(())  # for those that search along a line
    schedule = scheduler(trial)
    if isinstance(schedule, ReduceLROnPlateau) or not isinstance(schedule, LRScheduler):
        raise ConfigError(f"a schedule must depend on the step alone; got {type(schedule).__name__}")
    table = []
    for _ in range(steps):
        table.append(float(trial.param_groups[0]["lr"]))
        trial.step()
        schedule.step()
    return table
