"""Labels become what a loss takes, and probabilities become labels again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.preprocessing import LabelBinarizer, LabelEncoder

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
    def test_check_labels_and_indicators_pass_unchanged(self, y):
        assert_array_equal(targets.check_targets(y), y)

    def test_check_a_column_becomes_flat_with_a_warning(self):
        with pytest.warns(UserWarning, match="column-vector"):
            found = targets.check_targets(np.array([[1], [2], [1]]))
        assert_array_equal(found, [1, 2, 1])

    @pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
    def test_check_a_sparse_indicator_becomes_dense(self, container):
        found = targets.check_targets(container(INDICATOR))
        assert type(found) is np.ndarray
        assert_array_equal(found, INDICATOR)

    def test_check_continuous_targets_are_refused(self):
        with pytest.raises(ValueError, match="continuous"):
            targets.check_targets(np.array([0.1, 0.7, 1.3]))

    def test_check_several_columns_of_classes_are_refused(self):
        with pytest.raises(ValueError, match=r"2 columns.*not supported"):
            targets.check_targets(np.array([[1, 2], [3, 1], [2, 2]]))


class TestEncode:
    @pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
    def test_encode_classes_are_numbered_as_by_scikit_learn(self, y):
        encoder = LabelEncoder().fit(y)
        classes = targets.find_classes(y)
        assert_array_equal(classes, encoder.classes_)
        encoded = targets.encode(y, classes)
        assert_array_equal(encoded, encoder.transform(y))
        assert encoded.dtype == np.int32

    @pytest.mark.parametrize("y", TWO_LABELS.values(), ids=TWO_LABELS)
    def test_encode_two_classes_are_one_column_as_by_scikit_learn(self, y):
        encoded = targets.encode(y, targets.find_classes(y))
        assert_array_equal(encoded, LabelBinarizer().fit_transform(y))
        assert encoded.dtype == np.uint8

    def test_encode_an_indicator_keeps_its_columns(self):
        encoded = targets.encode(INDICATOR, targets.find_classes(INDICATOR))
        assert_array_equal(encoded, INDICATOR)
        assert encoded.dtype == np.uint8
        assert_array_equal(targets.find_classes(INDICATOR), [0, 1, 2])

    def test_encode_a_chunk_without_some_of_the_classes_keeps_the_numbers(self):
        assert_array_equal(targets.encode(np.array([7, 3]), np.array([-2, 3, 7])), [2, 1])

    def test_encode_one_class_alone_has_number_zero(self):
        y = np.array(["a", "a"])
        assert_array_equal(targets.encode(y, targets.find_classes(y)), [0, 0])


class TestDecode:
    @examples
    @given(y=any_labels)
    def test_decode_inverts_encode(self, y):
        classes = targets.find_classes(y)
        certain = (y[:, None] == classes).astype("float32")
        assert_array_equal(targets.decode(certain, classes, multilabel=False), y)

    @pytest.mark.parametrize("y", [*LABELS.values(), *TWO_LABELS.values()])
    def test_decode_keeps_the_type_of_the_labels(self, y):
        classes = targets.find_classes(y)
        certain = (y[:, None] == classes).astype("float32")
        decoded = targets.decode(certain, classes, multilabel=False)
        assert decoded.dtype == y.dtype
        assert_array_equal(decoded, y)

    def test_decode_takes_the_most_probable_class(self):
        found = targets.decode(np.array([[0.2, 0.5, 0.3]]), np.array(["a", "b", "c"]), False)
        assert_array_equal(found, ["b"])

    def test_decode_takes_each_label_of_an_indicator_for_itself(self):
        found = targets.decode(np.array([[0.6, 0.9, 0.4], [0.1, 0.5, 0.51]]), np.arange(3), True)
        assert_array_equal(found, [[1, 1, 0], [0, 0, 1]])
        assert found.dtype == np.int64
