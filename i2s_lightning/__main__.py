"""``python -m i2s_lightning VERB ...``: finds the verb without importing what others need."""

import errno
import sys
from importlib import import_module

from i2s_lightning.errors import I2SError

VERBS = {
    "fit": ("i2s_lightning.cli", "embed pictures"),
    "validate": ("i2s_lightning.cli", "score stored pictures against their targets"),
    "test": ("i2s_lightning.cli", "the same, and check that the stored losses come out again"),
    "predict": ("i2s_lightning.cli", "render stored pictures again"),
    "report": ("i2s_lightning.commands.report", "write a page to look through all pictures"),
    "inspect": ("i2s_lightning.commands.inspect", "say what a weight file, a checkpoint or an embedding is"),
    "convert": ("i2s_lightning.commands.convert", "write generators and embeddings in other formats"),
    "export": ("i2s_lightning.commands.export", "write all latents of an embedding to one file"),
    "morph": ("i2s_lightning.commands.morph", "turn pictures into each other"),
    "mix": ("i2s_lightning.commands.mix", "give pictures the style of others"),
    "transfer": ("i2s_lightning.commands.transfer", "give pictures the expression of somebody else"),
    "truncate": ("i2s_lightning.commands.truncate", "pull pictures towards the mean"),
    "edit": ("i2s_lightning.commands.edit", "move pictures along a direction"),
    "directions": ("i2s_lightning.commands.directions", "find directions to move along"),
    "studio": ("i2s_lightning.commands.studio", "edit and embed pictures in the browser"),
    "editability": ("i2s_lightning.commands.editability", "say how well pictures can be edited"),
    "experiment": ("i2s_lightning.experiments.command", "run the paper's experiments, and say what holds here"),
    "neighbours": ("i2s_lightning.commands.neighbours", "find the pictures that lie nearest"),
}
"""Each verb's module; its ``main`` gets the arguments (Lightning's verbs, the verb as well)."""

TERMINATED = 143
"""128 + SIGTERM, as a shell says it; schedulers tell an interrupted run from a finished one by it."""

LIGHTNING = "i2s_lightning.cli"


def main(args: list[str] | None = None) -> int:
    """Run a verb.

    Args:
        args: The words after the program's name; those of the process when None.

    Returns:
        The exit status: 0, or 1 after an error that the user can mend.
    """
    words = sys.argv[1:] if args is None else args
    if not words or words[0] in ("-h", "--help"):
        sys.stdout.write(_usage())
        return 0
    if words[0] not in VERBS:
        sys.stderr.write(f"error: no verb {words[0]!r}{_closest(words[0])}\n\n{_usage()}")
        return 2
    home = VERBS[words[0]][0]
    try:
        import_module(home).main(words if home == LIGHTNING else words[1:])
    except I2SError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.stderr.write(f"error: the disk is full ({error}). What was written is whole; make room and run it again\n")
        return 1
    except SystemExit as stop:
        if type(stop).__name__ == "SIGTERMException":  # Lightning's; 2.6 would exit with 0, as if all were done
            return TERMINATED
        raise
    return 0


def _usage() -> str:
    verbs = "\n".join(f"  {verb:<12} {what}" for verb, (_, what) in VERBS.items())
    return f"""usage: python -m i2s_lightning VERB [options]

Embed real images into StyleGAN's latent space and edit them there.

{verbs}

Options of a verb: python -m i2s_lightning VERB --help
First: python -m i2s_lightning fit --config configs/embed.yaml
"""


def _closest(word: str) -> str:
    import difflib  # only needed here

    close = difflib.get_close_matches(word, VERBS, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


if __name__ == "__main__":
    sys.exit(main())
