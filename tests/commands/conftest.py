import pytest
import torch

from i2s_lightning import load_generator
from i2s_lightning.checkpoints.store import Result, write_shard


@pytest.fixture
def keep(generator_file, tmp_path):
    """Store pictures of the tiny generator as ``fit`` would, and give the run folder."""

    def keep(names=("ann", "bob", "carol"), folder="run", generator=generator_file):
        network = load_generator(generator)
        random = torch.Generator().manual_seed(1)
        z = torch.randn(len(names), network.z_dim, generator=random)
        ws = network.mapping(z) + torch.randn(1, network.num_ws, 1, generator=random)
        run = {
            "generator": {
                "file": str(generator),
                "sha256": network.sha256,
                "num_ws": network.num_ws,
                "w_dim": network.w_dim,
            },
            "settings": {"space": "w_plus", "noise": "const", "label": None},
        }
        results = [Result({"name": n, "status": "done"}, {"ws": row}) for n, row in zip(names, ws, strict=True)]
        write_shard(tmp_path / folder / "latents" / "000.safetensors", results, run)
        return str(tmp_path / folder)

    return keep


@pytest.fixture
def run(keep):
    """A run folder with ann, bob and carol."""
    return keep()
