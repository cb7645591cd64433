"""The command line: Lightning's verbs for embedding, and verbs of our own."""

import json
import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jsonargparse import set_parsing_settings
from omegaconf.errors import OmegaConfBaseException
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from pytorch_lightning.cli import ArgsType, LightningArgumentParser, LightningCLI, SaveConfigCallback
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.strategies import DDPStrategy
from rich.console import Console

from i2s_lightning import encoder_cli
from i2s_lightning.callbacks.alerts import Alerts
from i2s_lightning.callbacks.artifact import LogArtifact
from i2s_lightning.callbacks.compiled import CompileStep, Mode
from i2s_lightning.callbacks.curves import LossCurves
from i2s_lightning.callbacks.finished import WatchStore
from i2s_lightning.callbacks.gallery import LogGallery, LogTable
from i2s_lightning.callbacks.grid import LogGrid
from i2s_lightning.callbacks.heap import KeepHeap
from i2s_lightning.callbacks.loggers import continue_runs, loggers_of
from i2s_lightning.callbacks.percentiles import LogPercentiles
from i2s_lightning.callbacks.pictures import SaveRenders
from i2s_lightning.callbacks.preemption import SaveOnSigterm
from i2s_lightning.callbacks.progress import EmbedProgress
from i2s_lightning.callbacks.report import WriteReport
from i2s_lightning.callbacks.results import LogResults
from i2s_lightning.callbacks.settings import settings
from i2s_lightning.callbacks.speed import LogSpeed
from i2s_lightning.callbacks.summary import RunSummary
from i2s_lightning.callbacks.video import OptimisationVideo
from i2s_lightning.callbacks.volume import BoundRows
from i2s_lightning.checkpoints.atomic import replacing, sweep_drafts
from i2s_lightning.checkpoints.folder import locked, set_aside
from i2s_lightning.checkpoints.inflight import is_sound, set_aside_if_damaged
from i2s_lightning.checkpoints.lightning_io import AtomicCheckpointIO
from i2s_lightning.data.module import EmbedData
from i2s_lightning.parser import Parser, quieten
from i2s_lightning.ranks import begin_at_once, first_decides
from i2s_lightning.task_name import TaskName, task_of
from i2s_lightning.tasks import strategy
from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.rounds import TRAINER_DEFAULTS, round_length

PROG = "i2s_lightning"

CALLBACKS = {
    "curves": LossCurves,
    "grid": LogGrid,
    "gallery": LogGallery,
    "table": LogTable,
    "artifact": LogArtifact,
    "alerts": Alerts,
    "video": OptimisationVideo,
}
"""Callbacks with options of their own, such as ``--grid.every_n_steps``."""


class SaveConfig(SaveConfigCallback):
    """Writes the complete settings to the run folder, and to loggers, once ``fit`` has accepted them."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Do nothing yet: the settings may be refused."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write ``config.yaml``, and tell loggers what their numbers belong to."""
        if trainer.is_global_zero and isinstance(pl_module, Embed):
            with replacing(pl_module.out / "config.yaml") as draft:
                self.parser.save(self.config, str(draft), skip_none=False, overwrite=True, multifile=False)
            config = json.loads(self.parser.dump(self.config, format="json", skip_none=False))
            for logger in loggers_of(trainer):
                logger.settings(settings(config, pl_module.run))
                logger.remember(pl_module.out)


