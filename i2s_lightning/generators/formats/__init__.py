"""Other tools' files: read as data, never run, and turned into a ``GeneratorState``."""

from pathlib import Path

from i2s_lightning.errors import ConfigError, UnsupportedWeightsError
from i2s_lightning.generators.state import GeneratorState

from .container import read_file
from .detect import read_contents


def read_generator_state(path: Path, resolution: int | None = None) -> GeneratorState:
    """Read any supported generator file; its contents decide the format, never its name.

    Args:
        path: The file.
        resolution: Size of the images, for the one format that does not say it (rosinality's style-based-gan-pytorch);
            None guesses.

    Returns:
        What ``build`` needs; ``source`` says where it came from and what was inferred.

    Raises:
        UnsupportedWeightsError: No generator that we know, damaged, or hostile; the message says which and what to do.
        ConfigError: ``resolution`` is given for a file that says its own.
        OSError: The file can't be opened.
    """
    root = read_file(path)
    try:
        state = read_contents(root, resolution)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    except UnsupportedWeightsError as error:
        raise UnsupportedWeightsError(f"{path}: {error}") from error
    return GeneratorState(state.family, state.config, state.tensors, {"file": path.name, **state.source})
