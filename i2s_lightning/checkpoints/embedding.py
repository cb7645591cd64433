"""Stored embeddings for Python: names, latents, metrics and the pictures they render to."""

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2s_lightning.checkpoints import inflight
from i2s_lightning.checkpoints.dataset import LatentDataset
from i2s_lightning.checkpoints.index import open_store
from i2s_lightning.checkpoints.remote import local_copy
from i2s_lightning.checkpoints.render import render_one
from i2s_lightning.checkpoints.store import Entry, read_rows, read_shard
from i2s_lightning.errors import CheckpointError, UnsupportedWeightsError
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.base import Generator, NoiseMode

Stored = Entry | inflight.Flying


class Records(Mapping[str, dict[str, Any]]):
    """Records by name, each parsed when it is asked for: 100,000 at once would take hundreds of MB."""

    def __init__(self, entries: Mapping[str, Stored]) -> None:
        self._entries = entries

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self._entries[name].record

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Embedding:
    """Pictures embedded in a generator's latent space, read lazily.

    Attributes:
        names: The pictures' names, sorted.
        metrics: For each name its record: status, loss, psnr and so on; parsed when asked for.
        run: What all pictures share: generator and VGG hashes, space, noise mode, preprocessing, seed, versions.
    """

    def __init__(
        self, entries: Mapping[str, Stored], run: dict[str, Any], generator: str | Path | Generator | None = None
    ) -> None:
        self.names = list(entries)
        self.metrics: Mapping[str, dict[str, Any]] = Records(entries)
        self._entries = entries
        self._asked_generator = generator
        self._generator: Generator | None = None
        self.run = run

    @property
    def space(self) -> str:
        """The space that was optimised: ``z``, ``w``, ``w_groups`` or ``w_plus``."""
        return str(self.run["settings"]["space"])

    @property
    def ws(self) -> Tensor:
        """All W+ latents, ``(N, L, D)``, in the order of :attr:`names`."""
        return self.read_all("ws")

    def read_all(self, tensor: str, out: Tensor | None = None) -> Tensor:
        """Read one tensor of all pictures, shard by shard.

        Args:
            tensor: ``ws``, ``z``, ``w`` or ``noise_NN``, as :meth:`tensor_names` lists them.
            out: Where to; made when None. A mapped file keeps what does not fit into memory.

        Returns:
            ``(N, ...)``, in the order of :attr:`names`.

        Raises:
            CheckpointError: A shard can't be read, or lacks it.
        """
        first = self.read_one(tensor)
        out = first.new_empty(len(self), *first.shape) if out is None else out
        places: dict[Path, list[tuple[int, int]]] = defaultdict(list)
        for i, entry in enumerate(self._entries.values()):
            if isinstance(entry, Entry):
                places[entry.shard].append((entry.row, i))
            else:
                out[i] = entry.read(tensor)
        for shard, pairs in places.items():
            rows, positions = zip(*sorted(pairs), strict=True)  # in the order of the file, which is mapped
            out[torch.tensor(positions)] = read_rows(shard, tensor, rows)
        return out

    def read_one(self, tensor: str) -> Tensor:
        """Read one tensor of the first picture, without the picture's axis: all have its shape."""
        return self._entries[self.names[0]].read(tensor)

    def tensor_names(self) -> list[str]:
        """List what is stored of each picture: ``ws``, and what its space and noise add."""
        return sorted(self._entries[self.names[0]].tensor_names())

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __getitem__(self, name: str) -> Tensor:
        """Read one picture's W+ latent, ``(L, D)``."""
        return self._entry(name).read("ws")

    def latent(self, name: str) -> Tensor:
        """Read one picture's latent in the space that was optimised: ``(Z,)``, ``(D,)``, ``(G, D)`` or ``(L, D)``."""
        return self._entry(name).read({"w_plus": "ws"}.get(self.space, self.space))

    def noise(self, name: str) -> list[Tensor] | None:
        """Read one picture's own noise maps, each ``(1, h, w)``; None when it uses the generator's (or none)."""
        entry = self._entry(name)
        maps = sorted(key for key in entry.tensor_names() if key.startswith("noise_"))
        return [entry.read(key) for key in maps] or None

    @property
    def noise_mode(self) -> NoiseMode:
        """What ``synthesis`` needs: ``const`` or ``none``; pictures with maps of their own override ``const``."""
        return "none" if self.run["settings"]["noise"] == "none" else "const"

    @property
    def generator(self) -> Generator:
        """The generator that the latents belong to, checked by hash.

        Raises:
            CheckpointError: It is not where it was, or is another one now.
        """
        if self._generator is None:
            self._generator = self._load_generator()
        return self._generator

    def render(self, names: Sequence[str] | None = None) -> Tensor:
        """Render pictures from their stored latents, each exactly as ``fit`` saw it.

        Args:
            names: Which; all when None.

        Returns:
            ``(N, C, H, W)``, about [-1, 1].
        """
        return torch.stack([self.render_one(name) for name in (self.names if names is None else names)])

    def render_one(self, name: str) -> Tensor:
        """Render one picture, ``(C, H, W)``."""
        return render_one(self.generator, self[name], self.noise_mode, self.noise(name)).cpu()

    def dataset(self, images: Callable[[str], Tensor] | None = None) -> LatentDataset:
        """Make a torch data set of ``(image, ws)``, in the order of :attr:`names`.

        Args:
            images: Gives a picture by name, for example :class:`i2s_lightning.Targets`; default: :meth:`render_one`.
        """
        return LatentDataset(self, images or self.render_one)

    def _entry(self, name: str) -> Stored:
        if name not in self._entries:
            close = difflib.get_close_matches(str(name), self.names, n=3, cutoff=0.4) or self.names[:3]
            raise CheckpointError(f"no picture {name!r} among the {len(self)} embedded ones; close: {', '.join(close)}")
        return self._entries[name]

    def _load_generator(self) -> Generator:
        wanted = self.run["generator"]
        asked = wanted["file"] if self._asked_generator is None else self._asked_generator
        try:
            generator = asked if isinstance(asked, Generator) else load_generator(asked)
        except (OSError, UnsupportedWeightsError) as error:
            raise CheckpointError(
                f"the embedding's generator {asked} can't be read ({error}); "
                "say where it is now: load_embedding(path, generator=FILE)"
            ) from error
        if generator.sha256 != wanted["sha256"]:
            given = "this" if isinstance(asked, Generator) else str(asked)
            raise CheckpointError(
                f"{given} is not the generator of this embedding: its hash is {generator.sha256[:12]}, "
                f"the embedding's {wanted['sha256'][:12]} (it was {wanted['file']})"
            )
        return generator


