"""
Tabular data
============

Classify cars of the 1970s by miles per gallon, from numeric and categorical columns.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from mlxtend.data import autompg_data
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sk_mnist import KerasMLPClassifier

# %%
# The data come with mlxtend, a dependency of sk_mnist. Class labels can be strings.
numeric = ["displacement", "horsepower", "weight", "acceleration", "year"]
values, miles_per_gallon = autompg_data()
X = pd.DataFrame(values[:, :7], columns=["cylinders", *numeric, "origin"])
X["origin"] = X["origin"].map({1: "USA", 2: "Europe", 3: "Japan"})
X["cylinders"] = X["cylinders"].map("{:.0f} cylinders".format)
y = np.asarray(pd.qcut(miles_per_gallon, 3, labels=["low", "medium", "high"]))
print(X.head(3))
print(pd.Series(y).value_counts().to_dict())

# %%
# Numeric columns are standardized for the logistic regression; the network scales its inputs
# itself. Categorical columns are one-hot encoded. All classifiers have their defaults.
columns = make_column_transformer(
    (StandardScaler(), numeric), (OneHotEncoder(handle_unknown="ignore"), ["cylinders", "origin"])
)
classifiers = {
    "KerasMLPClassifier": KerasMLPClassifier(random_state=0),
    "LogisticRegression": LogisticRegression(),
    "RandomForestClassifier": RandomForestClassifier(random_state=0),
}

# %%
# Five-fold cross-validation, repeated three times: with 392 cars, a single split is too noisy.
folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=0)
scores = pd.DataFrame(
    {name: cross_val_score(make_pipeline(columns, clf), X, y, cv=folds)
     for name, clf in classifiers.items()}
)  # fmt: skip
print(scores.agg(["mean", "std"]).T.round(3))
ax = scores.plot.box(vert=False, grid=True, figsize=(7, 2.5), xlabel="accuracy per fold")
plt.tight_layout()
