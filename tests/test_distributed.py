"""Training on a Dask cluster: a real one, of two processes on this machine."""

import dask.array as da
import joblib
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV

pytestmark = pytest.mark.slow

GRID = {"learning_rate": [0.002, 0.02], "hidden_layer_sizes": [(16,), (8, 8)]}


@pytest.fixture(scope="module")
def client():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client


def test_a_grid_search_on_a_cluster_gives_the_scores_of_one_process(client, small, digits):
    alone = GridSearchCV(small(), GRID, cv=2, error_score="raise").fit(*digits)
    with joblib.parallel_config("dask"):
        search = GridSearchCV(small(), GRID, cv=2, error_score="raise").fit(*digits)
    for name in ("split0_test_score", "split1_test_score"):
        assert_array_equal(search.cv_results_[name], alone.cv_results_[name])
    workers = client.run(lambda: "sk_mnist.engines.numba.trainer" in __import__("sys").modules)
    assert all(workers.values())


def test_a_fit_on_a_worker_is_the_fit_here(client, small, digits):
    there = client.submit(small().fit, *digits).result()
    assert_array_equal(there.coefs_[0], small().fit(*digits).coefs_[0])


def test_blocks_of_a_dask_array_are_trained_on_one_after_the_other(client, small, digits):
    X, y = (da.from_array(array, chunks=100) for array in digits)
    X = X.rechunk((100, -1))
    clf = small()
    for rows, labels in zip(X.blocks, y.blocks, strict=True):
        clf.partial_fit(rows.compute(), labels.compute(), classes=range(10))
    expected = small()
    for start in range(0, 500, 100):
        part = slice(start, start + 100)
        expected.partial_fit(digits[0][part], digits[1][part], classes=range(10))
    assert_array_equal(clf.coefs_[0], expected.coefs_[0])
    predicted = X.map_blocks(clf.predict, dtype=int, drop_axis=1).compute()
    assert_array_equal(predicted, clf.predict(digits[0]))


def test_models_and_data_may_stay_on_the_cluster(client, small, digits):
    """A classifier that is sent along predicts on the workers, without TensorFlow."""
    clf = client.scatter(small().fit(*digits), broadcast=True)
    parts = client.map(lambda rows, clf: clf.predict(rows), np.split(digits[0], 5), clf=clf)
    predicted = np.concatenate(client.gather(parts))
    assert_array_equal(predicted, small().fit(*digits).predict(digits[0]))
