"""Finding directions: from a generator's weights, from its samples, from labelled pictures."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.direction_files import Direction
from i2s_lightning.edits.options import Layers, Number, layer_set
from i2s_lightning.errors import ConfigError
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.mapping import FullyConnected
from i2s_lightning.generators.samples import SAMPLES, sample_w
from i2s_lightning.ops import directions as ops

YES, NO = {"1", "true", "yes"}, {"0", "false", "no"}


def find_sefa(generator: Generator, count: int = 8, layers: Layers = "all") -> dict[str, Direction]:
    """Find what the styles' affine layers react to most (SeFa, Shen & Zhou 2021): no samples, no labels.

    Args:
        generator: Any.
        count: How many directions.
        layers: Layers to look at, and to change.

    Returns:
        ``sefa_00`` and so on, strongest first.
    """
    chosen = layer_set(layers, generator.layer_resolutions)
    weights = _affine_weights(generator)
    vectors, gains = ops.sefa(torch.cat([weight for layer in chosen for weight in weights[layer]]))
    facts = [{"method": "sefa", "layers": list(chosen), "gain": float(gain)} for gain in gains[:count]]
    return _named("sefa", vectors[:count], generator, chosen, facts)


def find_ganspace(
    generator: Generator, count: int = 8, layers: Layers = "all", samples: int = SAMPLES, seed: int = 0
) -> dict[str, Direction]:
    """Find how the generator's own styles vary most (GANSpace, Harkonen et al. 2020).

    Args:
        generator: Any.
        count: How many directions.
        layers: Layers to change.
        samples: How many styles to draw.
        seed: Decides the draws.

    Returns:
        ``ganspace_00`` and so on, strongest first.
    """
    chosen = layer_set(layers, generator.layer_resolutions)
    vectors, deviations = ops.principal(sample_w(generator, samples, seed))
    facts = [{"method": "ganspace", "layers": list(chosen), "deviation": float(d)} for d in deviations[:count]]
    return _named("ganspace", vectors[:count], generator, chosen, facts)


def find_boundaries(
    embedding: Embedding, labels: Mapping[str, Mapping[str, bool]], layers: Layers = "all", penalty: Number = 1
) -> dict[str, Direction]:
    """Find what separates pictures with an attribute from those without (InterFaceGAN, Shen et al. 2020).

    The layers' mean of each picture is classified by logistic regression.

    Args:
        embedding: Has the pictures.
        labels: For each attribute, by picture, whether it has it.
        layers: Layers to change.
        penalty: More makes it safer for few pictures.

    Returns:
        One direction an attribute.

    Raises:
        CheckpointError: A label is of a picture that is not there.
        ConfigError: An attribute that all pictures have, or none.
    """
    chosen = layer_set(layers, embedding.generator.layer_resolutions)
    found: dict[str, Direction] = {}
    num_ws, samples = embedding.generator.num_ws, sample_w(embedding.generator, SAMPLES)
    for attribute, answers in labels.items():
        latents = torch.stack([embedding[name].float().mean(dim=0) for name in answers])
        try:
            normal, accuracy = ops.boundary(latents, torch.tensor(list(answers.values())), float(penalty))
        except ValueError as error:
            raise ConfigError(f"{attribute}: {error}") from error
        facts = {"method": "boundary", "layers": list(chosen), "pictures": len(answers), "accuracy": accuracy}
        found |= {attribute: make_direction(attribute, normal, samples, num_ws, chosen, facts)}
    return found


def read_labels(path: str | Path, attributes: Sequence[str] = ()) -> dict[str, dict[str, bool]]:
    """Read labels from a CSV file with a column ``name`` and a column an attribute.

    Args:
        path: Cells are 1 or 0, true or false, yes or no; or numbers, of which those above the median count as yes.
            Empty ones are left out.
        attributes: Columns to read; none: all but ``name``.

    Returns:
        For each attribute, by picture, whether it has it.

    Raises:
        ConfigError: There is no such file or column, or a cell reads otherwise.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise ConfigError(f"can't read labels from {path}: {error}") from error
    columns = list(rows[0]) if rows else []
    wanted = list(attributes) or [column for column in columns if column != "name"]
    missing = {"name", *wanted} - set(columns)
    if missing or not wanted:
        raise ConfigError(
            f"{path} needs columns name, {', '.join(wanted) or 'and attributes'}; it has {', '.join(columns) or 'none'}"
        )
    return {column: _answers(path, column, {r["name"]: r[column] for r in rows if r[column]}) for column in wanted}


def make_direction(
    name: str,
    vector: Float[Tensor, " D"],
    samples: Float[Tensor, "N D"],
    num_ws: int,
    layers: Sequence[int],
    facts: Mapping[str, Any],
) -> Direction:
    """Scale a direction of W to one standard deviation of samples along it, and lay it out over layers.

    Args:
        name: Its name.
        vector: Of any length but 0.
        samples: The generator's own styles.
        num_ws: The generator's number of layers.
        layers: Those that it changes.
        facts: How it was found.
    """
    unit = vector.cpu() / vector.norm().cpu()
    ws = torch.zeros(num_ws, len(unit))
    ws[list(layers)] = unit * (samples @ unit).std()
    return Direction(name, ws, facts)


def _named(
    method: str, vectors: Tensor, generator: Generator, layers: Sequence[int], facts: Sequence[Mapping[str, Any]]
) -> dict[str, Direction]:
    names = [f"{method}_{i:02d}" for i in range(len(vectors))]
    samples = sample_w(generator, SAMPLES)
    return {
        name: make_direction(name, vector, samples, generator.num_ws, layers, fact)
        for name, vector, fact in zip(names, vectors, facts, strict=True)
    }


@torch.no_grad()
def _affine_weights(generator: Generator) -> dict[int, list[Tensor]]:
    """Collect the affine layers' weights by the style that they read.

    Families name and share their layers differently; a picture whose i-th style is all i shows which one arrives where.
    """
    weights: dict[int, list[Tensor]] = {i: [] for i in range(generator.num_ws)}

    def note(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(module, FullyConnected)
        weights[round(float(given[0][0, 0]))].append(module.weight.detach().float().cpu())

    layers = generator.synthesis.named_modules()
    affines = [module for name, module in layers if name.endswith("affine") and isinstance(module, FullyConnected)]
    hooks = [module.register_forward_pre_hook(note) for module in affines]
    try:
        marks = torch.arange(generator.num_ws).to(generator.w_avg)
        generator.synthesis(marks[None, :, None].expand(1, -1, generator.w_dim).clone(), noise_mode="none")
    finally:
        for hook in hooks:
            hook.remove()
    return weights


def _answers(path: str | Path, column: str, cells: Mapping[str, str]) -> dict[str, bool]:
    words = {name: cell.strip().lower() for name, cell in cells.items()}
    if set(words.values()) <= YES | NO:
        return {name: word in YES for name, word in words.items()}
    try:
        numbers = {name: float(word) for name, word in words.items()}
    except ValueError as error:
        raise ConfigError(f"{path}, column {column}: expected 1 or 0, yes or no, or numbers; {error}") from error
    middle = float(torch.tensor(list(numbers.values())).median())
    return {name: number > middle for name, number in numbers.items()}
