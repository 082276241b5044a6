"""`model_`, the Keras view of the fitted network."""

import keras
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss

pytestmark = [pytest.mark.keras, pytest.mark.slow]


@pytest.mark.parametrize("labels", ["classes", "two classes", "several labels"])
@pytest.mark.parametrize("input_scaling", ["rms", "standard"])
def test_keras_model_predicts_the_same(small, digits, labels, input_scaling):
    X, y = digits
    Y = {"classes": y, "two classes": y > 4, "several labels": np.c_[y > 4, y > 7].astype(int)}
    clf = small(input_scaling=input_scaling).fit(X, Y[labels])
    p = clf.predict_proba(X)
    expected = p[:, 1:] if labels == "two classes" else p
    np.testing.assert_allclose(clf.model_.predict(X, verbose=0), expected, rtol=0, atol=1e-5)


def test_keras_model_is_a_compiled_sequential(small, digits):
    X, y = digits
    clf = small(optimizer="rmsprop", learning_rate=0.003, dropout=0.25).fit(X, y)
    model = clf.model_
    assert isinstance(model, keras.Sequential)
    assert isinstance(model.optimizer, keras.optimizers.RMSprop)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.003)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [
        0.25
    ]
    loss, accuracy = model.evaluate(X, y, verbose=0)
    assert loss == pytest.approx(log_loss(y, clf.predict_proba(X)), rel=1e-4)
    assert accuracy == pytest.approx(clf.score(X, y))


def test_keras_model_has_the_number_type_of_the_network(small, wide_digits):
    X, y = wide_digits
    clf = small(epochs=1).fit(X, y)
    p = clf.model_.predict(X, verbose=0)
    assert p.dtype == np.float64
    np.testing.assert_allclose(p, clf.predict_proba(X), rtol=0, atol=1e-12)


def test_keras_model_is_built_once_a_fit(small, digits):
    clf = small(epochs=1).fit(*digits)
    model = clf.model_
    assert clf.model_ is model
    clf.partial_fit(*digits)
    assert clf.model_ is not model
    np.testing.assert_allclose(
        clf.model_.predict(digits[0], verbose=0), clf.predict_proba(digits[0]), rtol=0, atol=1e-5
    )


def test_training_the_keras_model_does_not_change_the_estimator(small, digits):
    X, y = digits
    clf = small(epochs=1).fit(X, y)
    p = clf.predict_proba(X)
    clf.model_.fit(X, y, epochs=1, verbose=0)
    np.testing.assert_array_equal(clf.predict_proba(X), p)


def test_there_is_no_keras_model_before_fit(small):
    assert not hasattr(small(), "model_")
    with pytest.raises(NotFittedError):
        _ = small().model_


@pytest.mark.parametrize("labels", ["classes", "two classes", "several labels"])
def test_keras_model_takes_class_numbers_as_targets(small, digits, labels):
    X, y = digits
    Y = {"classes": y, "two classes": y > 4, "several labels": np.c_[y > 4, y > 7].astype(int)}
    clf = small(label_smoothing=0.05 if labels == "classes" else 0.0).fit(X, Y[labels])
    loss, accuracy = clf.model_.evaluate(X, Y[labels], verbose=0)
    if labels != "several labels":  # Keras counts single labels
        assert accuracy == pytest.approx(clf.score(X, Y[labels]))
        assert loss == pytest.approx(log_loss(Y[labels], clf.predict_proba(X)), rel=1e-3)
    clf.model_.fit(X, Y[labels], epochs=1, verbose=0)
