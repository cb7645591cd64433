"""What all edits have in common on the command line: reading options, rendering through Lightning, writing."""

import json
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from jsonargparse import Namespace
from PIL import Image
from pytorch_lightning import Trainer
from pytorch_lightning.loggers import Logger

from i2s_lightning.callbacks.loggers import continue_runs, media_of
from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.latent import open_embedding
from i2s_lightning.edits.options import EMBEDDING_HELP
from i2s_lightning.edits.predict import RenderShots, WriteShots
from i2s_lightning.edits.shots import Edit
from i2s_lightning.edits.sinks import Look, is_sheet, open_sink
from i2s_lightning.errors import ConfigError
from i2s_lightning.parser import Parser, quieten

BASE_SUFFIXES = "mp4, gif, webp: a video; png: a sheet; no ending: a folder of PNGs"


def verb_parser(verb: str, description: str) -> Parser:
    """Make a parser that reads the command line and ``--config`` files."""
    parser = Parser(prog=f"i2s_lightning {verb}", description=description, parser_mode="omegaconf+")
    parser.add_argument("-c", "--config", action="config", help="a YAML file with options")
    return parser


def parse(parser: Parser, words: list[str] | None) -> Namespace:
    """Read options; a word like ``-3:3:7`` is a value, although it begins like an option.

    Args:
        parser: The verb's.
        words: The command line after the verb; that of the process when None.
    """
    given = sys.argv[2:] if words is None else words
    # argparse takes a word with a blank for a value; numbers don't mind the blank.
    return parser.parse_args([f" {word}" if re.match(r"-[\d.]", word) else word for word in given])


def edit_parser(verb: str, description: str) -> Parser:
    """Make a parser with the options that every edit has."""
    parser = verb_parser(verb, description)
    parser.add_argument("--embedding", type=str, default="runs/embed", help=EMBEDDING_HELP)
    parser.add_argument("--generator", type=str | None, default=None, help="where the generator is now, if it moved")
    parser.add_argument("--force", type=bool, default=False, help="take --generator even if its hash is another")
    parser.add_argument("--out", type=str, required=True, help=BASE_SUFFIXES)
    parser.add_argument("--fps", type=float, default=25.0, help="frames a second of a video")
    parser.add_argument("--scale", type=int, default=1, help="enlarge every picture by this whole number")
    parser.add_argument("--columns", type=int | None, default=None, help="pictures a row on a sheet")
    parser.add_argument("--batch_size", type=int, default=1, help="pictures at once; more is faster on a GPU")
    return parser


def opened(options: Namespace) -> Embedding:
    """Open the embedding that the options name."""
    return open_embedding(options.embedding, options.generator, force=options.force)


def run(parser: Parser, words: list[str] | None, build: Callable[[Namespace], Edit]) -> Path:
    """Read the options, make the edit, render it, write it.

    Args:
        parser: From :func:`edit_parser`, with the verb's own options.
        words: The command line after the verb; that of the process when None.
        build: Makes the edit from the options.

    Returns:
        What was written.

    Raises:
        I2SError: The options do not fit each other or the embedding.
    """
    quieten()
    parser.add_lightning_class_args(Trainer, "trainer")  # last, so that --help begins with the verb's own options
    parser.set_defaults({"trainer.logger": False, "trainer.enable_checkpointing": False})
    Parser.options = set(parser.get_defaults().keys())
    options = parse(parser, words)
    if options.batch_size < 1:
        raise ConfigError(f"batch_size must be at least 1; got {options.batch_size}")
    continue_runs(options.trainer.logger, Path(options.embedding))
    edit = build(options)
    out = Path(options.out)
    look = Look(
        options.fps, options.scale, edit.columns if options.columns is None else options.columns, edit.captions()
    )
    writer = WriteShots(None)
    trainer = _trainer(parser, options, writer)
    with open_sink(out, look) if trainer.is_global_zero else nullcontext() as writer.add:
        module = RenderShots(edit, edit.shots_for(out))
        trainer.predict(module, module.loader(options.batch_size, trainer.world_size), return_predictions=False)
    if trainer.is_global_zero:
        _log(trainer.loggers, out, parser.dump(options, format="json"))
        sys.stdout.write(f"wrote {out}\n")
    return out


def _trainer(parser: Parser, options: Namespace, writer: WriteShots) -> Trainer:
    settings = vars(parser.instantiate(options).trainer)
    settings |= {
        "callbacks": [*(settings["callbacks"] or []), writer],
        "use_distributed_sampler": False,  # every process sees every batch and takes its part
    }
    return Trainer(**settings)


def _log(loggers: Sequence[Logger], out: Path, options: str) -> None:
    """Tell loggers what was done, and show them the result."""
    key = f"edit/{out.stem}"
    for logger in loggers:
        media = media_of(logger)
        media.settings({key: {name: value for name, value in json.loads(options).items() if name != "trainer"}})
        if is_sheet(out):
            with Image.open(out) as picture:
                media.pictures(key, [picture], [out.name], 0)
        elif out.is_file():
            media.video(key, out, 0)
        logger.finalize("success")
