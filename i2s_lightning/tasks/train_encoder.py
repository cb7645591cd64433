"""Training an encoder for a generator, from the generator's own samples, as a LightningModule.

What an encoder should say about a sample is known: the styles that it was made from. That alone is enough to begin;
then the picture that its answer makes is compared with the sample, too, and with real pictures if there are any. Every
layer's offset from the common w joins in turn (Tov et al. 2021, section 3.3).
"""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from jaxtyping import Float
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from i2s_lightning.data.real import EncoderData
from i2s_lightning.encoders import Encoder
from i2s_lightning.errors import ConfigError
from i2s_lightning.generators import load_generator
from i2s_lightning.losses import Loss, PerceptualLoss, PixelLoss
from i2s_lightning.optim import Ramp
from i2s_lightning.tasks import resume
from i2s_lightning.tasks.objective import Objective
from i2s_lightning.tasks.rounds import round_length
from i2s_lightning.tasks.samples import Samples, draw, draw_ws
from i2s_lightning.tasks.seeds import generator_for

MEASURED = 4096
"""Styles that the scale of W is measured on."""
HELD_OUT = 64
"""Samples that a validation looks at."""


class TrainEncoder(pl.LightningModule):
    """Learns to guess the styles of a picture.

    Args:
        generator: A file, or the name of a generator.
        steps: Optimiser steps.
        losses: Named losses on the picture that the guess makes; default: the paper's, pixel and perceptual.
        latent: Weight of the distance of the styles, in deviations of W.
        offset: Weight of the offsets' square, in the same unit: how much W+ is to stay near W.
        pictures_from: Share of the steps after which pictures are compared; before, samples' styles alone teach.
        offsets_from: Share of the steps after which the first layer's offset joins...
        offsets_until: ...and after which all have.
        size: The longer side that the network sees at most, in pixels.
        widths: Its channels after the first convolution and after each halving.
        features: Width of the description that styles are read from.
        optimizer: Any torch optimiser; default Adam(0.001).
        lr_scheduler: Any torch schedule of the step; default: warm-up and cosine.
        seed: Decides weights and samples.
        out: The run folder.
    """

    def __init__(
        self,
        generator: str = "faces64",
        steps: int = 10_000,
        losses: dict[str, Loss] | None = None,
        latent: float = 1.0,
        offset: float = 0.01,
        pictures_from: float = 0.3,
        offsets_from: float = 0.3,
        offsets_until: float = 0.6,
        size: int = 64,
        widths: list[int] = [32, 64, 128, 192, 192],  # noqa: B006 - jsonargparse shows it
        features: int = 256,
        optimizer: OptimizerCallable = lambda params: torch.optim.Adam(params, lr=1e-3),
        lr_scheduler: LRSchedulerCallable | None = None,
        seed: int = 0,
        out: str = "runs/encoder",
    ) -> None:
        super().__init__()
        if steps < 1 or not 0 <= offsets_from <= offsets_until <= 1:
            raise ConfigError(
                "model.steps must be at least 1 and 0 <= offsets_from <= offsets_until <= 1; got "
                f"{steps}, {offsets_from} and {offsets_until}"
            )
        self.strict_loading = False
        self.generator_file, self.steps, self.round_steps = generator, steps, round_length(steps)
        self.latent, self.offset, self.pictures_from = latent, offset, pictures_from
        self.offsets = (offsets_from, offsets_until)
        self.optimizer, self.lr_scheduler = optimizer, lr_scheduler
        self.seed, self.out, self.layers = seed, Path(out), 0
        self.generator = load_generator(generator)
        self.objective = Objective(losses or {"pixel": PixelLoss(), "perceptual": PerceptualLoss()}, self.generator)
        shape = (self.generator.img_channels, self.generator.img_shape, self.generator.num_ws, self.generator.w_dim)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encoder = Encoder(*shape, size=size, widths=widths, features=features)
        spread = draw_ws(self.generator, MEASURED, generator_for(seed, "scale"))[:, 0] - self.generator.w_avg
        self.encoder.attach(self.generator, float(spread.square().mean().sqrt()))

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Channels, height and width that pictures are brought to."""
        return (self.generator.img_channels, *self.generator.img_shape)

    def stored(self) -> int:
        """How many pictures the run folder holds: an encoder's holds none."""
        return 0

    def configure_optimizers(self) -> Any:
        """Any optimiser, with its schedule stepped once a step."""
        optimizer = self.optimizer(self.encoder.parameters())
        schedule = self.lr_scheduler(optimizer) if self.lr_scheduler else Ramp(optimizer, self.steps, cool_down=1.0)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    # ---- the step

    def training_step(self, batch: int, batch_idx: int) -> Tensor:
        """Guess the styles of new samples, and of real pictures; every step's are a function of the seed."""
        share = self.global_step / self.steps
        self.layers = self.layers_at(share)
        self.encoder.enabled.fill_(self.layers)
        data: EncoderData = self.trainer.datamodule  # type: ignore[attr-defined]
        key = ("step", self.global_step, self.global_rank)
        real = data.pick(generator_for(self.seed, *key, "real")) if share >= self.pictures_from else None
        samples = draw(self.generator, data.batch_size, self._rng(*key), mixed=self.layers == self.generator.num_ws)
        terms = self.terms(samples, real, pictures=share >= self.pictures_from)
        self.log_dict({f"train/{name}": value for name, value in terms.items()})
        self.log("train/lr", self.trainer.optimizers[0].param_groups[0]["lr"])
        return terms["loss"]

    def layers_at(self, share: float) -> int:
        """Count the layers that have an offset at a share of the steps: none, then one more at a time, then all."""
        first, last = self.offsets
        if share < first:
            return 0
        return (
            self.generator.num_ws
            if share >= last
            else 1 + int(self.generator.num_ws * (share - first) / (last - first))
        )

    def terms(
        self, samples: Samples, real: Float[Tensor, "R C H W"] | None = None, *, pictures: bool = True
    ) -> dict[str, Tensor]:
        """Compute every term of the loss, and their weighted sum as ``loss``.

        Args:
            samples: Their styles are known.
            real: Pictures without.
            pictures: Compare pictures, too.
        """
        image = samples.image if real is None else torch.cat([samples.image, real.to(samples.image)])
        w, offsets = self.encoder.parts(image)
        ws = w.unsqueeze(1) + offsets
        scale = self.encoder.w_scale
        distance = (ws[: len(samples.ws)] - samples.ws) / scale
        terms = {"latent": distance.square().mean(), "offset": (offsets / scale).square().mean()}
        terms["loss"] = self.latent * terms["latent"] + self.offset * terms["offset"]
        if pictures:
            loss, each = self._picture_losses(ws, image)
            terms["loss"] = terms["loss"] + loss.mean()
            terms |= {name: value.mean() for name, value in each.items()}
        return terms

    def _picture_losses(
        self, ws: Float[Tensor, "B L D"], image: Float[Tensor, "B C H W"]
    ) -> tuple[Float[Tensor, " B"], dict[str, Float[Tensor, " B"]]]:
        made: Tensor = self.generator.synthesis(ws)
        total, terms = self.objective(made, ws, self.objective.prepare(image))
        return total, terms

    def _rng(self, *key: object) -> torch.Generator:
        """Give a random generator on the device that is a pure function of ``key``."""
        return torch.Generator(self.device).manual_seed(generator_for(self.seed, *key).initial_seed())

    # ---- held-out samples

    def held_out(self, count: int) -> Samples:
        """Give samples that training does not draw, always the same ones."""
        return draw(self.generator, count, self._rng("held out"), mixed=False)

    def validation_step(self, batch: int, batch_idx: int) -> None:
        """Score the guesses on samples that training does not draw."""
        samples = self.held_out(HELD_OUT)
        for name, ws in (("w", self.encoder.w(samples.image).unsqueeze(1)), ("w_plus", self.encoder(samples.image))):
            ws = ws.expand_as(samples.ws)
            loss, _ = self._picture_losses(ws, samples.image)
            distance = ((ws - samples.ws) / self.encoder.w_scale).square().mean()
            self.log_dict({f"val/{name}/loss": loss.mean(), f"val/{name}/latent": distance}, batch_size=HELD_OUT)

    # ---- checkpoints

    def describe(self) -> dict[str, Any]:
        """Tell what decides the weights, JSON-able."""
        return {
            "generator": {"file": self.generator_file, "sha256": self.generator.sha256},
            "settings": {
                "encoder": self.encoder.config,
                "steps": self.steps,
                "losses": self.objective.describe(),
                "latent": self.latent,
                "offset": self.offset,
                "pictures_from": self.pictures_from,
                "offsets": list(self.offsets),
                "seed": self.seed,
            },
        }

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say what the run is."""
        checkpoint["encoder_run"] = self.describe()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a run with other settings."""
        resume.check(self.describe(), checkpoint["encoder_run"])
