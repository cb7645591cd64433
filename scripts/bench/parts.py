"""Where a step's time goes: the profiler's calls, summed by part of the step and kind of work."""

import time
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import torch
from bench.flops import KINDS, REST, winograd_name, work
from bench.harness import Step
from torch import Tensor
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, record_function

from i2s_lightning.ops.winograd import Winograd

SYNTHESIS, VGG, OTHER = "synthesis", "VGG", "loss, optimiser"
PARTS = (SYNTHESIS, f"{SYNTHESIS}, backward", VGG, f"{VGG}, backward", OTHER)
"""Steps name the first and the third; whose node is whose gradient tells the second and the fourth."""

Sums = dict[str, dict[str, dict[str, float]]]
_STEP, _ENGINE = "one step", "autograd::engine::evaluate_function"


def profile(step: Step, latent: Tensor, seconds: float = 1.0) -> dict[str, Any]:
    """Profile steps, each with one of Adam after it, and take the one whose duration is the median.

    The profiler tells time by the clock; all is scaled to the processor's seconds.

    Args:
        step: Gives a ``gradient``.
        latent: Something of its shape.
        seconds: For how long, a step at least.

    Returns:
        JSON: ``parts``, for each of :data:`PARTS` and each kind of work the ``ms`` of one step, ``gflop`` and ``least``
        (see ``Work``); and ``whole``, its CPU ms without looking inside.
    """
    leaf, spent = latent.clone(), list[tuple[float, float]]()
    optimizer = torch.optim.Adam([leaf])
    with _winograd_named(), torch.profiler.profile(activities=[ProfilerActivity.CPU], record_shapes=True) as profiler:
        while not spent or sum(cpu for cpu, _ in spent) < seconds:
            cpu, clock = time.process_time(), time.perf_counter()
            with record_function(_STEP):
                leaf.grad = step()["gradient"]
                optimizer.step()
            spent.append((time.process_time() - cpu, time.perf_counter() - clock))
    steps = sorted((event for event in profiler.events() or [] if event.name == _STEP), key=_begin)
    chosen = sorted(range(len(spent)), key=spent.__getitem__)[(len(spent) - 1) // 2]
    sums: Sums = {part: {kind: dict.fromkeys(("ms", "gflop", "least"), 0.0) for kind in KINDS} for part in PARTS}
    cpu, clock = spent[chosen]
    _add(sums, steps[chosen], OTHER, _origins(steps[chosen]), cpu / clock / 1e3)
    return {"parts": sums, "whole": 1e3 * cpu}


def _begin(event: FunctionEvent) -> float:
    return float(event.time_range.start)


def _add(sums: Sums, event: FunctionEvent, part: str, origins: dict[int, str], ms: float) -> None:
    """Add a call's time, and what it calls, each microsecond (so many CPU ms) once."""
    if event.name in PARTS:
        part = event.name
    elif event.name.startswith(_ENGINE):
        part = origins.get(event.sequence_nr, OTHER)
        part = part if part == OTHER else f"{part}, backward"
    found = work(event.name, event.input_shapes, event.concrete_inputs)
    own = event.cpu_time_total
    if not found:
        own -= sum(child.cpu_time_total for child in event.cpu_children)
        for child in event.cpu_children:
            _add(sums, child, part, origins, ms)
    figures = sums[part][found.kind if found else REST]
    figures["ms"] += own * ms
    if found:
        figures["gflop"] += found.flops / 1e9
        figures["least"] += found.least / 1e9


def _origins(step: FunctionEvent) -> dict[int, str]:
    """Tell in which part each node of the graph arose, by its number.

    Calls that make no node show the number of the next one: of the calls with a number, the last one made it.
    """
    return {event.sequence_nr: part for event, part in _forward(step, OTHER) if event.sequence_nr >= 0}


def _forward(event: FunctionEvent, part: str) -> Iterable[tuple[FunctionEvent, str]]:
    if event.name.startswith(_ENGINE):
        return
    part = event.name if event.name in PARTS else part
    yield event, part
    for child in event.cpu_children:
        yield from _forward(child, part)


def _winograd_named() -> Any:
    """Let profiles show Winograd's convolutions, which are many calls, as one."""
    original = Winograd.__call__

    def call(self: Winograd, x: Tensor, bias: Tensor | None = None) -> Tensor:
        with record_function(winograd_name(x.shape, self.weight.shape)):
            return original(self, x, bias)

    return patch.object(Winograd, "__call__", call)
