"""How a picture's steps are divided, and what Lightning's Trainer has to know of it."""

from typing import Any, Final

TRAINER_DEFAULTS: Final[dict[str, Any]] = {
    "max_epochs": -1,  # an epoch is a round; the task stops when no picture is left
    "num_sanity_val_steps": 0,
    "use_distributed_sampler": False,  # it would repeat pictures to make shares equal
    "enable_model_summary": False,  # frozen networks are buffers: it would say 0 parameters
    "log_every_n_steps": 10,
}

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
