"""``experiment``: run the paper's experiments, and say whether its statements hold here."""

import platform
import shlex
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from i2s_lightning.errors import ConfigError, I2SError
from i2s_lightning.experiments.plan import Plan, Preset, chosen, divide, from_yaml, plans
from i2s_lightning.experiments.processes import is_first, say

if TYPE_CHECKING:
    from i2s_lightning.experiments.lab import Lab, Setup

FIT = ("--model.", "--data.", "--trainer.", "--checkpoint.", "--seed_everything")
"""Options with these beginnings go to every ``fit``."""
PRINT = "--print_config"
PACKAGES = ("i2s_lightning", "torch", "pytorch-lightning", "torchmetrics", "pillow", "numpy")


def main(words: list[str] | None = None) -> None:
    """Run ``experiment``."""
    given = sys.argv[2:] if words is None else words
    if "--list" in given:
        sys.stdout.write(listing())
        return
    from i2s_lightning.commands.editing import parse  # torch comes with it; --list should not wait

    own, to_fit = divide([word for word in given if word != PRINT], FIT)
    options = parse(_parser(), own)
    if not options.names:
        raise ConfigError(f"name an experiment, or all:\n{listing()}")
    todo = chosen(options.names)
    setup = _setup(todo, options, to_fit)
    if PRINT in given:
        sys.stdout.write(configuration(todo, setup))
        return
    _run(todo, setup, shlex.join(["python", "-m", "i2s_lightning", "experiment", *given]))


def listing() -> str:
    """List all experiments, a line each."""
    return "".join(f"  {plan.name:<15} {plan.title} ({plan.place})\n" for plan in plans().values())


def _parser() -> Any:
    from i2s_lightning.commands.editing import verb_parser
    from i2s_lightning.parser import Parser

    parser = verb_parser("experiment", "Run the paper's experiments: a figure, numbers and a verdict each.")
    parser.add_argument("names", type=str, nargs="*", help="which ones, or all")
    parser.add_argument("--list", action="store_true", help="say which there are, and end")
    parser.add_argument("--preset", type=Preset, default="quick", help="minutes on two cores, or the paper's settings")
    parser.add_argument("--generator", type=str, nargs="+", default=[], help="files or names; several for generators")
    parser.add_argument("--images", type=str, nargs="+", default=[], help="CLASS=FOLDER, in place of shipped pictures")
    parser.add_argument("--set", type=str, nargs="+", default=[], help="KEY=VALUE, options of the experiment's YAML")
    parser.add_argument("--out", type=str, default="runs/experiments", help="folder of everything that is written")
    Parser.options = set(parser.get_defaults().keys())
    return parser


def assignments(words: Sequence[str], form: str) -> dict[str, str]:
    """Read words like ``NAME=VALUE``.

    Raises:
        ConfigError: Something else; ``form`` says what was expected.
    """
    found = dict(word.partition("=")[::2] for word in words)
    if any(not name or not value for name, value in found.items()):
        raise ConfigError(f"expected {form}; got {' '.join(words)}")
    return found


def parsed_options(words: dict[str, str], todo: Sequence[Plan], preset: Preset) -> dict[str, Any]:
    """Turn values into what YAML makes of them.

    Raises:
        ConfigError: No experiment to be run has such an option.
    """
    known = {key for plan in todo for key in plan.settings[preset] if key != "fit"}
    if unknown := words.keys() - known:
        raise ConfigError(f"set: no option {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return {key: from_yaml(f"value: {text}")["value"] for key, text in words.items()}


def _setup(todo: Sequence[Plan], options: Any, to_fit: list[str]) -> "Setup":
    from i2s_lightning.experiments.lab import Setup

    if options.preset == "paper" and not options.generator:
        raise ConfigError(
            "the paper's preset needs the paper's generator, a StyleGAN of FFHQ at 1024 px: --generator FILE; "
            "--generator faces64 takes the one that ships"
        )
    images = assignments(options.images, "--images CLASS=FOLDER")
    own = parsed_options(assignments(options.set, "--set KEY=VALUE"), todo, options.preset)
    return Setup(Path(options.out), options.preset, options.generator, images, to_fit, own)


def configuration(todo: Sequence[Plan], setup: "Setup") -> str:
    """Say, as YAML, with what settings experiments would run: their own, and those of ``fit``."""
    from omegaconf import OmegaConf

    labs = [_lab(setup, plan) for plan in todo]
    settings: dict[str, Any] = {lab.plan.name: {**lab.options, "fit": lab.settings} for lab in labs}
    if setup.words:
        settings["options_of_every_fit"] = list(setup.words)
    return OmegaConf.to_yaml(OmegaConf.create(settings))


def _lab(setup: "Setup", plan: Plan) -> "Lab":
    from i2s_lightning.experiments.gallery import Gallery
    from i2s_lightning.experiments.lab import Lab

    return Lab(setup, plan, Gallery(setup.out / "pictures", setup.images))


def _run(todo: Sequence[Plan], setup: "Setup", command: str) -> None:
    from i2s_lightning.experiments.index import write_index

    failed = []
    for number, plan in enumerate(todo, 1):
        say(f"{plan.name} ({number} of {len(todo)}): {plan.title}")
        try:
            _run_one(_lab(setup, plan), command)
        except I2SError as error:  # the others may well work
            failed.append(f"{plan.name}: {error}")
    if is_first():
        say(f"wrote {write_index(setup.out)}")
    if failed:
        raise I2SError(f"{len(failed)} of {len(todo)} experiments failed:\n" + "\n".join(failed))


def _run_one(lab: "Lab", command: str) -> None:
    from i2s_lightning.experiments.outcome import Outcome, SkippedError, write_outcome

    wall, cpu = time.monotonic(), time.process_time()
    try:
        outcome = lab.run()
    except SkippedError as reason:
        outcome = Outcome(None, [], [], [f"Skipped: {reason}"])
    if not is_first():
        return
    generators = {file: lab.generator(file).sha256 for file in lab.generators}
    facts = {
        "name": lab.plan.name,
        "title": lab.plan.title,
        "place": lab.plan.place,
        "text": lab.plan.text,
        "preset": lab.setup.preset,
        "command": command,
        "generators": generators,
        "embeddings": {name: str(path) for name, path in lab.embedded.items()},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "seconds": {"wall": round(time.monotonic() - wall, 1), "cpu": round(time.process_time() - cpu, 1)},
    }
    written = write_outcome(lab.folder, outcome, facts)
    for verdict in outcome.verdicts:
        say(f"  {verdict.word}: {verdict.claim} {verdict.finding}")
    for note in outcome.notes:
        say(f"  note: {note}")
    say(f"  wrote {', '.join(str(path) for path in written)}")
