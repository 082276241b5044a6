"""`random_state` determines everything that is random."""

import numpy as np
import pytest
from classifier_checks import NO_LEARNING, assert_same_network, same_network
from sklearn.base import clone


@pytest.mark.parametrize("params", [{}, {"dropout": 0.3}, {"early_stopping": True}], ids=str)
def test_the_same_random_state_gives_the_same_network(small, digits, params):
    assert_same_network(small(**params).fit(*digits), small(**params).fit(*digits))


def test_different_random_states_give_different_networks(small, digits):
    a, b = (small(random_state=seed).fit(*digits) for seed in (0, 1))
    assert not same_network(a, b)


def test_without_random_state_each_fit_differs(small, digits):
    clf = small(random_state=None)
    a = clone(clf).fit(*digits)
    b = clone(clf).fit(*digits)
    assert not same_network(a, b)


def test_a_random_state_instance_goes_on_from_fit_to_fit(small, digits):
    def two_fits():
        rng = np.random.RandomState(3)
        return [small(random_state=rng).fit(*digits) for _ in range(2)]

    first, second = two_fits()
    again_first, again_second = two_fits()
    assert not same_network(first, second)
    assert_same_network(first, again_first)
    assert_same_network(second, again_second)


def test_the_order_of_samples_and_the_masks_change_from_epoch_to_epoch(small, digits):
    # With a learning rate of nothing only the masks can make a difference.
    clf = small(learning_rate=NO_LEARNING, dropout=0.5).fit(*digits)
    assert len(set(clf.loss_curve_)) == 3


def test_a_fit_leaves_numpys_global_random_numbers_alone(small, digits):
    before = np.random.get_state()  # noqa: NPY002 - the global generator is what is tested
    small(dropout=0.2).fit(*digits)
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]
