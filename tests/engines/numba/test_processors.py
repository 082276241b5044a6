"""Networks predict alike on processors with registers of 256 and of 512 bits."""

import platform
from pathlib import Path

import numpy as np
import pytest
from llvmlite import binding
from processes import run_python

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="for x86-64"),
]

DATA = Path(__file__).parents[2] / "data"

# Numba compiles for these; without the features, those of the machine are added to the name.
PROCESSORS = {
    256: ("haswell", "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+popcnt"),
    512: ("skylake-avx512", ""),
}

PREDICT = """
import warnings
import numpy as np
from sklearn.datasets import load_digits
import sk_mnist
from sk_mnist.engines.numba import predict
from sk_mnist.network import forward
from sk_mnist.network.input_limit import limit_of

warnings.simplefilter("ignore")
clf = sk_mnist.load({path!r})
X = load_digits().data[:100].astype("float32")
z, finite = predict.logits(X, clf.coefs_, clf.intercepts_, "relu", limit_of(clf))
assert finite
np.save({out!r}, forward.probabilities(z, clf.out_activation_))
"""


@pytest.mark.parametrize("bits", PROCESSORS)
def test_the_frozen_network_predicts_the_same_on_every_processor(tmp_path, bits):
    if bits == 512 and not binding.get_host_cpu_features().get("avx512f", False):
        pytest.skip("this processor has no registers of 512 bits")
    name, features = PROCESSORS[bits]
    path, out = DATA / "model-0.1.0.safetensors", tmp_path / "probabilities.npy"
    environment = {"NUMBA_CPU_NAME": name, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    if features:
        environment["NUMBA_CPU_FEATURES"] = features
    run_python(PREDICT.format(path=str(path), out=str(out)), **environment)
    expected = np.load(DATA / "model-0.1.0-probabilities.npy")
    np.testing.assert_allclose(np.load(out), expected, rtol=0, atol=1e-5)
