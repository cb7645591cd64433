import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from i2s_lightning.experiments.outcome import Outcome, Verdict, write_outcome
from i2s_lightning.experiments.plan import plans
from i2s_lightning.experiments.studies import affine, defects, expression, loss, style, tradeoff

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts/make_experiment_pages.py"
DOCS = ROOT / "docs/experiments"


@pytest.fixture
def pages(tmp_path):
    facts = {
        "name": "affine",
        "title": "How much?",
        "place": "section 3.2",
        "text": "The paper.\n\nHere.",
        "preset": "quick",
    }
    facts |= {"generators": {"faces64": "ab" * 32}, "versions": {"torch": "2.13"}}
    facts |= {"command": "python -m i2s_lightning experiment all"}
    noise = np.random.default_rng(0).integers(0, 256, (400, 500, 3), dtype=np.uint8)
    verdicts = [Verdict("It falls.", True, "1 < 2."), Verdict("It rises.", False, "2 > 1.", quoted=False)]
    outcome = Outcome(Image.fromarray(noise), [{"a|b": 1, "c": 2.5}], verdicts, ["Left out: dogs"])
    write_outcome(tmp_path / "runs/affine", outcome, facts)
    runpy.run_path(str(SCRIPT))["main"](tmp_path / "runs", tmp_path / "docs")
    return tmp_path / "docs"


def test_a_page_says_what_the_result_says(pages):
    text = (pages / "affine.md").read_text()
    assert text.startswith("# How much?\n\nSection 3.2.\n\nThe paper.\n\nHere.\n")
    for part in (
        "python -m i2s_lightning experiment affine\n",
        "![How much?](affine.png)",
        "- **holds**: It falls. 1 < 2.",
        "- **does not hold**: It rises. *Expected.* 2 > 1.",
        "Left out: dogs",
        "| a\\|b | c |\n| --- | --- |\n| 1 | 2.5 |",
        "Made by `python -m i2s_lightning experiment all`, with generator `faces64` (abababababab) and torch 2.13.",
    ):
        assert part in text


def test_the_overview_lists_all_statements(pages):
    text = (pages / "README.md").read_text()
    assert "| [affine](affine.md) | section 3.2 | It falls. | holds |" in text
    assert "| [affine](affine.md) | section 3.2 | It rises. *Expected.* | does not hold |" in text
    assert "\n2 statements; holds: 1, does not hold: 1, not shown: 0.\n" in text


def test_figures_are_small(pages):
    assert (pages / "affine.png").stat().st_size <= 280_000


def test_there_is_a_page_with_a_small_figure_for_every_experiment():
    assert {path.stem for path in DOCS.glob("*.md")} == {"README", *plans()}
    assert sum(path.stat().st_size for path in DOCS.iterdir()) < 4_000_000
    for name, plan in plans().items():
        text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        assert f"\n\n{plan.text}\n\n```\npython -m i2s_lightning experiment {name}\n```\n" in text
        assert f"({name}.png)" in text
        with Image.open(DOCS / f"{name}.png") as figure:
            assert figure.width >= 300


@pytest.mark.parametrize("study", [affine, defects, expression, loss, style, tradeoff])
def test_verdicts_on_a_page_follow_from_the_numbers_on_it(study):
    text = (DOCS / f"{study.__name__.rpartition('.')[2]}.md").read_text(encoding="utf-8")
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    rows = [{key: _value(cell) for key, cell in zip(lines[0], line, strict=True)} for line in lines[2:]]
    told = [f"- **{v.word}**: {v.claim}" for v in study.verdicts(rows)]
    said = [line for line in text.splitlines() if line.startswith("- **")]
    assert len(said) == len(told)
    assert all(line.startswith(beginning) for line, beginning in zip(said, told, strict=True))


def _value(cell):
    try:
        return float(cell)
    except ValueError:
        return cell
