"""What is known of an experiment before it runs: its name, place in the paper, and settings."""

import ast
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from omegaconf import OmegaConf

from i2s_lightning.errors import ConfigError

if TYPE_CHECKING:
    from i2s_lightning.experiments.lab import Lab
    from i2s_lightning.experiments.outcome import Outcome

STUDIES = Path(__file__).parent / "studies"

Preset = Literal["quick", "paper"]


@dataclass(frozen=True)
class Plan:
    """An experiment: ``studies/NAME.py`` and ``studies/NAME.yaml``.

    Attributes:
        name: Its name on the command line.
        place: Where the paper has it.
        settings: By preset: ``fit`` (what it changes of the embeddings' settings) and options of its own.
    """

    name: str
    place: str
    settings: dict[str, dict[str, Any]]

    @property
    def run(self) -> "Callable[[Lab], Outcome]":
        """The experiment itself; its module is imported now."""
        function: Callable[[Lab], Outcome] = import_module(f"i2s_lightning.experiments.studies.{self.name}").run
        return function

    @property
    def title(self) -> str:
        """What it asks: the first line of the module's docstring."""
        return self._docstring.partition("\n")[0]

    @property
    def text(self) -> str:
        """What the paper shows and what is done here: the rest of the docstring."""
        return self._docstring.partition("\n")[2].strip()

    @property
    def _docstring(self) -> str:
        source = (STUDIES / f"{self.name}.py").read_text(encoding="utf-8")
        return ast.get_docstring(ast.parse(source)) or ""  # without importing it, and torch with it


def from_yaml(text: str) -> dict[str, Any]:
    """Read YAML that holds a mapping."""
    return OmegaConf.to_container(OmegaConf.create(text))  # type: ignore[return-value]  # it is no list


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping."""
    return from_yaml(path.read_text(encoding="utf-8"))


@cache
def plans() -> dict[str, Plan]:
    """Read all experiments, in the order of the paper."""
    found = []
    for path in STUDIES.glob("*.yaml"):
        settings = read_yaml(path)
        order, place = settings.pop("order"), settings.pop("place")
        found.append((order, Plan(path.stem, place, settings)))
    return {plan.name: plan for _, plan in sorted(found, key=lambda pair: pair[0])}


def chosen(names: list[str]) -> list[Plan]:
    """Find experiments by name; ``all`` stands for all.

    Raises:
        ConfigError: There is no such experiment.
    """
    known = plans()
    if names == ["all"]:
        return list(known.values())
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, [*known, "all"], n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}, and all"
            raise ConfigError(f"no experiment {name!r}; {hint}")
    return [known[name] for name in names]


def divide(words: Sequence[str], beginnings: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Divide a command line by its options' beginnings; values go with their options.

    Args:
        words: The command line.
        beginnings: Of options.

    Returns:
        The words of other options, and of those.

    Example:
        >>> divide(["loss", "--model.steps", "9", "--preset", "quick", "--model.init=mean"], ("--model.",))
        (['loss', '--preset', 'quick'], ['--model.steps', '9', '--model.init=mean'])
    """
    parts: tuple[list[str], list[str]] = ([], [])
    part = 0
    for word in words:
        if word.startswith("--"):
            part = int(word.startswith(beginnings))
        parts[part].append(word)
    return parts
