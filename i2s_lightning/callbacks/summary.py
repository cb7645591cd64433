"""What ``fit`` leaves for people: a table, a contact sheet, curves, and what to do next."""

import csv
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from i2s_lightning.callbacks.curves import LossCurves
from i2s_lightning.callbacks.strips import TITLE, Strips, page, scores
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.checkpoints.embedding import Embedding
from i2s_lightning.checkpoints.index import write_index
from i2s_lightning.drawing.curves import draw_curves
from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.tracker import DONE, EARLY, FAILED, STATUS_NAMES

MOST = 64
"""Pictures on the contact sheet."""


class RunSummary(pl.Callback):
    """Writes ``metrics.csv``, ``contact_sheet.png`` and ``loss_curves.png`` at the end of ``fit``.

    Args:
        out: The run folder.
    """

    def __init__(self, out: str) -> None:
        self.out = Path(out)
        self._embedding: Embedding | None = None

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write everything, on rank 0, once all ranks have written their results."""
        assert isinstance(pl_module, Embed)
        trainer.strategy.barrier()
        if not trainer.is_global_zero:
            return
        left = pl_module.exchange.total - pl_module.exchange.done
        if left:
            Console().print(f"Stopped with {left} pictures to go; the same command goes on from here.")
        if not any((self.out / "latents").glob("*.safetensors")):
            return
        write_index(self.out / "latents")
        embedding = self._embedding = pl_module.open_embedding()
        self._write_metrics(embedding, pl_module)
        self._write_sheet(embedding, pl_module)
        self._write_curves(trainer)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show what there is, once others have written theirs, too."""
        assert isinstance(pl_module, Embed)
        if self._embedding is not None:
            self._say(self._embedding, pl_module)

    def _write_metrics(self, embedding: Embedding, task: Embed) -> None:
        skipped = [
            {"name": picture.name, "status": "skipped", "file": str(picture.path), "reason": picture.reason}
            for picture in task.data.skipped
        ]
        rows = partial(chain, embedding.metrics.values(), skipped)  # twice through them: 70,000 at once take a lot
        columns = dict.fromkeys(["name", "status", "psnr", *dict.fromkeys(key for row in rows() for key in row)])
        with replacing(self.out / "metrics.csv") as draft, draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(columns))
            writer.writeheader()
            writer.writerows(map(_row, rows()))

    def _write_sheet(self, embedding: Embedding, task: Embed) -> None:
        picture_of = Strips(task, embedding)
        shown = picture_of.names()[:MOST]
        if not shown:
            return
        records = [embedding.metrics[name] for name in shown]
        title = TITLE + (f"   ({len(shown)} of {len(embedding)})" if len(embedding) > len(shown) else "")
        sheet = page(
            [picture_of(name) for name in shown],
            [[record["name"] + _mark(record["status"]), scores(record)] for record in records],
            columns=2 if len(shown) < 12 else 3,
            title=title,
        )
        with replacing(self.out / "contact_sheet.png") as draft:
            sheet.save(draft)

    def _write_curves(self, trainer: pl.Trainer) -> None:
        recorder = next((c for c in trainer.callbacks if isinstance(c, LossCurves)), None)  # type: ignore[attr-defined]
        curves = recorder.finished() if recorder else {}
        if curves:
            with replacing(self.out / "loss_curves.png") as draft:
                draw_curves(draft, curves, ylabel="loss", title="Loss of each picture")

    def _say(self, embedding: Embedding, task: Embed) -> None:
        console = Console()
        console.print(_table(embedding.metrics, len(task.data.skipped)))
        console.print(f"\nWrote to [bold]{self.out}[/bold]:")
        for name, what in _FILES.items():
            if (self.out / name).exists():
                console.print(f"  {name:<20} {what.format(out=self.out)}", soft_wrap=True)
        console.print("\nNext:")
        for command in _NEXT:
            console.print(f"  {command.format(out=self.out)}", highlight=False, soft_wrap=True)


_FILES = {
    "report.html": "all pictures with scores and curves, to look through in a browser",
    "contact_sheet.png": "target, embedding and difference of each picture",
    "renders": "each picture rendered from its stored latent",
    "latents": "the results: latents, metrics, everything needed to render them again",
    "metrics.csv": "one row a picture",
    "loss_curves.png": "loss over steps",
    "checkpoints": "to go on after an interruption",
    "videos": "pictures coming to look like their targets",
    "logs": "numbers over steps, and pictures beside them",
    "wandb": "what Weights & Biases gets; after an offline run: wandb sync {out}/wandb/offline-run-*",
    "config.yaml": "the settings, complete",
}

_NEXT = (
    "python -m i2s_lightning test --out {out}                       # score them again from the stored latents",
    "python -m i2s_lightning studio --embedding {out}               # edit them in the browser",
    "python -m i2s_lightning fit --out {out}-w --model.space w      # the same pictures in W",
    "python -c \"import i2s_lightning as i; print(i.load_embedding('{out}').ws.shape)\"",
)


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: f"{value:.6g}" if isinstance(value, float) else value for key, value in record.items()}


def _mark(status: str) -> str:
    return "" if status == "done" else f"   [{status}]"


def _table(metrics: Mapping[str, Mapping[str, Any]], skipped: int) -> Table:
    records = metrics.values()
    most = len(metrics) > MOST
    table = Table(
        title=f"The {MOST} worst pictures" if most else "Embedded pictures",
        caption=_counts(records, skipped),
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in ("name", "status", "steps", "loss", "PSNR dB", "SSIM", "perceptual", "to w_avg"):
        table.add_column(column, justify="left" if column in ("name", "status") else "right")
    for r in heapq.nsmallest(MOST, records, key=itemgetter("psnr")) if most else records:
        table.add_row(r["name"], r["status"], str(r["steps"]), *_numbers(r))
    means, worst = _means_and_worst(records)
    table.add_section()
    table.add_row("mean", "", "", *_numbers(means))
    table.add_row("worst", "", "", *_numbers(worst))
    return table


def _counts(records: Iterable[Mapping[str, Any]], skipped: int) -> str:
    """Say how many pictures ended how."""
    statuses = Counter(str(record["status"]) for record in records)
    words = [f"{statuses[name]:,} {name}" for name in map(STATUS_NAMES.__getitem__, (DONE, EARLY, FAILED))]
    return ", ".join([*words, *([f"{skipped:,} skipped (can't be read)"] if skipped else [])])


def _numbers(record: Mapping[str, Any]) -> list[str]:
    return [f"{record[key]:.{digits}f}" if key in record else "" for key, (digits, _) in _COLUMNS.items()]


def _means_and_worst(records: Iterable[Mapping[str, Any]]) -> tuple[dict[str, float], dict[str, float]]:
    sums, counts, worst = dict.fromkeys(_COLUMNS, 0.0), dict.fromkeys(_COLUMNS, 0), dict[str, float]()
    for record in records:
        for key in _COLUMNS.keys() & record.keys():
            sums[key] += record[key]
            counts[key] += 1
            worst[key] = _COLUMNS[key][1](worst.get(key, record[key]), record[key])
    return {key: sums[key] / count for key, count in counts.items() if count}, worst


_COLUMNS: dict[str, tuple[int, Callable[..., Any]]] = {
    "loss": (4, max),
    "psnr": (2, min),
    "ssim": (3, min),
    "perceptual": (3, max),
    "w_avg_distance": (1, max),
}
"""Digits, and which end is the bad one."""
