"""Which layout a file's contents have: the detection list, tried from top to bottom."""

from collections.abc import Callable
from typing import Any, NamedTuple

from i2s_lightning.errors import ConfigError, UnsupportedWeightsError
from i2s_lightning.generators.state import GeneratorState

from .genforce import is_genforce, read_genforce
from .lernapparat import is_lernapparat, read_lernapparat
from .nvidia import is_nvidia, read_nvidia
from .nvidia_state_dict import is_nvidia_state_dict, read_nvidia_state_dict
from .problems import shown
from .rosinality import is_rosinality, read_rosinality
from .rosinality_stylegan1 import is_rosinality_stylegan1, read_rosinality_stylegan1
from .tensorflow import is_tensorflow, read_tensorflow


class Layout(NamedTuple):
    """One way in which a project stores its generators."""

    name: str
    matches: Callable[[object], bool]
    read: Callable[[Any], GeneratorState]


#: A new layout is a module with these two functions and a line here.
LAYOUTS = (
    Layout("NVIDIA PyTorch pickle", is_nvidia, read_nvidia),
    Layout("NVIDIA TensorFlow pickle", is_tensorflow, read_tensorflow),
    Layout("rosinality style-based-gan-pytorch", is_rosinality_stylegan1, read_rosinality_stylegan1),
    Layout("rosinality stylegan2-pytorch", is_rosinality, read_rosinality),
    Layout("genforce", is_genforce, read_genforce),
    Layout("lernapparat", is_lernapparat, read_lernapparat),
    Layout("NVIDIA state dict", is_nvidia_state_dict, read_nvidia_state_dict),
)


def read_contents(root: Any, resolution: int | None = None) -> GeneratorState:
    """Read a file's root object with the first layout that knows it.

    Args:
        root: From :func:`.container.read_file`.
        resolution: Size of the images, if the file does not say it.

    Raises:
        ConfigError: ``resolution`` is given and the file says its own.
        UnsupportedWeightsError: None does, or the one that does finds fault with it.
    """
    if resolution is not None:
        if not is_rosinality_stylegan1(root):
            raise ConfigError(
                "a resolution is only for rosinality's style-based-gan-pytorch; this file says its own. Leave it out"
            )
        return read_rosinality_stylegan1(root, resolution)
    for layout in LAYOUTS:
        if layout.matches(root):
            return layout.read(root)
    raise UnsupportedWeightsError(
        f"no generator was recognised in the file; it holds {_contents(root)}. Supported are: "
        f"{', '.join(layout.name for layout in LAYOUTS)}. A discriminator, encoder or optimiser alone is not enough"
    )


def _contents(root: object) -> str:
    if isinstance(root, dict):
        names = ", ".join(shown(name) for name in list(root)[:8])
        return f"{len(root)} entries ({names}{', ...' if len(root) > 8 else ''})" if root else "nothing"
    return shown(root)
