"""``morph``: turn pictures into each other."""

from i2s_lightning import edits
from i2s_lightning.commands.editing import edit_parser, opened, run
from i2s_lightning.edits.morphing import Route, Timing


def main(words: list[str] | None = None) -> None:
    """Run ``morph``."""
    parser = edit_parser("morph", "Turn embedded pictures into each other, frame by frame (paper, section 4.1).")
    parser.add_argument("--images", type=str, nargs="+", required=True, help="two or more names, in order")
    parser.add_argument("--frames", type=int, default=60, help="frames in all, both ends included")
    parser.add_argument("--timing", type=Timing, default="linear", help="linear, or eased: gently at every picture")
    parser.add_argument("--schedule", type=str, nargs="*", default=[], help="LAYERS=START:STOP, such as coarse=0:0.5")
    parser.add_argument("--loop", type=bool, default=False, help="go back to the first picture at the end")
    parser.add_argument(
        "--route", type=Route | None, default=None, help="straight, or arc (through z, for pictures embedded in z)"
    )
    run(
        parser,
        words,
        lambda o: edits.morph(
            opened(o), o.images, o.frames, timing=o.timing, schedule=o.schedule, loop=o.loop, route=o.route
        ),
    )
