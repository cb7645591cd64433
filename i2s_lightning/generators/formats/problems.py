"""What is wrong with a file, in words that say what to do."""

from i2s_lightning.errors import UnsupportedWeightsError


def shown(value: object) -> str:
    """A short, harmless description of a value from a file, for messages."""
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, bool | float) or value is None:
        return repr(value)
    if isinstance(value, int) and value.bit_length() < 64:
        return str(value)
    return f"a {type(value).__name__}"


def damaged(problem: str) -> UnsupportedWeightsError:
    """The error for contents that no sound file has."""
    return UnsupportedWeightsError(f"the file is damaged: {problem}. Get it again from its source")


def hostile(problem: str) -> UnsupportedWeightsError:
    """The error for contents that only make sense as an attack (or are damaged beyond recognition)."""
    return UnsupportedWeightsError(
        f"the file {problem}, which no generator's weights do; it is damaged or hostile. Nothing was imported or run. "
        "Get it again from a source that you trust"
    )


def truncated(what: str) -> UnsupportedWeightsError:
    """The error for a file that ends too early."""
    return UnsupportedWeightsError(
        f"the file is cut short or damaged ({what}); it looks like an unfinished download. Download it again and "
        "compare its size with the source's"
    )
