"""
Imbalanced classes
==================

A rare class is seldom predicted. Class and sample weights increase its recall.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score, precision_score, recall_score
from sklearn.model_selection import train_test_split

from sk_mnist import ConfusionHeatmapDisplay, KerasMLPClassifier, load_mnist_sample

# %%
# We keep only 20 nines in the training set and leave the test set unchanged.
X, y = load_mnist_sample(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
kept = np.delete(np.arange(len(y_train)), np.flatnonzero(y_train == 9)[20:])
X_train, y_train = X_train[kept], y_train[kept]
print("training digits:", pd.Series(y_train).value_counts(sort=False).sort_index().to_dict())

# %%
# Class weights are either "balanced", which weights each class by its inverse frequency, or a
# dictionary. Alternatively, each sample has its own weight: here from 1 for the faintest to 2 for
# the boldest digit, times ten for a nine.
ink = X_train.mean(axis=1)
weight = 1 + (ink - ink.min()) / np.ptp(ink)
weightings = {
    "no weights": ({}, None),
    'class_weight="balanced"': ({"class_weight": "balanced"}, None),
    "class_weight={9: 10}": ({"class_weight": {9: 10}}, None),
    "sample_weight": ({}, np.where(y_train == 9, 10 * weight, weight)),
}

# %%
# We average over three seeds, because results vary with so few nines. Recall is the fraction of
# nines that are found; precision is the fraction of digits predicted as nine that are nines.
rows, predictions = [], {}
for name, (parameters, sample_weight) in weightings.items():
    for seed in range(3):
        clf = KerasMLPClassifier((256,), random_state=seed, **parameters)
        predicted = clf.fit(X_train, y_train, sample_weight=sample_weight).predict(X_test)
        predictions[name] = predicted
        rows.append({
            "weighting": name,
            "recall of 9": recall_score(y_test, predicted, labels=[9], average="macro"),
            "precision of 9": precision_score(y_test, predicted, labels=[9], average="macro"),
            "balanced accuracy": balanced_accuracy_score(y_test, predicted),
        })  # fmt: skip
print(pd.DataFrame(rows).groupby("weighting", sort=False).mean().round(3).to_string())

# %%
# Confusion matrices without weights and with balanced class weights, for the last seed. The last
# row shows the predictions for the nines.
for name in list(weightings)[:2]:
    display = ConfusionHeatmapDisplay.from_predictions(y_test, predictions[name])
    display.ax_.set_title(name)
