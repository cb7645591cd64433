"""Semantic edits: pictures moved along directions."""

from collections.abc import Mapping
from functools import partial

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.direction_files import Direction, find_direction
from i2s_lightning.edits.latent import Latent, Names, match_names, of_stored
from i2s_lightning.edits.mixing import original
from i2s_lightning.edits.options import Layers, Number, Values, layer_set, values
from i2s_lightning.edits.shots import Edit, Shot
from i2s_lightning.edits.transferring import moved
from i2s_lightning.generators.base import Generator
from i2s_lightning.ops.latents import move


def edit(
    embedding: Embedding,
    images: Names = "*",
    *,
    direction: str | Direction,
    strength: Values = "-3:3:7",
    layers: Layers = "all",
    force: bool = False,
) -> Edit:
    """Move pictures along a direction.

    Args:
        embedding: Has the pictures.
        images: Names.
        direction: One that comes with the generator by its name, ``FILE:NAME``, or a :class:`Direction`.
        strength: In standard deviations of the generator's own styles; one or more, 0 is the picture itself.
        layers: Layers to move; others stay.
        force: Take a direction that was found in another generator.

    Returns:
        A row a picture over strengths.

    Raises:
        CheckpointError: There is no such picture, or the direction belongs to another generator.
        ConfigError: There is no such direction, or layers or numbers that mean nothing.
    """
    chosen = layer_set(layers, embedding.generator.layer_resolutions)
    found = (
        direction if isinstance(direction, Direction) else find_direction(direction, embedding.generator, force=force)
    )
    amounts = values(strength)
    cells: list[Shot | None] = []
    for name in match_names(embedding, images):
        cells.append(original(embedding, name))
        for amount in amounts:
            build = partial(of_stored, moved, embedding, [name], found.ws, amount, chosen)
            cells.append(Shot(f"{amount:+.2f}", build))
    return Edit(embedding.generator, embedding.noise_mode, cells, columns=len(amounts) + 1)


def gallery(generator: Generator, directions: Mapping[str, Direction], strength: Values = "-3:3:7") -> Edit:
    """Show what directions do to the mean picture.

    Args:
        generator: What they were found in.
        directions: By name.
        strength: As in :func:`edit`.

    Returns:
        A row a direction over strengths.
    """
    amounts = values(strength)
    cells: list[Shot | None] = []
    for name, direction in directions.items():
        cells.append(Shot(name, partial(_from_mean, generator, direction, 0), border=True))
        cells += [Shot(f"{amount:+.2f}", partial(_from_mean, generator, direction, amount)) for amount in amounts]
    return Edit(generator, "const", cells, columns=len(amounts) + 1)


def _from_mean(generator: Generator, direction: Direction, strength: Number) -> Latent:
    ws = generator.w_avg.detach().cpu().expand(1, generator.num_ws, -1)
    return Latent(move(ws, direction.ws.unsqueeze(0).to(ws), strength)[0])
