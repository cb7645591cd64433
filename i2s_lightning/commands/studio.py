"""``studio``: edit and embed pictures in the browser."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from jsonargparse import Namespace

from i2s_lightning import edits
from i2s_lightning.checkpoints import Embedding
from i2s_lightning.commands.editing import parse, verb_parser
from i2s_lightning.edits.direction_files import EXPRESSIONS
from i2s_lightning.edits.latent import match_names
from i2s_lightning.edits.transferring import span_of
from i2s_lightning.errors import ConfigError
from i2s_lightning.parser import quieten
from i2s_lightning.studio.adding import FEWEST, MOST
from i2s_lightning.studio.hosts import is_local
from i2s_lightning.studio.serve import serve
from i2s_lightning.studio.session import Studio

MOST_NAMES = 1000
NEEDS = 'the studio needs Gradio, which is not installed: pip install "i2s_lightning[studio]"'


def main(words: list[str] | None = None) -> None:
    """Run ``studio``."""
    parser = verb_parser("studio", "Edit embedded pictures with sliders, and embed others, in the browser.")
    parser.add_argument("--embedding", type=str, default="runs/embed", help="run folder, checkpoint or exported file")
    parser.add_argument("--generator", type=str | None, default=None, help="where the generator is now, if it moved")
    parser.add_argument("--images", type=str, nargs="+", default=["*"], help="names to offer; * and ? match several")
    parser.add_argument(
        "--directions", type=str, nargs="*", default=[], help="files of directions, beside those that ship"
    )
    parser.add_argument("--out", type=str, default="runs/studio", help="what is saved goes to folders below")
    parser.add_argument("--init", type=str, default="mean", help="where embeddings start, as fit's --model.init")
    parser.add_argument("--steps", type=int, default=150, help="steps of an embedding, to begin with; a slider")
    parser.add_argument(
        "--host", type=str, default="127.0.0.1", help="address to listen on; default: this machine only"
    )
    parser.add_argument("--port", type=int | None, default=None, help="its port; default: the first free one from 7860")
    parser.add_argument("--upload_megabytes", type=float, default=20.0, help="larger uploads are refused")
    parser.add_argument("--upload_megapixels", type=float, default=50.0, help="pictures with more pixels are refused")
    _run(parse(parser, words))


def _run(o: Namespace) -> None:
    if find_spec("gradio") is None:
        raise ConfigError(NEEDS)
    if not FEWEST <= o.steps <= MOST:
        raise ConfigError(f"steps must lie in {FEWEST}..{MOST}; got {o.steps}")
    quieten()
    if not is_local(o.host):
        sys.stderr.write(
            f"warning: other machines can reach {o.host}: whoever does sees these pictures and can upload others, "
            "without a password\n"
        )
    embedding = _open(o.embedding, o.generator)
    names, directions = _offered(embedding, o.images), _directions(embedding, o.directions)
    known = edits.shipped_directions(embedding.generator, EXPRESSIONS)
    expressions = span_of(known) if known else None
    studio = Studio(embedding, names, directions, Path(o.out), o.init, int(o.upload_megapixels * 1e6), expressions)
    serve(studio, o.embedding, host=o.host, port=o.port, upload_megabytes=o.upload_megabytes, steps=o.steps)


def _open(path: str, generator: str | None) -> Embedding:
    """Open an embedding whose record says where its generator is now: what is saved must find it, too."""
    embedding = edits.open_embedding(path, generator)
    if generator is not None:
        embedding.run = {**embedding.run, "generator": {**embedding.run["generator"], "file": generator}}
    return embedding


def _offered(embedding: Embedding, images: Sequence[str]) -> list[str]:
    """Choose the pictures to offer: a browser takes long over lists of very many."""
    names = match_names(embedding, images)
    if len(names) > MOST_NAMES:
        sys.stdout.write(f"offering the first {MOST_NAMES} of {len(names)} pictures; choose others with --images\n")
    return names[:MOST_NAMES]


def _directions(embedding: Embedding, files: Sequence[str]) -> dict[str, edits.Direction]:
    found = edits.shipped_directions(embedding.generator)
    for file in files:
        found |= edits.load_directions(file, embedding.generator)
    return found
