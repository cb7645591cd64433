"""The process that one variant runs in: an answer for each line it reads."""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from bench.harness import Step, Variant
from bench.parts import profile
from bench.peak import peak
from bench.saved import saved_bytes
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

from i2s_lightning.callbacks.heap import keep_heap


def work(variant: Variant, values: Path) -> None:
    """Load, make one step to warm up, and then do what is asked for until nobody asks.

    ``step``: its seconds. ``peak``: how far memory grew over what was loaded, in MiB. ``saved``: MiB that a step keeps
    for its gradient. ``profile``: where its time goes, and the processor's peak.
    """
    if os.environ.get("HEAP", "kept") == "kept":
        keep_heap()
    clock, step = Clock(), variant.prepare()
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of loading
    torch.save(step(), values)
    _say({})
    answers: dict[str, Callable[[], dict[str, Any]]] = {
        "step": lambda: clock.time(step),
        "peak": lambda: {"peak_mib": (_memory("VmHWM") - before) / 1024},
        "saved": lambda: {"saved_mib": saved_bytes(step) / 2**20},
        "profile": lambda: profile(step, torch.load(values)["gradient"]) | {"peak_gflops": peak()},
    }
    for line in sys.stdin:
        _say(answers[line.strip()]())


class Clock:
    """Times a call; where an optimiser makes steps in it, one of those (the first one left out) counts.

    Only the optimiser that steps last: ``fit`` lets another one run through its learning rates beforehand.
    """

    def __init__(self) -> None:
        self.ticks: list[tuple[Optimizer, tuple[float, float]]] = []
        register_optimizer_step_post_hook(lambda optimizer, *_: self.ticks.append((optimizer, _now())))

    def time(self, step: Step) -> dict[str, float]:
        """Give the seconds of one step."""
        self.ticks = []
        begun = _now()
        step()
        ticks = [tick for optimizer, tick in self.ticks if optimizer is self.ticks[-1][0]]
        self.ticks = []
        count = max(1, len(ticks) - 1)
        first, last = (ticks[0], ticks[-1]) if len(ticks) > 1 else (begun, _now())
        return {name: (b - a) / count for name, a, b in zip(("wall", "cpu"), first, last, strict=True)}


def _now() -> tuple[float, float]:
    """Tell the time, and the processor's seconds that this process and its children took."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.monotonic(), sum(u.ru_utime + u.ru_stime for u in usage)


def _memory(key: str) -> int:
    """Read a line of this process's status, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)
