"""Truncation of stored pictures: towards the generator's mean, where everything is easy to edit."""

from collections.abc import Sequence
from functools import partial

from torch import Tensor

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.latent import Latent, Names, match_names, of_stored
from i2s_lightning.edits.mixing import original
from i2s_lightning.edits.options import Layers, Number, Values, layer_set, values
from i2s_lightning.edits.shots import Edit, Shot
from i2s_lightning.ops.latents import pull_to_mean


def truncate(embedding: Embedding, images: Names, *, psi: Values = "1:0:6", layers: Layers = "all") -> Edit:
    """Pull pictures towards the mean face: ``w_avg + psi (w - w_avg)`` (Karras et al. 2019, appendix B).

    Args:
        embedding: Has the pictures.
        images: Names.
        psi: 1 is the picture itself, 0 the mean; one or more.
        layers: Layers to pull; the others stay.

    Returns:
        A row a picture over psi.

    Raises:
        CheckpointError: There is no such picture.
        ConfigError: Layers or numbers that mean nothing.
    """
    amounts = values(psi)
    chosen = layer_set(layers, embedding.generator.layer_resolutions)
    cells: list[Shot | None] = []
    for name in match_names(embedding, images):
        cells.append(original(embedding, name))
        for amount in amounts:
            build = partial(of_stored, pulled, embedding, [name], embedding.generator.w_avg, amount, chosen)
            cells.append(Shot(f"{amount:.2f}", build))
    return Edit(embedding.generator, embedding.noise_mode, cells, columns=len(amounts) + 1)


def pulled(latent: Latent, w_avg: Tensor, psi: Number, layers: Sequence[int] | None = None) -> Latent:
    """Pull a picture's styles towards the mean; its noise stays."""
    ws = pull_to_mean(latent.ws.unsqueeze(0), w_avg.to(latent.ws), psi, layers=layers)[0]
    return Latent(ws, latent.noise, stored=latent.stored and psi == 1)
