"""Save the frozen model that `test_frozen_model.py` loads: once per released version, never again.

Run ``python tests/data/save_frozen_model.py`` in the directory of the source code.
"""

from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_digits

import sk_mnist
from sk_mnist import KerasMLPClassifier


def main() -> None:
    """Train on the digits of scikit-learn; save the classifier and its predictions here."""
    X, y = load_digits(return_X_y=True)
    clf = KerasMLPClassifier(
        (16,),
        learning_rate=0.01,
        epochs=30,
        early_stopping=True,
        n_iter_no_change=30,
        warm_start=True,
        random_state=0,
    )
    clf.fit(X.astype(np.float32), y.astype(str))
    folder, version = Path(__file__).parent, sk_mnist.__version__
    joblib.dump(clf, folder / f"model-{version}.joblib", compress=3)
    clf.save(folder / f"model-{version}.safetensors")
    np.save(folder / f"model-{version}-probabilities.npy", clf.predict_proba(X[:100]))


if __name__ == "__main__":
    main()
