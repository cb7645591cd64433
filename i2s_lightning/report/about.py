"""How a run was made, and how to make it again."""

import csv
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class About:
    """What a report says of its run.

    Attributes:
        settings: What decided the results.
        networks: The generator, and the network behind the perceptual distance.
        versions: Of programs.
        command: Makes the same results again; None when nobody knows the settings.
        config: The settings as a file; None when there is none.
        skipped: Files that could not be read, each with the reason.
    """

    settings: Rows
    networks: Rows
    versions: Rows
    command: str | None
    config: str | None
    skipped: Rows


def about(run: Mapping[str, Any], folder: Path | None) -> About:
    """Collect what is known.

    Args:
        run: Of the embedding.
        folder: The run folder, if the embedding lies in one.
    """
    config = folder / "config.yaml" if folder else None
    if folder is None or config is None or not config.exists():
        config, command = None, None
    else:
        words = ("python", "-m", "i2s_lightning", "fit", "--config", str(config), "--out", f"{folder}-again")
        command = shlex.join(words)
    others = {key: run[key] for key in ("batch_size", "processes", "started", "imported") if key in run}
    return About(
        settings=flat(run["settings"]) + flat(others),
        networks=flat({key: run[key] for key in ("generator", "perceptual") if key in run}),
        versions=flat(run.get("versions", {})),
        command=command,
        config=None if config is None else config.read_text(encoding="utf-8"),
        skipped=[] if folder is None else _skipped(folder / "metrics.csv"),
    )


def flat(values: Mapping[str, Any], prefix: str = "") -> Rows:
    """Write nested values with dotted names.

    Example:
        >>> flat({"a": {"b": 1, "c": [2, 3]}, "d": None})
        [('a.b', '1'), ('a.c', '2, 3'), ('d', 'none')]
    """
    rows: Rows = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            rows += flat(value, f"{prefix}{key}.")
        else:
            items = value if isinstance(value, list) else [value]
            rows.append((prefix + key, ", ".join("none" if item is None else str(item) for item in items)))
    return rows


def _skipped(metrics: Path) -> Rows:
    if not metrics.exists():
        return []
    with metrics.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return [(row["file"], row["reason"]) for row in rows if row["status"] == "skipped"]
