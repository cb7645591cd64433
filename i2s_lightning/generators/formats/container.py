"""Open a weight file, whatever its container, and say what is wrong when it is none."""

import mmap
from pathlib import Path
from typing import Any

from i2s_lightning.errors import UnsupportedWeightsError

from . import torch_legacy, torch_zip
from .known import FILLERS
from .opcodes import Budget
from .pickle_reader import read_pickle

_DOWNLOAD = "Download it again, in a browser if need be (large files ask for a confirmation), and check its size"

#: First bytes of things that get saved under a weight file's name, and what to say about them.
_IMPOSTORS: tuple[tuple[bytes, str], ...] = (
    (
        b"version https://git-lfs",
        "is a git-LFS pointer, not the weights. Run `git lfs pull` where it came from, or download the real file",
    ),
    (b"<?xml", f"is an XML document, probably a server's error message saved in place of the weights. {_DOWNLOAD}"),
    (b"<", f"is an HTML page (a web page saved in place of the weights). {_DOWNLOAD}"),
    (b"{", f"is a JSON text, probably a server's error message saved in place of the weights. {_DOWNLOAD}"),
    (
        b"\x93NUMPY",
        "is a NumPy array. A generator is needed here; embeddings are converted with `i2s_lightning convert`",
    ),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (b"\xfd7zXZ", "is compressed with xz; unpack it first"),
    (b"7z\xbc\xaf", "is a 7-Zip archive; unpack it first"),
    (b"Rar!", "is a RAR archive; unpack it first"),
    (b"\x89HDF", "is an HDF5 (Keras) file, which no supported StyleGAN code writes"),
    (b"\x89PNG", "is a picture. A generator is needed here"),
    (b"\xff\xd8\xff", "is a picture. A generator is needed here"),
)


def read_file(path: Path) -> Any:
    """Read a pickle or torch file as inert data.

    The file is mapped, not loaded: only what a generator needs is copied out of it.

    Args:
        path: The file; its name does not matter.

    Returns:
        The root object (:mod:`.stand_ins` and plain containers).

    Raises:
        UnsupportedWeightsError: It is no such file, damaged or hostile; the message says which and what to do.
        OSError: It can't be opened.
    """
    try:
        return _read(memoryview(_mapped(path)))
    except UnsupportedWeightsError as error:
        raise UnsupportedWeightsError(f"{path}: {error}") from error


def _mapped(path: Path) -> mmap.mmap | bytes:
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            raise UnsupportedWeightsError(f"the file is empty. {_DOWNLOAD}")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _read(data: memoryview) -> Any:
    budget = Budget()
    if data[:4] == torch_zip.MAGIC:
        return torch_zip.read_zip(data, budget)
    if data[: len(torch_legacy.MAGIC)] == torch_legacy.MAGIC:
        return torch_legacy.read_legacy(data, budget)
    if data[0] == 0x80:
        table = torch_legacy.nested_table(budget)
        return read_pickle(data, 0, table=table, fillers=FILLERS, budget=budget)[0]
    raise UnsupportedWeightsError(_not_a_container(data))


def _not_a_container(data: memoryview) -> str:
    start = bytes(data[:512])
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[8:9] == b"{":
        return "the file is safetensors but not one that i2s_lightning wrote; get the generator in its original format"
    for mark, problem in _IMPOSTORS:
        if start.startswith(mark) or text.startswith(mark):
            return f"the file {problem}"
    return (
        f"the file starts with the bytes {start[:8].hex(' ')}, which is no format of StyleGAN weights (pickle, torch "
        f"or our safetensors). {_DOWNLOAD}"
    )
