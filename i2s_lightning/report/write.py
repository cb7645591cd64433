"""From an embedding and its pictures to the page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.pages import Pages, file_uri
from i2s_lightning.report.about import about
from i2s_lightning.report.curves import overview
from i2s_lightning.report.pictures import Facts, PictureFolder, Role
from i2s_lightning.report.table import Column, Table, make_table

INLINE_PICTURES = 100
INLINE_BYTES = 16 * 2**20
"""Up to so much stands in the page itself."""
CHUNK = 200
"""Curves of so many pictures share a file, where they lie beside the page."""


def files_of(page: Path) -> Path:
    """Name the folder of what lies beside a page: ``report_files`` for ``report.html``."""
    return page.with_name(f"{page.stem}_files")


def write_report(embedding: Embedding, page: Path, folder: Path | None = None) -> None:
    """Write the report of an embedding with the pictures that are there.

    Args:
        embedding: What it is about.
        page: The file to write.
        folder: The run folder, for settings and skipped files.
    """
    pictures = pictures_of(embedding, page)
    facts = [pictures.read(record) for record in embedding.metrics.values()]
    table = make_table(embedding)
    data = {
        **_columns(table),
        "pictures": _pictures(table, pictures, facts),
        "curves": _curves(facts, files_of(page)),
        "notes": {i: fact.note for i, fact in enumerate(facts) if fact is not None and fact.note},
    }
    Pages(Path(__file__).parent / "templates").write(
        page,
        "report.html",
        title=str(folder or page.stem),
        data=data,
        table=table,
        figures=[(column, _figure(table, column)) for column in table.columns if column.listed],
        about=about(embedding.run, folder),
        pictures=pictures,
        settings=embedding.run["settings"],
        generator=embedding.run["generator"],
    )


def pictures_of(embedding: Embedding, page: Path) -> PictureFolder:
    """Find the pictures that belong to a page."""
    height, width = embedding.run["generator"]["img_shape"]
    return PictureFolder(files_of(page), (height, width))


def _columns(table: Table) -> dict[str, Any]:
    return {
        "columns": [asdict(column) for column in table.columns],
        "numbers": table.numbers,
        "names": table.names,
        "statuses": table.statuses,
        "verdicts": table.verdicts,
        "files": table.files,
    }


def _pictures(table: Table, pictures: PictureFolder, facts: Sequence[Facts | None]) -> dict[str, Any]:
    """Say of each picture what there is: nothing (0), the embedding (1), or its target, too (2)."""
    kept = [0 if fact is None else 1 if fact.note else 2 for fact in facts]
    return {
        "height": pictures.height,
        "width": pictures.width,
        "folder": pictures.folder.name,
        "ending": pictures.ending,
        "kept": "".join(map(str, kept)),
        "inline": _inline(table.names, kept, pictures),
    }


def _inline(names: Sequence[str], kept: Sequence[int], pictures: PictureFolder) -> list[dict[str, str]] | None:
    """Read the pictures of a small run into the page."""
    if len(names) > INLINE_PICTURES:
        return None
    least: dict[Role, int] = {"embedding": 1, "target": 2}
    files = [
        {role: pictures.path(role, name) for role, number in least.items() if there >= number}
        for name, there in zip(names, kept, strict=True)
    ]
    if sum(path.stat().st_size for paths in files for path in paths.values()) > INLINE_BYTES:
        return None
    return [{role: file_uri(path.read_bytes(), pictures.kind) for role, path in paths.items()} for paths in files]


def _curves(facts: Sequence[Facts | None], folder: Path) -> dict[str, Any]:
    """Put few curves into the page; of many only the examples, the others into files beside it."""
    curves = {i: fact for i, fact in enumerate(facts) if fact is not None and len(fact.steps)}
    chosen = overview(curves)
    beside = len(facts) > INLINE_PICTURES
    if beside:
        for start in range(0, len(facts), CHUNK):
            part = {i: curves[i] for i in range(start, start + CHUNK) if i in curves}
            with replacing(folder / "curves" / f"{start // CHUNK:04d}.js", settle=False) as draft:
                draft.write_text(f"receiveCurves({json.dumps(_points(part))});\n")
    within = {i: curves[i] for i in chosen["examples"]} if beside else curves
    return {**chosen, "within": _points(within), "chunk": CHUNK if beside else None}


def _points(curves: Mapping[int, Facts]) -> dict[int, Any]:
    return {i: [list(curve.steps), list(curve.losses)] for i, curve in curves.items()}


def _figure(table: Table, column: Column) -> dict[str, float] | None:
    """Sum a column up."""
    values = [value for value in table.numbers[column.key] if value is not None]
    return {"mean": fmean(values), "low": min(values), "high": max(values)} if values else None
