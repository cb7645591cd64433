"""Rows as a table in Markdown."""

from collections.abc import Iterable, Sequence


def grid(head: Sequence[str], words: int, rows: Iterable[Sequence[str]]) -> str:
    """Put a head over rows; the first so many columns hold words, the others numbers, which stand to the right."""
    rule = "|" + "---|" * words + "---:|" * (len(head) - words)
    lines = ["| " + " | ".join(row) + " |" for row in [head, *rows]]
    return "\n".join([lines[0].replace("|  |", "| |"), rule, *lines[1:]])
