"""Embedding pictures: the paper's algorithm 1 for many pictures at once, as a LightningModule.

An epoch is a *round* of steps over fixed rows. Between rounds, pictures that are done leave for the result store and
the next ones take their rows, so that no picture waits for another. Each row's latent is a parameter of its own:
optimiser state, learning rate, best latent and early stop belong to the picture. Everything random is a function of
the seed and the picture's contents. So a picture's latent depends on the picture alone, and a crash costs at most the
steps since the last checkpoint.
"""

from pathlib import Path
from typing import Any, Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim import Optimizer

from i2s_lightning.checkpoints import inflight
from i2s_lightning.errors import ConfigError
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.base import NoiseMode
from i2s_lightning.losses import Loss, PerceptualLoss, PixelLoss
from i2s_lightning.metrics import PerceptualDistance
from i2s_lightning.ranks import first_decides
from i2s_lightning.tasks import describe, preparation, resume
from i2s_lightning.tasks.exchange import Exchange
from i2s_lightning.tasks.finish import Finisher
from i2s_lightning.tasks.initial import Initial
from i2s_lightning.tasks.objective import Objective, References
from i2s_lightning.tasks.parts import GivenGradient, Parts
from i2s_lightning.tasks.pictures import Data, PictureLike
from i2s_lightning.tasks.replay import Replay
from i2s_lightning.tasks.rounds import round_length
from i2s_lightning.tasks.rows import Rows, State
from i2s_lightning.tasks.schedule import build_optimizer, lr_table, trial_optimizer
from i2s_lightning.tasks.space import Space, SpaceName
from i2s_lightning.tasks.strategy import refuse_inexact, refuse_unfit


