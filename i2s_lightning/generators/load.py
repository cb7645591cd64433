"""One entrance for every generator: a bundled name or a file."""

from pathlib import Path

from i2s_lightning.errors import ConfigError, UnsupportedWeightsError
from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.build import build
from i2s_lightning.generators.formats import read_generator_state
from i2s_lightning.generators.named import NAMED, named_file
from i2s_lightning.generators.native import is_native, load_native
from i2s_lightning.generators.state import GeneratorState
from i2s_lightning.generators.w_avg import complete

_ASSETS = Path(__file__).parent.parent / "assets"
BUNDLED = {"faces64": _ASSETS / "faces64.safetensors"}


def load_generator(file_or_name: str | Path, *, resolution: int | None = None) -> Generator:
    """Load a generator, ready to embed: eval mode, float32, frozen.

    Args:
        file_or_name: A weight file (its contents decide the format), the name of a generator that comes with this
            package, or one of NVIDIA's public ones (fetched once into the user's cache; see ``named.NAMED``).
        resolution: Size of the images, for the one format that does not say it (rosinality's style-based-gan-pytorch);
            None guesses.

    Returns:
        The generator; ``sha256``, ``config`` and ``source`` say which it is.

    Raises:
        UnsupportedWeightsError: No such file or name, or a file that is not a generator we know.
        ConfigError: ``resolution`` is given for a file that says its own.

    Example:
        >>> load_generator("faces64").img_shape
        (64, 64)
    """
    return freeze(build(read_state(file_or_name, resolution=resolution)))


def read_state(file_or_name: str | Path, *, resolution: int | None = None) -> GeneratorState:
    """Read what ``load_generator`` builds from, for converting and inspecting; arguments and errors are the same."""
    path, name = Path(file_or_name), str(file_or_name)
    if not path.is_file() and name in BUNDLED:
        path = BUNDLED[name]
    elif not path.is_file() and name in NAMED:
        path = named_file(name)
    if not path.is_file():
        known = ", ".join([*BUNDLED, *NAMED])
        raise UnsupportedWeightsError(f"expected a weight file or one of {known}; {name!r} is neither. Check the path.")
    if not is_native(path):
        return complete(read_generator_state(path, resolution))
    if resolution is not None:
        raise ConfigError(f"{path} says its own resolution; leave the option out")
    return load_native(path)
