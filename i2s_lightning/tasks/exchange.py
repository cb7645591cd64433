"""Between rounds: finished pictures leave for the store, waiting ones take the free rows.

Every rank computes the same assignment from the same facts (which rows are free, what waits), so one small gather a
round is all that ranks tell one another.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from i2s_lightning.checkpoints.store import Result, next_shard, write_shard
from i2s_lightning.ops.images import from_uint8, to_uint8
from i2s_lightning.ranks import gather
from i2s_lightning.tasks.listener import tell
from i2s_lightning.tasks.rows import State
from i2s_lightning.tasks.seeds import normal
from i2s_lightning.tasks.sequence import Line, predecessors, rounds
from i2s_lightning.tasks.tracker import RUNNING, STATUS_NAMES

if TYPE_CHECKING:
    from i2s_lightning.tasks.embed import Embed


class Exchange:
    """Moves pictures in and out of the rows of one task.

    Args:
        task: The task; set up, with rows and data.
        waiting: Indices of the pictures that are still to be embedded, in order.
        parked: States of pictures that were in flight when a checkpoint was written, by index; they go first.
    """

    def __init__(self, task: "Embed", waiting: list[int], parked: dict[int, State]) -> None:
        self.task = task
        self.parked = {picture: state for picture, state in parked.items() if picture in set(waiting)}
        self.before = {} if task.sequence is None else predecessors([p.name for p in task.data.pictures])
        self.line = Line(self.parked, (i for i in waiting if i not in self.parked), self.before)
        self.rounds = self._rounds(waiting)
        self.in_flight = 0
        self.total = len(waiting)
        self._seats: dict[tuple[int, int], int] = {}  # who was last in which row of which rank
        self._last: dict[int, Tensor] = {}  # what the next of a sequence starts from, until it does
        steps = sum(int(state["age"]) for state in self.parked.values())
        self.share_at_start = steps / max(1, self.total * task.steps)

    @property
    def done(self) -> int:
        """How many pictures have left, on all ranks."""
        return self.total - len(self.line) - self.in_flight

    def run(self) -> bool:
        """Exchange pictures until every row that can have work has it.

        Returns:
            Whether any rank has work for another round.
        """
        while True:
            self._flush()
            assigned = list(self._assign())
            for rank, row, picture in assigned:
                if rank == self.task.global_rank:
                    self._fill(row, picture)
            # A picture that was done when the checkpoint was written came back only to be flushed.
            done = [p for _, _, p in assigned if p in self.parked and int(self.parked[p]["status"]) != RUNNING]
            for _, _, picture in assigned:
                self.parked.pop(picture, None)
            if not done:
                return self.in_flight > 0

    def _rounds(self, waiting: list[int]) -> int:
        task = self.task
        first, following = (-(-(steps or 0) // task.round_steps) for steps in (task.steps, task.sequence))
        return rounds(waiting, self.before, task.trainer.world_size * len(task.rows), first, following)

    def _assign(self) -> Iterator[tuple[int, int, int]]:
        """Pair free rows of all ranks, in order, with waiting pictures."""
        taken = torch.tensor([picture >= 0 for picture in self.task.rows.slots.pictures])
        everywhere = gather(self.task.trainer, taken)
        self.in_flight = int(everywhere.sum())
        for rank, row in (~everywhere).nonzero().tolist():
            picture = self.line.next(self._seats.get((rank, row)))
            if picture is not None:
                self.in_flight += 1
                self._seats[rank, row] = picture
                yield rank, row, picture

    def _fill(self, row: int, picture: int) -> None:
        task, facts = self.task, self.task.data.pictures[picture]
        target = self._target(picture)
        references = task.objective.prepare(target)
        noise = self._noise(facts.sha256)
        task.rows.put(row, picture, references, noise)
        optimizer = task.trainer.optimizers[0]
        if picture in self.parked:
            task.rows.resume(row, self.parked[picture], optimizer)
        elif task.sequence is not None and picture in self.before:
            task.rows.begin(row, self._result_of(self.before[picture]), optimizer, task.steps - task.sequence)
        else:
            task.rows.begin(row, task.choose_start(facts, target, references, noise), optimizer)

    def _flush(self) -> None:
        """Write finished rows to the store, as one shard, and free them."""
        rows, status = self.task.rows, self.task.rows.tracker.status.tolist()
        leaving = [row for row in rows.slots.occupied if status[row] != RUNNING]
        if not leaving:
            return
        results = [self._result(row, STATUS_NAMES[status[row]]) for row in leaving]
        write_shard(next_shard(self.task.out / "latents", self.task.global_rank), results, self.task.run)
        for row in leaving:
            if self.line.awaits(picture := rows.slots.pictures[row]):
                self._last[picture] = rows.tracker.best[row].clone()
            rows.clear(row)

    def _result(self, row: int, status: str) -> Result:
        task, rows = self.task, self.task.rows
        picture = rows.slots.pictures[row]
        facts, tracker = task.data.pictures[picture], rows.tracker
        target = self._target(picture)
        noise = None if rows.slots.noise is None else [m[row] for m in rows.slots.noise]
        record = {
            "name": facts.name,
            "status": status,
            "steps": int(tracker.age[row] - tracker.entered[row]),
            "best_step": int(tracker.best_step[row] - tracker.entered[row]),
            "sha256": facts.sha256,
            "file": str(facts.path),
        }
        result, pixels = task.finisher.finish(tracker.best[row], target[0], noise, record)
        tell(task.trainer, task, result, pixels.cpu(), to_uint8(target)[0].cpu())
        return result

    def _result_of(self, picture: int) -> Tensor:
        """Give the latent of a picture that is done: just now, or in an earlier run."""
        if picture in self._last:
            return self._last.pop(picture)
        return self.task.open_embedding().latent(self.task.data.pictures[picture].name)

    def _target(self, picture: int) -> Tensor:
        pixels = self.task.data.read(picture)
        return from_uint8(pixels.unsqueeze(0)).to(self.task.generator.w_avg)

    def _noise(self, sha256: str) -> list[Tensor] | None:
        """Draw a picture's own noise maps, if the run has such."""
        if self.task.noise != "fixed":
            return None
        shapes = self.task.generator.noise_shapes
        like = self.task.generator.w_avg
        return [normal((1, 1, *shape), self.task.seed, sha256, "noise", i).to(like) for i, shape in enumerate(shapes)]
