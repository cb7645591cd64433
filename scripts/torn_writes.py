"""Let a run die at every one of its writes, go on, and compare: ``python scripts/torn_writes.py``.

A run is embedded once while its writes are listed: shards, renders, checkpoints, settings, index, tables, pictures.
Then, for each of these writes and each way to die, a run of its own goes that far, ends, and the same command finishes
it. Latents, records, renders and the table have to be those of the run that nobody disturbed, byte for byte.

The ways: ``half`` (killed while half of the file was written), ``before`` (killed before the file had its name),
``after`` (killed as soon as it had), ``torn`` (it has its name and only half its contents, as after a power cut on a
disk that lies), ``full`` (the disk is full: the run ends by itself, and says so).

Processes are forked from one that has imported everything: a try takes seconds.
"""

import argparse
import errno
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from forked import begin, status_of
from soak import prepare, same

from i2s_lightning.checkpoints import atomic

WAYS = ("half", "before", "after", "torn", "full")


def named(draft: Path) -> Path:
    """Tell which file a draft will be."""
    stem, _, ending = draft.name[1:].rpartition(".tmp")
    return draft.with_name(stem.rpartition(".")[0] + ending)


def at_write(number: int, act: Callable[[Path], None]) -> None:
    """Call ``act`` with the draft of one of this process's writes, complete but not yet renamed; 0 for all."""
    sync, count = atomic._sync, 0

    def counting(path: Path) -> None:
        nonlocal count
        if ".tmp" in path.name:  # not a folder
            count += 1
            if number in (0, count):
                act(path)
        sync(path)

    atomic._sync = counting


def die(draft: Path, way: str) -> None:
    """End this process, leaving the file as ``way`` says."""
    if way == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if way in ("half", "torn"):
        os.truncate(draft, draft.stat().st_size // 2)
    if way in ("after", "torn"):
        draft.replace(named(draft))
    os.kill(os.getpid(), signal.SIGKILL)


def list_writes(words: list[str], out: Path) -> list[str]:
    """Embed undisturbed; name each write's file."""
    listing = out.with_suffix(".writes")

    def note(draft: Path) -> None:
        with listing.open("a") as file:
            file.write(f"{named(draft).relative_to(out)}\n")

    log = out.with_suffix(".log")
    if status_of(begin([*words, f"--out={out}"], log, before=lambda: at_write(0, note))) != 0:
        sys.exit(log.read_text())
    return listing.read_text().splitlines()


def kind(file: str) -> str:
    """Tell files that are written for the same reason from others."""
    path = Path(file)
    return file if len(path.parts) == 1 or path.name.startswith(".") else f"{path.parts[0]}/*{path.suffix}"


def alike(a: Path, b: Path) -> bool:
    """Compare what two runs left."""
    files = [f"renders/{path.name}" for path in sorted((b / "renders").iterdir())] + ["metrics.csv"]
    return same(a, b) and all((a / name).read_bytes() == (b / name).read_bytes() for name in files)


def attempt(words: list[str], out: Path, number: int, way: str, whole: Path) -> str:
    """Die at one write, go on, compare; give what is wrong, or nothing."""
    log, command = out.with_suffix(".log"), [*words, f"--out={out}"]
    ended = status_of(begin(command, log, before=lambda: at_write(number, lambda draft: die(draft, way))))
    if ended != (1 if way == "full" else -signal.SIGKILL):
        return f"ended with {ended}\n{log.read_text()}"
    if way == "full" and "error: the disk is full" not in log.read_text():
        return f"did not say that the disk was full\n{log.read_text()}"
    status = status_of(begin(command, log))
    return "" if status == 0 and alike(out, whole) else f"status {status}\n{log.read_text()}"


def main() -> int:
    """Run; the exit status tells whether all were identical."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--each", action="store_true", help="every write, not only the first and last of each kind")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = prepare(folder, steps=12, round_steps=5, every=4)
        writes = list_writes(words, folder / "whole")
        kinds = [kind(file) for file in writes]
        chosen = [
            i for i, what in enumerate(kinds) if options.each or what not in kinds[:i] or what not in kinds[i + 1 :]
        ]
        wrong: dict[str, int] = dict.fromkeys(kinds, 0)
        for i in chosen:
            for way in options.ways:
                if problem := attempt(words, folder / f"{i}-{way}", i + 1, way, folder / "whole"):
                    wrong[kinds[i]] += 1
                    print(f"write {i + 1} ({writes[i]}), {way}: DIFFERENT: {problem}")
        ways = f"{len(options.ways)} ways ({', '.join(options.ways)})"
        print(f"{len(writes)} writes in a run, {len(chosen)} tried in {ways}\n")
        print("| file | writes | tried | identical |\n|---|---:|---:|---:|")
        for what in dict.fromkeys(kinds):
            tried = len(options.ways) * sum(kinds[i] == what for i in chosen)
            print(f"| {what} | {kinds.count(what)} | {tried} | {tried - wrong[what]} |")
        total = len(chosen) * len(options.ways)
        print(f"\n{total - sum(wrong.values())}/{total} identical")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
