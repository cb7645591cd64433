"""Pictures that start from the one before them: the frames of videos."""

from collections import deque
from collections.abc import Iterable, Sequence
from heapq import heapreplace


def predecessors(names: Sequence[str]) -> dict[int, int]:
    """Find the picture before each: the one that comes before it in its folder; the first of a folder has none.

    Args:
        names: Of all pictures, in the data's order.

    Returns:
        Indices: of a picture, and of the one before it.

    Example:
        >>> predecessors(["dance/0", "dance/1", "song/0", "dance/2"])
        {1: 0, 3: 1}
    """
    last: dict[str, int] = {}
    found = {}
    for i, name in enumerate(names):
        folder = name.rpartition("/")[0]
        if folder in last:
            found[i] = last[folder]
        last[folder] = i
    return found


class Line:
    """Who comes next into a free row.

    Pictures of a sequence come one after the other, into the row that the one before them leaves: its result is then in
    the memory of the process that needs it. Different sequences are in flight side by side.

    Args:
        first: Pictures that go first: they were in flight before.
        waiting: All others, in order.
        before: From :func:`predecessors`; empty where pictures don't depend on one another.
    """

    def __init__(self, first: Iterable[int], waiting: Iterable[int], before: dict[int, int]) -> None:
        self._free = deque(first)
        waiting = list(waiting)
        unfinished = {*self._free, *waiting}
        self._after = {before[i]: i for i in waiting if before.get(i) in unfinished}
        held = set(self._after.values())
        self._free.extend(i for i in waiting if i not in held)

    def __len__(self) -> int:
        return len(self._free) + len(self._after)

    def awaits(self, picture: int) -> bool:
        """Tell whether another picture starts from this one's result."""
        return picture in self._after

    def next(self, left: int | None) -> int | None:
        """Give the next picture for a row; None if there is none for it now.

        Args:
            left: The picture that has left the row, if any.
        """
        if left in self._after:
            return self._after.pop(left)
        return self._free.popleft() if self._free else None


def rounds(waiting: Iterable[int], before: dict[int, int], rows: int, first: int, following: int) -> int:
    """Count the rounds until the last picture has left, if none leaves early.

    Args:
        waiting: Pictures, in order.
        before: From :func:`predecessors`.
        rows: Of all processes.
        first: Rounds of a picture that nobody has prepared.
        following: Rounds of one that starts from another's result.

    Example:
        >>> rounds(range(5), {}, 2, 3, 1), rounds(range(5), {1: 0, 2: 1, 4: 3}, 2, 3, 1)
        (9, 5)
    """
    leader: dict[int, int] = {}
    costs: dict[int, int] = {}
    for i in waiting:
        leader[i] = leader.get(before.get(i, -1), i)
        costs[leader[i]] = costs.get(leader[i], 0) + (following if i in before else first)
    lanes = [0] * rows
    for cost in costs.values():
        heapreplace(lanes, lanes[0] + cost)  # the row that is free first
    return max(lanes)
