import pytest
import torch

from i2s_lightning import load_generator
from i2s_lightning.generators.samples import sample_w
from i2s_lightning.losses import TypicalityLoss
from i2s_lightning.ops.whitening import FLOOR


@pytest.fixture(scope="module")
def generator(generator_file):
    return load_generator(generator_file)


@pytest.fixture
def loss(generator):
    loss = TypicalityLoss()
    loss.attach(generator)
    return loss


def test_samples_have_about_one(generator, loss):
    ws = sample_w(generator, 2000, seed=5).unsqueeze(1).expand(-1, 6, -1)
    assert float(loss(ws).mean()) == pytest.approx(1.0, abs=0.1)


def test_equals_the_covariance_s_inverse(generator, loss):
    """Mahalanobis' distance of straightened styles, where no direction was raised to the floor."""
    samples = sample_w(generator, 20_000).double()
    straight = torch.where(samples < 0, samples / 0.2, samples)
    variances, axes = torch.linalg.eigh(torch.cov(straight.T))
    raised = variances.clamp(min=FLOOR * float(variances.mean()))
    ws = torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(0))
    difference = torch.where(ws < 0, ws / 0.2, ws).double() - straight.mean(0)
    expected = ((difference @ axes).square() / raised).mean((1, 2))
    torch.testing.assert_close(loss(ws).double(), expected, rtol=1e-4, atol=0)


def test_batch_of_n_is_n_singles(loss):
    loss = loss.double()
    ws = torch.randn(4, 6, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    value = loss(ws)
    assert value.shape == (4,)
    (gradient,) = torch.autograd.grad(value.sum(), ws)
    for row in range(4):
        alone = ws[row : row + 1].detach().requires_grad_()
        single = loss(alone)
        torch.testing.assert_close(single, value[row : row + 1], rtol=1e-12, atol=0)
        torch.testing.assert_close(torch.autograd.grad(single.sum(), alone)[0][0], gradient[row], rtol=1e-9, atol=0)
    assert torch.autograd.gradcheck(loss, ws[:1].detach().requires_grad_(), fast_mode=True)


def test_stays_in_float32_under_autocast(loss):
    ws = torch.randn(2, 6, 16)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(loss(ws), loss(ws))
        assert loss(ws).dtype == torch.float32


def test_nothing_to_optimise_or_save(loss):
    assert list(loss.parameters()) == []
    assert loss.state_dict() == {}


def test_pulls_embeddings_towards_samples(embed, tmp_path):
    """At a price in likeness; and it is logged, described and stored like any other term."""
    plain = embed.fit(tmp_path / "plain", steps=30, optimizer=_adam)
    losses = embed.losses() | {"typicality": TypicalityLoss(weight=0.1)}
    pulled = embed.fit(tmp_path / "pulled", steps=30, optimizer=_adam, losses=losses)
    measure = TypicalityLoss()
    measure.attach(plain.generator)
    assert (measure(pulled.ws) < measure(plain.ws)).all()
    for name, record in pulled.metrics.items():
        assert record["loss_typicality"] == pytest.approx(float(measure(pulled[name].unsqueeze(0))), rel=1e-4)
    assert pulled.run["settings"]["losses"]["typicality"] == {"class": "TypicalityLoss", "weight": 0.1}
    assert sum(r["psnr"] for r in pulled.metrics.values()) < sum(r["psnr"] for r in plain.metrics.values())


def _adam(params):
    return torch.optim.Adam(params, lr=0.05)
