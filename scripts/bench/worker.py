"""The process that one variant runs in: a step for each line it reads."""

import json
import sys
import time
from pathlib import Path

import torch
from bench.harness import Step, Variant


def work(variant: Variant, values: Path) -> None:
    """Load, make one step to warm up, and then as many as are asked for."""
    step = variant.prepare()
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of loading
    torch.save(step(), values)
    _say({})
    for line in sys.stdin:
        if line.strip() == "end":
            _say({"peak_mib": (_memory("VmHWM") - before) / 1024})
            return
        _say(_timed(step))


def _timed(step: Step) -> dict[str, float]:
    wall, cpu = time.monotonic(), time.process_time()
    step()
    return {"wall": time.monotonic() - wall, "cpu": time.process_time() - cpu}


def _memory(key: str) -> int:
    """Read a line of this process's status, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def _say(answer: dict[str, float]) -> None:
    print(json.dumps(answer), flush=True)
