"""The page of all results."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from i2s_lightning.experiments.outcome import read_numbers, read_result
from i2s_lightning.experiments.plan import plans
from i2s_lightning.pages import Pages, data_uri

TEMPLATES = Path(__file__).parent / "templates"


def write_index(out: Path) -> Path:
    """Write ``index.html`` from what every experiment left, in the paper's order.

    Args:
        out: The folder of all experiments.

    Returns:
        The page; it holds everything and opens without a network.
    """
    folders = {name: out / name for name in plans() if (out / name / "result.json").is_file()}
    results = [_shown(folder) for folder in folders.values()]
    verdicts = [verdict for result in results for verdict in result["verdicts"]]
    count = {word: sum(v.word == word for v in verdicts) for word in ("holds", "does not hold", "not shown")}
    path = out / "index.html"
    Pages(TEMPLATES).write(path, "index.html", results=results, count=count, missing=sorted(plans().keys() - folders))
    return path


def _shown(folder: Path) -> dict[str, Any]:
    result, figure, numbers = read_result(folder), None, []
    if (folder / "figure.png").is_file():
        numbers = read_numbers(folder)
        with Image.open(folder / "figure.png") as picture:
            figure = data_uri(np.asarray(picture.convert("RGB")))
    return {
        **result,
        "text": paragraphs(result["text"]),
        "figure": figure,
        "columns": list(numbers[0]) if numbers else [],
        "numbers": [[_value(text) for text in row.values()] for row in numbers],
    }


def _value(text: str) -> str | float | int:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def paragraphs(text: str) -> list[str]:
    r"""Divide a docstring into paragraphs, each on one line.

    Example:
        >>> paragraphs("One\nline.\n\nTwo.")
        ['One line.', 'Two.']
    """
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
