"""One entrance for every generator: a bundled name or a file."""

from pathlib import Path

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.build import build
from i2s_lightning.generators.native import is_native, load_native
from i2s_lightning.generators.state import GeneratorState

_ASSETS = Path(__file__).parent.parent / "assets"
BUNDLED = {"faces64": _ASSETS / "faces64.safetensors"}


def load_generator(file_or_name: str | Path) -> Generator:
    """Load a generator, ready to embed: eval mode, float32, frozen.

    Args:
        file_or_name: A weight file, or the name of a generator that comes with this package.

    Returns:
        The generator; ``sha256``, ``config`` and ``source`` say which it is.

    Raises:
        UnsupportedWeightsError: No such file or name, or a file that is not a generator we know.

    Example:
        >>> load_generator("faces64").img_shape
        (64, 64)
    """
    return freeze(build(_read(file_or_name)))


def _read(file_or_name: str | Path) -> GeneratorState:
    path = Path(file_or_name)
    if not path.is_file() and str(file_or_name) in BUNDLED:
        path = BUNDLED[str(file_or_name)]
    if not path.is_file():
        raise UnsupportedWeightsError(
            f"expected a weight file or one of {', '.join(BUNDLED)}; {str(file_or_name)!r} is neither. Check the path."
        )
    if is_native(path):
        return load_native(path)
    raise UnsupportedWeightsError(f"{path} is no generator file that we know")
