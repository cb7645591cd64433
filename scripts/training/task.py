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
from training.discriminator import Discriminator
from training.objectives import (
    adversarial_losses,
    expression_difference,
    feature_difference,
    gradient_penalty,
    path_length,
    pixel_difference,
)
from training.pairs import Batch
from training.parameters import ACTIONS
from training.teacher import Teacher
from training.warm_start import load_starts

from i2s_lightning.generators.stylegan2 import StyleGAN2
from i2s_lightning.ops.images import from_uint8

LAZY_R1, LAZY_PATH = 16, 8


class TrainGenerator(LightningModule):
    """Regression from portraits' parameters to renders, with adversarial training (Karras et al. 2020) for sharpness.

    A ``Teacher`` turns parameters into styles, synthesis learns to turn those into the renders. The mapping network
    learns afterwards; see ``teach_mapping``. Generator and discriminator learn from the same fakes in one step, which
    saves a third of the usual passes. Lazy regularisation scales the discriminator's optimiser as the paper does.
    Learning rates are read from the arguments at every start, so a resumed run can lower them.

    Args:
        channels: Width of both networks at 4, 8, ... pixels.
        z_dim: Width of a code.
        w_dim: Width of a style.
        mapping_layers: Depth of the mapping network.
        mapping_width: Width of its hidden layers.
        parameters: Width of a portrait's parameters.
        start: Files of weights to begin from; see ``load_starts``.
        learning_rate: Of both networks.
        momentum: Adam's first beta for the generator; the paper's is 0, regression likes 0.9.
        average_images: Half-life, in images, of the averaged generator.
        adversarial: Weight of the adversarial loss; 0 leaves the discriminator out unless ``feature`` needs it.
        feature: Weight of the discriminator-feature difference of pairs.
        pixel: Weight of the mean squared difference of pairs.
        face: How much more a pixel of the face counts in that.
        expression: Weight of the error in what an expression, or glasses, change between twins.
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
        mapping_width: int = 128,
        parameters: int = 193,
        start: Sequence[str] = (),
        learning_rate: float = 2e-3,
        momentum: float = 0.0,
        average_images: float = 10_000,
        adversarial: float = 1.0,
        feature: float = 1.0,
        pixel: float = 1.0,
        face: float = 2.0,
        expression: float = 1.0,
        gamma: float = 0.2,
        path: float = 0.0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.automatic_optimization = False
        self.learning_rate, self.average_images = learning_rate, average_images
        self.momentum, self.face, self.expression = momentum, face, expression
        self.adversarial, self.feature, self.pixel, self.gamma, self.path = adversarial, feature, pixel, gamma, path
        channels = list(channels)
        self.generator = StyleGAN2(
            z_dim=z_dim,
            w_dim=w_dim,
            channels=channels,
            mapping_layers=mapping_layers,
            layer_features=mapping_width,
        )
        self.teacher = Teacher(parameters, ACTIONS, w_dim)
        self.discriminator = Discriminator(channels)
        self.generator.mapping.requires_grad_(False)
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.average_teacher = copy.deepcopy(self.teacher).requires_grad_(False).eval()
        roles = {
            "generator": self.generator,
            "average": self.average,
            "discriminator": self.discriminator,
            "teacher": self.teacher,
            "average_teacher": self.average_teacher,
        }
        load_starts(start, roles)
        self.generator.synthesis.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))
        self.register_buffer("path_mean", torch.zeros(()))

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Make one step of all networks."""
        real = self._fit(from_uint8(batch.images))
        ws = self._styles(batch.parameters)
        fake: Tensor = self.generator.synthesis(ws, "random")
        terms = {"pixel": pixel_difference(fake, real, self.face)}
        loss = self.pixel * terms["pixel"]
        if batch.twins:
            terms["expression"] = expression_difference(fake, real, batch.twins)
            loss = loss + self.expression * terms["expression"]
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
        self._follow(len(real) * self.trainer.world_size)
        self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()}, prog_bar=True)
        self.log("train/images", self.seen.float(), prog_bar=True)

    def _fit(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 R R"]:
        """Average images down to the resolution in training."""
        factor = image.shape[-1] // self.generator.img_resolution
        return F.avg_pool2d(image, factor) if factor > 1 else image

    def _styles(self, parameters: Float[Tensor, "B P"]) -> Float[Tensor, "B L D"]:
        with torch.autocast(parameters.device.type, enabled=False):
            return self.teacher(parameters)[:, None].expand(-1, self.generator.num_ws, -1)

    def _path_penalty(self, ws: Tensor) -> Tensor:
        lengths = path_length(self.generator.synthesis, ws[: len(ws) // 2])
        self.path_mean.lerp_(lengths.mean().detach(), 0.01)
        return self.path * LAZY_PATH * (lengths - self.path_mean).square().mean()

    def _step_generator(self, loss: Tensor, *, retain: bool) -> None:
        optimizer = self.optimizers()[0]  # type: ignore[index]
        parameters = [*self.generator.synthesis.parameters(), *self.teacher.parameters()]
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
    def _follow(self, count: int) -> None:
        """Let the averages follow."""
        self.seen += count
        half_life = min(self.average_images, max(float(self.seen) * 0.05, 1.0))
        keep = 0.5 ** (count / half_life)
        for average, network in ((self.average, self.generator), (self.average_teacher, self.teacher)):
            torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - keep)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Adam for both; the discriminator's is scaled for lazy regularisation (Karras et al. 2020, appendix B)."""
        learning = [*self.generator.synthesis.parameters(), *self.teacher.parameters()]
        lazy = LAZY_R1 / (LAZY_R1 + 1)
        common: dict[str, Any] = {"eps": 1e-8, "fused": True}
        return [
            torch.optim.Adam(learning, lr=self.learning_rate, betas=(self.momentum, 0.99), **common),
            torch.optim.Adam(self.discriminator.parameters(), lr=self.learning_rate, betas=(0.0, 0.99**lazy), **common),
        ]

    def on_train_start(self) -> None:
        """Set learning rates, also over those of a checkpoint, and the teacher's units in a fresh run."""
        if not self.teacher.mean.any():
            data: Any = self.trainer.datamodule  # type: ignore[attr-defined]
            self.teacher.standardise(data.parameters)
        for name, buffer in self.average_teacher.named_buffers():
            buffer.copy_(self.teacher.get_buffer(name))
        generator, discriminator = self.trainer.optimizers
        for group in generator.param_groups:
            group["lr"] = self.learning_rate
        discriminator.param_groups[0]["lr"] = self.learning_rate * LAZY_R1 / (LAZY_R1 + 1)


def _set_gradients(parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
    """Store gradients, averaged over processes."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if dist.is_initialized():
            dist.all_reduce(gradient)
            gradient.div_(dist.get_world_size())
        parameter.grad = gradient
