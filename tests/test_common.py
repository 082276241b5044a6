"""scikit-learn's own checks of what an estimator must do."""

from unittest import SkipTest

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sk_mnist import KerasMLPClassifier

# Rows drawn at random cannot be the same rows when an integer weight becomes repeated rows.
RANDOM_ROWS = {
    "check_sample_weight_equivalence_on_dense_data": "rows are drawn at random",
    "check_sample_weight_equivalence_on_sparse_data": "rows are drawn at random",
}


# What scikit-learn skips for its own MLPClassifier too.
SKIPPED = {"check_array_api_input", "check_classifiers_multilabel_output_format_decision_function"}


def expected_failures(estimator):
    is_random = estimator.dropout != "auto" or estimator.early_stopping
    return RANDOM_ROWS if is_random else {}


def run_check(estimator, check):
    try:
        check(estimator)
    except SkipTest:
        assert check.func.__name__ in SKIPPED
        raise


@parametrize_with_checks([KerasMLPClassifier((32,))])
def test_scikit_learn_check(estimator, check):
    run_check(estimator, check)


@pytest.mark.slow
@parametrize_with_checks(
    [
        KerasMLPClassifier(),
        KerasMLPClassifier(()),
        KerasMLPClassifier(
            (32,), alpha=1e-3, batch_size=32, class_weight="balanced", input_scaling="rms"
        ),
        KerasMLPClassifier(
            (32,),
            activation="gelu",
            optimizer="sgd",
            learning_rate=0.05,
            epochs=40,
            input_scaling="standard",
            label_smoothing=0.1,
            warm_start=True,
        ),
        KerasMLPClassifier((32,), dropout=0.3, early_stopping=True),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_check_with_other_parameters(estimator, check):
    run_check(estimator, check)
