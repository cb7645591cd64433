"""How a picture's steps are divided."""

LONGEST_ROUND = 100
"""Steps after which pictures may come and go, unless told otherwise."""


def round_length(steps: int, asked: int | None = None) -> int:
    """Divide a picture's steps into equal rounds of at most :data:`LONGEST_ROUND`, or as asked.

    Example:
        >>> round_length(300), round_length(250), round_length(60), round_length(300, 7)
        (100, 84, 60, 7)
    """
    rounds = -(-steps // LONGEST_ROUND)
    return asked or -(-steps // rounds)
