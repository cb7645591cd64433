"""What every family promises."""

import copy
import json

import pytest
import torch

from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators import build, load_native, save_native


def styles(generator, batch, dtype=torch.float32):
    return torch.randn(batch, generator.num_ws, generator.w_dim, dtype=dtype)


def inputs(generator, batch):
    c = torch.eye(generator.c_dim)[torch.arange(batch) % generator.c_dim] if generator.c_dim else None
    return torch.randn(batch, generator.z_dim), c


def relative(got, want):
    return float((got - want).abs().max() / want.abs().max())


def test_shapes(generator):
    z, c = inputs(generator, 2)
    ws = generator.mapping(z, c)
    assert ws.shape == (2, generator.num_ws, generator.w_dim)
    assert generator.synthesis(ws).shape == (2, generator.img_channels, *generator.img_shape)
    assert generator(z, c).shape == (2, generator.img_channels, *generator.img_shape)
    assert generator.w_avg.shape == (generator.w_dim,)
    assert generator.img_resolution == max(generator.img_shape)
    assert len(generator.layer_resolutions) == generator.num_ws
    assert list(generator.layer_resolutions) == sorted(generator.layer_resolutions)
    assert generator.layer_resolutions[-1] == generator.img_resolution


def test_config_is_json_and_rebuilds_the_network(generator, tmp_path):
    assert json.loads(json.dumps(generator.config)) == generator.config
    again = freeze(build(generator.state()))
    assert again.config == generator.config
    ws = styles(generator, 2)
    assert torch.equal(again.synthesis(ws), generator.synthesis(ws))
    save_native(generator, tmp_path / "g.safetensors")
    assert build(load_native(tmp_path / "g.safetensors")).sha256 == again.sha256


def test_styles_are_the_same_in_every_layer_until_truncated(generator):
    z, c = inputs(generator, 2)
    ws = generator.mapping(z, c)
    assert torch.equal(ws, ws[:, :1].expand_as(ws))
    cut = generator.mapping(z, c, truncation_psi=0.0, truncation_cutoff=2)
    assert torch.equal(cut[:, :2], generator.w_avg.expand(2, 2, -1))
    assert torch.equal(cut[:, 2:], ws[:, 2:])


def test_gradient_reaches_every_style_and_no_other_image(generator):
    generator, ws = generator.double(), styles(generator, 3, torch.float64).requires_grad_()
    generator.synthesis(ws)[1].square().sum().backward()
    assert (ws.grad[1].abs().sum(dim=1) > 0).all()
    assert not ws.grad[[0, 2]].any()
    assert all(p.grad is None for p in generator.parameters())


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-5)])
def test_a_batch_gives_each_image_what_it_gets_alone(generator, dtype, tolerance):
    generator, ws = generator.to(dtype), styles(generator, 3, dtype)
    together = generator.synthesis(ws)
    alone = torch.cat([generator.synthesis(ws[i : i + 1]) for i in range(3)])
    assert relative(together, alone) < tolerance
    z, c = inputs(generator.float(), 3)
    mapped = torch.cat([generator.mapping(z[i : i + 1], None if c is None else c[i : i + 1]) for i in range(3)])
    assert relative(generator.mapping(z, c), mapped) < 1e-5


@pytest.mark.parametrize("batch", [2, 5])
def test_rows_have_the_same_bits_wherever_they_sit(generator, batch):
    """Image and gradient of a row don't depend on its place, or on who else is in a batch of this size."""
    ws, fixed = styles(generator, batch), torch.randn(batch, generator.img_channels, *generator.img_shape)

    def run(order):
        moved = ws[order].requires_grad_()
        image = generator.synthesis(moved)
        (image * fixed[order]).sum().backward()
        return image.detach(), moved.grad

    straight, moved, same = (run(o) for o in (list(range(batch)), list(range(batch))[::-1], [batch - 1] * batch))
    for a, b, c in zip(straight, moved, same, strict=True):
        assert torch.equal(a, b.flip(0))
        assert torch.equal(a[-1:].expand_as(c), c)


