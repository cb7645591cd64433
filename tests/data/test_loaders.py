import pytest
from hypothesis import given
from hypothesis import strategies as st

from i2s_lightning.data.loaders import RoundLoader, ShareLoader


@given(items=st.integers(0, 40), world=st.integers(1, 7))
def test_every_item_once_and_equal_shares(items, world):
    shares = [list(ShareLoader(items, rank, world)) for rank in range(world)]
    assert len({len(share) for share in shares}) == 1
    assert sorted(i for share in shares for i in share if i >= 0) == list(range(items))


@pytest.mark.parametrize("steps", [1, 7])
def test_a_round_has_its_steps_and_no_state(steps):
    loader = RoundLoader(steps)
    assert list(loader) == list(range(steps))
    assert len(loader) == steps
    assert loader.state_dict() == {}
