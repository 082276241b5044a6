"""
Tables instead of digits
========================

A table of numbers and categories, from a DataFrame, in one pipeline: how many miles does a car of
the 1970s go on a gallon?
"""

import matplotlib.pyplot as plt
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
# The data come with mlxtend, which sk_mnist needs anyway. The classes have names, which the
# classifier takes as they are.
numeric = ["displacement", "horsepower", "weight", "acceleration", "year"]
values, miles = autompg_data()
X = pd.DataFrame(values[:, :7], columns=["cylinders", *numeric, "origin"])
X["origin"] = X["origin"].map({1: "USA", 2: "Europe", 3: "Japan"})
X["cylinders"] = X["cylinders"].map("{:.0f} cylinders".format)
y = pd.qcut(miles, 3, labels=["thirsty", "average", "frugal"]).astype(str)
print(X.head(3))
print(pd.Series(y).value_counts().to_dict())

# %%
# Numbers are brought to one scale, categories become columns of zeros and ones. On so few rows a
# network needs more epochs and smaller batches than on MNIST; a penalty keeps it from learning the
# rows by heart.
columns = make_column_transformer(
    (StandardScaler(), numeric), (OneHotEncoder(handle_unknown="ignore"), ["cylinders", "origin"])
)
network = KerasMLPClassifier((64, 32), epochs=40, batch_size=32, alpha=1.0, random_state=0)
classifiers = {
    "KerasMLPClassifier": network,
    "LogisticRegression": LogisticRegression(),
    "RandomForest": RandomForestClassifier(random_state=0),
}

# %%
# Five folds, five times over: with 392 cars, a single split says little.
folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=5, random_state=0)
scores = pd.DataFrame(
    {name: cross_val_score(make_pipeline(columns, clf), X, y, cv=folds)
     for name, clf in classifiers.items()}
)  # fmt: skip
print(scores.agg(["mean", "std"]).T.round(3))
ax = scores.plot.box(vert=False, grid=True, figsize=(7, 2.5), xlabel="accuracy of a fold")
plt.tight_layout()
