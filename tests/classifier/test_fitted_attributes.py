"""Fitted attributes."""

import re
from inspect import getdoc

import numpy as np
import pandas as pd
import pytest
from classifier_checks import assert_same_network
from sklearn.exceptions import NotFittedError

from sk_mnist import KerasMLPClassifier


@pytest.mark.keras
def test_every_documented_attribute_is_there_and_nothing_else_is_public(small, digits):
    X, y = digits
    documented = getdoc(KerasMLPClassifier).split("Attributes\n")[1].split("See Also\n")[0]
    documented = set(re.findall(r"^(\w+_) :", documented, re.MULTILINE))
    assert len(documented) == 25
    clf = small(epochs=1).fit(pd.DataFrame(X, columns=[f"{i}" for i in range(64)]), y)
    assert all(hasattr(clf, name) for name in documented)
    public = {name for name in vars(clf) if name.endswith("_") and not name.startswith("_")}
    assert public | {"model_"} == documented


def test_attributes_have_the_documented_types(small, digits):
    X, y = digits
    clf = small(hidden_layer_sizes=(16, 8), early_stopping=True).fit(X, y)
    np.testing.assert_array_equal(clf.classes_, range(10))
    assert clf.n_features_in_ == 64
    assert [w.shape for w in clf.coefs_] == [(64, 16), (16, 8), (8, 10)]
    assert [b.shape for b in clf.intercepts_] == [(16,), (8,), (10,)]
    assert (clf.n_layers_, clf.n_outputs_, clf.out_activation_) == (4, 10, "softmax")
    assert (clf.n_iter_, clf.t_) == (3, 3 * 450)
    assert type(clf.loss_) is float
    assert clf.loss_ == clf.loss_curve_[-1]
    assert type(clf.best_validation_score_) is float
    assert set(clf.history_) == {"loss", "accuracy", "learning_rate", "val_loss", "val_accuracy"}
    for values in clf.history_.values():
        assert len(values) == 3
        assert {type(value) for value in values} == {float}
    assert clf.history_["loss"] == clf.loss_curve_
    assert clf.history_["val_accuracy"] == clf.validation_scores_


def test_there_are_no_validation_scores_without_early_stopping(fitted):
    assert fitted.validation_scores_ is None
    assert fitted.best_validation_score_ is None
    assert set(fitted.history_) == {"loss", "accuracy", "learning_rate"}


def test_a_second_fit_forgets_the_first(small, digits):
    X, y = digits
    clf = small(epochs=5).fit(X[:, :30], np.c_[y > 4, y > 7].astype(int))
    clf.set_params(epochs=3).fit(X, y)
    assert_same_network(clf, small().fit(X, y))
    assert (clf.n_iter_, clf.t_, clf.n_features_in_) == (3, 1500, 64)
    assert clf.predict(X).shape == (500,)


def test_changing_a_parameter_after_fit_does_not_change_predictions(small, digits):
    X, y = digits
    clf = small().fit(X, y)
    p = clf.predict_proba(X)
    clf.set_params(activation="tanh", dropout=0.5, hidden_layer_sizes=(3,), input_scaling=None)
    np.testing.assert_array_equal(clf.predict_proba(X), p)


def test_predicting_before_fit_says_what_to_do(small, digits):
    for method in ("predict", "predict_proba", "predict_log_proba"):
        with pytest.raises(NotFittedError, match="Call 'fit'"):
            getattr(small(), method)(digits[0])
