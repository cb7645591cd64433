"""What stopping early saves and costs: ``python scripts/scale/early_stop.py`` prints a Markdown table.

Embeds the shipped pictures, more of them than fit into a batch, without and with patience. A picture that stops gives
its row to the next at the end of the round, so shorter rounds save more.
"""

import argparse
import tempfile
from pathlib import Path

from runs import fit, table

HEAD = ("patience", "steps a picture", "images/hour", "images per CPU hour", "PSNR dB", "perceptual")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generator", default="faces64")
    parser.add_argument("--path", help="pictures; default: the shipped ones")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--patience", type=int, nargs="+", default=[100, 50])
    parser.add_argument("--min-delta", type=float, default=1e-3)
    parser.add_argument("--round-steps", type=int, default=25)
    parser.add_argument("--batch-size", type=int, default=2)
    parser.add_argument("--accelerator", default="auto")
    options = parser.parse_args()
    settings = {
        "model.generator": options.generator,
        "model.steps": options.steps,
        "model.round_steps": options.round_steps,
        "model.min_delta": options.min_delta,
        "data.batch_size": options.batch_size,
        "trainer.accelerator": options.accelerator,
        "trainer.enable_progress_bar": "false",
    } | ({"data.path": options.path} if options.path else {})
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for patience in (None, *options.patience):
            stop = {} if patience is None else {"model.patience": patience}
            run = fit(Path(folder) / str(patience), settings | stop)
            speeds = (run.images_per_hour(), run.images_per_hour("cpu_seconds"))
            measures = (f"{run.mean('psnr'):.2f}", f"{run.mean('perceptual'):.4f}")
            rows.append([patience or "none", f"{run.mean('steps'):.0f}", *(f"{s:.1f}" for s in speeds), *measures])
    print(
        f"{options.generator}, at most {options.steps} steps in rounds of {options.round_steps}, "
        f"batch {options.batch_size}, min_delta {options.min_delta}, {run.figures[0]['device']}\n"
    )
    print(table(HEAD, rows))


if __name__ == "__main__":
    main()
