"""What a long morph takes: ``python scripts/scale/morph_memory.py`` prints a Markdown table.

Embeds three shipped pictures (briefly), turns them into each other in MP4 files of 30 and 300 frames, each by a process
of its own, and tells its peak memory; then kills one in the middle, and looks at what it left.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
from runs import fit, table

PICTURES = Path(__file__).parents[2] / "i2s_lightning" / "assets" / "pictures"
NAMES = ("anna", "ben", "leo")
HEAD = ("frames", "peak MiB", "s", "frames in the file", "MB")


def morph(run: Path, frames: int, out: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start ``morph``."""
    words = [f"--embedding={run}", "--images", *NAMES, f"--frames={frames}", "--scale=4", f"--out={out}"]
    with log.open("wb") as file:
        return subprocess.Popen([sys.executable, "-m", "i2s_lightning", "morph", *words], stdout=file, stderr=file)


def measure(run: Path, frames: int, out: Path) -> list[str]:
    """Make a film; give its row of the table."""
    begun = time.monotonic()
    process = morph(run, frames, out, out.with_suffix(".log"))
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(out.with_suffix(".log").read_text())
    with av.open(str(out)) as film:
        shown = sum(1 for _ in film.decode(video=0))
    seconds, size = time.monotonic() - begun, out.stat().st_size / 1e6
    return [str(frames), f"{usage.ru_maxrss / 1024:.0f}", f"{seconds:.0f}", str(shown), f"{size:.2f}"]


def kill(run: Path, frames: int, out: Path) -> str:
    """Kill a film when its first part has reached the disk; tell what its folder holds."""
    process = morph(run, frames, out, out.with_suffix(".log"))
    while process.poll() is None and not any(path.stat().st_size for path in out.parent.glob(".*.mp4")):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = {path.name: path.stat().st_size for path in out.parent.iterdir() if path.suffix == ".mp4"}
    return f"killed with status {process.returncode}; {out.name} exists: {out.exists()}; bytes on the disk: {left}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[30, 300])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = json.dumps([str(PICTURES / f"{name}.png") for name in NAMES])
        settings = {"data.path": pictures, "model.steps": 2, "trainer.accelerator": "cpu"}
        fit(folder / "run", settings)
        rows = [measure(folder / "run", frames, folder / f"{frames}.mp4") for frames in options.frames]
        print(f"{len(NAMES)} pictures, 64 px enlarged to 256, one at a time, CPU\n")
        print(table(HEAD, rows))
        (folder / "killed").mkdir()
        print(f"\n{kill(folder / 'run', options.frames[-1], folder / 'killed' / 'film.mp4')}")


if __name__ == "__main__":
    main()
