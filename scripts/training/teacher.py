"""From a portrait's parameters to a style: what the mapping network learns to do from codes."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Teacher(nn.Module):
    """Styles that are additive in expression and everything else, and linear in facial actions.

    So Image2StyleGAN's expression transfer, ``w1 + (w3 - w2)``, is exact among these styles by construction.

    Args:
        parameters: Width of the parameters.
        actions: How many of them, the first ones, are facial actions.
        w_dim: Width of a style.
        hidden: Width of the two hidden layers that the other parameters pass, beside a linear way.

    Example:
        >>> teacher = Teacher(6, 2, 4)
        >>> same = torch.tensor([[0.0, 0, 1, 2, 3, 4], [1.0, 0, 1, 2, 3, 4]])
        >>> other = torch.tensor([[0.0, 0, 9, 9, 9, 9], [1.0, 0, 9, 9, 9, 9]])
        >>> torch.allclose(teacher(same).diff(dim=0), teacher(other).diff(dim=0), atol=1e-6)
        True
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, parameters: int, actions: int, w_dim: int, hidden: int = 256) -> None:
        super().__init__()
        self.actions, others = actions, parameters - actions
        self.register_buffer("mean", torch.zeros(others))
        self.register_buffer("deviation", torch.ones(others))
        self.expression = nn.Linear(actions, w_dim, bias=False)
        self.straight = nn.Linear(others, w_dim)
        self.bent = nn.Sequential(
            nn.Linear(others, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, hidden), nn.LeakyReLU(0.2)
        )
        self.bend = nn.Linear(hidden, w_dim)
        nn.init.normal_(self.expression.weight, std=0.3)

    def standardise(self, parameters: Float[Tensor, "N P"]) -> None:
        """Take mean and deviation of all but the actions from a data set."""
        others = parameters[:, self.actions :]
        self.mean.copy_(others.mean(dim=0))
        self.deviation.copy_(others.std(dim=0).clamp(min=1e-3))

    def forward(self, parameters: Float[Tensor, "B P"]) -> Float[Tensor, "B W"]:
        """Compute styles."""
        actions, others = parameters[:, : self.actions], parameters[:, self.actions :]
        others = (others - self.mean) / self.deviation
        style: Tensor = self.expression(actions) + self.straight(others) + self.bend(self.bent(others))
        return style
