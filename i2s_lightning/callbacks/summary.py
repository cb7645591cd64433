"""What ``fit`` leaves for people: a table, a contact sheet, curves, and what to do next."""

import csv
import heapq
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from rich.console import Console
from rich.table import Table

from i2s_lightning.callbacks.curves import LossCurves
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.checkpoints.embedding import Embedding
from i2s_lightning.checkpoints.index import write_index
from i2s_lightning.drawing.curves import draw_curves
from i2s_lightning.drawing.sheet import Cell, difference, sheet
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.tasks.embed import Embed

MOST = 64
"""Pictures on the contact sheet."""
SMALLEST = 160
"""Pictures are enlarged to about so many pixels, to be looked at."""


class RunSummary(pl.Callback):
    """Writes ``metrics.csv``, ``contact_sheet.png`` and ``loss_curves.png`` at the end of ``fit``.

    Args:
        out: The run folder.
    """

    def __init__(self, out: str) -> None:
        self.out = Path(out)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write and show everything, on rank 0, once all ranks have written their results."""
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
        embedding = pl_module.open_embedding()
        self._write_metrics(embedding, pl_module)
        self._write_sheet(embedding, pl_module)
        self._write_curves(trainer)
        self._say(embedding, pl_module)

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
        indices = {p.name: i for i, p in enumerate(task.data.pictures)}
        shown = [name for name in embedding.names if name in indices][:MOST]
        cells = []
        for name in shown:
            target = task.data.read(indices[name]).numpy()
            seen = to_uint8(embedding.render_one(name).unsqueeze(0))[0].numpy()
            cells.append(Cell([target, seen, difference(target, seen)], _lines(name, embedding.metrics[name])))
        if not cells:
            return
        title = "target | embedding | 4x difference"
        if len(embedding) > len(shown):
            title += f"   ({len(shown)} of {len(embedding)})"
        scale = max(1, round(SMALLEST / max(cells[0].pictures[0].shape[:2])))
        page = sheet(cells, columns=2 if len(cells) < 12 else 3, scale=scale, title=title)
        with replacing(self.out / "contact_sheet.png") as draft:
            page.save(draft)

    def _write_curves(self, trainer: pl.Trainer) -> None:
        recorder = next((c for c in trainer.callbacks if isinstance(c, LossCurves)), None)  # type: ignore[attr-defined]
        curves = {name: curve for name, curve in recorder.curves.items() if curve[0]} if recorder else {}
        if curves:
            with replacing(self.out / "loss_curves.png") as draft:
                draw_curves(draft, curves, ylabel="loss", title="Loss of each picture")

    def _say(self, embedding: Embedding, task: Embed) -> None:
        console = Console()
        console.print(_table(embedding))
        console.print(f"\nWrote to [bold]{self.out}[/bold]:")
        for name, what in _FILES.items():
            if (self.out / name).exists():
                console.print(f"  {name:<20} {what}")
        console.print("\nNext:")
        for command in _NEXT:
            console.print(f"  {command.format(out=self.out)}", highlight=False)


_FILES = {
    "contact_sheet.png": "target, embedding and difference of each picture",
    "renders": "each picture rendered from its stored latent",
    "latents": "the results: latents, metrics, everything needed to render them again",
    "metrics.csv": "one row a picture",
    "loss_curves.png": "loss over steps",
    "checkpoints": "to go on after an interruption",
    "logs": "losses over steps as CSV",
    "config.yaml": "the settings, complete",
}

_NEXT = (
    "python -m i2s_lightning test --out {out}                       # score them again from the stored latents",
    "python -m i2s_lightning fit --out {out}-w --model.space w      # the same pictures in W",
    "python -c \"import i2s_lightning as i; print(i.load_embedding('{out}').ws.shape)\"",
)


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: f"{value:.6g}" if isinstance(value, float) else value for key, value in record.items()}


def _lines(name: str, record: Mapping[str, Any]) -> list[str]:
    shown = (("PSNR", "psnr", ".2f", " dB"), ("SSIM", "ssim", ".3f", ""), ("perceptual", "perceptual", ".3f", ""))
    scores = "   ".join(f"{title} {record[key]:{form}}{unit}" for title, key, form, unit in shown if key in record)
    status = "" if record["status"] == "done" else f"   [{record['status']}]"
    return [name + status, scores]


def _table(embedding: Embedding) -> Table:
    table = Table(title="Embedded pictures" if len(embedding) <= MOST else f"The {MOST} worst of {len(embedding)}")
    for column in ("name", "status", "steps", "loss", "PSNR dB", "SSIM", "perceptual", "to w_avg"):
        table.add_column(column, justify="left" if column in ("name", "status") else "right")
    records = embedding.metrics.values()
    shown = records if len(embedding) <= MOST else heapq.nsmallest(MOST, records, key=itemgetter("psnr"))
    for r in shown:
        numbers = [f"{r[k]:.{d}f}" if k in r else "" for k, d in _COLUMNS.items()]
        table.add_row(r["name"], r["status"], str(r["steps"]), *numbers)
    means = _means(records)
    table.add_section()
    table.add_row("mean", "", "", *(f"{means[k]:.{d}f}" if k in means else "" for k, d in _COLUMNS.items()))
    return table


def _means(records: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    sums = dict.fromkeys(_COLUMNS, 0.0)
    counts = dict.fromkeys(_COLUMNS, 0)
    for record in records:
        for key in _COLUMNS.keys() & record.keys():
            sums[key] += record[key]
            counts[key] += 1
    return {key: sums[key] / count for key, count in counts.items() if count}


_COLUMNS = {"loss": 4, "psnr": 2, "ssim": 3, "perceptual": 3, "w_avg_distance": 1}