def test_noise_modes(generator):
    ws = styles(generator, 2)
    const, none = generator.synthesis(ws), generator.synthesis(ws, noise_mode="none")
    first, again, other = (
        generator.synthesis(ws, noise_mode="random", rng=torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    if not generator.noise_shapes:
        assert torch.equal(const, none)
        assert torch.equal(const, first)
        return
    assert relative(none, const) > 1e-3
    assert relative(other, first) > 1e-3
    twins = ws[:1].expand(2, -1, -1)
    image = generator.synthesis(twins, noise_mode="random", rng=torch.Generator().manual_seed(0))
    assert relative(image[1], image[0]) > 1e-3  # each image has its own


def test_noise_maps_can_be_replaced(generator):
    ws = styles(generator, 2)
    stored = [t for name, t in generator.state().tensors.items() if name.endswith("noise_const")]
    assert sorted(tuple(t.shape) for t in stored) == sorted(generator.noise_shapes)
    zeros = [torch.zeros(2, 1, *shape) for shape in generator.noise_shapes]
    if generator.noise_shapes:
        assert relative(generator.synthesis(ws, noise=zeros), generator.synthesis(ws)) > 1e-3
    none = generator.synthesis(ws, noise_mode="none")
    assert relative(generator.synthesis(ws, noise=zeros), none) < 1e-5
    flat = [torch.zeros(shape[1]) for shape in generator.noise_shapes]
    assert torch.equal(generator.synthesis(ws, noise=flat), generator.synthesis(ws, noise=zeros))


def test_exception_noise(generator):
    ws, n = styles(generator, 2), len(generator.noise_shapes)
    with pytest.raises(ValueError, match=f"takes {n} noise maps; got {n + 1}"):
        generator.synthesis(ws, noise=[torch.zeros(1)] * (n + 1))
    with pytest.raises(ValueError, match="together with noise_mode='random'"):
        generator.synthesis(ws, noise_mode="random", noise=[torch.zeros(1)] * n)
    if n:
        h, w = generator.noise_shapes[0]
        for shape in ((3, 1, h, w), (2, 2, h, w), (h, w + 1), (1, 1, 1, h, w)):
            with pytest.raises(ValueError, match=rf"must broadcast to \(2, 1, {h}, {w}\); got \({shape[0]}, "):
                generator.synthesis(ws, noise=[torch.zeros(shape)] * n)


def test_exception_labels(generator):
    z, c = inputs(generator, 2)
    wrong = torch.zeros(2, 7) if c is None else None
    with pytest.raises(ValueError, match=f"needs labels of width {generator.c_dim}; got (width 7|none)"):
        generator.mapping(z, wrong)


def test_frozen_network_moves_and_copies(generator):
    ws = styles(generator, 2)
    before = generator.synthesis(ws)
    frozen = freeze(build(generator.state()))
    assert not list(frozen.parameters())
    assert not frozen.state_dict()
    assert frozen.state().tensors.keys() == generator.state().tensors.keys()
    twin = copy.deepcopy(frozen)
    assert twin.sha256 == frozen.sha256
    assert torch.equal(twin.synthesis(ws), before)
    assert relative(twin.double().synthesis(ws.double()), before.double()) < 1e-5
    assert torch.equal(frozen.to("cpu").synthesis(ws), before)
    wide = frozen.to(torch.bfloat16).to(torch.float32)
    assert wide.synthesis(ws).isfinite().all()


def test_training_reaches_every_parameter(generator):
    generator.requires_grad_(True)
    z, c = inputs(generator, 2)
    ws = generator.mapping(z, c)
    image = generator.synthesis(ws + 0.1 * torch.randn_like(ws))
    (image * torch.randn_like(image)).sum().backward()
    without = [n for n, p in generator.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []
