"""``report``: an HTML page of an embedding's pictures."""

from collections.abc import Iterable
from pathlib import Path

from jsonargparse import auto_cli
from rich.console import Console
from rich.progress import track

from i2s_lightning.checkpoints import load_embedding
from i2s_lightning.errors import ConfigError
from i2s_lightning.parser import quieten
from i2s_lightning.report import files_of, pictures_of, prepare, write_report


def report(
    embedding: str,
    out: Path | None = None,
    data: Path | None = None,
    generator: str | None = None,
) -> None:
    """Write a page to look through, sort and compare the pictures of an embedding.

    Args:
        embedding: Run folder, checkpoint or exported file.
        out: The page; default: report.html in the run folder, or NAME.html beside a file.
        data: Where the targets are now, if they are not where they were: the data folder of fit.
        generator: Where the generator is now, if it moved.
    """
    source = Path(embedding)
    stored = load_embedding(source, generator)
    folder = source if source.is_dir() else None
    page = out or (folder / "report.html" if folder else source.with_suffix(".html"))
    if page.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"expected a page that ends in .html for --out; got {page}")
    console = Console(soft_wrap=True)
    pictures = pictures_of(stored, page)

    def shown(names: Iterable[str]) -> Iterable[str]:
        return track(list(names), "Reading pictures", console=console)

    lacking = prepare(stored, pictures, data=data, renders=folder / "renders" if folder else None, track=shown)
    write_report(stored, page, folder)
    if lacking:
        console.print(
            f"{len(lacking)} targets are not to be found; the page says why; --data FOLDER says where they are now"
        )
    console.print(f"wrote {page} (pictures in {files_of(page)})", highlight=False)


def main(args: list[str]) -> None:
    """Run ``report``."""
    quieten()
    auto_cli(report, args=args, prog="i2s_lightning report")
