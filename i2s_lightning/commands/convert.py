"""``convert``: generators and embeddings from and to other tools' files."""

from pathlib import Path
from typing import Literal

from jsonargparse import auto_cli
from rich.console import Console

from i2s_lightning.checkpoints.embedding import load_embedding
from i2s_lightning.checkpoints.foreign import Foreign, read_foreign
from i2s_lightning.checkpoints.interchange import Format, export_latents, import_latents
from i2s_lightning.checkpoints.remote import local_copy
from i2s_lightning.checkpoints.store import read_shard
from i2s_lightning.errors import CheckpointError, ConfigError
from i2s_lightning.generators import load_generator, save_native
from i2s_lightning.generators.export import Layout, export_generator
from i2s_lightning.generators.load import read_state

NATIVE = ".safetensors"
_LATENT_ENDINGS: dict[str, Format] = {".npz": "projected_w", "": "projected_w", ".npy": "latents", ".pt": "rosinality"}


def convert(
    source: str,
    out: Path,
    layout: Literal["projected_w", "rosinality", "latents", "nvidia"] | None = None,
    generator: str | None = None,
    resolution: int | None = None,
) -> None:
    """Convert a generator, or an embedding, from or to another tool's file.

    What the file is follows from its contents. A generator becomes ours (.safetensors), rosinality's .pt or an NVIDIA
    state dict. An embedding of ours becomes NVIDIA's projected_w.npz, rosinality's .pt or an array of latents; and any
    of those becomes an embedding of ours (.safetensors), which needs --generator.

    Args:
        source: A weight file, a generator's name, a run folder or another embedding.
        out: What to write.
        layout: Of the file to write, where its ending leaves a choice. Generators: rosinality or nvidia; embeddings:
            projected_w, rosinality or latents.
        generator: The generator that an embedding belongs to.
        resolution: Size of a generator's images, for the one format that does not say it (style-based-gan-pytorch).
    """
    path = local_copy(source)
    if path.exists() and _is_ours(path):
        form = _form(out, layout)
        embedding = load_embedding(path, generator)
        written = export_latents(embedding, out, form)
        _say(f"wrote {len(embedding)} latents to {', '.join(map(str, written[:3]))}: {', '.join(embedding.names[:20])}")
    elif path.is_file() and (found := read_foreign(path)) is not None:
        _import(found, generator, path, out)
    else:
        _convert_generator(source, out, layout, resolution)


def main(args: list[str]) -> None:
    """Run ``convert``."""
    auto_cli(convert, args=args, prog="i2s_lightning convert")


def _import(found: dict[str, Foreign], generator: str | None, path: Path, out: Path) -> None:
    if generator is None:
        raise ConfigError(f"{path} holds latents: say with --generator which generator they belong to")
    if out.suffix != NATIVE:
        raise ConfigError(f"expected a file that ends in {NATIVE} for an embedding of ours; got {out}")
    import_latents(found, load_generator(generator), generator, out, path.name)
    _say(f"wrote {len(found)} latents to {out}: {', '.join(list(found)[:20])}")


def _convert_generator(source: str, out: Path, layout: str | None, resolution: int | None) -> None:
    state = read_state(source, resolution=resolution)
    if layout is None and out.suffix == NATIVE:
        save_native(state, out)
        remarks: list[str] = []
    elif layout in ("rosinality", "nvidia"):
        chosen: Layout = "rosinality" if layout == "rosinality" else "nvidia"
        remarks = export_generator(state, out, chosen)
    else:
        raise ConfigError(
            f"expected {NATIVE} (ours), or another ending with --layout rosinality or nvidia; got {out.name}"
            + (f" with --layout {layout}, which is for embeddings" if layout else "")
        )
    _say("\n".join([f"wrote {state.family} to {out}", *remarks]))


def _form(out: Path, layout: str | None) -> Format:
    if layout == "nvidia" or (layout is None and out.suffix not in _LATENT_ENDINGS):
        raise ConfigError(
            f"expected .npz, .npy or .pt, or --layout projected_w, rosinality or latents, for latents; got {out.name}"
            + (" with --layout nvidia, which is for generators" if layout else "")
        )
    forms: tuple[Format, ...] = ("projected_w", "rosinality", "latents")
    return next((form for form in forms if form == layout), _LATENT_ENDINGS.get(out.suffix, "projected_w"))


def _is_ours(path: Path) -> bool:
    if path.is_dir() or path.suffix == ".ckpt":
        return True
    try:
        read_shard(path)
    except CheckpointError:
        return False
    return True


def _say(text: str) -> None:
    Console(highlight=False, soft_wrap=True, markup=False).print(text)
