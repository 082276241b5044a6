"""Whatever is in a model file, opening it gives a classifier or the error of this package.

`SK_MNIST_MUTATIONS=100000 pytest tests/robustness/test_mutated_files.py` tries as many files.
"""

import copy
import json
import os
import random
import struct
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy
from sklearn.datasets import load_iris

import sk_mnist
from sk_mnist import KerasMLPClassifier
from sk_mnist.persistence import ModelFileError, model_file, to_bytes

N_FILES = int(os.environ.get("SK_MNIST_MUTATIONS", "400"))
X, Y = load_iris(return_X_y=True)

JUNK = [
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308, "nan", "inf"),
    *("", "a", "relu", "int64", "object", "str", "O", "__reduce__", "os.system", "\x00", "\ud800"),
    *([], [[]], [0], [1, 2, 3], ["a"], [[1, 2]], {}, {"a": 1}, {"dtype": "int64", "values": [0]}),
    [0] * 1000,
    "x" * 1000,
]


def flipped(rng, content):
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8])):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def cut(rng, content):
    return content[: rng.randrange(len(content))]


def repeated(rng, content):
    start = rng.randrange(len(content))
    stop = min(len(content), start + rng.choice([1, 8, 100]))
    return content[:stop] + content[start:stop] * rng.choice([1, 3]) + content[stop:]


def overwritten(rng, content):
    start = rng.randrange(len(content))
    block = rng.randbytes(rng.choice([1, 4, 8, 64]))
    return content[:start] + block + content[start + len(block) :]


def with_another_length(rng, content):
    return struct.pack("<Q", rng.choice([0, 1, 2**32, 2**63, 100_000_001])) + content[8:]


def rewritten(rng, content):
    """Change the text or the arrays, and give them the right digest."""
    arrays = dict(safetensors.numpy.load(content))
    (length,) = struct.unpack_from("<Q", content)
    entries = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["sk_mnist"])
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if rng.random() < 0.7:
            change_entry(rng, entries)
        else:
            change_array(rng, arrays)
    text = json.dumps(entries)
    if rng.random() < 0.1:
        text = overwritten(rng, text.encode()).decode("utf-8", "replace")
    return safetensors.numpy.save(
        arrays, {"sk_mnist": text, "sha256": model_file._digest(text, arrays)}
    )


def change_entry(rng, entries):
    """Replace, remove or add something anywhere in nested lists and objects."""
    parent = entries
    while True:
        keys = list(parent) if isinstance(parent, dict) else range(len(parent))
        if not keys:
            break
        key = rng.choice(keys)
        child = parent[key]
        if isinstance(child, dict | list) and child and rng.random() < 0.7:
            parent = child
            continue
        kind = rng.random()
        if kind < 0.8:
            parent[key] = copy.deepcopy(rng.choice(JUNK))
        elif kind < 0.9:
            del parent[key]
        elif isinstance(parent, dict):
            parent[rng.choice(["a", "", "epochs", "__class__"])] = copy.deepcopy(rng.choice(JUNK))
        else:
            parent.insert(key, copy.deepcopy(rng.choice(JUNK)))
        return


def change_array(rng, arrays):
    name = rng.choice(list(arrays))
    array = arrays[name]
    kind = rng.randrange(6) if array.size else 0
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays[rng.choice(["coefs.9", "extra", "coefs.-1", ""])] = array
    elif kind == 2:
        arrays[name] = array.astype(rng.choice(["float16", "float32", "int8", "bool", "uint64"]))
    elif kind == 3:
        arrays[name] = np.ascontiguousarray(array[: rng.randrange(len(array) + 1)])
    elif kind == 4:
        arrays[name] = array.reshape(rng.choice([(-1,), (1, -1), (-1, 1), (1, 1, -1)]))
    else:
        changed = array.copy()
        changed.flat[rng.randrange(array.size)] = rng.choice(
            [0, -1, np.nan, np.inf, 1e300] if array.dtype.kind == "f" else [0, 1]
        )
        arrays[name] = changed


MUTATIONS = [
    flipped,
    cut,
    repeated,
    overwritten,
    with_another_length,
    *[rewritten] * 10,
]


def loaded(path):
    """Return the classifier in a file, None if it is refused."""
    try:
        return sk_mnist.load(path)
    except ModelFileError:
        return None


@pytest.mark.filterwarnings("ignore")
def test_a_mutated_file_is_refused_or_is_a_classifier(tmp_path):
    originals = [
        to_bytes(KerasMLPClassifier((5,), epochs=2, random_state=0).fit(X, Y)),
        to_bytes(
            KerasMLPClassifier(
                (4, 3),
                epochs=2,
                class_weight={"b": 2.0},
                early_stopping=True,
                input_scaling="standard",
                random_state=0,
            ).fit(X.astype("f4"), np.array(["a", "b", "c"])[Y])
        ),
    ]
    path, rng, refused = tmp_path / "model.safetensors", random.Random(0), 0
    for i in range(N_FILES):
        content = rng.choice(MUTATIONS)(rng, rng.choice(originals))
        path.write_bytes(content)
        if i % 10 == 0:  # it takes long
            tracemalloc.start()
        clf = loaded(path)
        if clf is None:
            refused += 1
        else:
            p = clf.predict_proba(X.astype(clf.coefs_[0].dtype))
            assert p.shape == (len(X), len(clf.classes_))
            clf.predict(X)
        if i % 10 == 0:
            assert tracemalloc.get_traced_memory()[1] < 2**20 + 40 * len(content)
            tracemalloc.stop()
    assert refused > N_FILES / 3
