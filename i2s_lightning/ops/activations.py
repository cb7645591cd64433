"""Activations by name, each with the gain that keeps unit variance."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

_SQRT2 = 2.0**0.5

ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "linear": (lambda x: x, 1.0),
    "relu": (F.relu, _SQRT2),
    "lrelu": (lambda x: F.leaky_relu(x, 0.2), _SQRT2),
    "tanh": (torch.tanh, 1.0),
    "sigmoid": (torch.sigmoid, 1.0),
    "elu": (F.elu, 1.0),
    "selu": (F.selu, 1.0),
    "softplus": (F.softplus, 1.0),
    "swish": (F.silu, _SQRT2),
}


def activate(
    features: Float[Tensor, "*shape"], activation: str, *, gain: float = 1.0, clamp: float | None = None
) -> Float[Tensor, "*shape"]:
    """Apply an activation, its own gain and a further one, and clamp.

    Args:
        features: Any shape.
        activation: A key of ``ACTIVATIONS``.
        gain: Factor on top of the activation's own.
        clamp: Limit of the absolute value, also scaled by ``gain`` (as the official networks do), or None.

    Returns:
        A tensor of the same shape.

    Example:
        >>> activate(torch.tensor([-1.0, 1.0]), "lrelu")
        tensor([-0.2828,  1.4142])
        >>> activate(torch.tensor([-3.0, 1.0]), "linear", gain=0.5, clamp=1.0)
        tensor([-0.5000,  0.5000])
    """
    function, own_gain = ACTIVATIONS[activation]
    features = function(features)
    if gain * own_gain != 1.0:
        features = features * (gain * own_gain)
    return features if clamp is None else features.clamp(-clamp * gain, clamp * gain)
