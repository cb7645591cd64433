import pytest
import torch

from i2s_lightning.ops.activations import ACTIVATIONS, activate


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_value_is_function_times_both_gains_then_clamp(name):
    function, own = ACTIVATIONS[name]
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    expected = (function(x) * own * 0.5).clamp(-0.4, 0.4)  # the limit is scaled by the gain, too
    assert torch.allclose(activate(x, name, gain=0.5, clamp=0.8), expected, rtol=1e-12, atol=0)


def test_value_official_gains():
    gains = {name: gain for name, (_, gain) in ACTIVATIONS.items() if gain != 1}
    assert gains == {"relu": 2**0.5, "lrelu": 2**0.5, "swish": 2**0.5}
