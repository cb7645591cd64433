"""``edit``: move pictures along a direction."""

from i2s_lightning import edits
from i2s_lightning.commands.editing import edit_parser, opened, run
from i2s_lightning.edits.options import LAYERS_HELP, VALUES_HELP


def main(words: list[str] | None = None) -> None:
    """Run ``edit``."""
    parser = edit_parser("edit", "Move pictures along a direction: smile, yaw, or one you found with `directions`.")
    parser.add_argument("--direction", type=str, required=True, help="one that comes with the generator, or FILE:NAME")
    parser.add_argument("--images", type=str, nargs="+", default=["*"], help="names; default: all")
    parser.add_argument(
        "--strength", type=str | float, nargs="+", default=["-3:3:7"], help=f"standard deviations: {VALUES_HELP}"
    )
    parser.add_argument("--layers", type=str | int, default="all", help=LAYERS_HELP)
    run(
        parser,
        words,
        lambda o: edits.edit(
            opened(o), o.images, direction=o.direction, strength=o.strength, layers=o.layers, force=o.force
        ),
    )
