"""``directions``: find directions and keep them in a file."""

import sys
from pathlib import Path
from typing import Literal

from jsonargparse import Namespace

from i2s_lightning import edits
from i2s_lightning.commands.editing import parse, verb_parser
from i2s_lightning.edits.options import LAYERS_HELP, VALUES_HELP
from i2s_lightning.errors import ConfigError
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.samples import SAMPLES


def main(words: list[str] | None = None) -> None:
    """Run ``directions``."""
    parser = verb_parser("directions", "Find directions that change one thing, and keep them in a small file.")
    parser.add_argument(
        "--method",
        type=Literal["sefa", "ganspace", "boundary"],
        required=True,
        help="sefa: from the weights; ganspace: from samples; boundary: from labelled pictures of an embedding",
    )
    parser.add_argument("--generator", type=str | None, default=None, help="file or name; default: the embedding's")
    parser.add_argument("--embedding", type=str | None, default=None, help="pictures for boundary")
    parser.add_argument("--labels", type=str | None, default=None, help="CSV file for boundary: name, attributes...")
    parser.add_argument("--attributes", type=str, nargs="*", default=[], help="its columns; default: all")
    parser.add_argument("--penalty", type=float, default=1.0, help="of boundary: more is safer for few pictures")
    parser.add_argument("--count", type=int, default=8, help="how many directions of sefa or ganspace")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="styles that ganspace draws")
    parser.add_argument("--seed", type=int, default=0, help="of these draws")
    parser.add_argument("--layers", type=str | int, default="all", help=LAYERS_HELP)
    parser.add_argument("--out", type=str, required=True, help="the file, .safetensors")
    parser.add_argument("--gallery", type=str | None, default=None, help="a sheet that shows what they do, .png")
    parser.add_argument(
        "--strength", type=str | float, nargs="+", default=["-3:3:7"], help=f"its columns: {VALUES_HELP}"
    )
    parser.add_argument("--scale", type=int, default=1, help="enlarge its pictures by this whole number")
    _find(parse(parser, words))


def _find(o: Namespace) -> None:
    if Path(o.out).suffix != ".safetensors":
        raise ConfigError(f"out must end in .safetensors; got {o.out!r}")
    if o.count < 1 or o.samples < 2:
        raise ConfigError(f"count must be at least 1, samples at least 2; got {o.count} and {o.samples}")
    embedding = None if o.embedding is None else edits.open_embedding(o.embedding, o.generator)
    if o.method == "boundary" and (embedding is None or o.labels is None):
        raise ConfigError("boundary needs --embedding and --labels FILE.csv")
    if embedding is None and o.generator is None:
        raise ConfigError("say in which generator: --generator FILE_OR_NAME, or --embedding")
    generator: Generator = load_generator(o.generator) if embedding is None else embedding.generator
    if o.method == "sefa":
        found = edits.find_sefa(generator, o.count, o.layers)
    elif o.method == "ganspace":
        found = edits.find_ganspace(generator, o.count, o.layers, o.samples, o.seed)
    else:
        assert embedding is not None
        found = edits.find_boundaries(embedding, edits.read_labels(o.labels, o.attributes), o.layers, o.penalty)
    edits.save_directions(o.out, found, generator)
    sys.stdout.write(f"wrote {o.out}: {', '.join(found)}\n")
    if o.gallery is not None:
        edits.gallery(generator, found, o.strength).save(o.gallery, scale=o.scale)
        sys.stdout.write(f"wrote {o.gallery}\n")
