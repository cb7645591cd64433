"""``neighbours``: the embedded pictures nearest to one."""

import sys

from i2s_lightning import edits
from i2s_lightning.commands.editing import parse, verb_parser
from i2s_lightning.edits.options import EMBEDDING_HELP, LAYERS_HELP


def main(words: list[str] | None = None) -> None:
    """Run ``neighbours``."""
    parser = verb_parser("neighbours", "Find the embedded pictures that lie nearest to one, by their styles.")
    parser.add_argument("--embedding", type=str, default="runs/embed", help=EMBEDDING_HELP)
    parser.add_argument("--generator", type=str | None, default=None, help="where the generator is now, if it moved")
    parser.add_argument("--image", type=str, required=True, help="the picture's name")
    parser.add_argument("--count", type=int, default=5, help="how many")
    parser.add_argument("--layers", type=str | int, default="all", help=LAYERS_HELP)
    options = parse(parser, words)
    embedding = edits.open_embedding(options.embedding, options.generator)
    for name, distance in edits.neighbours(embedding, options.image, options.count, options.layers):
        sys.stdout.write(f"{distance:10.3f}  {name}\n")
