"""Turn a training checkpoint, or a generator, into a generator file with styles in the usual units.

``python scripts/export_generator.py --weights runs/generator/checkpoints/last.ckpt --out faces64.safetensors``
"""

import argparse
from pathlib import Path

import torch
from training.task import TrainGenerator
from training.units import set_units

from i2s_lightning.generators.build import build
from i2s_lightning.generators.native import load_native, save_native
from i2s_lightning.generators.stylegan2 import StyleGAN2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="checkpoint, or .safetensors of ours")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--deviation", type=float, default=0.44, help="of styles; 0 leaves their units as they are")
    parser.add_argument("--note", action="append", default=[], help="for the file's header, may be repeated")
    options = parser.parse_args()
    generator, notes = _read(options.weights)
    if options.deviation:
        set_units(generator, options.deviation)
    notes = [*notes, *options.note]
    generator.source = {"name": options.out.stem, "data": "renders of CC0 assets", "notes": notes}
    save_native(generator, options.out)


def _read(path: Path) -> tuple[StyleGAN2, list[str]]:
    """Return the (averaged) generator and what its file says about it."""
    if path.suffix == ".safetensors":
        state = load_native(path)
        generator = build(state)
        assert isinstance(generator, StyleGAN2)
        return generator, list(state.source.get("notes", []))
    content = torch.load(path, map_location="cpu", weights_only=True)
    settings = {name: value for name, value in content["hyper_parameters"].items() if not name.startswith("_")}
    task = TrainGenerator(**settings | {"start": ()})
    task.load_state_dict(content["state_dict"])
    return task.average, [f"{int(task.seen):,} images seen in the last stage"]


if __name__ == "__main__":
    main()
