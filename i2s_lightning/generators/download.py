"""Fetch a file once: resumed after a broken connection, checked, and in its place only when it is whole."""

import hashlib
import http
import http.client
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from i2s_lightning.errors import UnsupportedWeightsError

log = logging.getLogger(__name__)

_TRIES, _PAUSE, _BLOCK = 5, 1.0, 2**20


class _BrokenError(Exception):
    """The connection ended early; what has come is kept."""


class _WrongFileError(Exception):
    """The server has another file than was asked for; trying again would not help."""


def download(url: str, target: Path, *, sha256: str | None = None, note: str = "", timeout: float = 30.0) -> Path:
    """Fetch ``url`` to ``target``, unless it is there already.

    Args:
        url: An http(s) address.
        target: The file; ``target.part`` beside it holds what has come so far, also after a break.
        sha256: What the file must hash to; None: its hash is only logged.
        note: Shown with the address before anything is fetched (the licence).
        timeout: Seconds without an answer or data before a connection counts as broken.

    Returns:
        ``target``.

    Raises:
        UnsupportedWeightsError: It can't be fetched, or is not the file; the message says what to do by hand.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with _locked(target.parent):
        if not target.exists():  # else another process fetched it while this one waited
            words = f"fetching {url}\n  to {target}" + (f"\n  {note}" if note else "")
            Console(stderr=True).print(words, soft_wrap=True, highlight=False, markup=False)
            try:
                _fetch(url, part, timeout)
                _verify(part, sha256)
            except (OSError, http.client.HTTPException, _BrokenError, _WrongFileError) as error:
                raise UnsupportedWeightsError(
                    f"{url} can't be fetched: {error or type(error).__name__}. Try again later (what has come is "
                    f"kept), or fetch it on another machine and put it at {target}"
                ) from error
            _remember(part, "")
            part.replace(target)
    return target


def _fetch(url: str, part: Path, timeout: float) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            return _continue(url, part, timeout)
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink()  # longer than the file: of another version
            elif error.code < 500 or attempt == _TRIES:
                raise
        except (OSError, http.client.HTTPException, _BrokenError) as error:
            if attempt == _TRIES:
                raise
            log.warning("%s: %s; trying again (%d of %d)", url, error, attempt + 1, _TRIES)
        time.sleep(_PAUSE * attempt)
    raise _BrokenError("the server refuses to continue")


def _continue(url: str, part: Path, timeout: float) -> None:
    """Fetch what is missing of ``part``."""
    done, version = part.stat().st_size if part.exists() else 0, _recall(part)
    # If-Range: should the file have changed since, the server sends all of the new one.
    headers = {"Range": f"bytes={done}-", "If-Range": version} if done and version else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout) as answer:
        resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        if resumed and not (answer.headers["Content-Range"] or "").startswith(f"bytes {done}-"):
            raise _BrokenError("the server sent another range than was asked for")
        if "html" in answer.headers.get_content_type():
            part.unlink(missing_ok=True)
            raise _WrongFileError("the server sent a web page instead of the file")
        start = done if resumed else 0
        length = answer.headers["Content-Length"]
        total = start + int(length) if length else None
        _remember(part, answer.headers["ETag"] or answer.headers["Last-Modified"] or "")
        with part.open("ab" if resumed else "wb") as file:
            _copy(answer, file, start, total)
            received = file.tell()
    if total is not None and received != total:
        raise _BrokenError(f"the connection ended after {received:,} of {total:,} bytes")


def _copy(answer: http.client.HTTPResponse, file: IO[bytes], start: int, total: int | None) -> None:
    columns = BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total, completed=start)
        while block := answer.read(_BLOCK):
            file.write(block)
            progress.advance(task, len(block))


def _verify(part: Path, sha256: str | None) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    log.info("SHA-256 of %s: %s", part.name, found)
    if sha256 is not None and found != sha256:
        part.unlink()
        _remember(part, "")
        raise _WrongFileError(f"its SHA-256 is {found}, not {sha256}: damaged on the way, or replaced")


def _version_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.version")


def _recall(part: Path) -> str:
    path = _version_file(part)
    return path.read_text(encoding="ascii") if path.exists() else ""


def _remember(part: Path, version: str) -> None:
    if version:
        _version_file(part).write_text(version, encoding="ascii")
    else:
        _version_file(part).unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time write to a folder; the others wait."""
    try:
        import fcntl
    except ImportError:  # Windows: whoever comes second fetches the file a second time
        yield
        return
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
