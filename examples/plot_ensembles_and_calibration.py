"""
Ensembles and calibration
=========================

Compare a single network with ensembles, and calibrate its probabilities.
"""

import time

import pandas as pd
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.model_selection import train_test_split

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.displays import ReliabilityDisplay
from sk_mnist.evaluation import expected_calibration_error

X, y = load_mnist_sample(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=1_500, stratify=y, random_state=0
)

# %%
# A network that trains for many epochs on few digits, without the regularization that is the
# default, becomes overconfident. We compare it with soft
# voting over the same network with five seeds, with bagging of five networks trained on bootstrap
# samples, and with temperature scaling, which divides the logits by a constant that is fitted by
# three-fold cross-validation.
network = KerasMLPClassifier((128,), epochs=30, dropout=0, label_smoothing=0, random_state=0)
networks = [(f"seed {seed}", clone(network).set_params(random_state=seed)) for seed in range(5)]
classifiers = {
    "one network": network,
    "voting of five": VotingClassifier(networks, voting="soft"),
    "bagging of five": BaggingClassifier(network, 5, random_state=0),
    "calibrated": CalibratedClassifierCV(network, method="temperature", cv=3, ensemble=False),
}

# %%
# The expected calibration error is the average gap between confidence and accuracy.
rows = {}
for name, classifier in classifiers.items():
    start = time.perf_counter()
    classifier.fit(X_train, y_train)
    rows[name] = {
        "accuracy": classifier.score(X_test, y_test),
        "calibration error": expected_calibration_error(y_test, classifier.predict_proba(X_test)),
        "fit time (s)": time.perf_counter() - start,
    }
print(pd.DataFrame(rows).T.round(4).to_string())

# %%
# Points below the diagonal indicate overconfidence.
axes = None
for name in ("one network", "calibrated"):
    axes = ReliabilityDisplay.from_estimator(
        classifiers[name], X_test, y_test, name=name, ax=axes
    ).axes_
