"""The pictures in flight: one parameter each, with everything that belongs to it."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from i2s_lightning.tasks.objective import References
from i2s_lightning.tasks.slots import Slots
from i2s_lightning.tasks.tracker import Tracker

State = dict[str, Tensor]
"""One picture in flight (or, with a leading axis, several): ``latent``, the tracker's fields, ``optimizer/...``."""


class Rows(nn.Module):
    """A fixed number of latents, each a parameter with an optimiser state of its own.

    Args:
        filler: What a row without a picture holds; its shape is that of a latent.
        tracker: Knows each row's progress.
        slots: Knows each row's picture and references.
    """

    def __init__(self, filler: Tensor, tracker: Tracker, slots: Slots) -> None:
        super().__init__()
        self.latents = nn.ParameterList(nn.Parameter(filler.clone()) for _ in slots.pictures)
        self.tracker = tracker
        self.slots = slots
        self._entered = [0] * len(slots.pictures)  # host copy of each row's age when it came...
        self._steps = [0] * len(slots.pictures)  # ...and of its steps since: reading the device would stop it

    def __len__(self) -> int:
        return len(self.latents)

    @property
    def steps(self) -> list[int]:
        """Steps that each row's picture has had, counted without asking the device: also those after it stopped."""
        return [e + s for e, s in zip(self._entered, self._steps, strict=True)]

    def stacked(self) -> Tensor:
        """Give all latents, the row first; gradients flow to each parameter."""
        return torch.stack(list(self.latents))

    @torch.no_grad()
    def begin(self, row: int, latent: Tensor, optimizer: Optimizer, age: int = 0) -> None:
        """Let a new picture start from ``latent``, at ``age``: what it skips of the schedule."""
        self.latents[row].copy_(latent)
        self.tracker.start(row, self.latents[row], age)
        optimizer.state.pop(self.latents[row], None)
        self._entered[row], self._steps[row] = age, 0

    @torch.no_grad()
    def resume(self, row: int, state: State, optimizer: Optimizer) -> None:
        """Let a picture go on where :meth:`state` saw it."""
        parameter = self.latents[row]
        parameter.copy_(state["latent"])
        self.tracker.restore(row, state)
        optimizer.state.pop(parameter, None)
        if int(state["age"]) > int(state["entered"]):
            moments = {k.removeprefix("optimizer/"): v for k, v in state.items() if k.startswith("optimizer/")}
            optimizer.state[parameter] = {k: _like(v, parameter) for k, v in moments.items()}
        self._entered[row], self._steps[row] = int(state["age"]), 0

    def state(self, optimizer: Optimizer) -> State:
        """Give the state of all rows, the row first."""
        state = {"latent": self.stacked().detach()} | self.tracker.state()
        for key in sorted(
            {key for p in self.latents for key, v in optimizer.state.get(p, {}).items() if v is not None}
        ):
            state[f"optimizer/{key}"] = torch.stack([self._moment(optimizer, row, key) for row in range(len(self))])
        return {key: value.clone() for key, value in state.items()}

    def put(self, row: int, picture: int, references: References, noise: list[Tensor] | None) -> None:
        """Give a row to a picture."""
        self.slots.put(row, picture, references, noise)

    def clear(self, row: int) -> None:
        """Give a row free."""
        self.slots.clear(row)
        self.tracker.clear(row)

    def set_learning_rates(self, optimizer: Optimizer, table: list[float]) -> float:
        """Set each row's learning rate by its own age, before a step.

        Args:
            optimizer: One parameter group a row, in order.
            table: The learning rate of each step.

        Returns:
            The mean over rows that hold a picture.
        """
        rates = [table[min(steps, len(table) - 1)] for steps in self.steps]
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._steps = [s + 1 for s in self._steps]
        taken = [rates[row] for row in self.slots.occupied]
        return sum(taken) / max(len(taken), 1)

    def tell_losses(self, optimizer: Optimizer, loss: Tensor) -> None:
        """Let the optimiser know each row's loss, as it knows each row's learning rate: line searches ask for it."""
        for group, value in zip(optimizer.param_groups, loss.unbind(), strict=True):
            group["loss"] = value

    @torch.no_grad()
    def quarantine(self) -> None:
        """Fail rows whose gradient is not finite, and zero it: moments stay finite, other rows never see it."""
        gradients = [p.grad for p in self.latents if p.grad is not None]
        bad = ~torch.stack([g.isfinite().all() for g in gradients])
        self.tracker.fail(bad)
        for row, gradient in enumerate(gradients):
            gradient.masked_fill_(bad[row], 0.0)

    def _moment(self, optimizer: Optimizer, row: int, key: str) -> Tensor:
        value: Any = optimizer.state.get(self.latents[row], {}).get(key)
        if value is None:  # a row that has not made a step yet; it is never restored
            other = next(s[key] for p in self.latents if (s := optimizer.state.get(p)) and s.get(key) is not None)
            return torch.zeros_like(torch.as_tensor(other))
        return torch.as_tensor(value).detach()


def _like(moment: Tensor, parameter: Tensor) -> Tensor:
    """Moments go where the parameter is; step counts (no axes) stay on the host, where torch keeps them."""
    return moment.to(parameter.device, copy=True) if moment.dim() else moment.cpu().clone()
