"""Write ``docs/experiments`` from the results of the experiments.

python -m i2s_lightning experiment all
python scripts/make_experiment_pages.py [runs/experiments] [docs/experiments]

A page an experiment: its module's text, the command, the figure, the verdicts as printed, the numbers.
"""

import sys
from pathlib import Path
from typing import Any

from PIL import Image

from i2s_lightning.experiments.outcome import read_numbers, read_result
from i2s_lightning.experiments.plan import plans

ROOT = Path(__file__).parents[1]
LARGEST = 280_000
"""Bytes of a figure in the repository; larger ones are reduced to fewer colours."""
BEGINNING = "python -m i2s_lightning experiment"
REMARKS = """\
`--set KEY=VALUE` changes an option of an experiment's YAML file; `--model.*`, `--data.*` and `--trainer.*` are those of
`fit` and go to every embedding (`--trainer.logger WandbLogger`). Killed? The same command goes on. Embeddings that
several experiments want are made once. `--print_config` prints all settings that would run and ends. In the preset
`paper`, too, all pictures start from the mean style; the paper starts others than faces at random: `--model.init
random_uniform`. Verdicts are by fixed rules in the experiments' modules. *Expected* marks what is not known to be said
by the paper, only expected from memory of it or by reasoning."""
WORDS = ("holds", "does not hold", "not shown")


def main(results: Path, pages: Path) -> None:
    pages.mkdir(parents=True, exist_ok=True)
    found = {name: read_result(results / name) for name in plans() if (results / name / "result.json").is_file()}
    for name, result in found.items():
        text = page(result, read_numbers(results / name))
        (pages / f"{name}.md").write_text(text, encoding="utf-8")
        shrink(results / name / "figure.png", pages / f"{name}.png")
    (pages / "README.md").write_text(overview(found), encoding="utf-8")
    print(f"wrote {len(found)} pages to {pages}")


def page(result: dict[str, Any], numbers: list[dict[str, str]]) -> str:
    name = result["name"]
    verdicts = [f"- **{v.word}**: {v.claim}{_source(v)} {v.finding}" for v in result["verdicts"]]
    generators = ", ".join(f"`{file}` ({sha[:12]})" for file, sha in result["generators"].items())
    made = (
        f"Made by `{result['command']}`, with generator {generators} and torch {result['versions']['torch']}. Run "
        "alone, an experiment divides its pictures into other batches, and last digits may differ."
    )
    parts = [
        f"# {result['title']}",
        f"{result['place'][:1].upper()}{result['place'][1:]}.",
        result["text"],
        f"```\n{BEGINNING} {name}\n```",
        f"![{result['title']}]({name}.png)",
        "\n".join(verdicts),
        *result["notes"],
        made,
        "## Numbers",
        table(numbers),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def overview(found: dict[str, dict[str, Any]]) -> str:
    rows = [
        [f"[{name}]({name}.md)", result["place"], verdict.claim + _source(verdict), verdict.word]
        for name, result in found.items()
        for verdict in result["verdicts"]
    ]
    count = ", ".join(f"{word}: {sum(row[-1] == word for row in rows)}" for word in WORDS)
    return "\n".join(
        [
            "# The paper, experiment by experiment",
            "",
            "Every experiment of Image2StyleGAN, on the generator and the pictures that ship:",
            "",
            "```",
            f"{BEGINNING} all                       # figures, numbers, verdicts and a page, in runs/experiments",
            f"{BEGINNING} affine loss               # some of them",
            f"{BEGINNING} --list",
            f"{BEGINNING} all --preset paper --generator ffhq.pkl --images faces=A cats=B dogs=C cars=D paintings=E",
            "python scripts/make_experiment_pages.py runs/experiments   # these pages",
            "```",
            "",
            REMARKS,
            "",
            f"{len(rows)} statements; {count}.",
            "",
            *_markdown([["experiment", "where", "statement", "here"], *rows]),
            "",
        ]
    )


def table(numbers: list[dict[str, str]]) -> str:
    if not numbers:
        return ""
    columns = [key for key in numbers[0] if key not in ("source", "correction")]
    return "\n".join(_markdown([columns, *([row[key] for key in columns] for row in numbers)]))


def shrink(figure: Path, target: Path) -> None:
    if not figure.is_file():
        return
    with Image.open(figure) as image:
        image.save(target, optimize=True)
        for colours in (256, 128, 64):
            if target.stat().st_size > LARGEST:
                image.quantize(colours, dither=Image.Dither.NONE).save(target, optimize=True)


def _source(verdict: Any) -> str:
    return "" if verdict.quoted else " *Expected.*"


def _markdown(rows: list[list[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (cells[0], ["---"] * len(cells[0]), *cells[1:])]


if __name__ == "__main__":
    arguments = [Path(word) for word in sys.argv[1:]]
    main(*(arguments + [Path("runs/experiments"), ROOT / "docs" / "experiments"][len(arguments) :]))
