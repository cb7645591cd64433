"""``export``: an embedding in one file, for other tools or to pass on."""

from pathlib import Path

from jsonargparse import auto_cli
from rich.console import Console

from i2s_lightning.checkpoints.embedding import load_embedding
from i2s_lightning.checkpoints.export import export_embedding


def export(source: Path, out: Path) -> None:
    """Write all latents, names and metrics of an embedding to one file.

    .safetensors is an embedding that all verbs take; .npz holds arrays for numpy (names, ws, metrics/psnr...); .pt the
    same as a dictionary of tensors and lists for torch. For the files of other inversion tools see convert.

    Args:
        source: A run folder or another embedding.
        out: The file to write; its ending decides.
    """
    embedding = load_embedding(source)
    export_embedding(embedding, out)
    size = out.stat().st_size / 1e6
    Console(highlight=False, soft_wrap=True, markup=False).print(
        f"wrote {len(embedding)} pictures to {out} ({size:.1f} MB)"
    )


def main(args: list[str]) -> None:
    """Run ``export``."""
    auto_cli(export, args=args, prog="i2s_lightning export")
