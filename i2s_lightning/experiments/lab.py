"""The one way in which experiments embed pictures: ``fit``, in folders that remember what is done."""

import copy
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import OmegaConf
from torch import Tensor

from i2s_lightning import cli
from i2s_lightning.callbacks.curves import read_curves
from i2s_lightning.checkpoints import Embedding, load_embedding
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.data.targets import Targets
from i2s_lightning.drawing.curves import Curve
from i2s_lightning.drawing.sheet import Pixels
from i2s_lightning.errors import CheckpointError
from i2s_lightning.experiments.gallery import Gallery
from i2s_lightning.experiments.outcome import Outcome
from i2s_lightning.experiments.plan import Plan, Preset, divide, read_yaml
from i2s_lightning.experiments.processes import say
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.base import Generator
from i2s_lightning.metrics import PerceptualDistance
from i2s_lightning.ops.images import to_uint8

PRESETS = Path(__file__).parent / "presets.yaml"
WITHOUT_EFFECT = ("--trainer.", "--checkpoint.", "--data.batch_size")
"""Options that don't make other results (``fit`` refuses to go on with those of the trainer that do)."""


@dataclass(frozen=True)
class Setup:
    """What the command line says, for all experiments.

    Attributes:
        out: Folder of everything.
        preset: ``quick`` or ``paper``.
        generators: Files or names; the first one is meant where one is enough.
        images: Folders by class.
        words: Options that go to every ``fit`` as they are.
        options: Options of experiments, in place of those in their YAML.
    """

    out: Path
    preset: Preset = "quick"
    generators: Sequence[str] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    words: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


