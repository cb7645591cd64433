"""From latents to pixels."""

import numpy as np
from jaxtyping import UInt8

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.checkpoints.render import render_one
from i2s_lightning.edits.latent import Latent
from i2s_lightning.ops.images import to_uint8

Pixels = UInt8[np.ndarray, "H W C"]


def pixels_of(embedding: Embedding, latent: Latent) -> Pixels:
    """Render a latent, as it will be rendered when it is saved."""
    image = render_one(embedding.generator, latent.ws, embedding.noise_mode, latent.noise)
    return to_uint8(image.unsqueeze(0))[0].cpu().numpy()
