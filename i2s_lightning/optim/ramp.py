"""A learning rate that rises, holds, and falls along a cosine."""

import math
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


class Ramp(LRScheduler):
    """Multiply the learning rate by ``min(1, (step + 1) / (warm_up * steps))`` and, towards the end, by half a cosine.

    With ``warm_up=0.05, cool_down=0.25`` it is the schedule of NVIDIA's projectors (Karras et al. 2020, appendix D),
    which lets a peak ten times the paper's rate do no harm; there the first step is lost at a rate of 0. With
    ``cool_down=1.0`` it is warm-up and cosine.

    Args:
        optimizer: Its ``lr`` is the peak.
        steps: How many steps a picture gets.
        warm_up: Share of the steps in which the rate rises linearly.
        cool_down: Share of the steps, the last, in which it falls to 0.

    Example:
        >>> import torch
        >>> ramp = Ramp(torch.optim.SGD([torch.zeros(1)], lr=0.1), steps=8, warm_up=0.25, cool_down=0.5)
        >>> [round(0.1 * ramp.factor(step), 3) for step in range(8)]
        [0.05, 0.1, 0.1, 0.1, 0.1, 0.085, 0.05, 0.015]
    """

    def __init__(self, optimizer: Optimizer, steps: int, warm_up: float = 0.05, cool_down: float = 0.25) -> None:
        self.steps, self.warm_up, self.cool_down = steps, warm_up, cool_down
        super().__init__(optimizer)

    def get_lr(self) -> Any:  # what it returns is typed differently from torch to torch
        """Give each group's learning rate now."""
        return [float(rate) * self.factor(self.last_epoch) for rate in self.base_lrs]

    def factor(self, step: int) -> float:
        """Give the share of the peak at a step."""
        rise = min(1.0, (step + 1) / max(1.0, self.warm_up * self.steps))
        left = max(0.0, 1 - step / self.steps)
        fall = min(1.0, left / self.cool_down) if self.cool_down else 1.0
        return rise * (0.5 - 0.5 * math.cos(math.pi * fall))
