import math

import pytest
import torch

from i2s_lightning.optim import Ramp
from i2s_lightning.tasks.schedule import lr_table


def adam(params):
    return torch.optim.Adam(params, lr=0.1)


def test_it_is_nvidias_but_for_the_first_steps_of_zero():
    """Projector's formulae (Karras et al. 2020, appendix D)."""
    found = lr_table(adam, lambda o: Ramp(o, steps=100), 100)
    for step in range(5, 100):
        t = step / 100
        fall = 0.5 - 0.5 * math.cos(math.pi * min(1, (1 - t) / 0.25))
        assert found[step] == pytest.approx(0.1 * fall * min(1, t / 0.05))
    assert found[:5] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1])


def test_warm_up_and_cosine():
    found = lr_table(adam, lambda o: Ramp(o, steps=10, warm_up=0.0, cool_down=1.0), 10)
    assert found == pytest.approx([0.05 * (1 + math.cos(math.pi * k / 10)) for k in range(10)])
