"""Embed real images into StyleGAN's latent space and edit them there.

::

    e = i2s_lightning.load_embedding("runs/embed")
    e.names, e.ws, e["astronaut"], e.metrics, e.render(), e.generator
    g = i2s_lightning.load_generator("faces64")
    g.synthesis(g.mapping(z))
    i2s_lightning.load_encoder("faces64")(image)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from i2s_lightning.checkpoints import Embedding as Embedding
    from i2s_lightning.checkpoints import load_embedding as load_embedding
    from i2s_lightning.data.targets import Targets as Targets
    from i2s_lightning.encoders import load_encoder as load_encoder
    from i2s_lightning.generators import Generator as Generator
    from i2s_lightning.generators import load_generator as load_generator

__version__ = "0.1.0"

# Imported when first used: `--help` and `import i2s_lightning` should not wait for torch.
_HOMES = {
    "Embedding": "i2s_lightning.checkpoints",
    "load_embedding": "i2s_lightning.checkpoints",
    "load_encoder": "i2s_lightning.encoders",
    "Targets": "i2s_lightning.data.targets",
    "Generator": "i2s_lightning.generators",
    "load_generator": "i2s_lightning.generators",
}

__all__ = ["Embedding", "Generator", "Targets", "__version__", "load_embedding", "load_encoder", "load_generator"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
