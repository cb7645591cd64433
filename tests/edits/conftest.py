from pathlib import Path

import pytest
import torch

from i2s_lightning import load_embedding, load_generator
from i2s_lightning.checkpoints.store import Result, write_shard
from i2s_lightning.generators import StyleGAN1, StyleGAN2, StyleGAN3, plan_stylegan3

SIZES = {"z_dim": 12, "w_dim": 16, "mapping_layers": 2}
FRESH = {
    "stylegan1": lambda: StyleGAN1(**SIZES, channels=(16, 12, 8)),
    "stylegan2": lambda: StyleGAN2(**SIZES, channels=(16, 12, 8)),
    "stylegan2 with labels": lambda: StyleGAN2(**SIZES, channels=(12, 8), c_dim=3),
    "stylegan3": lambda: StyleGAN3(
        **SIZES,
        img_resolution=16,
        **plan_stylegan3(img_resolution=16, channels=[8, 8, 6, 6, 3], conv_kernel=3, radial=False),
    ),
}
LOADED = {
    "stylegan1 of a file": "nv_tf/tf_sg1_32.pkl",
    "stylegan2 of a file": "nv_stylegan2_ada_pytorch/sg2ada_resnet32.pkl",
    "stylegan3 of a file": "nv_stylegan3/sg3t_32.pkl",
}
NAMES = ("ann", "bob", "carol", "dave_1", "dave_2")


def network(kind):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        fresh = FRESH[kind]()
        for name, tensor in fresh.state().tensors.items():
            if name.endswith(("noise_strength", ".bias", "w_avg")):
                tensor.add_(torch.randn_like(tensor) * 0.3)
    return fresh.eval().requires_grad_(False)


@pytest.fixture(scope="session", params=[*FRESH, *LOADED])
def generator(request):
    """One small network of each kind, and one of each as others wrote it."""
    if request.param in LOADED:
        return load_generator(Path(__file__).parents[1] / "golden" / LOADED[request.param])
    return network(request.param)


@pytest.fixture
def keep(tmp_path):
    """Store five pictures as ``fit`` would, without embedding anything."""

    def keep(generator, space="w_plus", noise="const", names=NAMES, folder="run", seed=1):
        random = torch.Generator().manual_seed(seed)
        label = 1 if generator.c_dim else None
        results = []
        for name in names:
            z = torch.randn(1, generator.z_dim, generator=random)
            c = torch.eye(generator.c_dim)[[1]] if generator.c_dim else None
            ws = generator.mapping(z, c)[0]
            tensors = {"ws": ws.clone(), "w": ws[0].clone(), "z": z[0]}
            if space == "w_plus":
                tensors["ws"] = tensors["ws"] + torch.randn(ws.shape, generator=random)
            kept = {"ws": tensors["ws"]} | ({} if space == "w_plus" else {space: tensors[space]})
            if noise == "fixed":
                shapes = generator.noise_shapes
                kept |= {f"noise_{i:02d}": torch.randn(1, *s, generator=random) for i, s in enumerate(shapes)}
            results.append(Result({"name": name, "status": "done"}, kept))
        run = {
            "generator": {
                "file": "tiny",
                "sha256": generator.sha256,
                "num_ws": generator.num_ws,
                "w_dim": generator.w_dim,
            },
            "settings": {"space": space, "noise": noise, "label": label},
        }
        write_shard(tmp_path / folder / "latents" / "000.safetensors", results, run)
        return load_embedding(tmp_path / folder, generator)

    return keep


@pytest.fixture(params=["z", "w", "w_plus", "w_plus with noise"])
def embedding(request, generator, keep):
    """Pictures of every space in every network; with noise maps of their own where there can be any."""
    space, _, noise = request.param.partition(" with ")
    if noise and not generator.noise_shapes:
        pytest.skip("this network has no noise inputs")
    return keep(generator, space, "fixed" if noise else "const")


@pytest.fixture
def plain(keep):
    """Pictures in W+ of a StyleGAN2."""
    return keep(network("stylegan2"))
