"""
Imbalanced classes
==================

A class with few examples is seldom predicted, unless its examples count for more.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score, precision_score, recall_score
from sklearn.model_selection import train_test_split

from sk_mnist import ConfusionHeatmapDisplay, KerasMLPClassifier, load_mnist_sample

# %%
# Of the nines in the training set, only 20 stay; the test set is as it was.
X, y = load_mnist_sample(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
kept = np.delete(np.arange(len(y_train)), np.flatnonzero(y_train == 9)[20:])
X_train, y_train = X_train[kept], y_train[kept]
print("digits to train on:", pd.Series(y_train).value_counts(sort=False).sort_index().to_dict())

# %%
# Weights can be those of classes: "balanced" weighs each class by the inverse of its frequency,
# a dictionary as it says. Or each sample has its own: here from 1, for the faintest digit, to 2,
# for the boldest, and ten times that for a nine.
ink = X_train.mean(axis=1)
weight = 1 + (ink - ink.min()) / np.ptp(ink)
ways = {
    "no weights": ({}, None),
    'class_weight="balanced"': ({"class_weight": "balanced"}, None),
    "class_weight={9: 10}": ({"class_weight": {9: 10}}, None),
    "sample_weight": ({}, np.where(y_train == 9, 10 * weight, weight)),
}

# %%
# Each way with three seeds: nines are few, so chance plays a part. Recall is the share of the
# nines that are found, precision the share of the digits called nine that are.
rows, predictions = [], {}
for way, (parameters, sample_weight) in ways.items():
    for seed in range(3):
        clf = KerasMLPClassifier((256,), random_state=seed, **parameters)
        predicted = clf.fit(X_train, y_train, sample_weight=sample_weight).predict(X_test)
        predictions[way] = predicted
        rows.append({
            "way": way,
            "recall of 9": recall_score(y_test, predicted, labels=[9], average="macro"),
            "precision of 9": precision_score(y_test, predicted, labels=[9], average="macro"),
            "balanced accuracy": balanced_accuracy_score(y_test, predicted),
        })  # fmt: skip
print(pd.DataFrame(rows).groupby("way", sort=False).mean().round(3).to_string())

# %%
# Without weights, and with balanced ones, both of the last seed: what becomes of the nines is in
# the last row.
for way in list(ways)[:2]:
    display = ConfusionHeatmapDisplay.from_predictions(y_test, predictions[way])
    display.ax_.set_title(way)
