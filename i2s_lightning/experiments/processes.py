"""Several processes run the same experiments (Lightning starts them): one of them speaks and writes results."""

import os
import sys


def is_first() -> bool:
    """Tell whether this is the only process, or the one that speaks."""
    return os.environ.get("LOCAL_RANK", "0") == "0" and os.environ.get("NODE_RANK", "0") == "0"


def say(line: str) -> None:
    """Print a line, at once, from one process."""
    if is_first():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
