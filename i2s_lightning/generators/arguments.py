"""Checks of constructor arguments: they may come from a file, and size the memory that is asked for."""

from collections.abc import Sequence

LIMIT = 2**20  # no width or side in any StyleGAN comes near


def sizes(name: str, values: Sequence[int], *, least: int = 1, most: int = LIMIT) -> list[int]:
    """Return ``values`` as a list after checking that they are integers in a sane range.

    Raises:
        ValueError: One of them is not.

    Example:
        >>> sizes("channels", (8, 4))
        [8, 4]
    """
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{name} must hold integers from {least} to {most}; got {value!r}")
    return list(values)


def size(name: str, value: int, *, least: int = 1, most: int = LIMIT) -> int:
    """Return ``value`` after checking that it is an integer in a sane range; see ``sizes``."""
    return sizes(name, [value], least=least, most=most)[0]


def number(name: str, value: int | float) -> float:
    """Return ``value`` as a finite float.

    Raises:
        ValueError: It is not a finite number.

    Example:
        >>> number("conv_clamp", 256)
        256.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e38:
        raise ValueError(f"{name} must be a finite number; got {value!r}")
    return float(value)


def choice(name: str, value: str, choices: Sequence[str]) -> str:
    """Return ``value`` after checking that it is one of ``choices``.

    Raises:
        ValueError: It is not.

    Example:
        >>> choice("architecture", "skip", ["skip", "orig"])
        'skip'
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")
    return value


def length(name: str, values: Sequence[object], *, least: int, most: int) -> None:
    """Check how many entries ``values`` has.

    Raises:
        ValueError: Too few or too many.
    """
    if not least <= len(values) <= most:
        raise ValueError(f"{name} must have {least} to {most} entries; got {len(values)}")