def load_embedding(path: str | Path, generator: str | Path | Generator | None = None) -> Embedding:
    """Open what ``fit`` or ``export`` left.

    Args:
        path: A run folder (pictures still in flight come from its checkpoint), its ``latents`` folder, one shard or
            exported ``.safetensors`` file, a ``.ckpt``, or an artifact of Weights and Biases,
            ``wandb:ENTITY/PROJECT/NAME:VERSION``, which is fetched once.
        generator: Where the generator is, when it is no longer where it was, or the generator itself; its hash must
            match.

    Returns:
        An :class:`Embedding`; tensors are read when they are asked for.

    Raises:
        CheckpointError: Nothing is there, or it is damaged, or of a newer version.

    Example:
        >>> e = load_embedding("runs/embed")  # doctest: +SKIP
        >>> e.names, e.ws.shape, e["astronaut"].shape  # doctest: +SKIP
    """
    path = local_copy(path)
    if not path.exists():
        raise CheckpointError(f"no embedding at {path}: expected a run folder, a .safetensors file or a .ckpt")
    entries, run = _read(path)
    if not entries:
        raise CheckpointError(f"{path} holds no embedded picture yet; run: python -m i2s_lightning fit --out {path}")
    return Embedding(entries, run, generator)


def _read(path: Path) -> tuple[Mapping[str, Stored], dict[str, Any]]:
    if path.suffix == ".ckpt":
        flying, run = inflight.read_checkpoint(path)
        # A checkpoint of a run folder holds what is in flight; the finished ones lie beside it.
        finished = open_store(path.parent.parent / "latents")[0] if path.parent.name == "checkpoints" else {}
        both: dict[str, Stored] = {**flying, **finished}
        return dict(sorted(both.items())), run
    if path.is_file():
        rows, run = read_shard(path)
        return {entry.name: entry for entry in rows}, run
    latents = path / "latents" if (path / "latents").is_dir() else path
    finished, run = open_store(latents)
    checkpoint = path / "checkpoints" / "last.ckpt"
    if not finished and checkpoint.exists():
        return inflight.read_checkpoint(checkpoint)
    return finished, run
