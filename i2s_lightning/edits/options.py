"""What users write for layers, strengths and pace, turned into numbers."""

import re
from collections.abc import Sequence

from i2s_lightning.errors import ConfigError
from i2s_lightning.ops.layers import layer_groups

EMBEDDING_HELP = "run folder, checkpoint, exported file, or wandb:ENTITY/PROJECT/NAME:VERSION"
LAYERS_HELP = "layers to take: ranges and lists (9-17, 0-3,8), coarse, middle, fine, half (the upper one), all, none"
VALUES_HELP = "numbers, or start:stop:count, both ends included"

Layers = str | int | Sequence[int]
Number = float | int  # beartype, which checks annotations in tests, takes them literally
Values = Number | str | Sequence[Number | str]
Window = tuple[float, float]


def layer_set(layers: Layers, layer_resolutions: Sequence[int]) -> tuple[int, ...]:
    """Turn a description of layers into their indices.

    ``coarse``, ``middle`` and ``fine`` are those of :func:`~i2s_lightning.ops.layers.layer_groups`. ``half`` is the
    paper's crossover: the second half of the layers, 9 to 17 of 18.

    Args:
        layers: Ranges and numbers from 0, and names, separated by commas; or indices.
        layer_resolutions: The generator's, one a layer.

    Returns:
        Indices, sorted, each once.

    Raises:
        ConfigError: A word that means nothing, or a layer that the generator does not have.

    Example:
        >>> faces64 = (4, 8, 8, 16, 16, 32, 32, 64, 64, 64)
        >>> layer_set("coarse,8-9", faces64), layer_set("half", faces64)
        ((0, 8, 9), (5, 6, 7, 8, 9))
    """
    if not isinstance(layers, str):
        text = str(layers) if isinstance(layers, int) else ",".join(str(layer) for layer in layers)
        return layer_set(text or "none", layer_resolutions)
    chosen: set[int] = set()
    for word in re.split(r"[,\s]+", layers.strip()):
        chosen |= set(_named(word, layer_resolutions) if word.isalpha() else _range(word, len(layer_resolutions)))
    return tuple(sorted(chosen))


def values(text: Values) -> list[float]:
    """Turn numbers and ``start:stop:count`` ranges into a list of numbers.

    Args:
        text: One or several of them.

    Returns:
        All numbers in order; a range includes both ends.

    Raises:
        ConfigError: Something is neither.

    Example:
        >>> values("0:1.5:4"), values(["-1", 2])
        ([0.0, 0.5, 1.0, 1.5], [-1.0, 2.0])
    """
    if isinstance(text, (int, float)):
        return [float(text)]
    if not isinstance(text, str):
        return [value for part in text for value in values(part)]
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) == 1:
        return numbers
    if len(numbers) != 3 or numbers[2] < 1 or numbers[2] != int(numbers[2]):
        raise ConfigError(f"expected a number or start:stop:count with a count of at least 1; got {text!r}")
    start, stop, count = numbers[0], numbers[1], int(numbers[2])
    return [start + (stop - start) * i / max(count - 1, 1) for i in range(count)]


def windows(schedule: Sequence[str], layer_resolutions: Sequence[int]) -> list[Window]:
    """Turn a per-layer schedule into the part of the way during which each layer moves.

    Args:
        schedule: ``LAYERS=START:STOP`` each, such as ``coarse=0:0.5``; later ones override; others move all the way.
        layer_resolutions: The generator's.

    Returns:
        One ``(start, stop)`` a layer, within [0, 1].

    Raises:
        ConfigError: It reads otherwise, or a window is empty or outside [0, 1].

    Example:
        >>> windows(["0=0:0.5"], (4, 8))
        [(0.0, 0.5), (0.0, 1.0)]
    """
    found = [(0.0, 1.0)] * len(layer_resolutions)
    for entry in schedule:
        match = re.fullmatch(r"(.+)=([\d.]+):([\d.]+)", entry.replace(" ", ""))
        if match is None or not 0 <= float(match[2]) < float(match[3]) <= 1:
            raise ConfigError(f"expected a schedule like coarse=0:0.5 (0 <= start < stop <= 1); got {entry!r}")
        for layer in layer_set(match[1], layer_resolutions):
            found[layer] = (float(match[2]), float(match[3]))
    return found


def _range(word: str, count: int) -> range:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", word)
    if match is None:
        raise ConfigError(f"layers: {word!r} is no number, range or name; write {LAYERS_HELP.split(': ')[1]}")
    first, last = int(match[1]), int(match[2] or match[1])
    if last >= count or first > last:
        raise ConfigError(f"layers: {word} does not fit; this generator has {count} layers, 0 to {count - 1}")
    return range(first, last + 1)


def _named(word: str, layer_resolutions: Sequence[int]) -> list[int]:
    count = len(layer_resolutions)
    simple = {"all": range(count), "none": range(0), "half": range(count // 2, count)}
    if word in simple:
        return list(simple[word])
    groups = layer_groups(layer_resolutions)
    if word not in groups:
        raise ConfigError(f"layers: unknown name {word!r}; there are {', '.join((*groups, *simple))}")
    chosen = list(groups[word])
    if not chosen:
        raise ConfigError(f"layers: this generator is too small to have {word} layers; name them by number")
    return chosen
