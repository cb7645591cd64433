"""Where the optimisation starts (paper, section 5.1)."""

from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Float
from pytorch_lightning.utilities import rank_zero_info
from torch import Tensor

from i2s_lightning.checkpoints import Embedding, load_embedding
from i2s_lightning.checkpoints.remote import is_remote
from i2s_lightning.encoders import Encoder, is_encoder, load_encoder, shipped_encoder
from i2s_lightning.errors import ConfigError
from i2s_lightning.tasks.seeds import normal, uniform
from i2s_lightning.tasks.space import Space

POLICIES = ("mean", "random_uniform", "random_w", "auto", "encoder")
CLOSEST_OF = 1000
"""How many z are drawn to find one whose w lies near the mean."""
MEAN_OF = 4096
"""How many samples make the mean of one class."""


class Initial:
    """Initial latents, each a pure function of the run's seed and the picture.

    Args:
        policy: ``mean`` (w_avg; the class's mean with a label; in z the sample whose w is nearest to it),
            ``random_uniform`` (U[-1, 1], the paper's choice for anything but faces), ``random_w`` (a mapped random z),
            ``auto`` (per picture, whichever of ``mean`` and ``random_uniform`` starts at the lower loss), ``encoder``
            (what the encoder that comes with the generator says, or the mean where that starts at a lower loss; for a
            generator without one, and in z, the mean, and a remark), or a path: of an encoder for this generator, or of
            an embedding that has the pictures by name.
        space: Where the latents live.
        seed: The run's seed.

    Raises:
        ConfigError: The policy is neither a known name nor an existing path, or an encoder's file is to give z.
        CheckpointError: The encoder is damaged or for another generator.
    """

    def __init__(self, policy: str, space: Space, seed: int) -> None:
        if policy not in POLICIES and not is_remote(policy) and not Path(policy).exists():
            known = ", ".join(POLICIES)
            raise ConfigError(f"init must be one of {known} or the path of an embedding or encoder; got {policy!r}")
        self.policy, self.space, self.seed = policy, space, seed
        self.encoder = self._find_encoder()
        if self.encoder is not None and space.name == "z":
            raise ConfigError(f"an encoder gives w and W+, not z; got init={policy} with space=z")
        if self.encoder is None and policy == "encoder":
            self.policy = "mean"
            rank_zero_info(
                "No encoder comes with this generator, or for z: pictures start from the mean style. "
                "fit --config configs/encoder.yaml trains one; --model.init mean is this without the remark."
            )

    def describe(self) -> str:
        """Tell what decides the starts: an encoder by its hash, wherever it lies."""
        return self.policy if self.encoder is None else f"encoder {self.encoder.sha256[:16]}"

    def candidates(self, name: str, sha256: str, target: Float[Tensor, "1 C H W"]) -> list[Tensor]:
        """Give the latents to start from: one, or those to choose from by loss.

        Args:
            name: The picture's name (an embedding is looked up by it).
            sha256: The picture's content hash (random starts depend on it).
            target: The picture (an encoder looks at it).
        """
        if self.encoder is not None:
            return [self._encoded(self.encoder, target), self._mean]
        if self.policy == "auto":
            return [self._mean, self._uniform(sha256)]
        if self.policy == "mean":
            return [self._mean]
        if self.policy == "random_uniform":
            return [self._uniform(sha256)]
        if self.policy == "random_w":
            return [self._sample(sha256)]
        return [self._stored(name)]

    def filler(self) -> Tensor:
        """Give a harmless latent for rows without a picture."""
        return self._mean.clone()

    def _find_encoder(self) -> Encoder | None:
        if self.policy == "encoder":
            return None if self.space.name == "z" else shipped_encoder(self.space.generator)
        return load_encoder(self.policy, self.space.generator) if is_encoder(self.policy) else None

    @torch.no_grad()
    def _encoded(self, encoder: Encoder, target: Tensor) -> Tensor:
        image = target.float().cpu()
        return encoder.w(image)[0] if self.space.name == "w" else self.space.from_ws(encoder(image))[0]

    def _uniform(self, sha256: str) -> Tensor:
        return uniform(self.space.shape, self.seed, sha256, "init")

    def _sample(self, sha256: str) -> Tensor:
        z = normal((1, self.space.generator.z_dim), self.seed, sha256, "init")
        return z[0] if self.space.name == "z" else self.space.from_ws(self._map(z))[0]

    def _stored(self, name: str) -> Tensor:
        embedding = self._embedding
        if self.space.name == embedding.space:
            return embedding.latent(name).float()
        return self.space.from_ws(embedding[name].float().unsqueeze(0))[0]

    @cached_property
    def _embedding(self) -> Embedding:
        embedding = load_embedding(self.policy)
        generator = self.space.generator
        expected, got = (generator.num_ws, generator.w_dim), tuple(embedding[embedding.names[0]].shape)
        if got != expected:
            raise ConfigError(f"{self.policy} holds W+ latents {got}; this generator's are {expected}")
        return embedding

    @cached_property
    def _mean_w(self) -> Tensor:
        if self.space.label is None:
            return self.space.generator.w_avg.detach().float().cpu()
        z = normal((MEAN_OF, self.space.generator.z_dim), self.seed, "class mean")
        return self._map(z)[:, 0].mean(0)

    @cached_property
    def _mean(self) -> Tensor:
        if self.space.name == "z":
            z = normal((CLOSEST_OF, self.space.generator.z_dim), self.seed, "near the mean")
            distance = (self._map(z)[:, 0] - self._mean_w).norm(dim=1)
            return z[distance.argmin()]
        return self._mean_w.expand(self.space.shape).clone()

    @torch.no_grad()
    def _map(self, z: Tensor) -> Tensor:
        like = self.space.generator.w_avg
        return self.space.map(z.to(like)).float().cpu()
