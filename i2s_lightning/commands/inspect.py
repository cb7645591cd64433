"""``inspect``: what a weight file, an embedding or a checkpoint is."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jsonargparse import auto_cli
from rich.console import Console
from rich.table import Table

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.checkpoints.embedding import load_embedding
from i2s_lightning.checkpoints.foreign import Foreign, read_foreign
from i2s_lightning.checkpoints.remote import local_copy
from i2s_lightning.checkpoints.render import render_one
from i2s_lightning.checkpoints.store import FORMAT
from i2s_lightning.drawing.sheet import Cell, sheet
from i2s_lightning.errors import ConfigError, I2SError
from i2s_lightning.generators import Generator, load_generator
from i2s_lightning.ops.images import to_uint8

Rows = list[tuple[str, str]]
_COLUMNS, _LISTED = 4, 20


def inspect(
    file: str, samples: Path | None = None, seed: int = 0, psi: float = 0.7, resolution: int | None = None
) -> None:
    """Say what a file is: a generator in any supported format, an embedding, or a checkpoint.

    Args:
        file: The file, a run folder, or a generator's name.
        samples: Where to draw a sheet of twelve random images (generators) or of all pictures (embeddings).
        seed: Of the random images.
        psi: Truncation of the random images: 1 is none, 0 the mean.
        resolution: Size of a generator's images, for the one format that does not say it (style-based-gan-pytorch).
    """
    path = local_copy(file)
    if path.exists() and _is_embedding(path):
        rows = _embedding(path, samples)
    elif path.is_file() and (found := read_foreign(path)) is not None:
        rows = _foreign(found)
        if samples is not None:
            raise ConfigError(f"{path} holds another tool's latents: `convert` them first, then draw them")
    else:
        generator = load_generator(file, resolution=resolution)
        rows = _generator(generator)
        if samples is not None:
            _draw_samples(generator, samples, seed, psi)
    table = Table(title=str(file), show_header=False, title_justify="left", box=None)
    for name, text in rows:
        table.add_row(name, text)
    Console(highlight=False, markup=False, soft_wrap=True).print(table)


def main(args: list[str]) -> None:
    """Run ``inspect``."""
    auto_cli(inspect, args=args, prog="i2s_lightning inspect")


def _generator(generator: Generator) -> Rows:
    config, source = generator.config, generator.source
    height, width = generator.img_shape
    kinds = {1: "grey", 3: "RGB", 4: "RGBA"}
    clamp = config.get("conv_clamp")
    return [
        ("family", _family(generator)),
        ("format", str(source.get("format", "i2s_lightning .safetensors"))),
        ("image", f"{width} x {height}, {kinds.get(generator.img_channels, f'{generator.img_channels} channels')}"),
        ("num_ws", f"{generator.num_ws} styles of {generator.w_dim} numbers"),
        ("z", f"{generator.z_dim} numbers, {config['mapping_layers']} mapping layers"),
        ("condition", f"labels of {generator.c_dim} numbers" if generator.c_dim else "none"),
        ("channels", _channels(generator)),
        ("layers", " ".join(map(str, generator.layer_resolutions))),
        ("noise maps", f"{len(generator.noise_shapes)}" if generator.noise_shapes else "none"),
        ("clamp", "none" if clamp is None else f"{clamp:g}"),
        ("w_avg", str(source.get("w_avg", "from the file"))),
        ("SHA-256", generator.sha256),
        *[("inferred", line) for line in source.get("inferred", [])],
        *[("note", line) for line in source.get("notes", [])],
    ]


def _family(generator: Generator) -> str:
    config = generator.config
    if generator.family == "stylegan2":
        return f"StyleGAN2, architecture {config['architecture']}, activation {config['activation']}"
    if generator.family == "stylegan3":
        radial = any(len(layer["down_filter"] or []) == 2 for layer in config["layers"])
        return f"StyleGAN3, configuration {'R' if radial else 'T'}"
    return "StyleGAN1"


def _channels(generator: Generator) -> str:
    config = generator.config
    if generator.family == "stylegan3":
        return "  ".join(f"{layer['out_size'][0]}:{layer['out_channels']}" for layer in config["layers"])
    return "  ".join(f"{4 << i}:{width}" for i, width in enumerate(config["channels"]))


def _draw_samples(generator: Generator, path: Path, seed: int, psi: float) -> None:
    rng = torch.Generator().manual_seed(seed)
    cells = []
    for i in range(3 * _COLUMNS):
        z = torch.randn(1, generator.z_dim, generator=rng)
        c = torch.eye(generator.c_dim)[[i % generator.c_dim]] if generator.c_dim else None
        with torch.no_grad():
            ws = generator.mapping(z, c, psi)
        pixels = to_uint8(render_one(generator, ws[0], "const").unsqueeze(0))[0]
        cells.append(Cell([pixels.numpy()], [f"label {i % generator.c_dim}"] if generator.c_dim else []))
    _save(cells, path)


def _is_embedding(path: Path) -> bool:
    if path.is_dir() or path.suffix == ".ckpt":
        return True
    with path.open("rb") as file:
        return FORMAT.encode() in file.read(2**16)


def _embedding(path: Path, samples: Path | None) -> Rows:
    embedding = load_embedding(path)
    run, names = embedding.run, embedding.names
    settings = run["settings"]
    statuses = Counter(str(record["status"]) for record in embedding.metrics.values())
    shown = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
    layers, width = embedding[names[0]].shape
    rows: Rows = [
        ("embedding", f"{len(embedding)} pictures: {', '.join(f'{n} {status}' for status, n in statuses.items())}"),
        ("names", shown),
        ("latents", f"{layers} x {width}, space {embedding.space}, noise {settings['noise']}"),
        ("generator", f"{run['generator']['file']}, SHA-256 {run['generator']['sha256']}"),
        *[(name, _range(embedding.metrics.values(), name)) for name in _numbers(embedding.metrics)],
        *[(name, str(settings[name])) for name in ("init", "steps", "seed") if name in settings],
        *[(name, str(run[name])) for name in ("started", "imported") if name in run],
    ]
    if samples is not None:
        rows.append(("sheet", str(samples)))
        _save([_cell(embedding.render_one(name), name) for name in names], samples)
    return rows


def _cell(image: torch.Tensor, name: str) -> Cell:
    return Cell([to_uint8(image.unsqueeze(0))[0].numpy()], [name])


def _numbers(metrics: Mapping[str, dict[str, Any]]) -> list[str]:
    names = ("loss", "psnr", "ssim", "ms_ssim", "perceptual", "lpips")
    return [name for name in names if any(isinstance(record.get(name), float) for record in metrics.values())]


def _range(records: Any, name: str) -> str:
    values = sorted(record[name] for record in records if isinstance(record.get(name), float))
    return f"{values[0]:.4g} to {values[-1]:.4g}, median {values[len(values) // 2]:.4g}"


def _foreign(found: dict[str, Foreign]) -> Rows:
    shapes = Counter(f"{len(item.ws)} x {item.ws.shape[1]}" for item in found.values())
    maps = Counter(len(item.noise) for item in found.values())
    return [
        ("embedding", f"another tool's latents of {len(found)} pictures; `convert` makes them ours"),
        ("names", ", ".join(list(found)[:_LISTED])),
        ("latents", ", ".join(shapes)),
        ("noise maps", ", ".join(map(str, maps))),
    ]


def _save(cells: list[Cell], path: Path) -> None:
    try:
        with replacing(path) as draft:
            sheet(cells, columns=_COLUMNS).save(draft)
    except ValueError as error:  # Pillow's complaint about an unknown ending
        raise ConfigError(f"expected a picture's ending (.png) for the sheet; got {path}") from error
    except OSError as error:
        raise I2SError(f"the sheet can't be written to {path}: {error}") from error
