"""``fit --task encoder``: the command line of training an encoder."""

from pathlib import Path
from typing import Any

import torch
from omegaconf.errors import OmegaConfBaseException
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import ArgsType, LightningArgumentParser, LightningCLI, SaveConfigCallback
from pytorch_lightning.loggers import CSVLogger
from rich.console import Console

from i2s_lightning.callbacks.encoder import EncoderProgress, SaveEncoder
from i2s_lightning.callbacks.heap import KeepHeap
from i2s_lightning.callbacks.preemption import SaveOnSigterm
from i2s_lightning.checkpoints.folder import locked, set_aside
from i2s_lightning.checkpoints.lightning_io import AtomicCheckpointIO
from i2s_lightning.data.real import EncoderData
from i2s_lightning.parser import Parser
from i2s_lightning.task_name import TaskName
from i2s_lightning.tasks.rounds import round_length
from i2s_lightning.tasks.train_encoder import TrainEncoder

TRAINER_DEFAULTS = {
    "max_epochs": -1,  # steps count
    "num_sanity_val_steps": 0,
    "use_distributed_sampler": False,  # every process draws its own samples
    "enable_model_summary": False,
    "log_every_n_steps": 10,
}


class SaveConfig(SaveConfigCallback):
    """Writes the complete settings to the run folder once ``fit`` has accepted them."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Do nothing yet: the settings may be refused."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write ``config.yaml``."""
        if trainer.is_global_zero and isinstance(pl_module, TrainEncoder):
            path = str(pl_module.out / "config.yaml")
            self.parser.save(self.config, path, skip_none=False, overwrite=True, multifile=False)


class EncoderCLI(LightningCLI):
    """LightningCLI for :class:`TrainEncoder` and :class:`EncoderData`."""

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Training is all there is to do."""
        return {"fit": LightningCLI.subcommands()["fit"]}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add what belongs to a run rather than to one class."""
        parser.add_argument("--task", type=TaskName, default="encoder", help="what to fit")
        parser.add_argument("--out", type=str, default="runs/encoder", help="folder of everything that this run writes")
        parser.add_argument("--restart", type=bool, default=False, help="set what is in --out aside and begin again")
        parser.link_arguments("out", "model.out")
        parser.link_arguments("seed_everything", "model.seed", compute_fn=int)
        parser.link_arguments("model.steps", "trainer.max_steps")
        Parser.options = set(parser.get_defaults().keys())

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parse, and report broken ``${...}`` like any other mistake."""
        try:
            self.config = parser.parse_args(args)  # type: ignore[arg-type]  # LightningCLI's own looser type
        except OmegaConfBaseException as error:
            parser.error(str(error).splitlines()[0])

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Build the trainer with what every run has."""
        config = self.config_init[self.subcommand]
        out = str(config["out"])
        kwargs["plugins"] = [AtomicCheckpointIO()]
        every = round_length(self.config[self.subcommand]["model"]["steps"])
        saver = ModelCheckpoint(f"{out}/checkpoints", "last", every_n_train_steps=every, enable_version_counter=False)
        kwargs["callbacks"] = [
            *(config["trainer"]["callbacks"] or []),
            saver,
            SaveEncoder(out),
            SaveOnSigterm(out),
            KeepHeap(),
        ]
        kwargs["callbacks"] += [] if config["trainer"]["enable_progress_bar"] is False else [EncoderProgress()]
        if config["trainer"]["logger"] in (None, True):
            kwargs["logger"] = CSVLogger(out, name="logs")
        if config["trainer"]["default_root_dir"] is None:
            kwargs["default_root_dir"] = out
        return super().instantiate_trainer(**kwargs)

    def fit(self, model: TrainEncoder, **kwargs: Any) -> None:
        """Train; go on where an earlier run on the same folder was cut off."""
        console, last = Console(), model.out / "checkpoints" / "last.ckpt"
        if self.config_init["fit"]["restart"] and (aside := set_aside(model.out)):
            console.print(f"Set the old results aside: {aside}")
        with locked(model.out):
            if kwargs.get("ckpt_path") is None and _is_sound(last):
                console.print(f"Going on from {last}")
                kwargs["ckpt_path"] = str(last)
            self.trainer.fit(model, **kwargs)


def _is_sound(checkpoint: Path) -> bool:
    """Tell whether there is a checkpoint to go on from."""
    try:
        torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception:  # torch.load raises whatever the unpickler met
        return False
    return True


def run(args: ArgsType, **settings: Any) -> None:
    """Parse and train.

    Args:
        args: As for Lightning's verbs.
        settings: What all of this program's LightningCLIs share.
    """
    EncoderCLI(
        TrainEncoder,
        EncoderData,
        args=args,
        save_config_callback=SaveConfig,
        trainer_defaults=TRAINER_DEFAULTS,
        **settings,
    )
