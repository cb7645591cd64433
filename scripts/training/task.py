"""Training a StyleGAN2 generator on renders whose codes are known, as a LightningModule."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Float
from pytorch_lightning import LightningModule
from torch import Tensor
from torch.nn import functional as F
from training.codes import expression_places
from training.discriminator import Discriminator
from training.linear_start import start_linear
from training.objectives import (
    adversarial_losses,
    exchanged_styles,
    feature_difference,
    gradient_penalty,
    mixed_styles,
    path_length,
)
from training.warm_start import load_starts

from i2s_lightning.generators.stylegan2 import StyleGAN2
from i2s_lightning.ops.images import from_uint8

LAZY_R1, LAZY_PATH = 16, 8


class TrainGenerator(LightningModule):
    """Adversarial training (Karras et al. 2020) beside regression from codes to renders.

    Generator and discriminator learn from the same fakes in one step, which saves a third of the usual passes. Lazy
    regularisation scales the discriminator's optimiser as the paper does. Learning rates are read from the arguments at
    every start, so a resumed run can lower them.

    Args:
        channels: Width of both networks at 4, 8, ... pixels.
        z_dim: Width of a code.
        w_dim: Width of a style.
        mapping_layers: Depth of the mapping network.
        start: Files of weights to begin from; see ``load_starts``.
        linear: Begin with a linear mapping, aligned with the codes; see ``start_linear``.
        learning_rate: Of both networks.
        momentum: Adam's first beta for the generator; the paper's is 0, regression likes 0.9.
        mapping_rate: Factor for the mapping network, on top of its own 0.01.
        average_images: Half-life, in images, of the averaged generator.
        free: Generated images without a paired render, as a share of the batch; multiples of 4 in all.
        mixing: Share of those whose styles are mixed.
        exchange: Share of pairs that ``exchanged_styles`` changes.
        adversarial: Weight of the adversarial loss; 0 leaves the discriminator out unless ``feature`` needs it.
        feature: Weight of the discriminator-feature difference of pairs.
        pixel: Weight of the mean absolute difference of pairs.
        gamma: Weight of R1.
        path: Weight of path-length regularisation; 0 is off, 2 the paper's.
    """

    path_mean: Tensor
    seen: Tensor

    def __init__(
        self,
        channels: Sequence[int] = (128, 128, 128, 64, 32),
        z_dim: int = 128,
        w_dim: int = 128,
        mapping_layers: int = 4,
        start: Sequence[str] = (),
        linear: bool = False,
        learning_rate: float = 2e-3,
        momentum: float = 0.0,
        mapping_rate: float = 1.0,
        average_images: float = 10_000,
        free: float = 0.25,
        mixing: float = 0.5,
        exchange: float = 0.5,
        adversarial: float = 1.0,
        feature: float = 1.0,
        pixel: float = 1.0,
        gamma: float = 0.2,
        path: float = 0.0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.automatic_optimization = False
        self.learning_rate, self.mapping_rate, self.average_images = learning_rate, mapping_rate, average_images
        self.linear, self.momentum = linear, momentum
        self.free, self.mixing, self.exchange = free, mixing, exchange
        self.adversarial, self.feature, self.pixel, self.gamma, self.path = adversarial, feature, pixel, gamma, path
        channels = list(channels)
        self.generator = StyleGAN2(z_dim=z_dim, w_dim=w_dim, channels=channels, mapping_layers=mapping_layers)
        self.discriminator = Discriminator(channels)
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        roles = {"generator": self.generator, "average": self.average, "discriminator": self.discriminator}
        load_starts(start, roles)
        self.generator.synthesis.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))
        self.register_buffer("path_mean", torch.zeros(()))
        self.expression = expression_places() if exchange else []

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Make one step of both networks."""
        real, codes = self._fit(from_uint8(batch[0])), batch[1]
        ws = self._styles(codes)
        fake: Tensor = self.generator.synthesis(ws, "random")
        terms = {"pixel": (fake[: len(real)] - real).abs().mean()}
        loss = self.pixel * terms["pixel"]
        if self.adversarial or self.feature:
            fake_logits, fake_features = self.discriminator(fake)
            real_logits, real_features = self.discriminator(real)
            terms["generator"], terms["discriminator"] = adversarial_losses(fake_logits, real_logits)
            terms["feature"] = feature_difference(fake_features, real_features)
            loss = loss + self.adversarial * terms["generator"] + self.feature * terms["feature"]
        if self.path and batch_idx % LAZY_PATH == 0:
            loss = loss + self._path_penalty(ws)
        self._step_generator(loss, retain=bool(self.adversarial))
        if self.adversarial:
            terms["real"], terms["fake"] = real_logits.mean(), fake_logits.mean()
            self._step_discriminator(terms["discriminator"], real, batch_idx)
        self._follow(ws, (len(codes)) * self.trainer.world_size)
        self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()}, prog_bar=True)
        self.log("train/images", self.seen.float(), prog_bar=True)

    def _fit(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 R R"]:
        """Average images down to the resolution in training."""
        factor = image.shape[-1] // self.generator.img_resolution
        return F.avg_pool2d(image, factor) if factor > 1 else image

    def _styles(self, codes: Float[Tensor, "B Z"]) -> Float[Tensor, "N L D"]:
        with torch.autocast(codes.device.type, enabled=False):
            free = torch.randn(round(len(codes) * self.free / 4) * 4, codes.shape[1], device=codes.device)
            paired = exchanged_styles(self.generator.mapping, codes, self.expression, self.exchange)
            return torch.cat([paired, mixed_styles(self.generator.mapping, free, self.mixing)]) if len(free) else paired

    def _path_penalty(self, ws: Tensor) -> Tensor:
        lengths = path_length(self.generator.synthesis, ws[: len(ws) // 2])
        self.path_mean.lerp_(lengths.mean().detach(), 0.01)
        return self.path * LAZY_PATH * (lengths - self.path_mean).square().mean()

    def _step_generator(self, loss: Tensor, *, retain: bool) -> None:
        optimizer, parameters = self.optimizers()[0], list(self.generator.parameters())  # type: ignore[index]
        _set_gradients(parameters, torch.autograd.grad(loss, parameters, retain_graph=retain))
        optimizer.step()

    def _step_discriminator(self, loss: Tensor, real: Tensor, batch_idx: int) -> None:
        parameters = list(self.discriminator.parameters())
        gradients = list(torch.autograd.grad(loss, parameters))
        if batch_idx % LAZY_R1 == 0:
            image = real.detach().requires_grad_(True)
            penalty = gradient_penalty(self.discriminator(image)[0], image)
            self.log("train/r1", penalty.detach(), prog_bar=True)
            extra = torch.autograd.grad(penalty * (self.gamma / 2 * LAZY_R1), parameters, allow_unused=True)
            gradients = [g if e is None else g + e for g, e in zip(gradients, extra, strict=True)]
        _set_gradients(parameters, gradients)
        self.optimizers()[1].optimizer.step()  # type: ignore[index]  # past Lightning, which would count it as a step

    @torch.no_grad()
    def _follow(self, ws: Tensor, count: int) -> None:
        """Track the mean style and the average generator."""
        self.generator.mapping.w_avg.lerp_(ws[:, 0].detach().float().mean(dim=0), 0.005)
        self.seen += count
        half_life = min(self.average_images, max(float(self.seen) * 0.05, 1.0))
        keep = 0.5 ** (count / half_life)
        torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), 1 - keep)
        self.average.mapping.w_avg.copy_(self.generator.mapping.w_avg)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Adam for both; the discriminator's is scaled for lazy regularisation (Karras et al. 2020, appendix B)."""
        groups = [{"params": self.generator.synthesis.parameters()}, {"params": self.generator.mapping.parameters()}]
        lazy = LAZY_R1 / (LAZY_R1 + 1)
        common: dict[str, Any] = {"eps": 1e-8, "fused": True}
        return [
            torch.optim.Adam(groups, lr=self.learning_rate, betas=(self.momentum, 0.99), **common),
            torch.optim.Adam(self.discriminator.parameters(), lr=self.learning_rate, betas=(0.0, 0.99**lazy), **common),
        ]

    def on_train_start(self) -> None:
        """Set learning rates, also over those of a checkpoint, and the mapping of a fresh run."""
        if self.linear and not self.seen:
            data: Any = self.trainer.datamodule  # type: ignore[attr-defined]
            start_linear(self.generator, data.images, data.codes)
            self.average.load_state_dict(self.generator.state_dict())
        generator, discriminator = self.trainer.optimizers
        generator.param_groups[0]["lr"] = self.learning_rate
        generator.param_groups[1]["lr"] = self.learning_rate * self.mapping_rate
        discriminator.param_groups[0]["lr"] = self.learning_rate * LAZY_R1 / (LAZY_R1 + 1)


def _set_gradients(parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
    """Store gradients, averaged over processes."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if dist.is_initialized():
            dist.all_reduce(gradient)
            gradient.div_(dist.get_world_size())
        parameter.grad = gradient
