"""Dropout masks look random, and are a function of seed, step, layer and element."""

from itertools import product

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal
from scipy import stats

from sk_mnist.engines.xla.dropout import keep_mask

pytestmark = [pytest.mark.keras, pytest.mark.slow]

RATES = [0.01, 0.1, 0.25, 0.5, 0.8, 0.99]


class TestKeepMask:
    """Seeds are fixed: each test has one outcome. Bounds are those of independent draws."""

    @pytest.mark.parametrize("rate", RATES)
    def test_keeps_its_share_of_elements(self, rate):
        kept = mask((1024, 512), rate)
        standard_error = np.sqrt(rate * (1 - rate) / kept.size)
        assert abs(kept.mean() - (1 - rate)) < 4 * standard_error

    @pytest.mark.parametrize("rate", RATES)
    def test_keeps_its_share_in_every_row_and_column(self, rate):
        kept = mask((512, 512), rate)
        for axis in (0, 1):
            z = (kept.sum(axis=axis) - 512 * (1 - rate)) / np.sqrt(512 * rate * (1 - rate))
            assert_is_chi_square((z**2).sum(), 512)

    @pytest.mark.parametrize("rate", RATES)
    def test_keeps_each_element_in_its_share_of_steps(self, rate):
        n_steps = 400
        kept = np.sum([mask((16, 64), rate, step=step) for step in range(n_steps)], axis=0)
        z = (kept - n_steps * (1 - rate)) / np.sqrt(n_steps * rate * (1 - rate))
        assert_is_chi_square((z**2).sum(), z.size)

    def test_keeps_all_at_rate_zero(self):
        assert mask((1024, 512), 0.0).all()

    def test_is_the_same_for_the_same_seed_step_and_layer(self):
        assert_array_equal(mask((64, 64), 0.5, 1, 2, 3), mask((64, 64), 0.5, 1, 2, 3))

    def test_keeps_at_a_smaller_rate_what_it_keeps_at_a_larger(self):
        assert (mask((256, 256), 0.3) >= mask((256, 256), 0.6)).all()

    @pytest.mark.parametrize("n_together", [2, 4, 8])
    def test_draws_neighbours_independently(self, n_together):
        bits = mask((1024, 512), 0.5).reshape(-1, n_together)
        patterns = bits @ (1 << np.arange(n_together))
        counts = np.bincount(patterns, minlength=2**n_together)
        assert_is_chi_square(*chi_square(counts))

    @pytest.mark.parametrize("n_columns", [1, 7, 64, 100, 512])
    def test_draws_the_units_below_each_other_independently(self, n_columns):
        bits = mask((2**18 // n_columns // 4 * 4, n_columns), 0.5)
        patterns = np.tensordot(bits.reshape(-1, 4, n_columns), [1, 2, 4, 8], ([1], [0]))
        assert_is_chi_square(*chi_square(np.bincount(patterns.ravel(), minlength=16)))

    @pytest.mark.parametrize(
        "others",
        [
            [{"step": step} for step in (1, 2, 3, 64, 468)],
            [{"layer": layer} for layer in (1, 2, 3)],
            [{"seed": seed} for seed in (1, 2, 64, 2**16, 2**31, 2**32 - 1)],
            [{"step": 1, "layer": 1}, {"step": 1, "seed": 1}, {"layer": 1, "seed": 64}],
        ],
        ids=["steps", "layers", "seeds", "several"],
    )
    def test_has_no_likeness_to_masks_of_other(self, others):
        """No correlation with the other mask, wherever that begins."""
        shape, n = (128, 512), 128 * 512
        spectrum = np.fft.rfft(mask(shape, 0.5).ravel() - 0.5)
        for other in others:
            spectrum_of_other = np.fft.rfft(mask(shape, 0.5, **other).ravel() - 0.5)
            correlations = 4 * np.fft.irfft(spectrum * spectrum_of_other.conj(), n) / n
            # Of n independent ones, each of variance 1 / n, one in 10,000 sets exceeds this.
            assert np.abs(correlations).max() < stats.norm.isf(1e-4 / 2 / n) / np.sqrt(n)

    def test_has_no_likeness_to_itself_farther_on(self):
        n = 2**17
        power = np.abs(np.fft.rfft(mask((256, 512), 0.5).ravel() - 0.5)) ** 2
        correlations = 4 * np.fft.irfft(power, n)[1:] / n
        assert np.abs(correlations).max() < stats.norm.isf(1e-4 / 2 / n) / np.sqrt(n)

    def test_of_any_two_of_many_epochs_steps_and_layers_are_uncorrelated(self):
        masks = np.array(
            [
                mask((32, 64), 0.5, seed, step, layer).ravel()
                for seed, step, layer in product(range(4), range(8), range(4))
            ]
        )
        n = masks.shape[1]
        correlations = np.corrcoef(masks)[np.triu_indices(len(masks), 1)]
        assert np.abs(correlations).max() < 5 / np.sqrt(n)
        assert_is_chi_square((correlations**2).sum() * n, len(correlations))

    def test_is_at_no_step_that_of_another_step_in_another_order(self):
        """The elements of a mask are numbered, and the steps' keys must not just renumber them."""
        blocks = (mask((256, 256), 0.5, step=step) for step in range(800))
        counts_in_blocks = {tuple(np.sort(kept.sum(axis=1))) for kept in blocks}
        assert len(counts_in_blocks) == 800


def mask(shape, dropout, seed=0, step=0, layer=0):
    rate, seed = tf.constant(dropout, "float64"), tf.constant(seed, "uint32")
    return keep_mask(shape, rate, seed, tf.constant(step, "int32"), layer).numpy()


def chi_square(counts):
    return ((counts - counts.mean()) ** 2).sum() / counts.mean(), len(counts) - 1


def assert_is_chi_square(statistic, degrees_of_freedom):
    """Neither too far from what is expected nor, as of numbers in a grid, too near."""
    assert 1e-4 < stats.chi2.sf(statistic, degrees_of_freedom) < 1 - 1e-4
