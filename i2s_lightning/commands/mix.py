"""``mix``: give pictures the style of others."""

from i2s_lightning import edits
from i2s_lightning.commands.editing import edit_parser, opened, run
from i2s_lightning.edits.options import LAYERS_HELP


def main(words: list[str] | None = None) -> None:
    """Run ``mix``."""
    parser = edit_parser("mix", "Cross pictures over: layers of one, the rest of another (paper, section 4.2).")
    parser.add_argument("--content", type=str, nargs="+", required=True, help="names that give pose and shape")
    parser.add_argument("--style", type=str, nargs="+", required=True, help="names that give the chosen layers")
    parser.add_argument("--layers", type=str | int, default="half", help=LAYERS_HELP)
    parser.add_argument("--weight", type=float, default=1.0, help="1 takes the style's layers whole, 0.5 half")
    run(parser, words, lambda o: edits.mix(opened(o), o.content, o.style, layers=o.layers, weight=o.weight))
