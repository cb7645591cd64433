"""How often something may be logged, so that 70,000 pictures do not log a thousand times what 70 do."""

MOST = 64
"""Events at their full rate; each doubling of what has happened after that adds half as many."""

ROUNDS = 2000
"""Rounds whose numbers are logged, likewise."""


def due(count: int, every: int, most: int = MOST) -> bool:
    """Tell whether the event at ``count`` is one to log.

    Every ``every``-th is until ``most`` have been; then half of them until twice that, a quarter until four times, and
    so on. It depends on ``count`` alone: a run that goes on logs what an uninterrupted one does.

    Args:
        count: Steps or rounds so far, from 1.
        every: The full rate.
        most: How many at the full rate.

    Example:
        >>> [n for n in range(1, 65) if due(n, 2, most=4)]
        [2, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    """
    stride = every << ((count - 1) // (every * most)).bit_length()
    return count % stride == 0


class Doubling:
    """Says when a growing number has doubled since last time: 17 times for 70,000."""

    def __init__(self) -> None:
        self._last = 0

    def due(self, count: int) -> bool:
        """Take note of ``count``; tell whether it is at least twice the last one that was."""
        if count < max(1, 2 * self._last):
            return False
        self._last = count
        return True