class Lab:
    """What an experiment works with.

    Args:
        setup: From the command line.
        plan: The experiment.
        gallery: Its pictures.
    """

    def __init__(self, setup: Setup, plan: Plan, gallery: Gallery) -> None:
        self.setup, self.plan, self.gallery = setup, plan, gallery
        self.options = copy.deepcopy(plan.settings[setup.preset])
        self.options |= {key: value for key, value in setup.options.items() if key in self.options}
        presets = read_yaml(PRESETS)
        self.settings: dict[str, Any] = merged(presets[setup.preset], self.options.pop("fit", {}))
        self.generators = list(setup.generators) or [self.settings["model"]["generator"]]
        self.settings["model"]["generator"] = self.generators[0]
        self.embedded: dict[str, Path] = {}
        self._loaded: dict[str, Generator] = {}

    def run(self) -> Outcome:
        """Do the experiment."""
        return self.plan.run(self)

    @property
    def folder(self) -> Path:
        """Where this experiment's own files go."""
        return self.setup.out / self.plan.name

    def pictures(self, option: str = "pictures") -> dict[str, list[str]]:
        """Take so many (null: all) pictures of each class as an option says; classes without any are absent."""
        taken = {name: self.gallery.take(name, count) for name, count in self.options[option].items()}
        return {name: pictures for name, pictures in taken.items() if pictures}

    def names(self, option: str = "pictures") -> list[str]:
        """Take the pictures of an option, whatever their class."""
        return [name for names in self.pictures(option).values() for name in names]

    def embed(self, names: Sequence[str], *, label: str = "", **model: Any) -> Embedding:
        """Embed pictures, or open what was embedded already.

        Args:
            names: Of pictures in the gallery.
            label: What the folder is called; default: what ``model`` says.
            **model: Settings of the task that differ from the preset's.

        Returns:
            An embedding that has them (and maybe others).

        Raises:
            CheckpointError: An option of the trainer ended it early.
        """
        difference = {"model": model} if model else {}
        folder = self._folder(model, label)
        self.embedded.pop(folder.name, None)
        self.embedded[folder.name] = folder
        if missing := self._missing(folder, names):
            listed = self.gallery.folder / f"{folder.name}.txt"
            verb = "going on with" if self.gallery.were_listed(listed, missing) else "embedding"
            say(f"  {self.plan.name}: {verb} {len(missing)} pictures, {folder}")
            self.gallery.listed(listed, missing)
            self._fit(folder, missing, difference)
            if self._missing(folder, names):
                raise CheckpointError(f"{folder}: stopped before all pictures were done; the same command goes on")
        return load_embedding(folder, self.generator(model.get("generator")))

    def curves(self) -> dict[str, Curve]:
        """Read steps and losses of the embedding that was asked for last, by picture."""
        folder = list(self.embedded.values())[-1]
        return read_curves(folder / "checkpoints" / "last.ckpt")

    def generator(self, file: str | None = None) -> Generator:
        """Load a generator, once; the first one of the command line by default."""
        file = self.generators[0] if file is None else file
        if file not in self._loaded:
            self._loaded[file] = load_generator(file)
        return self._loaded[file]

    def target(self, embedding: Embedding, name: str) -> Pixels:
        """Read a picture as it was embedded, ``(H, W, C)`` uint8."""
        return array(Targets(embedding)(name))

    def render(self, embedding: Embedding, name: str) -> Pixels:
        """Render an embedded picture, ``(H, W, C)`` uint8."""
        return array(embedding.render_one(name))

    @cached_property
    def perceptual(self) -> PerceptualDistance:
        """The distance that results are scored with."""
        return PerceptualDistance()

    def _folder(self, model: Mapping[str, Any], label: str) -> Path:
        deciding, _ = divide(self.setup.words, WITHOUT_EFFECT)
        facts = [self.settings["model"], deciding, dict(model), self.generator(model.get("generator")).sha256]
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
        words = label or "-".join(_word(value) for value in model.values()) or "base"
        return self.setup.out / "embeddings" / f"{words}-{digest}"

    def _missing(self, folder: Path, names: Sequence[str]) -> list[str]:
        try:
            records = load_embedding(folder).metrics
        except CheckpointError:
            return list(names)
        return [n for n in names if n not in records or records[n].get("sha256") != self.gallery.sha256(n)]

    def _fit(self, folder: Path, names: Sequence[str], difference: dict[str, Any]) -> None:
        pictures = self.gallery.folder / f"{folder.name}.txt"
        settings = merged(
            self.settings, {"data": {"batch_size": even(len(names), self.settings["data"]["batch_size"])}}
        )
        words = ["fit", "--config", _written(folder / "preset.yaml", settings), *self.setup.words]
        if difference:
            words += ["--config", _written(folder / "difference.yaml", difference)]
        with (folder / "fit.log").open("a", encoding="utf-8") as log, redirect_stdout(log):
            cli.main([*words, "--data.path", str(pictures), "--out", str(folder)])
        if (wandb := sys.modules.get("wandb")) and wandb.run is not None:
            wandb.finish()  # else the next embedding would go on in this one's run


def even(count: int, most: int) -> int:
    """Divide pictures into equal batches: a step takes as long for rows without a picture.

    Example:
        >>> even(9, 8), even(8, 8), even(17, 8), even(3, 8)
        (5, 8, 6, 3)
    """
    return -(-count // -(-count // most))


def array(image: Tensor) -> Pixels:
    """Turn an image ``(C, H, W)`` in [-1, 1] into pixels."""
    return to_uint8(image.unsqueeze(0))[0].cpu().numpy()


def image(pixels: Pixels) -> Tensor:
    """Turn pixels into an image ``(1, C, H, W)`` in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1).unsqueeze(0).float() / 127.5 - 1


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested settings; the second ones win, and whole below ``model`` (losses replace losses)."""
    result = {key: dict(value) for key, value in first.items()}
    for section, values in second.items():
        result[section] = {**result.get(section, {}), **values}
    return result


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return "+".join(value)
    return Path(value).stem if isinstance(value, str) else str(value)


def _written(path: Path, settings: Mapping[str, Any]) -> str:
    with replacing(path) as draft:
        OmegaConf.save(OmegaConf.create(dict(settings)), draft)
    return str(path)
