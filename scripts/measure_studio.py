"""Time a change in the studio: ``python scripts/measure_studio.py --embedding runs/embed``.

Prints the median and the 95th percentile over slider changes, each another picture to render: in this process (edit,
render, pack), and in a real browser from the slider's event to the new picture on the page, also while a picture is
being embedded; then what embedding a picture takes.
"""

import argparse
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles

import torch
from playwright.sync_api import Page
from studio_browser import chromium, opened, slide, studio

from i2s_lightning import load_embedding
from i2s_lightning.data.module import SHIPPED
from i2s_lightning.studio import fragments
from i2s_lightning.studio.recipe import Recipe
from i2s_lightning.studio.serve import SMALL
from i2s_lightning.studio.session import Session, Studio

PICTURE = SHIPPED / "grace.png"
WARM = 5
CHANGE = """async value => {
    const slider = document.querySelector("#morph input[type=range]"), picture = document.querySelector("#view img");
    const before = picture.src, begun = performance.now();
    slider.value = value;
    slider.dispatchEvent(new Event("input", {bubbles: true}));
    while (picture.src === before && performance.now() - begun < 10000) {
        await new Promise(resolve => setTimeout(resolve, 1));
    }
    await picture.decode();
    return performance.now() - begun;
}"""


def in_process(path: Path, values: list[float]) -> tuple[list[float], list[float]]:
    """Time changes where no server and no browser are: wall and processor milliseconds of each."""
    embedding = load_embedding(path)
    if embedding.generator.img_resolution <= SMALL:
        torch.set_num_threads(1)
    session = Session(Studio(embedding, embedding.names, {}, Path("unused")))
    names, walls, processor = embedding.names, [], []
    for value in values:
        begun, spent = time.perf_counter(), time.process_time()
        recipe = Recipe(names[0], towards=names[-1], morph=value, style=names[1], layers=[1], mix=0.5, psi=0.9)
        fragments.picture(session.picture(recipe), recipe.sentence())
        walls.append(1000 * (time.perf_counter() - begun))
        processor.append(1000 * (time.process_time() - spent))
    return walls, processor


def through_browser(page: Page, values: list[float]) -> list[float]:
    """Time changes as a user sees them, in milliseconds."""
    return [page.evaluate(CHANGE, value) for value in values]


def processor_seconds() -> float:
    """Add up what all processes have used that this one has started: server and browser (Linux only)."""
    parents, used = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            pid = int(stat.parent.name)
            parents[pid], used[pid] = int(fields[1]), int(fields[11]) + int(fields[12])

    def is_ours(pid: int) -> bool:
        return pid == os.getpid() or (pid in parents and is_ours(parents[pid]))

    ours = [used[pid] for pid in used if is_ours(pid) and pid != os.getpid()]
    return sum(ours) / os.sysconf("SC_CLK_TCK")


def embedding_time(path: Path, out: Path, steps: int) -> str:
    """Embed a shipped picture in this process, and say what it took."""
    embedding = load_embedding(path)
    session = Session(Studio(embedding, embedding.names, {}, out))
    session.take(PICTURE.read_bytes(), PICTURE.name)
    session.begin()
    begun, spent = time.perf_counter(), time.process_time()
    *_, end = session.embed(steps)
    wall, processor = time.perf_counter() - begun, time.process_time() - spent
    psnr = session.library.record(end.name)["psnr"]
    return f"{PICTURE.name} in {steps} steps: {processor:.0f} s of processor time ({wall:.0f} s), PSNR {psnr:.1f} dB"


def row(name: str, times: list[float]) -> str:
    """One line of the table, without the first changes."""
    kept = times[WARM:]
    return f"| {name} | {median(kept):.0f} | {quantiles(kept, n=20)[-1]:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--embedding", type=Path, default=Path("runs/embed"))
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--steps", type=int, default=150, help="of an embedding")
    options = parser.parse_args()
    count = options.changes + WARM
    values = [(1 + 37 * i % 99) / 100 for i in range(count)]  # the slider's steps; neighbours differ
    walls, processor = in_process(options.embedding, values)
    with tempfile.TemporaryDirectory() as out, studio(options.embedding, Path(out)) as address, chromium() as browser:
        page = opened(browser.new_page(), address)
        begun = processor_seconds()
        seen = through_browser(page, values)
        both = 1000 * (processor_seconds() - begun) / len(values)
        page.set_input_files("#add input[type=file]", PICTURE)
        page.wait_for_selector("#embed:enabled")
        slide(page, "steps", 500)
        page.click("#embed")
        page.wait_for_selector("#adding >> text=/Step [1-9]/")
        meanwhile = through_browser(page, values[: len(values) // 2])
    print(
        f"| {options.changes} changes, ms; load {os.getloadavg()[0]:.1f} | median | 95th percentile |\n|---|---:|---:|"
    )
    print(row("in process, processor time", processor))
    print(row("in process", walls))
    print(row("from the slider to the picture, in Chromium", seen))
    print(f"| the same, processor time of server and browser together (mean) | {both:.0f} | |")
    print(row("from the slider to the picture, while a picture is being embedded", meanwhile))
    with tempfile.TemporaryDirectory() as out:
        print(f"\n{embedding_time(options.embedding, Path(out), options.steps)}")


if __name__ == "__main__":
    main()
