"""Input scaling: the statistics are NumPy's, and the first layer takes them up without loss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from sk_mnist.data.input_scaling import InputScaling

METHODS = ["robust", "rms", "standard", None]
RNG = np.random.default_rng(0)
# More rows than a chunk of the statistics has, and a last chunk that is not full.
X = RNG.normal(3, [1, 2, 0.1, 50, 1e-3], (700, 5))
WEIGHT = RNG.uniform(0.1, 3, 700)
ONES = np.ones(700)


def assert_same_scaling(first, second, rtol=1e-12):
    assert_allclose(first.offset, second.offset, rtol=rtol, atol=1e-14)
    assert_allclose(first.scale, second.scale, rtol=rtol)


class TestStatistics:
    def test_statistics_rms_is_the_root_of_the_mean_square_of_all_elements(self):
        scaling = InputScaling.from_data(X, ONES, "rms")
        assert_allclose(scaling.scale, [np.sqrt(np.mean(X**2))], rtol=1e-12)
        assert_array_equal(scaling.offset, [0])

    def test_statistics_rms_is_weighted(self):
        expected = np.sqrt(np.average(np.mean(X**2, axis=1), weights=WEIGHT))
        assert_allclose(InputScaling.from_data(X, WEIGHT, "rms").scale, [expected], rtol=1e-12)

    @pytest.mark.parametrize("weight", [ONES, WEIGHT])
    def test_statistics_standard_equals_the_scaler_of_scikit_learn(self, weight):
        scaling = InputScaling.from_data(X, weight, "standard")
        scaler = StandardScaler().fit(X, sample_weight=weight)
        assert_allclose(scaling.offset, scaler.mean_, rtol=1e-12)
        assert_allclose(scaling.scale, scaler.scale_, rtol=1e-10)

    def test_statistics_robust_are_median_and_interquartile_range(self):
        scaling = InputScaling.from_data(X, ONES, "robust")
        low, median, high = np.quantile(X, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
        assert_array_equal(scaling.offset, median)
        assert_allclose(scaling.scale, (high - low) / 1.349, rtol=1e-12)
        # In these units normally distributed data have a standard deviation of about one.
        assert_allclose(scaling.scale, X.std(axis=0), rtol=0.15)

    def test_statistics_robust_ignore_outliers(self):
        outliers = X.copy()
        outliers[::50] *= 1e6
        found = InputScaling.from_data(outliers, ONES, "robust")
        expected = InputScaling.from_data(X, ONES, "robust")
        assert_allclose(found.offset, expected.offset, rtol=0.1)
        assert_allclose(found.scale, expected.scale, rtol=0.2)

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
    def test_statistics_robust_keep_zeros_where_there_are_many(self, share):
        values = np.random.default_rng(6).normal(3, 1, 1000)
        values[: int(share * 1000)] = 0
        scaling = InputScaling.from_data(values[:, None], np.ones(1000), "robust")
        assert_array_equal(scaling.offset, [0])
        rms = np.sqrt(np.mean(values[values != 0] ** 2))
        assert_allclose(scaling.scale, [rms / 2], rtol=1e-12)

    def test_statistics_robust_use_the_deviation_where_most_rows_share_a_value(self):
        values = np.r_[np.full(900, 7.0), np.full(100, 8.0)][:, None]
        scaling = InputScaling.from_data(values, np.ones(1000), "robust")
        assert_array_equal(scaling.offset, [7])
        assert_allclose(scaling.scale, [np.sqrt(0.1)], rtol=1e-12)

    def test_statistics_robust_of_many_rows_are_close_to_exact(self):
        many = np.random.default_rng(7).lognormal(0, 1, (200_000, 3))
        scaling = InputScaling.from_data(many, np.ones(len(many)), "robust")
        low, median, high = np.quantile(many, [0.25, 0.5, 0.75], axis=0)
        assert_allclose(scaling.offset, median, rtol=0.05)
        assert_allclose(scaling.scale, (high - low) / 1.349, rtol=0.05)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("zeros", [False, True])
    @pytest.mark.parametrize("unit", [1e-30, 1e30])
    def test_statistics_robust_have_the_unit_of_the_data(self, unit, zeros, dtype):
        data = (np.where(X > 3, X, 0) if zeros else X).astype(dtype)
        expected = InputScaling.from_data(data, WEIGHT, "robust")
        found = InputScaling.from_data((data * unit).astype(dtype), WEIGHT, "robust")
        # The feature of mean 3 and deviation 0.001 is rounded to 1e-4 of its scale in float32.
        rtol = 1e-4 if dtype == "float32" else 1e-12
        assert_allclose(found.offset, expected.offset * unit, rtol=rtol)
        assert_allclose(found.scale, expected.scale * unit, rtol=rtol)

    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
    def test_statistics_robust_of_values_whose_squares_overflow(self, container):
        data = container(np.array([[1e200, 0.0], [2e200, 1e-200], [3e200, 0], [0, 0]]))
        scaling = InputScaling.from_data(data, np.ones(4), "robust")
        assert_allclose(scaling.scale, [np.sqrt(14 / 3) / 2 * 1e200, 0.5e-200], rtol=1e-12)

    def test_statistics_none_leaves_the_data_as_they_are(self):
        scaling = InputScaling.from_data(X, WEIGHT, None)
        assert_array_equal((X - scaling.offset) / scaling.scale, X)

    @pytest.mark.parametrize("method", METHODS)
    def test_statistics_a_weight_of_k_is_k_repetitions(self, method):
        counts = np.random.default_rng(1).integers(0, 4, len(X))
        repeated = np.repeat(X, counts, axis=0)
        weighted = InputScaling.from_data(X, counts.astype(float), method)
        expected = InputScaling.from_data(repeated, np.ones(len(repeated)), method)
        assert_same_scaling(weighted, expected, rtol=1e-11)

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("factor", [1e-3, 255])
    def test_statistics_weights_count_relative_to_each_other(self, method, factor):
        expected = InputScaling.from_data(X, WEIGHT, method)
        assert_same_scaling(InputScaling.from_data(X, factor * WEIGHT, method), expected, 1e-11)

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("container", [sparse.csr_array, sparse.csr_matrix])
    def test_statistics_sparse_data_have_those_of_dense_data(self, method, container):
        zeros_and_more = np.where(X > 3, X, 0)
        expected = InputScaling.from_data(zeros_and_more, WEIGHT, method)
        found = InputScaling.from_data(container(zeros_and_more), WEIGHT, method)
        assert_same_scaling(found, expected)

    def test_statistics_robust_of_bytes_are_rms(self):
        pixels = np.random.default_rng(2).integers(0, 256, (700, 784)).astype("uint8")
        found = InputScaling.from_data(pixels, WEIGHT, "robust")
        assert_same_scaling(found, InputScaling.from_data(pixels, WEIGHT, "rms"))

    @pytest.mark.parametrize("method", ["rms", "standard", None])
    @pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float32"])
    def test_statistics_other_number_types_have_those_of_float64(self, method, dtype):
        pixels = np.random.default_rng(2).integers(0, 256, (700, 784)).astype("uint8")
        if dtype == "float32":
            pixels = pixels / np.float32(3)
        pixels = pixels.astype(dtype)
        expected = InputScaling.from_data(pixels.astype("float64"), WEIGHT, method)
        assert_same_scaling(InputScaling.from_data(pixels, WEIGHT, method), expected, rtol=1e-7)

    @pytest.mark.parametrize("method", METHODS)
    def test_statistics_are_float64_whatever_the_data(self, method):
        scaling = InputScaling.from_data(X.astype("float32"), ONES, method)
        assert scaling.offset.dtype == scaling.scale.dtype == np.float64


class TestDegenerateData:
    @pytest.mark.parametrize("method", METHODS)
    def test_degenerate_data_zeros_have_scale_one(self, method):
        scaling = InputScaling.from_data(np.zeros((9, 3)), np.ones(9), method)
        assert_array_equal(np.broadcast_to(scaling.scale, 3), 1)
        assert_array_equal(np.broadcast_to(scaling.offset, 3), 0)

    @pytest.mark.parametrize("constant", [0.1, -3.7, 1e-6, 123456.789, 1e9 / 3])
    @pytest.mark.parametrize("method", ["robust", "standard"])
    def test_degenerate_data_a_constant_feature_has_scale_one(self, constant, method):
        data = np.full((1000, 2), constant)
        data[:, 1] = np.linspace(0, 1, 1000)
        scaling = InputScaling.from_data(data, np.full(1000, 0.3), method)
        assert scaling.scale[0] == 1
        assert_allclose(scaling.offset[0], constant, rtol=1e-12)
        assert scaling.scale[1] < 1

    def test_degenerate_data_a_feature_that_varies_little_around_a_large_mean_is_not_constant(self):
        data = 1e6 + np.random.default_rng(3).normal(size=(1000, 1))
        scaling = InputScaling.from_data(data, np.ones(1000), "standard")
        assert_allclose(scaling.scale, data.std(axis=0), rtol=1e-8)

    @pytest.mark.parametrize("method", METHODS)
    def test_degenerate_data_one_row_is_enough(self, method):
        scaling = InputScaling.from_data(np.array([[2.0, -2.0]]), np.ones(1), method)
        assert np.isfinite(scaling.offset).all()
        assert (scaling.scale > 0).all()


def first_layer(dtype="float64"):
    rng = np.random.default_rng(4)
    return rng.normal(size=(5, 4)).astype(dtype), rng.normal(size=4).astype(dtype)


@pytest.mark.parametrize("method", METHODS)
class TestFolding:
    def test_folding_gives_the_same_outputs_for_data_as_they_are(self, method):
        scaling = InputScaling.from_data(X, WEIGHT, method)
        coef, intercept = first_layer()
        folded_coef, folded_intercept = scaling.fold(coef, intercept)
        expected = (X - scaling.offset) / scaling.scale @ coef + intercept
        assert_allclose(X @ folded_coef + folded_intercept, expected, rtol=1e-9, atol=1e-9)

    def test_folding_and_unfolding_are_inverse(self, method):
        scaling = InputScaling.from_data(X, WEIGHT, method)
        coef, intercept = first_layer()
        there_and_back = scaling.unfold(*scaling.fold(coef, intercept))
        back_and_there = scaling.fold(*scaling.unfold(coef, intercept))
        # The intercept of the feature with mean 3 and deviation 0.001 is the worst conditioned.
        for found in (there_and_back, back_and_there):
            assert_allclose(found[0], coef, rtol=1e-14)
            assert_allclose(found[1], intercept, rtol=0, atol=1e-11)

    def test_folding_keeps_the_number_type_and_the_arguments(self, method):
        scaling = InputScaling.from_data(X, WEIGHT, method)
        coef, intercept = first_layer("float32")
        coef.flags.writeable = intercept.flags.writeable = False
        for transform in (scaling.fold, scaling.unfold):
            assert [a.dtype.name for a in transform(coef, intercept)] == ["float32", "float32"]


def test_folding_a_large_offset_into_float32_costs_one_rounding_of_the_intercept():
    scaling = InputScaling(np.full(784, 100.0), np.full(784, 50.0))
    coef = np.random.default_rng(5).normal(size=(784, 3)).astype("float32")
    intercept = np.ones(3, "float32")
    folded, found = scaling.fold(coef, intercept)
    expected = 1 - 100.0 * (coef.astype("float64") / 50).sum(axis=0)
    assert_allclose(found, expected, rtol=1e-7, atol=1e-4)
    assert_allclose(folded, coef / np.float32(50), rtol=2e-7)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    data=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(-1e6, 1e6),
    ),
    method=st.sampled_from(METHODS),
)
def test_scaling_of_any_data_is_finite_and_can_be_folded(data, method):
    scaling = InputScaling.from_data(data, np.ones(len(data)), method)
    assert np.isfinite(scaling.offset).all()
    assert np.isfinite(scaling.scale).all()
    assert (scaling.scale > 0).all()
    coef, intercept = np.ones((data.shape[1], 2)), np.zeros(2)
    folded, folded_intercept = scaling.fold(coef, intercept)
    expected = ((data - scaling.offset) / scaling.scale) @ coef
    # Rounding grows with what cancels: the folded offset.
    size = 1 + np.abs(folded).max() * (np.abs(data).max() + np.abs(scaling.offset).max())
    assert_allclose(data @ folded + folded_intercept, expected, rtol=0, atol=1e-14 * 20 * size)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    data=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(-1e3, 1e3, allow_subnormal=False).filter(lambda x: abs(x) > 1e-3),
    ),
    factor=st.sampled_from([1e-6, 1 / 255, 255.0, 1e6]),
)
def test_data_scaled_by_their_rms_do_not_depend_on_their_unit(data, factor):
    ones = np.ones(len(data))
    scaled = data / InputScaling.from_data(data, ones, "rms").scale
    in_other_units = factor * data / InputScaling.from_data(factor * data, ones, "rms").scale
    assert_allclose(in_other_units, scaled, rtol=1e-12)
    assert_allclose(np.mean(scaled**2), 1, rtol=1e-12)
