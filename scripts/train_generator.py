"""Train the face generator: ``python scripts/train_generator.py --config configs/train_generator.yaml``.

What is in ``--out`` is gone on with: the last checkpoint, whenever the run was cut off. ``scripts/export_generator.py``
makes a generator of it.
"""

import warnings
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.loggers import CSVLogger
from training.pairs import PairData
from training.samples import SampleSheets
from training.task import TrainGenerator


class TrainCLI(LightningCLI):
    """Settings of a training run."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the run's own options."""
        parser.add_argument("--out", type=str, default="runs/generator", help="folder of everything that is written")
        parser.add_argument("--sheet_every", type=int, default=500, help="steps between two sample sheets")
        parser.add_argument("--save_every", type=int, default=250, help="steps between two checkpoints")
        parser.add_argument("--threads", type=int, default=0, help="CPU threads of a process; 0: torch's choice")

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Build the trainer with what every run has."""
        config = self.config_init
        out = str(config["out"])
        if config["threads"]:
            torch.set_num_threads(config["threads"])
        checkpoints = ModelCheckpoint(
            f"{out}/checkpoints", "last", every_n_train_steps=config["save_every"], enable_version_counter=False
        )
        kwargs["callbacks"] = [checkpoints, SampleSheets(out, config["sheet_every"])]
        if config["trainer"]["logger"] in (None, True):
            kwargs["logger"] = CSVLogger(out, name="logs")
        return super().instantiate_trainer(**kwargs)


def main() -> None:
    warnings.filterwarnings("ignore", message=".*LeafSpec.*")  # Lightning 2.6 with torch 2.13
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")  # batches come from memory
    cli = TrainCLI(
        TrainGenerator,
        PairData,
        run=False,
        seed_everything_default=0,
        save_config_callback=None,
        auto_configure_optimizers=False,
    )
    last = Path(cli.config["out"]) / "checkpoints" / "last.ckpt"
    cli.trainer.fit(cli.model, cli.datamodule, ckpt_path=str(last) if last.exists() else None)
    cli.trainer.save_checkpoint(last)


if __name__ == "__main__":
    main()
