"""``transfer``: give pictures the expression of somebody else."""

from jsonargparse import Namespace

from i2s_lightning import edits
from i2s_lightning.commands.editing import edit_parser, opened, run
from i2s_lightning.edits.options import LAYERS_HELP, VALUES_HELP


def main(words: list[str] | None = None) -> None:
    """Run ``transfer``."""
    parser = edit_parser("transfer", "Transfer an expression: w1 + lambda (w3 - w2) (paper, section 4.3).")
    parser.add_argument("--target", type=str, nargs="+", required=True, help="w1: names of those who get it")
    parser.add_argument("--neutral", type=str, required=True, help="w2: the source at rest")
    parser.add_argument("--expression", type=str, nargs="+", required=True, help="w3: the source with expressions")
    parser.add_argument("--strength", type=str | float, nargs="+", default=[1.0], help=f"lambda: {VALUES_HELP}")
    parser.add_argument(
        "--difference",
        type=edits.Difference,
        default="plain",
        help="plain: w3 - w2 (the paper's); shared: the least change, the same in all layers, from picture w2 to w3",
    )
    parser.add_argument(
        "--within",
        type=str | None,
        default=None,
        help="take only what the directions of this file can say; expressions: those that come with the generator",
    )
    parser.add_argument(
        "--threshold", type=float, default=1.0, help="layers whose plain difference is less are left out; 0: none"
    )
    parser.add_argument("--normalise", type=bool, default=False, help="one strength means the same for every pair")
    parser.add_argument("--layers", type=str | int, default="all", help=LAYERS_HELP)
    parser.add_argument("--smooth", type=float, default=0.0, help="smooth a sequence of expressions: sigma in frames")
    parser.add_argument("--source", type=str | None, default=None, help="embedding of neutral and expression")
    run(parser, words, _build)


def _build(o: Namespace) -> edits.Edit:
    return edits.transfer(
        opened(o),
        o.target,
        o.neutral,
        o.expression,
        strength=o.strength,
        difference=o.difference,
        within=o.within,
        threshold=o.threshold,
        normalise=o.normalise,
        layers=o.layers,
        smooth=o.smooth,
        source=None if o.source is None else edits.open_embedding(o.source, o.generator, force=o.force),
        force=o.force,
    )