class EmbedCLI(LightningCLI):
    """LightningCLI for :class:`Embed` and :class:`EmbedData`."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add what belongs to a run rather than to one class."""
        parser.add_argument("--task", type=TaskName, default="embed", help="what to fit")
        parser.add_argument("--out", type=str, default="runs/embed", help="folder of everything that this run writes")
        parser.add_argument("--restart", type=bool, default=False, help="set what is in --out aside and begin again")
        parser.add_argument("--report", type=bool, default=True, help="write report.html when all pictures are done")
        parser.add_argument("--keep_heap", type=bool, default=True, help="keep freed memory for the next step (glibc)")
        parser.add_argument("--compile", type=Mode | None, help="torch.compile's mode for the step, on a GPU")
        parser.add_lightning_class_args(ModelCheckpoint, "checkpoint")
        parser.set_defaults(
            {
                "checkpoint.dirpath": "${..out}/checkpoints",
                "checkpoint.filename": "last",
                "checkpoint.enable_version_counter": False,
            }
        )
        for key, callback in CALLBACKS.items():
            parser.add_lightning_class_args(callback, key)
        parser.link_arguments("out", "model.out")
        parser.link_arguments("out", "video.out")
        parser.link_arguments("seed_everything", "model.seed", compute_fn=int)
        Parser.options = set(parser.get_defaults().keys())

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parse, and report broken ``${...}`` like any other mistake."""
        try:
            self.config = parser.parse_args(args)  # type: ignore[arg-type]  # LightningCLI's own looser type
        except OmegaConfBaseException as error:
            parser.error(str(error).splitlines()[0])

    def before_instantiate_classes(self) -> None:
        """Save a checkpoint at least at the end of each round, before its pictures leave; find the logger's run."""
        config = self.config[self.subcommand]
        if not config["restart"]:
            continue_runs(config["trainer"]["logger"], Path(config["out"]))
        checkpoint = config["checkpoint"]
        if checkpoint["every_n_train_steps"] is None and checkpoint["every_n_epochs"] is None:
            model = config["model"]
            checkpoint["every_n_train_steps"] = round_length(model["sequence"] or model["steps"], model["round_steps"])

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Build the trainer with what every run has."""
        config = self.config_init[self.subcommand]
        out = str(config["out"])
        kwargs["plugins"] = [AtomicCheckpointIO()]
        quiet = config["trainer"]["enable_progress_bar"] is False
        report = [WriteReport(out)] if config["report"] and self.subcommand == "fit" else []
        speed: list[Callback] = [KeepHeap()] if config["keep_heap"] else []
        speed += [CompileStep(config["compile"])] if config["compile"] else []
        kwargs["callbacks"] = [*speed, *(config["trainer"]["callbacks"] or []), *report, *_always(out)]
        kwargs["callbacks"] += [] if quiet else [EmbedProgress()]
        if config["trainer"]["logger"] in (None, True):
            kwargs["logger"] = CSVLogger(out, name="logs") if self.subcommand == "fit" else False
        if config["trainer"]["default_root_dir"] is None:
            kwargs["default_root_dir"] = out
        if config["trainer"]["strategy"] == "auto" and _several_processes(config["trainer"]):
            kwargs["strategy"] = strategy.NAME
        return super().instantiate_trainer(**kwargs)

    def fit(self, model: Embed, **kwargs: Any) -> None:
        """Embed; go on where an earlier run on the same folder was cut off."""
        asked = kwargs.pop("ckpt_path", None)
        with ExitStack() as held:
            kwargs["ckpt_path"] = self._begin(model.out, asked, held)
            self.trainer.fit(model, **kwargs)

    def _begin(self, out: Path, asked: str | None, held: ExitStack) -> str | None:
        """Take the folder; tell every process which checkpoint to go on from."""
        if begin_at_once(self.trainer):
            self.trainer.strategy.setup_environment()
            return first_decides(self.trainer, lambda: self._claim(out, asked, held))
        if self.trainer.is_global_zero:
            return self._claim(out, asked, held)
        last = _last(out)  # the first process has decided, and only then started this one
        return asked or (str(last) if is_sound(last) else None)

    def _claim(self, out: Path, asked: str | None, held: ExitStack) -> str | None:
        console = Console()
        if self.config_init["fit"]["restart"] and (aside := set_aside(out)):
            console.print(f"Set the old results aside: {aside}")
        held.enter_context(locked(out))
        sweep_drafts(out)
        for logger in loggers_of(self.trainer):
            logger.open()
        if asked is None and set_aside_if_damaged(_last(out)):
            console.print(f"Going on from {_last(out)}")
            return str(_last(out))
        return asked


def _last(out: Path) -> Path:
    return out / "checkpoints" / "last.ckpt"


def _always(out: str) -> list[Callback]:
    """Make the callbacks that every run has; what the store holds is told before the summary."""
    logged = [BoundRows(), LogPercentiles(), LogSpeed(), LogResults()]
    return [WatchStore(), SaveRenders(out), RunSummary(out), SaveOnSigterm(out), *logged]


def _several_processes(config: Any) -> bool:
    """Tell whether Lightning would start several processes, by asking it."""
    lightning = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    level, lightning.level = lightning.level, logging.WARNING  # the real trainer will say what there is
    try:
        wanted = {key: config[key] for key in ("accelerator", "devices", "num_nodes")}
        probe = Trainer(**wanted, logger=False, enable_checkpointing=False, enable_progress_bar=False)
    finally:
        lightning.level = level
    return isinstance(probe.strategy, DDPStrategy)


def main(args: ArgsType = None) -> None:
    """Run one of Lightning's verbs: fit, validate, test, predict."""
    set_parsing_settings(omegaconf_absolute_to_relative_paths=True)
    strategy.register()
    quieten()
    shared: dict[str, Any] = {
        "seed_everything_default": 0,
        "auto_configure_optimizers": False,
        "parser_kwargs": {"prog": PROG, "parser_mode": "omegaconf+"},
        "parser_class": Parser,
    }
    words = sys.argv[1:] if args is None else args
    if isinstance(words, list) and task_of(words) == "encoder":
        encoder_cli.run(args, **shared)
        return
    cli = _with_verb_of(words)
    cli(Embed, EmbedData, args=args, save_config_callback=SaveConfig, trainer_defaults=TRAINER_DEFAULTS, **shared)


def _with_verb_of(words: Any) -> type[EmbedCLI]:
    """Leave out the verbs that are not asked for: each has hundreds of options, which take a tenth of a second."""
    verbs = LightningCLI.subcommands()
    if not isinstance(words, list) or not words or words[0] not in verbs:
        return EmbedCLI
    asked = {words[0]: verbs[words[0]]}
    return type("EmbedCLI", (EmbedCLI,), {"subcommands": staticmethod(lambda: asked)})
