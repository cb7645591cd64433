import dataclasses

import pytest
import torch

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators import GeneratorState, StyleGAN2, build


@pytest.fixture
def state():
    return StyleGAN2(z_dim=8, w_dim=8, channels=(8, 4), mapping_layers=2).state()


def changed(state, **tensors):
    merged = {name: t for name, t in {**state.tensors, **tensors}.items() if t is not None}
    return dataclasses.replace(state, tensors=merged)


def test_identity_follows_numbers_and_construction_not_container(state):
    name = "synthesis.b8.conv1.weight"
    weight = state.tensors[name]
    same = changed(state, **{name: weight.double().to(memory_format=torch.channels_last)})
    config = {**state.config, "conv_clamp": 256}  # an integer in some files, a float in others
    clamped = dataclasses.replace(state, config=config)
    assert build(state).sha256 == build(same).sha256
    assert build(state).sha256 != build(changed(state, **{name: weight + 1e-6})).sha256
    assert build(state).sha256 != build(clamped).sha256
    config = {**state.config, "conv_clamp": 256.0}
    assert build(clamped).sha256 == build(dataclasses.replace(state, config=config)).sha256


def test_the_network_owns_contiguous_float32(state):
    name = "synthesis.b8.conv1.weight"
    given = state.tensors[name].double().to(memory_format=torch.channels_last)
    generator = build(changed(state, **{name: given}))
    given.zero_()
    weight = generator.get_parameter(name)
    assert weight.dtype == torch.float32
    assert weight.is_contiguous()
    assert torch.equal(weight, state.tensors[name])
    assert weight.requires_grad


def test_building_draws_no_random_numbers(state):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    build(state)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"mapping.w_avg": None}, "missing mapping.w_avg; unexpected none"),
        ({"a.b": torch.zeros(1)}, "missing none; unexpected a.b"),
        ({"mapping.w_avg": torch.zeros(9)}, r"mapping.w_avg should have shape \(8,\); the file has \(9,\)"),
        ({"mapping.w_avg": torch.zeros(8, dtype=torch.int8)}, "mapping.w_avg should hold floating .* torch.int8"),
        (
            {"mapping.w_avg": torch.zeros(8, dtype=torch.cfloat)},
            "mapping.w_avg should hold floating .* torch.complex64",
        ),
        ({"mapping.w_avg": torch.full((8,), torch.nan)}, "mapping.w_avg holds NaN or infinity"),
        ({"mapping.w_avg": torch.full((8,), 1e300, dtype=torch.float64)}, "mapping.w_avg holds NaN or infinity"),
    ],
)
def test_exception_tensors(state, tensors, message):
    with pytest.raises(UnsupportedWeightsError, match=message):
        build(changed(state, **tensors))


def test_exception_names_some_of_many(state):
    with pytest.raises(UnsupportedWeightsError, match=r"missing mapping.fc0.bias, .* and [0-9]+ more; unexpected none"):
        build(dataclasses.replace(state, tensors={}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": [8, 2**30]}, "channels must hold integers from 1 to"),
        ({"channels": [8] * 13}, "channels must have 1 to 12 entries; got 13"),
        ({"architecture": "unet"}, "unet"),
        ({"activation": "gelu"}, "activation must be one of elu, .*; got 'gelu'"),
        ({"mapping_layers": 2**19}, "mapping_layers must hold integers from 1 to 64; got 524288"),
        ({"filter_shape": [4, 2**19]}, "filter_shape must hold integers from 2 to 64"),
        ({"conv_clamp": 10**400}, "conv_clamp must be a finite number"),
        ({"conv_clamp": float("nan")}, "conv_clamp must be a finite number"),
        ({"colour": 3}, "colour"),
    ],
)
def test_exception_config(state, options, message):
    with pytest.raises(UnsupportedWeightsError, match=message):
        build(dataclasses.replace(state, config={**state.config, **options}))


def test_exception_family():
    with pytest.raises(UnsupportedWeightsError, match=r"expected a generator of .*stylegan2.*; got 'biggan'"):
        build(GeneratorState("biggan", {}, {}))
