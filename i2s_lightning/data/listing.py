"""From what a user names (a folder, a pattern, a list file, files) to pictures with unique names."""

import difflib
import glob
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from i2s_lightning.data.decode import picture_endings
from i2s_lightning.errors import ImageError


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file and the name that everything made from it carries.

    Attributes:
        name: Unique in its list, whatever the case of the letters: the path below the data folder, with forward
            slashes and without the ending (``a``, ``sub/a``), with it where two would collide (``a.png``, ``a.jpg``).
        path: Where the file is.
    """

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Source:
    """What one entry of the user's stands for: files, and the folder that their names start from."""

    base: Path
    files: list[Path]


def list_pictures(path: str | Path | Sequence[str | Path]) -> list[Picture]:
    """List the pictures that ``path`` stands for; nothing is opened.

    A folder and a glob give files with endings that Pillow reads, sorted by path with forward slashes,
    case-sensitively; hidden files and folders are left out, linked folders are followed once. A list file gives its
    lines in their order; they may be missing or have any ending, as :func:`~i2s_lightning.data.scan_pictures` says
    which can't be read. A file given several times counts once.

    Args:
        path: A folder (taken recursively), a glob (``**`` included), a list file (``.txt``: a path a line, relative
            to the list file; blank lines and lines that begin with ``#`` don't count), a picture file, or several
            of these. A file or folder of exactly that name wins over a glob.

    Returns:
        At least one picture. Names are relative to the folder given, the part of the glob before its first wildcard,
        the folder of the list file or of the single file; with several sources or paths that lead out of that folder,
        to the folder that is common to all.

    Raises:
        ImageError: Something does not exist, or gives no picture at all.
    """
    entries = [path] if isinstance(path, str | Path) else list(path)
    if not entries:
        raise ImageError("expected at least one folder, glob, list file or picture; got an empty list. Name one.")
    sources = [_resolve(entry) for entry in entries]
    files = {_absolute(file): file for source in sources for file in source.files}
    base = os.path.commonpath([*(source.base for source in sources), *(key.parent for key in files)])
    names = _unique_names([key.relative_to(base).as_posix() for key in files])
    return [Picture(name, file) for name, file in zip(names, files.values(), strict=True)]


def _resolve(entry: str | Path) -> _Source:
    """Find out which kind of source ``entry`` is."""
    if not str(entry):
        raise ImageError('expected a folder, glob, list file or picture; got "". For the current folder say ".".')
    path = Path(entry).expanduser()
    if path.is_dir():
        return _Source(_absolute(path), _checked(path, "folder", list(_walk(path))))
    if path.exists():
        files = _read_list(path) if path.suffix.lower() == ".txt" else [path]
        return _Source(_absolute(path.parent), files)
    if glob.has_magic(str(path)):
        matches = [Path(match) for match in glob.glob(str(path), recursive=True)]  # noqa: PTH207 - Path's enters hidden folders
        return _Source(_fixed_part(path), _checked(path, "glob", [match for match in matches if match.is_file()]))
    raise ImageError(f'expected a folder, glob, list file or picture; "{path}" does not exist.{_suggestion(path)}')


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below ``folder`` that are not hidden, entering each real folder once (links may form loops)."""
    entered = {folder.resolve()}
    for root, folders, files in os.walk(folder, followlinks=True, onerror=_refuse):
        keep = []
        for name in sorted(folders):
            real = (Path(root) / name).resolve()
            if not name.startswith(".") and real not in entered:
                entered.add(real)
                keep.append(name)
        folders[:] = keep
        yield from (Path(root) / name for name in files if not name.startswith("."))


def _refuse(error: OSError) -> NoReturn:
    """Don't leave out the pictures of a folder silently."""
    raise ImageError(
        f'expected a readable folder; "{error.filename}": {error.strerror}. Change its permissions.'
    ) from error


def _checked(path: Path, kind: str, files: list[Path]) -> list[Path]:
    """Keep picture endings, sort, and refuse an empty result."""
    endings = picture_endings()
    pictures = sorted((file for file in files if file.suffix.lower() in endings), key=Path.as_posix)
    if not pictures:
        came = f"{len(files)} files of other kinds" if files else "no file"
        raise ImageError(
            f'expected pictures (.png, .jpg, .webp, .tif, ...) in the {kind} "{path}"; found {came}. '
            "Name another one, or a list file (.txt) if the pictures have unusual endings."
        )
    return pictures


def _read_list(path: Path) -> list[Path]:
    """Read a list file: a path a line, relative to the file's own folder."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ImageError(f'expected UTF-8 text in the list file "{path}"; got {error}. Save it as UTF-8.') from error
    wanted = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not wanted:
        raise ImageError(f'expected a path a line in the list file "{path}"; it lists nothing. Add pictures to it.')
    return [path.parent / Path(line).expanduser() for line in wanted]


def _absolute(path: Path) -> Path:
    """Absolute, without ``..``; links stay, so that names are those the user knows."""
    return Path(os.path.normpath(path.absolute()))


def _fixed_part(pattern: Path) -> Path:
    """The folder in front of the first wildcard."""
    fixed = pattern
    while glob.has_magic(str(fixed)):
        fixed = fixed.parent
    return _absolute(fixed)


def _suggestion(path: Path) -> str:
    """Name the likeliest existing neighbour of a missing path."""
    missing = path
    while not missing.parent.is_dir():
        missing = missing.parent
    near = difflib.get_close_matches(missing.name, [path.name for path in missing.parent.iterdir()], n=1)
    return f' Did you mean "{missing.parent / near[0]}"?' if near else f' Look into "{missing.parent}".'


def _unique_names(paths: list[str]) -> list[str]:
    """Drop endings where that leaves the names different.

    Compared as the least discerning file systems do (case and Unicode composition ignored), because file names are
    made from the names: ``A.png`` and ``a.jpg`` keep their endings.
    """
    names = [_without_ending(path) for path in paths]
    while True:
        keys = [unicodedata.normalize("NFC", name).casefold() for name in names]
        count = Counter(keys)
        longer = [path if count[key] > 1 else name for path, name, key in zip(paths, names, keys, strict=True)]
        if longer == names:
            return [_printable(name) for name in names]
        names = longer  # a name with its ending may meet another's without: "a.png" and that of "a.png.jpg"


def _without_ending(path: str) -> str:
    """Drop the ending if it is a picture's: ``photo.v2`` has none."""
    ending = PurePosixPath(path).suffix
    return path.removesuffix(ending) if ending.lower() in picture_endings() else path


def _printable(name: str) -> str:
    r"""Write bytes that are not UTF-8 as ``\xff``: such a name could not be stored in any text file."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
