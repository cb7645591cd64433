"""What tasks need of the data, whichever module brings it."""

from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class PictureLike(Protocol):
    """What the exchange needs to know of a picture."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def sha256(self) -> str: ...  # noqa: D102


@runtime_checkable
class Data(Protocol):
    """What the task needs of the data module."""

    batch_size: int | Literal["auto"]

    @property
    def pictures(self) -> list[Any]: ...  # noqa: D102
    @property
    def skipped(self) -> list[Any]: ...  # noqa: D102
    def read(self, index: int) -> Tensor: ...  # noqa: D102
    def describe(self) -> dict[str, Any]: ...  # noqa: D102
