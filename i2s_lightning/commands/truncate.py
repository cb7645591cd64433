"""``truncate``: pull pictures towards the mean."""

from i2s_lightning import edits
from i2s_lightning.commands.editing import edit_parser, opened, run
from i2s_lightning.edits.options import LAYERS_HELP, VALUES_HELP


def main(words: list[str] | None = None) -> None:
    """Run ``truncate``."""
    parser = edit_parser("truncate", "Pull pictures towards the generator's mean, where edits work best.")
    parser.add_argument("--images", type=str, nargs="+", required=True, help="names")
    parser.add_argument("--psi", type=str | float, nargs="+", default=["1:0:6"], help=f"1 is itself; {VALUES_HELP}")
    parser.add_argument("--layers", type=str | int, default="all", help=LAYERS_HELP)
    run(parser, words, lambda o: edits.truncate(opened(o), o.images, psi=o.psi, layers=o.layers))
