"""Which of the things that ``fit`` can do is meant: the command line is built for one of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import yaml

TaskName = Literal["embed", "encoder"]


def task_of(words: Sequence[str]) -> str:
    """Find the last ``--task``, or ``task`` of a ``--config``, among the words of a command line.

    Mistakes are left to the parser, which answers them better.

    Example:
        >>> task_of(["fit", "--model.steps=3"]), task_of(["fit", "--task", "encoder"])
        ('embed', 'encoder')
    """
    found = "embed"
    for word, following in zip(words, [*words[1:], ""], strict=True):
        option, _, attached = word.partition("=")
        value = attached or following
        if option == "--task":
            found = value
        elif option in ("--config", "-c"):
            found = _task_in(Path(value)) or found
    return found


def _task_in(config: Path) -> str | None:
    try:
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    task = settings.get("task") if isinstance(settings, dict) else None
    return task if isinstance(task, str) else None
