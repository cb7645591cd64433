"""What Lightning iterates over: steps of a round, or items to look at once."""

from collections.abc import Iterator
from typing import Any


class RoundLoader:
    """Yields the step numbers of one round.

    A round works on the task's rows, not on what a loader yields, so there is nothing to shuffle, prefetch or
    fast-forward after a resume. Not a torch DataLoader: Lightning leaves it alone.

    Args:
        steps: Steps a round.
    """

    batch_sampler = None

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.steps))

    def state_dict(self) -> dict[str, Any]:
        """Nothing: Lightning counts the steps (and warns of loaders that can't tell their state)."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to put back."""


class ShareLoader:
    """Yields this rank's share of N items, one at a time.

    All ranks get equally many, so that none waits for another in vain; what is missing is -1. Nothing is repeated: a
    sampler that pads with copies would count some pictures twice in a mean.

    Args:
        items: How many in all.
        rank: This process.
        world_size: Number of processes.
    """

    batch_sampler = None

    def __init__(self, items: int, rank: int, world_size: int) -> None:
        share = -(-items // world_size)
        self.mine = [i if i < items else -1 for i in range(rank, share * world_size, world_size)]

    def __len__(self) -> int:
        return len(self.mine)

    def __iter__(self) -> Iterator[int]:
        return iter(self.mine)
