"""Class weights become weights of rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from sk_mnist.data import targets
from sk_mnist.training.sample_weights import class_weight_of_rows

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


def weight_of_rows(class_weight, y, sample_weight=None, classes=None):
    ones = np.ones(len(y))
    return class_weight_of_rows(
        class_weight,
        y,
        targets.find_classes(y) if classes is None else classes,
        ones if sample_weight is None else sample_weight,
    )


class TestClassWeight:
    @pytest.mark.parametrize("y", [*LABELS.values(), *TWO_LABELS.values(), INDICATOR])
    def test_class_weight_none_weighs_all_rows_alike(self, y):
        assert_array_equal(weight_of_rows(None, y), np.ones(len(y)))

    @examples
    @given(y=any_labels)
    def test_class_weight_balanced_is_that_of_scikit_learn(self, y):
        assert_allclose(weight_of_rows("balanced", y), compute_sample_weight("balanced", y))

    @pytest.mark.parametrize("y", [LABELS["strings"], TWO_LABELS["strings"]])
    def test_class_weight_balanced_counts_sample_weights_as_repeated_rows(self, y):
        n_copies = np.arange(len(y)) % 3 + 1
        by_class = compute_class_weight("balanced", classes=np.unique(y), y=np.repeat(y, n_copies))
        expected = by_class[np.searchsorted(np.unique(y), y)]
        assert_allclose(weight_of_rows("balanced", y, 1.0 * n_copies), expected, rtol=1e-14)

    @examples
    @given(y=any_labels)
    def test_class_weight_balanced_gives_all_classes_the_same_total(self, y):
        weights = weight_of_rows("balanced", y)
        totals = [weights[y == label].sum() for label in np.unique(y)]
        assert_allclose(totals, len(y) / len(totals))

    def test_class_weight_a_dict_gives_each_class_its_weight_and_others_one(self):
        found = weight_of_rows({"cat": 2.0, "dog": 0.5}, LABELS["strings"])
        assert_array_equal(found, [0.5, 2, 2, 1, 0.5, 0.5])

    def test_class_weight_balanced_takes_a_chunk_without_some_of_the_classes(self):
        y = np.array([1, 1, 3])
        found = weight_of_rows("balanced", y, classes=np.array([0, 1, 2, 3]))
        assert_allclose(found, compute_sample_weight("balanced", y))

    def test_class_weight_balanced_multiplies_over_labels_as_in_sklearn(
        self,
    ):
        found = weight_of_rows("balanced", INDICATOR)
        assert_allclose(found, compute_sample_weight("balanced", INDICATOR), rtol=1e-14)

    def test_class_weight_a_dict_for_an_indicator_is_refused(self):
        with pytest.raises(ValueError, match="class_weight"):
            weight_of_rows({0: 2.0}, INDICATOR)

    @pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
    def test_class_weight_weights_that_are_no_weights_are_refused(self, bad):
        with pytest.raises(ValueError, match="class_weight must hold finite"):
            weight_of_rows({"cat": bad}, LABELS["strings"])

    def test_class_weight_compares_labels_as_they_are(self):
        y = np.array(["3", "007", " 1", "3"])
        found = weight_of_rows({"3": 5.0, "007": 2.0}, y)
        assert_array_equal(found, [5, 2, 1, 5])
        with pytest.raises(ValueError, match=r"weights for \[3\], which are no labels of y"):
            weight_of_rows({3: 5.0}, y)

    def test_class_weight_may_name_more_labels_if_it_names_all_of_them(self):
        assert_array_equal(weight_of_rows({0: 2.0, 1: 3.0, 2: 9.0}, np.array([1, 0])), [3, 2])
