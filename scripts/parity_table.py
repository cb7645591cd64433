"""Print the table "family x format x largest error" of docs/generators.md, from golden files.

    python scripts/parity_table.py --golden tests/golden

Errors are relative to the largest number of the official output. Images and styles are compared in float32; gradients
in float64 where the golden file holds them, since a leaky ReLU's kink makes float32 gradients of correct codes differ.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from i2s_lightning.errors import I2SError
from i2s_lightning.generators import Generator, build
from i2s_lightning.generators.load import read_state

SUFFIXES = {".pkl", ".pt", ".pth", ".model"}
#: Where the official outputs of a file's weights are kept under another name: the file itself tells less, or its own
#: project's code is not the official one.
ELSEWHERE = {
    "lern_sg1_32": "nv_tf/tf_sg1_32.npz",
    "lern_sg1_128_fused": "nv_tf/tf_sg1_128_fused.npz",
}
FALLBACK = {"genforce_sg1_128_fused": "nv_tf/tf_sg1_128_fused.npz"}


def arrays(path: Path) -> dict[str, Tensor]:
    """Read an .npz as tensors."""
    if not path.exists():
        return {}
    with np.load(path) as file:
        return {key: torch.from_numpy(file[key]) for key in file}


def oracle(path: Path, golden: Path) -> dict[str, Tensor]:
    """The official outputs for a file, and the noise maps they were made with."""
    case = path.name.split(".")[0]
    own = arrays(path.with_name(f"{case}.npz"))
    if case in ELSEWHERE and (golden / ELSEWHERE[case]).exists():
        return arrays(golden / ELSEWHERE[case]) | {key: value for key, value in own.items() if key.startswith("noise")}
    return (arrays(golden / FALLBACK[case]) if case in FALLBACK else {}) | own


def noise_of(generator: Generator, found: dict[str, Tensor]) -> list[Tensor] | None:
    """The maps that the official code was given, if the file holds none."""
    layers = range(len(generator.noise_shapes))
    if "noise_res0" in found:
        return [found[f"noise_res{i // 2}"] for i in layers]
    return [found[f"noise{i}"] for i in layers] if "noise0" in found else None


def error(found: Tensor, expected: Tensor) -> float:
    """Largest difference, relative to the largest number."""
    return float((found - expected).abs().max() / expected.abs().max())


def outputs(generator: Generator, given: dict[str, Tensor], *, made_up: bool) -> dict[str, Tensor]:
    """Styles and images, under the oracle's names; without noise only, where the file's maps are made up."""
    noise = noise_of(generator, given)
    found = {"image_wp_none": generator.synthesis(given["wp"], noise_mode="none")}
    if "z" in given:
        ws = generator.mapping(given["z"], given["c"] if generator.c_dim else None)
        found |= {"w": ws[:, 0], "ws": ws, "image_none": generator.synthesis(ws, noise_mode="none")}
        if noise is not None or not made_up:
            found["image_const"] = generator.synthesis(ws, noise=noise)
    if noise is not None or not made_up:
        found["image_wp_const"] = generator.synthesis(given["wp"], noise=noise)
    return found


def gradient(generator: Generator, given: dict[str, Tensor], kind: str, dtype: torch.dtype) -> Tensor:
    """Differentiate sum(image * fixed) by wp."""
    generator = generator.to(dtype)
    maps = noise_of(generator, given) if kind == "const" else None
    wp = given["wp"].to(dtype).requires_grad_(True)
    noise = None if maps is None else [value.to(dtype) for value in maps]
    image = generator.synthesis(wp, noise_mode=kind, noise=noise)  # type: ignore[arg-type]
    (image * given["fixed"].to(dtype)).sum().backward()
    assert wp.grad is not None
    return wp.grad


def gradient_error(generator: Generator, given: dict[str, Tensor], *, made_up: bool) -> tuple[float | None, str]:
    """The error of the best comparison that the golden file allows."""
    kind = "none" if made_up and noise_of(generator, given) is None else "const"
    for key, dtype in ((f"grad_wp_{kind}_f64", torch.float64), (f"grad_wp_{kind}", torch.float32)):
        if key in given and "fixed" in given:
            return error(gradient(generator, given, kind, dtype), given[key].to(dtype)), str(dtype)[-2:]
    return None, ""


def row(path: Path, golden: Path) -> str:
    """One line of the table."""
    resolution = 32 if path.suffix == ".model" else None  # the golden file does not say; see its README
    state = read_state(path, resolution=resolution)
    generator, given = build(state), oracle(path, golden)
    made_up = any("made up" in note for note in state.source.get("notes", []))
    with torch.no_grad():
        found = outputs(generator, given, made_up=made_up)
    errors = {key: error(value, given[key]) for key, value in found.items() if key in given}
    images = max(value for key, value in errors.items() if key.startswith("image"))
    styles = max((value for key, value in errors.items() if key in ("w", "ws")), default=None)
    slope, precision = gradient_error(generator, given, made_up=made_up)
    cells = [
        state.family,
        state.source["format"],
        path.name,
        *(f"{v:.0e}" if v is not None else "-" for v in (styles, images)),
    ]
    return f"| {' | '.join([*cells, '-' if slope is None else f'{slope:.0e} (f{precision})'])} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, default=Path("tests/golden"))
    golden = parser.parse_args().golden
    torch.set_num_threads(1)
    print("| family | format | file | w | images | gradient |\n|---|---|---|---|---|---|")
    for path in sorted(golden.rglob("*")):
        if path.suffix in SUFFIXES and path.parent.name != "malicious":
            try:
                print(row(path, golden), flush=True)
            except I2SError as problem:
                print(f"| | | {path.name} | {problem} | | |")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
