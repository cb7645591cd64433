"""Style transfer by crossover (Image2StyleGAN, section 4.2)."""

from collections.abc import Sequence
from functools import partial

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.latent import Latent, Names, match_names, of_stored, pick_noise, stored
from i2s_lightning.edits.options import Layers, Number, layer_set
from i2s_lightning.edits.shots import Edit, Shot
from i2s_lightning.ops import latents


def mix(embedding: Embedding, content: Names, style: Names, *, layers: Layers = "half", weight: Number = 1) -> Edit:
    """Give each content picture the chosen layers of each style picture.

    A sheet is the paper's figure 8: a row a content picture, a column a style picture, the originals on the borders.

    Args:
        embedding: Has the pictures.
        content: Names of those that give the rest: pose and shape, with the default layers.
        style: Names of those that give ``layers``: colour and texture.
        layers: Ranges, lists or names; default: the upper half, as in the paper.
        weight: 1 takes the style's layers whole, less mixes them with the content's.

    Returns:
        All pairs, style by style for each content.

    Raises:
        CheckpointError: There is no such picture.
        ConfigError: Layers that this generator does not have.
    """
    rows, columns = match_names(embedding, content), match_names(embedding, style)
    chosen = layer_set(layers, embedding.generator.layer_resolutions)
    cells: list[Shot | None] = [None, *(original(embedding, name) for name in columns)]
    for row in rows:
        cells.append(original(embedding, row))
        for column in columns:
            build = partial(of_stored, crossed, embedding, (row, column), chosen, weight)
            cells.append(Shot(f"{row} + {column}", build))
    return Edit(embedding.generator, embedding.noise_mode, cells, columns=len(columns) + 1)


def original(embedding: Embedding, name: str) -> Shot:
    """Show a stored picture on the border of a sheet."""
    return Shot(name, partial(stored, embedding, name), border=True)


def crossed(content: Latent, style: Latent, layers: Sequence[int], weight: Number = 1) -> Latent:
    """Give one picture layers, and the noise maps that go with them, of another."""
    ws = latents.mix(content.ws.unsqueeze(0), style.ws.unsqueeze(0), layers=layers, weight=weight)[0]
    return Latent(ws, pick_noise(content, style, layers, weight))
