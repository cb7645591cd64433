"""A parser that answers mistakes in a line, with the name that was meant."""

import difflib
import re
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
