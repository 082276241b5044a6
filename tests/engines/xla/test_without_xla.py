"""Where XLA cannot compile, the program runs uncompiled, with one warning."""

import os
import warnings

import numpy as np
import pytest
from jobs import EVERYTHING, SOFTMAX, assert_all_close, make_job, run, trained_weights, weighted
from processes import run_python

pytestmark = [pytest.mark.keras, pytest.mark.slow]

TRAIN_IN_NEW_PROCESS = """
import sys, warnings
import numpy as np
sys.path.insert(0, {tests!r})
from jobs import *
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("default")
    jobs = [weighted(make_job(spec, dropout=0.4, **EVERYTHING)) for spec in (SOFTMAX, BINARY)]
    weights = [trained_weights(job, "xla") for job in (*jobs, jobs[0])]
np.savez({file!r}, *weights[0])
for warning in caught:
    print(f"{{warning.category.__name__}}: {{warning.message}}")
"""


@pytest.fixture(scope="module")
def uncompiled(tmp_path_factory):
    """Train in a process in which XLA fails, as it has to write to a directory that cannot exist.

    Return the weights and the warnings.
    """
    folder = tmp_path_factory.mktemp("uncompiled")
    file = folder / "weights.npz"
    (folder / "no_folder").touch()
    tests = os.path.join(os.path.dirname(__file__), "..", "..")
    warned = run_python(
        TRAIN_IN_NEW_PROCESS.format(tests=tests, file=str(file)),
        TF_XLA_FLAGS=f"--tf_xla_persistent_cache_directory={folder / 'no_folder' / 'cache'}",
    )
    with np.load(file) as arrays:
        return list(arrays.values()), warned.strip().splitlines()


def test_without_xla_training_gives_the_same_network_up_to_rounding(uncompiled):
    job = weighted(make_job(SOFTMAX, dropout=0.4, **EVERYTHING))
    assert_all_close(uncompiled[0], trained_weights(job, "xla"), rtol=1e-11, atol=1e-12)


def test_without_xla_training_warns_once_however_many_networks_are_trained(uncompiled):
    (warning,) = uncompiled[1]
    assert warning.startswith("RuntimeWarning: XLA cannot compile")


def test_where_xla_works_there_is_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(make_job(SOFTMAX), "xla")
