"""What a precision costs and gives: ``python scripts/scale/precision.py --steps 300`` prints a Markdown table.

Embeds the shipped pictures with the paper's losses in each precision, on whatever device there is. The memory is the
process's peak on the CPU (Python and torch included), what torch allocated on a GPU.
"""

import argparse
import tempfile
from pathlib import Path

from runs import fit, table

PRECISIONS = ("32-true", "bf16-mixed", "64-true")
HEAD = ("precision", "PSNR dB", "SSIM", "perceptual", "s per image", "CPU s per image", "peak MiB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generator", default="faces64")
    parser.add_argument("--path", help="pictures; default: the shipped ones")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--precisions", nargs="+", default=PRECISIONS)
    options = parser.parse_args()
    settings = {
        "model.generator": options.generator,
        "model.steps": options.steps,
        "data.batch_size": options.batch_size,
        "trainer.accelerator": options.accelerator,
        "trainer.enable_progress_bar": "false",
    } | ({"data.path": options.path} if options.path else {})
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for precision in options.precisions:
            run = fit(Path(folder) / precision, settings | {"trainer.precision": precision})
            per_image = [run.longest(key) / len(run.embedding) for key in ("seconds", "cpu_seconds")]
            measures = [f"{run.mean('psnr'):.2f}", f"{run.mean('ssim'):.4f}", f"{run.mean('perceptual'):.4f}"]
            rows.append([precision, *measures, *(f"{s:.2f}" for s in per_image), f"{run.longest('peak_mib'):.0f}"])
            device = run.figures[0]["device"]
    print(f"{options.generator}, {options.steps} steps, batch {options.batch_size}, {device}\n")
    print(table(HEAD, rows))


if __name__ == "__main__":
    main()
