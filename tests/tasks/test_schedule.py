import math

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau

from i2s_lightning.errors import ConfigError
from i2s_lightning.tasks.schedule import build_optimizer, lr_table


def adam(params):
    return torch.optim.Adam(params, lr=0.1)


def test_constant_without_a_schedule():
    assert lr_table(adam, None, 3) == [0.1] * 3


def test_cosine_is_the_closed_form():
    table = lr_table(adam, lambda o: CosineAnnealingLR(o, T_max=10), 10)
    assert table == pytest.approx([0.05 * (1 + math.cos(math.pi * k / 10)) for k in range(10)], rel=1e-9)


def test_a_schedule_of_the_loss_is_refused():
    with pytest.raises(ConfigError, match="depend on the step alone; got ReduceLROnPlateau"):
        lr_table(adam, ReduceLROnPlateau, 3)


def test_an_optimiser_that_couples_pictures_is_refused():
    rows = [torch.nn.Parameter(torch.zeros(2)) for _ in range(2)]
    with pytest.raises(ConfigError, match="treat each picture by itself"):
        build_optimizer(torch.optim.LBFGS, rows)
