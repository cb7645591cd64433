"""Make the pictures of ``docs/edits.md``: ``python scripts/make_edit_pictures.py``.

First: ``scripts/run fit`` with ``configs/embed.yaml`` and with ``configs/draft.yaml``. Each picture comes from
the command that the document shows.
"""

import argparse
import re
import shlex
import sys
from pathlib import Path

from i2s_lightning.__main__ import main as i2s

ROOT = Path(__file__).parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embedding", type=Path, default=Path("runs/embed"))
    parser.add_argument("--draft", type=Path, default=Path("runs/draft"))
    parser.add_argument("--images", type=Path, default=ROOT / "docs" / "images", help="where the pictures go")
    options = parser.parse_args()
    for words in commands((ROOT / "docs" / "edits.md").read_text(encoding="utf-8")):
        runs = {"runs/embed": str(options.embedding), "runs/draft": str(options.draft)}
        here = [runs.get(word, word) for word in words]
        here = [str(options.images / Path(word).name) if word.startswith("docs/images/") else word for word in here]
        print(f"# {shlex.join(here)}")
        if status := i2s(here):
            return status
    return 0


def commands(document: str) -> list[list[str]]:
    """Find the commands of a document whose result is a picture that it shows."""
    lines = re.findall(r"^python -m i2s_lightning (.+)$", document.replace("\\\n", " "), flags=re.MULTILINE)
    return [words for words in map(shlex.split, lines) if any(w.startswith("docs/images/") for w in words)]


if __name__ == "__main__":
    sys.exit(main())
