"""``report``: how well each picture can be edited."""

import csv
import sys
from dataclasses import asdict, fields
from pathlib import Path

from rich.console import Console
from rich.table import Table

from i2s_lightning import edits
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.commands.editing import parse, verb_parser
from i2s_lightning.edits.options import EMBEDDING_HELP


def main(words: list[str] | None = None) -> None:
    """Run ``report``."""
    parser = verb_parser("editability", "Say how far pictures lie from what their generator knows; what edits will do.")
    parser.add_argument("--embedding", type=str, default="runs/embed", help=EMBEDDING_HELP)
    parser.add_argument("--generator", type=str | None, default=None, help="where the generator is now, if it moved")
    parser.add_argument("--images", type=str, nargs="+", default=["*"], help="names; default: all")
    parser.add_argument("--out", type=str | None, default=None, help="also write a CSV file")
    options = parse(parser, words)
    reports = edits.report(edits.open_embedding(options.embedding, options.generator), options.images)
    table = Table("name", "to w_avg", "typicality", "PSNR dB", "nearest", "verdict", title="Editability")
    for r in reports:
        psnr = "" if r.psnr is None else f"{r.psnr:.1f}"
        nearest = "" if r.nearest is None else f"{r.nearest} ({r.nearest_distance:.1f})"
        table.add_row(r.name, f"{r.w_avg_distance:.1f}", f"{r.typicality:.2f}", psnr, nearest, r.verdict)
    Console(file=sys.stdout).print(table)
    if options.out is not None:
        with replacing(Path(options.out)) as draft, draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(edits.Report)])
            writer.writeheader()
            writer.writerows(asdict(r) for r in reports)
        sys.stdout.write(f"wrote {options.out}\n")
