import pytest
import torch

from i2s_lightning.tasks import tracker as t


def make(rows=3, **options):
    tracked = t.Tracker(rows, (2,), **({"steps": 5} | options))
    for row in range(rows):
        tracked.start(row, torch.zeros(2))
    return tracked


def watch(tracked, *steps):
    """Observe losses; the latent of step k is k everywhere."""
    rows = len(tracked.status)
    for k, losses in enumerate(steps):
        tracked.observe(torch.tensor(losses), torch.full((rows, 2), float(k)))


def test_keeps_the_best_latent_of_each_row():
    tracked = make()
    watch(tracked, [3.0, 1.0, 2.0], [2.0, 5.0, 2.0], [2.5, 0.5, 2.0])
    assert tracked.best[:, 0].tolist() == [1.0, 2.0, 0.0]  # an equal loss is no improvement
    assert tracked.best_loss.tolist() == [2.0, 0.5, 2.0]
    assert tracked.best_step.tolist() == [1, 2, 0]


def test_done_after_its_steps_and_then_untouched():
    tracked = make(1, steps=2)
    watch(tracked, [3.0], [2.0], [1.0])
    assert tracked.status.tolist() == [t.DONE]
    assert tracked.best_loss.tolist() == [2.0]
    assert tracked.age.tolist() == [2]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 301.0])
def test_fails_alone_and_keeps_its_best(bad):
    tracked = make(2)
    watch(tracked, [3.0, 3.0], [bad, 2.0], [1.0, 1.0])
    assert tracked.status.tolist() == [t.FAILED, t.RUNNING]
    assert tracked.best_loss.tolist() == [3.0, 1.0]
    assert tracked.best[0, 0] == 0.0


def test_a_search_takes_bad_points_back_but_not_for_ever():
    nan, inf = float("nan"), float("inf")
    tracked = make(4, retries=2, steps=9)
    watch(tracked, [3.0, 3.0, 3.0, nan], [nan, inf, 2.0, 1.0], [301.0, nan, nan, 1.0])
    assert tracked.status.tolist() == [t.RUNNING, t.RUNNING, t.RUNNING, t.FAILED]  # there was no point to go back to
    tracked.fail(torch.tensor([True, True, True, True]))  # gradients of such points aren't finite either
    watch(tracked, [2.0, nan, nan, 1.0])
    assert tracked.status.tolist() == [t.RUNNING, t.FAILED, t.RUNNING, t.FAILED]
    assert tracked.best_loss[:3].tolist() == [2.0, 3.0, 2.0]


def test_a_search_is_over_after_its_steps_whatever_the_last_point():
    tracked = make(1, retries=2, steps=2)
    watch(tracked, [3.0], [float("nan")])
    assert tracked.status.tolist() == [t.DONE]
    assert tracked.best_loss.tolist() == [3.0]


def test_a_small_first_loss_may_grow():
    tracked = make(1)
    watch(tracked, [1e-6], [1.0])
    assert tracked.status.tolist() == [t.RUNNING]


def test_fails_from_the_start():
    tracked = make(1)
    watch(tracked, [float("nan")])
    assert tracked.status.tolist() == [t.FAILED]
    assert tracked.best.isfinite().all()


def test_stops_at_the_target_loss():
    tracked = make(2, target_loss=1.0)
    watch(tracked, [3.0, 3.0], [1.0, 2.0])
    assert tracked.status.tolist() == [t.EARLY, t.RUNNING]


def test_stops_on_a_plateau():
    tracked = make(2, steps=50, patience=3, min_delta=0.1)
    watch(tracked, [10.0, 10.0], *([9.5 - k / 10, 8.0 * 0.8**k] for k in range(3)))
    assert tracked.status.tolist() == [t.EARLY, t.RUNNING]
    assert tracked.best_loss[0] == pytest.approx(9.3)  # small gains still count for the result


def test_restores_what_it_gave():
    tracked = make()
    watch(tracked, [3.0, 1.0, 2.0], [2.0, 5.0, 2.0])
    state = tracked.state()
    other = make()
    for row in range(3):
        other.restore(row, {name: value[row] for name, value in state.items()})
    assert all(torch.equal(value, other.state()[name]) for name, value in state.items())


def test_a_new_picture_starts_afresh():
    tracked = make(1, steps=1)
    watch(tracked, [3.0])
    tracked.start(0, torch.ones(2))
    assert tracked.status.tolist() == [t.RUNNING]
    watch(tracked, [7.0])
    assert tracked.best_loss.tolist() == [7.0]
