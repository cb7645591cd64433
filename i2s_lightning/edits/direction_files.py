"""Directions on disk: small safetensors, bound to the generator they were found in.

A file holds one tensor ``(L, D)`` a direction, zero in layers that it leaves alone, scaled so that a strength of 1 is
one standard deviation of the generator's own styles along it. Its header says ``format``, ``version``, ``generator``
(its hash) and, as JSON, ``facts`` of each direction.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.errors import CheckpointError, ConfigError
from i2s_lightning.generators.base import Generator

FORMAT, VERSION = "i2s_lightning.directions", "1"
SHIPPED = Path(__file__).parent.parent / "assets" / "directions"
EXPRESSIONS = "expressions"
"""Folder of expressions within ``SHIPPED``, and what users write for them."""


@dataclass(frozen=True)
class Direction:
    """A way to change pictures.

    Attributes:
        name: What it is called.
        ws: ``(L, D)``.
        facts: How it was found.
    """

    name: str
    ws: Tensor
    facts: Mapping[str, Any] = field(default_factory=dict)


def save_directions(path: str | Path, directions: Mapping[str, Direction], generator: Generator) -> None:
    """Write directions to a file.

    Args:
        path: The file.
        directions: By name.
        generator: What they were found in.
    """
    header = {
        "format": FORMAT,
        "version": VERSION,
        "generator": generator.sha256,
        "facts": json.dumps({name: dict(direction.facts) for name, direction in directions.items()}),
    }
    with replacing(Path(path)) as draft:
        save_file({name: d.ws.float().cpu().contiguous() for name, d in directions.items()}, draft, header)


def load_directions(path: str | Path, generator: Generator, *, force: bool = False) -> dict[str, Direction]:
    """Read a file of directions.

    Args:
        path: The file.
        generator: What they are to be used in.
        force: Take them even if they were found in another generator with styles of the same shape.

    Returns:
        Directions by name.

    Raises:
        CheckpointError: There is no such file, it holds something else, or it belongs to another generator.
    """
    header, tensors = _read(Path(path))
    if header["generator"] != generator.sha256 and not force:
        raise CheckpointError(
            f"{path} holds directions of another generator ({header['generator'][:12]}; this one is "
            f"{generator.sha256[:12]}); find them again with `directions`, or force it"
        )
    wanted = (generator.num_ws, generator.w_dim)
    for name, ws in tensors.items():
        if tuple(ws.shape) != wanted:
            raise CheckpointError(f"{path}: {name!r} is {tuple(ws.shape)}, styles of this generator are {wanted}")
    facts = json.loads(header["facts"])
    return {name: Direction(name, ws, facts.get(name, {})) for name, ws in tensors.items()}


def find_direction(text: str, generator: Generator, *, force: bool = False) -> Direction:
    """Find a direction by what a user writes.

    Args:
        text: ``FILE:NAME``, or a name among those that come with this package for this generator.
        generator: What it is to be used in.
        force: See :func:`load_directions`.

    Raises:
        CheckpointError: The file does not fit.
        ConfigError: There is no direction of this name.
    """
    file, _, name = text.rpartition(":")
    if file:
        known = load_directions(file, generator, force=force)
    else:
        known = shipped_directions(generator)
        known |= {key: d for key, d in shipped_directions(generator, EXPRESSIONS).items() if key not in known}
    if name in known:
        return known[name]
    if not known:
        raise ConfigError(
            f"no directions come with this generator ({generator.sha256[:12]}), so {name!r} needs a file: "
            "make one with `directions --out FILE`, then write FILE:NAME"
        )
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or list(known)[:8]
    raise ConfigError(f"no direction {name!r} {'in ' + file if file else 'for this generator'}; {', '.join(close)}?")


def find_directions(text: str, generator: Generator, *, force: bool = False) -> dict[str, Direction]:
    """Find a set of directions by what a user writes.

    Args:
        text: A file of directions, or ``expressions``: those that come with this package for this generator.
        generator: What they are to be used in.
        force: See :func:`load_directions`.

    Raises:
        CheckpointError: The file does not fit.
        ConfigError: There is no such file, or no expressions come with this generator.
    """
    if text != EXPRESSIONS:
        if not Path(text).is_file():
            raise ConfigError(f"no file of directions at {text}; `{EXPRESSIONS}` are those that come with a generator")
        return load_directions(text, generator, force=force)
    known = shipped_directions(generator, EXPRESSIONS)
    if not known:
        raise ConfigError(
            f"no expressions come with this generator ({generator.sha256[:12]}), so `within` needs a file: learn some "
            "from labelled pictures with `directions --method boundary --out FILE`, then name FILE"
        )
    return known


def shipped_directions(generator: Generator, folder: str = "") -> dict[str, Direction]:
    """Give the directions that come with this package for a generator; none for most.

    Args:
        generator: Any.
        folder: ``expressions`` for those.
    """
    found: dict[str, Direction] = {}
    for path in sorted((SHIPPED / folder).glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            fits = (file.metadata() or {}).get("generator") == generator.sha256
        if fits:
            found |= load_directions(path, generator)
    return found


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise CheckpointError(f"no file of directions at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged or no safetensors file ({error})") from error
    if header.get("format") != FORMAT:
        raise CheckpointError(f"{path} holds no directions: its header says {header.get('format')!r}, not {FORMAT!r}")
    if header["version"] != VERSION:
        raise CheckpointError(
            f"{path} has version {header['version']}, this program reads {VERSION}: update i2s_lightning"
        )
    return header, tensors
