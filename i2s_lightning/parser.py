"""What all verbs have of the command line: mistakes answered in a line, and no remarks that nobody can act on."""

import difflib
import logging
import re
import warnings
from typing import Any, ClassVar, NoReturn

from pytorch_lightning.cli import LightningArgumentParser


class Parser(LightningArgumentParser):
    """Says what is wrong without sixty lines of usage, and names the nearest option."""

    options: ClassVar[set[str]] = set()
    """Dotted names of all options; whoever adds them to a parser fills this."""

    def print_usage(self, file: Any = None) -> None:
        """Print nothing; the error names ``--help``."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Exit with a message, which suggests an option when one is unknown."""
        unknown = re.search(r"unrecognized arguments: --([\w.]+)|does not accept option '([\w.]+)'", message)
        if unknown:
            close = difflib.get_close_matches(unknown[1] or unknown[2], self.options, n=1)
            message += f"; did you mean {close[0]!r}?" if close else ""
        super().error(message, ex)
        raise SystemExit(2)  # jsonargparse's own exit has happened; for type checkers


def quieten() -> None:
    """Silence remarks of libraries that a user can do nothing about."""
    for message in (
        ".*eval mode.*",  # the networks are frozen on purpose
        ".*LeafSpec.*",  # Lightning 2.6 with torch 2.13
        "Total length of `list` across ranks is zero.*",  # there is nothing to validate during fit
        "The number of training batches .* is smaller than the logging interval",  # short rounds
        "Be aware that when using `ckpt_path`.*",  # callbacks may change between two runs
        "Checkpoint directory .* exists and is not empty",  # resuming is what it is for
    ):
        warnings.filterwarnings("ignore", message=message)
    logging.getLogger("pytorch_lightning.utilities.rank_zero").addFilter(lambda r: "litlogger" not in r.getMessage())
