"""L-BFGS for many pictures at once: one evaluation a step, every picture in a search of its own."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import torch
from torch import Tensor
from torch.optim import Optimizer

from i2s_lightning.errors import ConfigError
from i2s_lightning.optim.two_loop import append, descent

DECREASE: Final = 1e-4
"""Armijo's constant: the share of the decrease promised by the slope that a step must keep."""
SHORTEST: Final = 0.1
LONGEST: Final = 0.5
"""A step that failed is shortened to something between these shares of itself."""
TRIES: Final = 10
"""After so many shortenings the direction is given up, with the history that it came from."""


class RowLBFGS(Optimizer):
    """Limited-memory BFGS (Nocedal and Wright 2006, algorithm 7.4) with an Armijo line search for each parameter.

    Torch's own takes all parameters for one vector and evaluates as often as it likes within a step. Here a parameter
    is a picture: with a history, a step length and a line search of its own. Each call of :meth:`step` sees one
    evaluation of all pictures and makes one move of a state machine for each: a trial point that decreased the loss
    enough is accepted and a new direction begun, another is pulled back towards the last accepted point. So a step
    costs what one of Adam costs, and pictures in different stages of their searches share the evaluation.

    Before each step, every parameter group's ``loss`` must hold the loss of its parameter.

    Everything known of a picture is in ``state[parameter]`` as tensors, like Adam's moments. Gradients must be exact to
    about float32: in bfloat16 the line search stalls. Clipped gradients are not gradients either.

    Args:
        params: Parameters, or groups of one parameter.
        length: What each line search tries first; 1 is the quasi-Newton step. (Not called ``lr``: the command line
            keeps options that a newly chosen optimiser shares with the last one, and Adam's 0.01 is none here.)
        history: How many pairs of steps and gradient changes a picture remembers.
    """

    def __init__(self, params: Iterable[Any], length: float = 1.0, history: int = 20) -> None:
        if history < 1:
            raise ConfigError(f"history must be at least 1; got {history}")
        super().__init__(params, {"lr": length, "history": history, "loss": None})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take in one evaluation of every parameter, and move each to its next trial point.

        Args:
            closure: Evaluates, sets gradients and the groups' ``loss``.

        Raises:
            ConfigError: A group holds several parameters, or does not tell their loss.
        """
        value = None
        if closure is not None:
            with torch.enable_grad():
                value = closure()
        rows = [_only_parameter(group) for group in self.param_groups]
        loss = torch.stack([group["loss"].reshape(1).to(p) for group, p in zip(self.param_groups, rows, strict=True)])
        length = torch.tensor([[group["lr"]] for group in self.param_groups]).to(loss)
        trial = torch.stack([p.flatten() for p in rows])
        gradient = torch.stack([p.grad.flatten() for p in rows if p.grad is not None])
        before = [self.state[p] or _fresh(p, self.param_groups[0]["history"]) for p in rows]
        state = {name: torch.stack([row[name] for row in before]) for name in before[0]}
        state = advance(state, trial, gradient, loss, length)
        for index, parameter in enumerate(rows):
            self.state[parameter] = {name: tensor[index] for name, tensor in state.items()}
            parameter.copy_(_next_trial(self.state[parameter]).view_as(parameter))
        return value


def advance(
    state: dict[str, Tensor], trial: Tensor, gradient: Tensor, loss: Tensor, length: Tensor
) -> dict[str, Tensor]:
    """Move every row's search on by one evaluation.

    Args:
        state: Of all rows, as :func:`_fresh` lays it out, the row first.
        trial: The points that were evaluated, ``(N, D)``.
        gradient: There.
        loss: There, ``(N, 1)``.
        length: What a new line search tries first, ``(N, 1)``.

    Returns:
        The new state; the next points are ``point + length * direction``.
    """
    slope = _dot(state["gradient"], state["direction"])
    accepted = loss <= state["loss"] + DECREASE * state["length"] * slope  # not where it is NaN
    history = append(
        {name: state[name] for name in ("moves", "changes")},
        move=trial - state["point"],
        change=gradient - state["gradient"],
        where=accepted,
    )
    shortened = _shortened(state["length"], slope, loss - state["loss"])
    point = torch.where(accepted, trial, state["point"])
    gradient = torch.where(accepted, gradient, state["gradient"])
    tries = torch.where(accepted, 0, state["tries"] + 1)
    lost = tries > TRIES
    history = {name: torch.where(lost.unsqueeze(-1), 0, pairs) for name, pairs in history.items()}
    renewed = accepted | lost
    return {
        "point": point,
        "gradient": gradient,
        "loss": torch.where(accepted, loss, state["loss"]),
        "direction": torch.where(renewed, descent(gradient, **history), state["direction"]),
        "length": torch.where(renewed, length, shortened),
        "tries": torch.where(lost, 0, tries),
        **history,
    }


def _shortened(length: Tensor, slope: Tensor, rise: Tensor) -> Tensor:
    """Give the minimum of the parabola through what is known of the line, within bounds."""
    parabola = -slope * length.square() / (2 * (rise - slope * length))
    return torch.where(parabola.isfinite(), parabola, 0).clamp(SHORTEST * length, LONGEST * length)


def _fresh(parameter: Tensor, history: int) -> dict[str, Tensor]:
    """Give the state of a row before its first evaluation: any loss is better than none."""
    flat = torch.zeros_like(parameter).flatten()
    one = flat.new_zeros(1)
    pairs = flat.new_zeros(history, flat.numel())
    state = {"point": parameter.flatten(), "gradient": flat, "direction": flat, "loss": one + torch.inf}
    return state | {"length": one, "tries": one, "moves": pairs, "changes": pairs}


def _next_trial(state: dict[str, Tensor]) -> Tensor:
    return state["point"] + state["length"] * state["direction"]


def _dot(first: Tensor, second: Tensor) -> Tensor:
    return (first * second).sum(-1, keepdim=True)


def _only_parameter(group: dict[str, Any]) -> Tensor:
    if len(group["params"]) != 1 or group["loss"] is None:
        raise ConfigError("RowLBFGS takes one parameter a group, and its loss in the group's 'loss'")
    parameter: Tensor = group["params"][0]
    return parameter