class Embed(Replay):
    """Finds the latents whose pictures look like the targets (paper, equation 1 and algorithm 1).

    Args:
        generator: A file, or the name of a generator.
        space: ``w_plus`` (one w a layer), ``w_groups`` (one for coarse, middle and fine layers each), ``w`` or ``z``.
        init: ``mean``, ``random_uniform``, ``random_w``, ``auto``, ``encoder``, or the path of an encoder or of an
            embedding to start from.
        steps: Optimiser steps a picture gets; the paper's are 5000.
        sequence: The pictures of a folder are the frames of a video: the first gets all steps, each other one starts
            from the result of the one before it and gets the last so many. Folders are embedded side by side.
        losses: Named losses; default: the paper's, pixel and perceptual with weight 1.
        optimizer: Any torch optimiser that treats parameters one by one; default Adam(0.01), the paper's.
        lr_scheduler: Any torch schedule of the step; default none (constant), the paper's.
        noise: ``const`` (the generator's maps), ``none``, or ``fixed`` (maps of the picture's own, drawn once, stored).
        label: The class, for conditional generators.
        patience: Stop a picture early when its loss has not improved by ``min_delta`` for so many steps.
        min_delta: Relative improvement that counts.
        target_loss: Stop a picture early at this loss.
        rerun: ``failed`` embeds pictures again that failed before, with other settings if need be.
        round_steps: Pictures come and go every so many steps; default: the steps divided into rounds of at most 100.
        seed: Decides random starts and noise, with each picture's contents.
        out: The run folder.
    """

    data: Data
    rows: Rows
    exchange: Exchange
    run: dict[str, Any]

    def __init__(
        self,
        generator: str = "faces64",
        space: SpaceName = "w_plus",
        init: str = "mean",
        steps: int = 5000,
        sequence: int | None = None,
        losses: dict[str, Loss] | None = None,
        optimizer: OptimizerCallable = lambda params: torch.optim.Adam(params, lr=0.01),
        lr_scheduler: LRSchedulerCallable | None = None,
        noise: Literal["const", "none", "fixed"] = "const",
        label: int | None = None,
        patience: int | None = None,
        min_delta: float = 1e-3,
        target_loss: float | None = None,
        rerun: Literal["failed"] | None = None,
        round_steps: int | None = None,
        seed: int = 0,
        out: str = "runs/embed",
    ) -> None:
        super().__init__()
        if steps < 1:
            raise ConfigError(f"model.steps must be at least 1; got {steps}")
        if sequence is not None and not 1 <= sequence <= steps:
            raise ConfigError(f"model.sequence must lie in [1, model.steps = {steps}]; got {sequence}")
        self.strict_loading = False  # a checkpoint holds rows by picture (see on_save_checkpoint), not by name
        self.generator_file, self.space_name, self.init, self.steps, self.noise = generator, space, init, steps, noise
        self.patience, self.min_delta, self.target_loss = patience, min_delta, target_loss
        self.sequence, self.rerun = sequence, rerun
        self.optimizer, self.lr_scheduler = optimizer, lr_scheduler
        self.round_steps = round_length(sequence or steps, round_steps)
        self.seed, self.out = seed, Path(out)
        self.generator = load_generator(generator)
        self.objective = Objective(losses or {"pixel": PixelLoss(), "perceptual": PerceptualLoss()}, self.generator)
        self.perceptual = PerceptualDistance()
        self.space = Space(space, self.generator, label)
        self.initial = Initial(init, self.space, seed)
        self.noise_mode: NoiseMode = "none" if noise == "none" else "const"
        if noise == "fixed" and not self.generator.noise_shapes:
            raise ConfigError(
                f"noise=fixed needs a generator with noise inputs; {generator} ({self.generator.family}) has none"
            )
        self.finisher = Finisher(self.space, self.objective, self.perceptual, self.noise_mode)
        self.lr_table = lr_table(optimizer, lr_scheduler, steps)
        self.parked: dict[str, State] = {}
        self.step_terms: dict[str, Tensor] = {}

    # ---- set-up

    def setup(self, stage: str) -> None:
        """Make the rows; their number is the data's batch size."""
        self.data = self.trainer.datamodule  # type: ignore[attr-defined]
        refuse_unfit(self.trainer)
        if stage != "fit":
            return
        refuse_inexact(self.trainer, trial_optimizer(self.optimizer))
        self.run = describe.run(self)
        first_decides(self.trainer, lambda: resume.claim_folder(self.out, self.run, rerun=self.rerun is not None))
        if self.data.batch_size == "auto":
            self.data.batch_size = preparation.fitting_batch_size(self)
        self.run["batch_size"] = self.data.batch_size
        self.rows = preparation.make_rows(self, int(self.data.batch_size))
        self.parts = Parts(len(self.rows))

    def configure_optimizers(self) -> Optimizer:
        """One parameter group a picture."""
        return build_optimizer(self.optimizer, self.rows.latents)

    def choose_start(
        self, picture: PictureLike, target: Tensor, references: References, noise: list[Tensor] | None
    ) -> Tensor:
        """Give a picture's first latent: of several candidates the one with the lowest loss."""
        candidates = self.initial.candidates(picture.name, picture.sha256, target)
        candidates = [candidate.to(self.generator.w_avg) for candidate in candidates]
        if len(candidates) == 1:
            return candidates[0]
        with torch.no_grad():
            losses = [self.losses(c.unsqueeze(0), references, noise)[0] for c in candidates]
        return candidates[int(torch.cat(losses).argmin())]

    # ---- the step

    def losses(
        self, latent: Tensor, references: References, noise: list[Tensor] | None
    ) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Render latents and compare them with their targets.

        Returns:
            The weighted sum ``(B,)``, each term ``(B,)``, and the pictures.
        """
        ws = self.space.to_ws(latent)
        image: Tensor = self.generator.synthesis(ws, noise_mode=self.noise_mode, noise=noise)
        total, terms = self.objective(image, ws, references)
        return total, terms, image

    def training_step(self, batch: int, batch_idx: int) -> Tensor:
        """Make one step for all rows; the sum over rows gives each exactly its own gradient."""
        optimizer = self.trainer.optimizers[0]
        rate = self.rows.set_learning_rates(optimizer, self.lr_table)
        latent = self.rows.stacked()
        loss, terms, gradient = self.parts.gradient(latent, self.losses_of_rows)
        self.rows.tell_losses(optimizer, loss)
        running = self.rows.tracker.running
        self.rows.tracker.observe(loss, latent.detach())
        self.step_terms = {}
        if (self.global_step + 1) % self.trainer.log_every_n_steps == 0:  # type: ignore[attr-defined]
            self._log_step(loss, terms, running, rate)
        total: Tensor = GivenGradient.apply(latent, loss.sum(), gradient)  # type: ignore[no-untyped-call]
        return total

    def losses_of_rows(self, latent: Tensor, rows: slice) -> tuple[Tensor, dict[str, Tensor]]:
        """Compare some rows with their targets: each one's loss, and its terms."""
        slots = self.rows.slots
        references = {loss: {key: v[rows] for key, v in tensors.items()} for loss, tensors in slots.references.items()}
        noise = None if slots.noise is None else [m[rows] for m in slots.noise]
        loss, terms, _ = self.losses(latent, references, noise)
        return loss, terms

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Keep rows with a broken gradient from harming anybody."""
        self.rows.quarantine()

    def configure_gradient_clipping(
        self, optimizer: Optimizer, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clip each picture's gradient by itself, whatever its neighbours' are."""
        if gradient_clip_val is None:
            return
        for latent in self.rows.latents:
            if gradient_clip_algorithm == "value":
                torch.nn.utils.clip_grad_value_(latent, gradient_clip_val)
            else:
                torch.nn.utils.clip_grad_norm_(latent, gradient_clip_val)

    def _log_step(self, loss: Tensor, terms: dict[str, Tensor], running: Tensor, rate: float) -> None:
        """Log means over running pictures; ``step_terms`` gives callbacks each row's values, NaN where none runs."""
        self.step_terms = {k: torch.where(running, v, torch.nan) for k, v in ({"loss": loss} | terms).items()}
        means = {name: values.nanmean() for name, values in self.step_terms.items()}
        pixel = self.objective.pixel
        if pixel is not None:
            self.log("train/psnr", 10 * (4 / means[pixel]).log10(), prog_bar=True)
        self.log("train/loss", means.pop("loss"), prog_bar=True)
        self.log_dict({f"train/loss/{name}": value for name, value in means.items()})
        self.log_dict({"train/lr": rate, "train/running": running.sum().float()})

    # ---- rounds

    def on_train_start(self) -> None:
        """Let the first pictures in, those of a checkpoint before all others."""
        waiting, resumed = resume.waiting(self)
        self.exchange = Exchange(self, waiting, resumed)
        self.parked = {}
        if not self.exchange.run():
            self.trainer.should_stop = True
        # A round that a checkpoint cut in two is only worth finishing for pictures that were in it.
        self._round_is_stale = not resumed

    def on_train_batch_start(self, batch: int, batch_idx: int) -> int | None:
        """Leave what remains of an interrupted round when nobody is left in it."""
        stale, self._round_is_stale = self._round_is_stale and batch_idx > 0, False
        return -1 if stale else None

    def on_train_epoch_end(self) -> None:
        """Exchange pictures; stop when none is left."""
        if not self.exchange.run():
            self.trainer.should_stop = True

    # ---- checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save rows by picture, gathered from all ranks, in place of anything that depends on their number."""
        checkpoint["state_dict"] = {}
        checkpoint["optimizer_states"] = []
        checkpoint[inflight.KEY] = resume.save(self)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Park the rows of a checkpoint until :meth:`on_train_start`."""
        part = inflight.open_part(checkpoint, "the checkpoint")
        resume.check(self.run, part["run"], rerun=self.rerun is not None)
        self.parked = resume.split(part)
