"""Mutate good weight files and load them: only UnsupportedWeightsError or OSError may come out, quickly.

    python scripts/fuzz_loader.py --golden tests/golden --minutes 20

A surprise is written to ``--keep`` with its traceback; make a test of it. Exit status 1 if there was one.
"""

import argparse
import io
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.build import build
from i2s_lightning.generators.formats import read_generator_state

SUFFIXES = {".pkl", ".pt", ".pth", ".model"}
#: Processor time, which does not depend on what else the machine does; and real time, for waiting without end.
SECONDS, WAITED, MEGABYTES = 2, 120, 500
OPCODES = bytes.fromhex(
    "8095 2e28 3031 9471 7268 6a4e 8889 4a4b 4d8a 4758 8c8d 4243 8e5d 6165 2974 8586 877d 7375 8f90 6393 5281 6251"
)


Mutation = Callable[[bytearray, random.Random], bytearray]


class Hang(BaseException):
    """The time guard's: not an Exception, so that nothing swallows it."""


def _alarm(_signal: int, _frame: FrameType | None) -> None:
    raise Hang


def flip_bytes(data: bytearray, rng: random.Random) -> bytearray:
    """Change a few bytes, mostly near the start, where the structure is."""
    reach = min(len(data), rng.choice((64, 4096, len(data))))
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(reach)] = rng.randrange(256)
    return data


def flip_bits(data: bytearray, rng: random.Random) -> bytearray:
    """Change single bits anywhere."""
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def truncate(data: bytearray, rng: random.Random) -> bytearray:
    """Cut the end off."""
    return data[: rng.randrange(len(data))]


def cut_out(data: bytearray, rng: random.Random) -> bytearray:
    """Remove a stretch."""
    start = rng.randrange(len(data))
    del data[start : start + rng.choice((1, 2, 9, 100, 5000))]
    return data


def repeat(data: bytearray, rng: random.Random) -> bytearray:
    """Copy a stretch to another place."""
    start, to = rng.randrange(len(data)), rng.randrange(len(data))
    data[to:to] = data[start : start + rng.choice((1, 2, 9, 100, 5000))]
    return data


def insert_opcodes(data: bytearray, rng: random.Random) -> bytearray:
    """Put pickle operations between others."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(min(len(data), rng.choice((200, 20_000, len(data)))))
        data[at:at] = bytes(rng.choices(OPCODES, k=rng.randint(1, 4)))
    return data


def replace_opcodes(data: bytearray, rng: random.Random) -> bytearray:
    """Turn bytes that may be operations into other operations."""
    places = [i for i in range(min(len(data), 20_000)) if data[i] in OPCODES]
    for at in rng.sample(places, min(len(places), rng.randint(1, 6))):
        data[at] = rng.choice(OPCODES)
    return data


def enlarge_numbers(data: bytearray, rng: random.Random) -> bytearray:
    """Overwrite something with a large or negative number."""
    value = rng.choice((-1, 2**31 - 1, 2**40, 2**62, 0, 1, 255))
    at = rng.randrange(max(len(data) - 8, 1))
    data[at : at + rng.choice((1, 2, 4, 8))] = struct.pack("<q", value)[: rng.choice((1, 2, 4, 8))]
    return data


def rename(data: bytearray, rng: random.Random) -> bytearray:
    """Exchange two names of the same length, or spoil one."""
    names = (
        b"weight",
        b"noise_",
        b"synth",
        b"mapping",
        b"_modules",
        b"OrderedDict",
        b"storage",
        b"torch",
        b"bias",
        b"G_ema",
        b"FloatS",
    )
    name = rng.choice(names)
    places = [i for i in range(len(data)) if data[i] == name[0] and data[i : i + len(name)] == name][:200]
    if places:
        at = rng.choice(places)
        data[at + rng.randrange(len(name))] = rng.randrange(33, 127)
    return data


def mutate_inside(data: bytearray, mutations: list[Mutation], rng: random.Random) -> bytearray:
    """Mutate the pickle within a zip archive and pack it anew, so that its checksums are right."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            record = bytearray(before.read(name))
            if name.endswith("/data.pkl"):
                record = mutated(record, mutations, rng)
            after.writestr(name, bytes(record))
    return bytearray(packed.getvalue())


def mutated(data: bytearray, mutations: list[Mutation], rng: random.Random) -> bytearray:
    """Apply mutations one after the other."""
    for mutate in mutations:
        data = mutate(data, rng) or bytearray(b"\0")
    return data


MUTATIONS: tuple[Mutation, ...] = (
    flip_bytes,
    flip_bits,
    truncate,
    cut_out,
    repeat,
    insert_opcodes,
    replace_opcodes,
    enlarge_numbers,
    rename,
)


def attempt(path: Path) -> tuple[str, float, str]:
    """Load one file under the guards; return the outcome, the processor seconds and a traceback."""
    start, trace = time.process_time(), ""
    try:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        signal.setitimer(signal.ITIMER_REAL, WAITED)
        try:
            outcome = _outcome(path)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Hang:  # also when the time was up just as the loader came back
        outcome, trace = "HANG", traceback.format_exc()
    except BaseException as error:
        outcome, trace = f"SURPRISE {type(error).__name__}", traceback.format_exc()
    return outcome, time.process_time() - start, trace


def _outcome(path: Path) -> str:
    try:
        build(read_generator_state(path))
    except (UnsupportedWeightsError, OSError):
        return "refused"
    return "loaded"


def limit_memory() -> None:
    """Allow this process what it has now and 500 MB more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, default=Path("tests/golden"))
    parser.add_argument("--minutes", type=float, default=20, help="of processor time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    options = parser.parse_args()

    signal.signal(signal.SIGPROF, _alarm)
    signal.signal(signal.SIGALRM, _alarm)
    files = sorted(path for path in options.golden.rglob("*") if path.suffix in SUFFIXES)
    _outcome(files[0])  # imports what is imported lazily; cut off by a guard, that would stay half imported
    sources = [path for path in files if attempt(path)[0] == "loaded"]
    if not sources:
        parser.error(f"expected weight files that load below {options.golden}; there are none")
    rng, outcomes, worst = random.Random(options.seed), Counter[str](), 0.0
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "mutant"
        limit_memory()
        said = 0
        while time.process_time() < 60 * options.minutes:
            if time.process_time() > 60 * (said + 1):  # a busy machine may take hours for it
                said += 1
                print(
                    f"{said} min: {sum(outcomes.values())} files, slowest {worst:.2f} s: {dict(outcomes)}", flush=True
                )
            source = rng.choice(sources)
            data = bytearray(source.read_bytes())
            mutations: list[Mutation] = rng.choices(MUTATIONS, k=rng.choice((1, 1, 2, 3)))
            inside = data[:2] == b"PK" and rng.random() < 0.8
            data = mutate_inside(data, mutations, rng) if inside else mutated(data, mutations, rng)
            target.write_bytes(data)
            outcome, seconds, trace = attempt(target)
            outcomes[outcome] += 1
            worst = max(worst, seconds)
            if trace:
                options.keep.mkdir(parents=True, exist_ok=True)
                name = f"{len(list(options.keep.iterdir())):04d}-{source.name}"
                (options.keep / name).write_bytes(data)
                (options.keep / f"{name}.txt").write_text(f"{[m.__name__ for m in mutations]}\n{trace}")
    print(f"{sum(outcomes.values())} files from {len(sources)}, slowest {worst:.2f} s: {dict(outcomes)}")
    return int(any(outcome not in ("loaded", "refused") for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
