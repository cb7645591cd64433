"""Report on very many pictures, and use the page: ``python scripts/scale/large_report.py --pictures 10000``.

Stands in for a run: random latents of a small generator, rendered, with disturbed renders as targets. Prints, as a
Markdown table, what keeping the pictures costs ``fit``, what writing the page costs, what lies on the disk, and how
long Chromium takes to show the page, to sort it, to filter it and to turn it. Python's times are processor seconds.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import torch
from playwright.sync_api import Page, sync_playwright
from runs import table
from tiny_generator import make_generator
from torch import Tensor

from i2s_lightning import load_embedding, load_generator
from i2s_lightning.checkpoints.index import write_index
from i2s_lightning.checkpoints.store import Result, next_shard, write_shard
from i2s_lightning.edits.space import sample_w
from i2s_lightning.generators.base import Generator
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.report import Facts, PictureFolder, files_of, write_report

CURVE = Facts(range(9, 300, 10), [1 / (i + 1) for i in range(30)])
ROWS = 64


class Stand:
    """Makes results as ``fit`` would, and keeps their pictures.

    Args:
        folder: The run folder.
        generator: Draws the pictures.
        file: Where it lies.
    """

    def __init__(self, folder: Path, generator: Generator, file: str) -> None:
        self.folder, self.generator = folder, generator
        self.pictures = PictureFolder(files_of(folder / "report.html"), generator.img_shape)
        self.run = {
            "generator": {"file": file, "sha256": generator.sha256, "img_shape": list(generator.img_shape)},
            "settings": {"space": "w_plus", "noise": "const", "steps": 300},
        }

    def add(self, w: Tensor, start: int) -> float:
        """Store pictures.

        Returns:
            Processor seconds that keeping them for the report took.
        """
        with torch.no_grad():
            ws = w.unsqueeze(1).expand(-1, self.generator.num_ws, -1)
            seen = to_uint8(self.generator.synthesis(ws))
        targets = (seen.float() + 20 * torch.randn(seen.shape)).clamp(0, 255).byte()
        mse = (seen.float() - targets.float()).square().flatten(1).mean(1)
        results = []
        for i in range(len(w)):
            facts: dict[str, Any] = {"name": f"{(start + i) // 1000:03d}/{start + i:06d}", "status": "done"}
            facts |= {"psnr": float(10 * (255**2 / mse[i]).log10()), "loss": float(mse[i] / 127.5**2), "steps": 300}
            facts |= {"ssim": 0.9, "perceptual": 0.1, "loss_pixel": 0.1, "w_avg_distance": 3.0, "file": "/data/x.png"}
            results.append(Result(facts, {"ws": ws[i]}))
        write_shard(next_shard(self.folder / "latents", 0), results, self.run)
        return cpu_seconds(lambda: self._keep(results, seen, targets))

    def _keep(self, results: list[Result], seen: Tensor, targets: Tensor) -> None:
        for result, pixels, target in zip(results, seen.numpy(), targets.numpy(), strict=True):
            self.pictures.write(result.record, pixels, target, CURVE)


def cpu_seconds(work: Callable[[], Any]) -> float:
    """Time what the process computes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def make(folder: Path, file: str, count: int) -> dict[str, str]:
    """Make the store and the report, and tell what they cost."""
    stand = Stand(folder, load_generator(file), file)
    w = sample_w(stand.generator, count)
    keep = sum(stand.add(w[start : start + ROWS], start) for start in range(0, count, ROWS))
    write_index(folder / "latents")
    page = folder / "report.html"
    seconds = cpu_seconds(lambda: write_report(load_embedding(folder), page, folder))
    beside = [path for path in files_of(page).rglob("*") if path.is_file()]
    return {
        "keep a picture during fit (CPU ms)": f"{1000 * keep / count:.1f}",
        "write the page at the end (CPU s)": f"{seconds:.1f}",
        "report.html (MB)": f"{page.stat().st_size / 1e6:.1f}",
        "report_files (MB)": f"{sum(path.stat().st_size for path in beside) / 1e6:.1f}",
        "report_files (files)": f"{len(beside):,}",
    }


@contextmanager
def browser_page(address: str) -> Iterator[Page]:
    """Open a page in Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("needs Chromium: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.goto(address)
        yield page
        browser.close()


DRAWN = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
WORK = f"""async work => {{
    const begun = performance.now();
    work();
    const worked = performance.now();
    await {DRAWN};
    return [worked - begun, performance.now() - begun];
}}"""


def use(address: str) -> dict[str, str]:
    """Do what somebody would, and tell how long the page takes until it is drawn again."""
    with browser_page(address) as page:

        def milliseconds(work: str) -> str:
            times = zip(*(page.evaluate(f"({WORK})(() => {{ {work} }})") for _ in range(7)), strict=True)
            return " / ".join(f"{median(some):.0f}" for some in times)

        page.locator("#sheet img").first.evaluate("image => image.decode()")
        shown = page.evaluate(
            "Math.max(...performance.getEntriesByType('paint').map(entry => entry.startTime),"
            "performance.getEntriesByType('navigation')[0].domComplete)"
        )
        figures = {"open the page, until its pictures are shown (ms)": f"{shown:.0f}"}
        figures["sort by PSNR (ms, script / until drawn)"] = milliseconds("sortBy('psnr')")
        figures["sort by name"] = milliseconds("sortBy('name')")
        figures["type into the filter"] = milliseconds("relist({query: String(Math.random()).slice(2, 4)})")
        page.evaluate("relist({query: ''})")
        figures["turn to the next page"] = milliseconds("turnTo(list.page + 1)")
        figures["elements in the page"] = str(page.evaluate("document.querySelectorAll('*').length"))
        return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--generator", help="a name or file; default: one of 16 px")
    parser.add_argument("--out", type=Path, help="keep the run folder here")
    options = parser.parse_args()
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or Path(temporary) / "run"
        if folder.exists():
            parser.error(f"{folder} exists; delete it or name another")
        tiny = Path(temporary) / "tiny.safetensors"
        make_generator(tiny)
        figures = make(folder, options.generator or str(tiny), options.pictures)
        figures |= use((folder.resolve() / "report.html").as_uri())
    print(
        table(
            [f"{options.pictures} pictures", ""],
            figures.items(),
        )
    )


if __name__ == "__main__":
    main()
