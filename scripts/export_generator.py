"""Turn a training checkpoint, or a generator, into a generator file with styles in the usual units.

``python scripts/export_generator.py --weights runs/generator/checkpoints/last.ckpt --data runs/faces --out FILE``

A checkpoint's mapping network is taught here, from the codes and parameters of a data set. ``--expressions`` writes
beside it what the teacher of its styles knows of expressions, as directions.
"""

import argparse
from pathlib import Path

import torch
from training.expressions import expression_directions
from training.mapping import teach_mapping
from training.pairs import PairData
from training.task import TrainGenerator
from training.teacher import Teacher
from training.units import set_units

from i2s_lightning.edits import save_directions
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.build import build
from i2s_lightning.generators.native import load_native, save_native
from i2s_lightning.generators.stylegan2 import StyleGAN2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="checkpoint, or .safetensors of ours")
    parser.add_argument("--data", help="portraits of render_faces.py, for a checkpoint's mapping network")
    parser.add_argument("--mapping_steps", type=int, default=4000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--deviation", type=float, default=0.44, help="of styles; 0 leaves their units as they are")
    parser.add_argument("--note", action="append", default=[], help="for the file's header, may be repeated")
    parser.add_argument("--expressions", type=Path, help="file for what a checkpoint's teacher knows of expressions")
    options = parser.parse_args()
    finished = options.weights.suffix == ".safetensors"
    if finished and options.expressions:
        parser.error("--expressions needs a checkpoint: a finished generator has no teacher")
    if not finished and not options.data:
        parser.error("a checkpoint's mapping network learns at the export: --data FOLDER of render_faces.py is needed")
    generator, notes, teacher = _read(options)
    scale = set_units(generator, options.deviation) if options.deviation else 1.0
    notes = [*notes, *options.note]
    generator.source = {"name": options.out.stem, "data": "renders of CC0 assets", "notes": notes}
    save_native(generator, options.out)
    if teacher and options.expressions:
        shipped = load_generator(str(options.out))
        save_directions(options.expressions, expression_directions(teacher, shipped, scale), shipped)


def _read(options: argparse.Namespace) -> tuple[StyleGAN2, list[str], Teacher | None]:
    """Return the (averaged) generator, what its file says about it, and its teacher."""
    if options.weights.suffix == ".safetensors":
        state = load_native(options.weights)
        generator = build(state)
        assert isinstance(generator, StyleGAN2)
        return generator, list(state.source.get("notes", [])), None
    content = torch.load(options.weights, map_location="cpu", weights_only=True)
    settings = {name: value for name, value in content["hyper_parameters"].items() if not name.startswith("_")}
    task = TrainGenerator(**settings | {"start": ()})
    task.load_state_dict(content["state_dict"])
    data = PairData(options.data)
    data.setup("fit")
    with torch.no_grad():
        styles = task.average_teacher(data.parameters)
    missed = teach_mapping(task.average.mapping, data.codes, styles, options.mapping_steps)
    print(f"the mapping network misses {missed:.1%} of the variance of styles")
    return task.average, [f"{int(task.seen):,} images seen in the last stage"], task.average_teacher


if __name__ == "__main__":
    main()
