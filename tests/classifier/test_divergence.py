"""Training that diverges."""

import re

import numpy as np
import pytest
from classifier_checks import assert_same_network
from optional_features import needs_callbacks


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_training_that_diverges_names_the_learning_rate(small, digits, optimizer):
    clf = small(optimizer=optimizer, learning_rate=1e30)
    with pytest.raises(ValueError, match=r"Training diverged.*learning_rate=1e\+30.*input_scaling"):
        clf.fit(*digits)


@needs_callbacks
def test_a_training_that_diverges_says_so_also_where_a_callback_scores_probabilities(small, digits):
    from sklearn.callback import ScoringMonitor

    clf = small(learning_rate=1e30).set_callbacks(ScoringMonitor(scoring="neg_log_loss"))
    with pytest.raises(ValueError, match="Training diverged"):
        clf.fit(*digits)


@pytest.mark.parametrize(
    ("parameters", "unit"),
    [({"alpha": 1e30}, 1), ({"alpha": 1e-3}, 1e-40), ({"alpha": 1e300}, 1)],
)
def test_a_training_that_diverges_names_an_alpha_that_outweighs_the_loss(
    small, digits, parameters, unit
):
    X, y = digits
    pattern = rf"The likely cause is alpha={re.escape(format(parameters['alpha'], 'g'))},"
    with pytest.raises(ValueError, match=pattern):
        small(**parameters).fit(X, y, np.full(len(y), float(unit)))


@pytest.mark.slow
@pytest.mark.keras
def test_a_training_that_diverges_by_another_optimizer_names_alpha(small, digits):
    with pytest.raises(ValueError, match=r"alpha=1e\+12, a penalty that outweighs the loss"):
        small(optimizer="sgd", alpha=1e12).fit(*digits)


@pytest.mark.parametrize("input_scaling", ["robust", "rms", "standard"])
@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_data_near_the_limits_of_float64_are_learned_as_any_other(
    small, iris, input_scaling, factor
):
    X, y = iris
    train = small(input_scaling=input_scaling, epochs=30).fit
    assert train(X * factor, y).score(X * factor, y) == pytest.approx(train(X, y).score(X, y))


def test_weights_whose_sum_overflows_train_as_any_other(small, iris):
    X, y = iris
    for class_weight in (None, "balanced"):
        expected = small(class_weight=class_weight).fit(X, y)
        found = small(class_weight=class_weight).fit(X, y, np.full(len(y), 2.0**1023))
        assert_same_network(found, expected)


def test_weights_whose_product_overflows_are_named(small, iris):
    X, y = iris
    clf = small(class_weight={0: 1e300})
    with pytest.raises(ValueError, match=r"sample_weight times class_weight=.*largest .* 1e\+300"):
        clf.fit(X, y, np.full(len(y), 1e300))


def test_a_held_out_weight_forty_decades_larger_leaves_the_training_as_it_is(small, iris, held_out):
    X, y = iris
    X = X.astype(np.float32)  # which has no 1e-40
    clf = small(early_stopping=True, input_scaling=None)
    expected = clf.fit(X, y).history_["loss"]
    weight = np.ones(len(y))
    weight[held_out[0][1][:3]] = 1e40
    assert clf.fit(X, y, weight).history_["loss"] == expected
