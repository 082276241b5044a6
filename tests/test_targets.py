"""Labels become what a loss takes, and probabilities become labels again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.preprocessing import LabelBinarizer, LabelEncoder
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from sk_mnist.data import targets

LABELS = {
    "integers": np.array([7, 3, 3, -2, 7, 7]),
    "strings": np.array(["dog", "cat", "cat", "ant", "dog", "dog"]),
    "objects": np.array(["dog", "cat", "cat", "ant", "dog", "dog"], object),
    "floats": np.array([2.0, 1.0, 1.0, 0.0, 2.0, 2.0]),
}
TWO_LABELS = {
    "integers": np.array([5, -1, 5, 5]),
    "strings": np.array(["yes", "no", "yes", "yes"]),
    "booleans": np.array([True, False, True, True]),
}
INDICATOR = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 0, 1]])
any_labels = st.lists(st.integers(-5, 5), min_size=1, max_size=30).map(np.array)
examples = settings(derandomize=True, deadline=None, max_examples=60)


class TestCheck:
    @pytest.mark.parametrize("y", [*LABELS.values(), *TWO_LABELS.values(), INDICATOR])
    def test_labels_and_indicators_pass_unchanged(self, y):
        assert_array_equal(targets.check_targets(y), y)

    def test_a_column_becomes_flat_with_a_warning(self):
        with pytest.warns(UserWarning, match="column-vector"):
            found = targets.check_targets(np.array([[1], [2], [1]]))
        assert_array_equal(found, [1, 2, 1])

    @pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
    def test_a_sparse_indicator_becomes_dense(self, container):
        found = targets.check_targets(container(INDICATOR))
        assert type(found) is np.ndarray
        assert_array_equal(found, INDICATOR)

    def test_continuous_targets_are_refused(self):
        with pytest.raises(ValueError, match="continuous"):
            targets.check_targets(np.array([0.1, 0.7, 1.3]))

    def test_several_columns_of_classes_are_refused(self):
        with pytest.raises(ValueError, match=r"2 columns.*not supported"):
            targets.check_targets(np.array([[1, 2], [3, 1], [2, 2]]))


class TestEncode:
    @pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
    def test_classes_are_numbered_as_by_scikit_learn(self, y):
        encoder = LabelEncoder().fit(y)
        classes = targets.find_classes(y)
        assert_array_equal(classes, encoder.classes_)
        encoded = targets.encode(y, classes)
        assert_array_equal(encoded, encoder.transform(y))
        assert encoded.dtype == np.int32

    @pytest.mark.parametrize("y", TWO_LABELS.values(), ids=TWO_LABELS)
    def test_two_classes_are_one_column_as_by_scikit_learn(self, y):
        encoded = targets.encode(y, targets.find_classes(y))
        assert_array_equal(encoded, LabelBinarizer().fit_transform(y))
        assert encoded.dtype == np.uint8

    def test_an_indicator_keeps_its_columns(self):
        encoded = targets.encode(INDICATOR, targets.find_classes(INDICATOR))
        assert_array_equal(encoded, INDICATOR)
        assert encoded.dtype == np.uint8
        assert_array_equal(targets.find_classes(INDICATOR), [0, 1, 2])

    def test_a_chunk_without_some_of_the_classes_keeps_the_numbers(self):
        assert_array_equal(targets.encode(np.array([7, 3]), np.array([-2, 3, 7])), [2, 1])

    def test_one_class_alone_has_number_zero(self):
        y = np.array(["a", "a"])
        assert_array_equal(targets.encode(y, targets.find_classes(y)), [0, 0])


class TestDecode:
    @examples
    @given(y=any_labels)
    def test_inverts_encode(self, y):
        classes = targets.find_classes(y)
        certain = (y[:, None] == classes).astype("float32")
        assert_array_equal(targets.decode(certain, classes, multilabel=False), y)

    @pytest.mark.parametrize("y", [*LABELS.values(), *TWO_LABELS.values()])
    def test_keeps_the_type_of_the_labels(self, y):
        classes = targets.find_classes(y)
        certain = (y[:, None] == classes).astype("float32")
        decoded = targets.decode(certain, classes, multilabel=False)
        assert decoded.dtype == y.dtype
        assert_array_equal(decoded, y)

    def test_takes_the_most_probable_class(self):
        found = targets.decode(np.array([[0.2, 0.5, 0.3]]), np.array(["a", "b", "c"]), False)
        assert_array_equal(found, ["b"])

    def test_takes_each_label_of_an_indicator_for_itself(self):
        found = targets.decode(np.array([[0.6, 0.9, 0.4], [0.1, 0.5, 0.51]]), np.arange(3), True)
        assert_array_equal(found, [[1, 1, 0], [0, 0, 1]])
        assert found.dtype == np.int64


class TestLogOdds:
    def test_of_classes_make_a_softmax_predict_their_frequencies(self):
        labels, weight = np.array([0, 2, 2, 1, 2]), np.array([1.0, 2, 1, 0.5, 1])
        logits = targets.log_odds(labels, 3, weight)
        expected = 0.999 * np.array([1, 0.5, 4]) / 5.5 + 0.001 / 3
        assert_allclose(softmax(logits), expected, rtol=1e-14)
        assert_allclose(logits.sum(), 0, atol=1e-14)

    def test_of_a_class_that_does_not_occur_are_finite(self):
        assert np.isfinite(targets.log_odds(np.array([0, 0, 1]), 5, np.ones(3))).all()

    def test_of_labels_make_logistic_outputs_predict_their_frequencies(self):
        weight = np.array([1.0, 2, 3, 0.5])
        logits = targets.log_odds(INDICATOR.astype("uint8"), 3, weight)
        assert logits.shape == (3,)
        frequency = weight @ INDICATOR / weight.sum()
        assert_allclose(expit(logits), 0.999 * frequency + 0.0005, rtol=1e-12)

    def test_of_a_binary_problem_have_one_output(self):
        labels = np.array([[1], [1], [0]], "uint8")
        frequency = 0.999 * 2 / 3 + 0.0005
        expected = [np.log(frequency / (1 - frequency))]
        assert_allclose(targets.log_odds(labels, 1, np.ones(3)), expected, rtol=1e-14)

    @pytest.mark.parametrize("labels", [np.array([0, 2, 2, 1]), INDICATOR.astype("uint8")])
    def test_do_not_depend_on_the_unit_of_the_weights(self, labels):
        weight = np.array([1.0, 2, 3, 0.5])
        expected = targets.log_odds(labels, 3, weight)
        assert_allclose(targets.log_odds(labels, 3, 1e-30 * weight), expected, rtol=1e-12)

    @pytest.mark.parametrize("labels", [np.zeros((4, 2), "uint8"), np.ones((4, 2), "uint8")])
    def test_of_labels_that_never_or_always_occur_are_finite(self, labels):
        assert np.isfinite(targets.log_odds(labels, 2, np.ones(4))).all()

    def test_of_equally_frequent_classes_are_zero(self):
        assert_allclose(targets.log_odds(np.array([0, 1, 2]), 3, np.ones(3)), 0, atol=1e-15)


def weight_of_rows(class_weight, y, sample_weight=None, classes=None):
    ones = np.ones(len(y))
    return targets.class_weight_of_rows(
        class_weight,
        y,
        targets.find_classes(y) if classes is None else classes,
        ones if sample_weight is None else sample_weight,
    )


class TestClassWeight:
    @pytest.mark.parametrize("y", [*LABELS.values(), *TWO_LABELS.values(), INDICATOR])
    def test_none_weighs_all_rows_alike(self, y):
        assert_array_equal(weight_of_rows(None, y), np.ones(len(y)))

    @examples
    @given(y=any_labels)
    def test_balanced_is_that_of_scikit_learn(self, y):
        assert_allclose(weight_of_rows("balanced", y), compute_sample_weight("balanced", y))

    @pytest.mark.parametrize("y", [LABELS["strings"], TWO_LABELS["strings"]])
    def test_balanced_counts_sample_weights_as_scikit_learn_does(self, y):
        sample_weight = np.linspace(0.5, 2, len(y))
        classes = np.unique(y)
        by_class = compute_class_weight(
            "balanced", classes=classes, y=y, sample_weight=sample_weight
        )
        expected = by_class[np.searchsorted(classes, y)]
        assert_allclose(weight_of_rows("balanced", y, sample_weight), expected, rtol=1e-14)

    @examples
    @given(y=any_labels)
    def test_balanced_gives_all_classes_the_same_total(self, y):
        weights = weight_of_rows("balanced", y)
        totals = [weights[y == label].sum() for label in np.unique(y)]
        assert_allclose(totals, len(y) / len(totals))

    def test_a_dict_gives_each_class_its_weight_and_others_one(self):
        found = weight_of_rows({"cat": 2.0, "dog": 0.5}, LABELS["strings"])
        assert_array_equal(found, [0.5, 2, 2, 1, 0.5, 0.5])

    def test_balanced_takes_a_chunk_without_some_of_the_classes(self):
        y = np.array([1, 1, 3])
        found = weight_of_rows("balanced", y, classes=np.array([0, 1, 2, 3]))
        assert_allclose(found, compute_sample_weight("balanced", y))

    def test_balanced_multiplies_over_the_labels_of_an_indicator_as_scikit_learn_does(self):
        found = weight_of_rows("balanced", INDICATOR)
        assert_allclose(found, compute_sample_weight("balanced", INDICATOR), rtol=1e-14)

    def test_a_dict_for_an_indicator_is_refused(self):
        with pytest.raises(ValueError, match="class_weight"):
            weight_of_rows({0: 2.0}, INDICATOR)

    @pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
    def test_weights_that_are_no_weights_are_refused(self, bad):
        with pytest.raises(ValueError, match="class_weight must hold finite"):
            weight_of_rows({"cat": bad}, LABELS["strings"])
