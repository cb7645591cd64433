"""How good are reconstructions, ours and other tools', by one protocol?

The paper has no such numbers; later work compares on CelebA-HQ, each in a way of its own. Here everything is scored
alike, and the published table stands beside it with what is known to be wrong with it.

Ours are rendered again from the stored latents alone. To score another tool give the originals and its folder of
pictures with the same names: `--images originals=FOLDER e4e=FOLDER pti=FOLDER`, each under a word that is no class of
pictures; a run folder of `fit` is rendered from its latents. Then nothing is embedded. The table has every picture at
every size, then the means, then what others published: on other pictures and with another generator, so not to be
compared with what is above it.
"""

from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from omegaconf import OmegaConf
from PIL import Image

from i2s_lightning.checkpoints import load_embedding
from i2s_lightning.data.decode import read_picture
from i2s_lightning.data.listing import list_pictures
from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.drawing.sheet import Pixels
from i2s_lightning.errors import ConfigError
from i2s_lightning.experiments.figures import PER_ROW, SHOWN_SIDE
from i2s_lightning.experiments.findings import missing_note
from i2s_lightning.experiments.holes import MASKS
from i2s_lightning.experiments.lab import Lab, array
from i2s_lightning.experiments.outcome import Outcome, Verdict
from i2s_lightning.experiments.scoring import FIT, Scorer

PUBLISHED = Path(__file__).parent.parent / "published.yaml"
ORIGINALS = "originals"

Made = dict[str, Pixels]


def run(lab: Lab) -> Outcome:
    """Score every tool."""
    originals = lab.gallery.take(ORIGINALS) if ORIGINALS in lab.gallery.own else lab.names()
    classes = {ORIGINALS, MASKS, *lab.gallery.shipped, *lab.options["pictures"]}
    tools = {name: Path(path) for name, path in lab.gallery.own.items() if name not in classes}
    if not tools:
        lab.embed(originals)
        tools = {"ours": list(lab.embedded.values())[-1]}
    scorer = Scorer(lab.perceptual)
    made = {tool: reconstructions(folder, originals) for tool, folder in tools.items()}
    wanted = {name: read_picture(lab.gallery.path(name), _channels(made)) for name in originals}
    numbers: list[dict[str, Any]] = []
    for tool, pictures in made.items():
        for size in lab.options["sizes"]:
            rows = [{"picture": n} | scorer(wanted[n], pictures[n], size) for n in originals]
            numbers += [{"method": tool, "size": str(size)} | row for row in [*rows, means(rows)]]
    remarks = [*scorer.remarks(lab.options["sizes"]), *missing_note(lab.gallery.missing), *corrections()]
    return Outcome(_figure(wanted, made), numbers + published(), [_repeatable(tools, originals)], remarks)


def reconstructions(folder: Path, originals: list[str]) -> Made:
    """Read a tool's pictures by the originals' names, with or without their class.

    Raises:
        ConfigError: Some are missing.
    """
    if (folder / "latents").is_dir():
        e = load_embedding(folder)
        there = {name: array(e.render_one(name)) for name in e.names}
    else:
        there = {picture.name: read_picture(picture.path, 3) for picture in list_pictures(folder)}
    found = {name: there.get(name, there.get(name.partition("/")[2])) for name in originals}
    missing = [name for name, pixels in found.items() if pixels is None]
    if missing:
        raise ConfigError(
            f"{folder} lacks {', '.join(missing[:5])} ({len(missing)} of {len(originals)}): same names, please"
        )
    return {name: pixels for name, pixels in found.items() if pixels is not None}


def _channels(made: dict[str, Made]) -> int:
    return int(next(iter(next(iter(made.values())).values())).shape[2])


def means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Average every measure over pictures."""
    keys = [key for key in rows[0] if key != "picture"]
    return {"picture": "mean"} | {key: mean(row[key] for row in rows) for key in keys}


def published() -> list[dict[str, Any]]:
    """Give the rows of others, each with its source."""
    return [
        {**row, "size": "256", "picture": "published mean", "source": table["source"]}
        for table in _tables()
        for row in table["rows"]
    ]


def corrections() -> list[str]:
    """Say where published rows come from, and what was corrected."""
    return [f"Published: {table['source']}. Correction: {table['correction'].rstrip('.')}." for table in _tables()]


def _tables() -> Any:
    return OmegaConf.to_container(OmegaConf.load(PUBLISHED))


def _repeatable(tools: dict[str, Path], originals: list[str]) -> Verdict:
    claim = "What is stored renders to exactly the picture that was shown."
    runs = [folder for folder in tools.values() if (folder / "renders").is_dir() and (folder / "latents").is_dir()]
    if not runs:
        return Verdict(claim, None, "No run folder of ours is among these.", quoted=False)
    pairs = [
        (folder / "renders" / f"{n}.png", e[n])
        for folder in runs
        for e in [reconstructions(folder, originals)]
        for n in e
    ]
    equal = sum(np.array_equal(read_picture(path, pixels.shape[2]), pixels) for path, pixels in pairs if path.is_file())
    return Verdict(claim, equal == len(pairs), f"Bit by bit in {equal} of {len(pairs)} pictures.", quoted=False)


def _figure(wanted: Mapping[str, Any], made: Mapping[str, Mapping[str, Any]]) -> Image.Image:
    names = list(wanted)[:PER_ROW]
    side = (SHOWN_SIDE, SHOWN_SIDE)
    rows = [Row("original", [Tile(FIT(wanted[name], side)) for name in names])]
    rows += [Row(tool, [Tile(FIT(pictures[name], side)) for name in names]) for tool, pictures in made.items()]
    return grid(rows)
