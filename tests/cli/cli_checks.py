"""Helpers of the command-line tests."""

import re

import numpy as np
from sklearn.linear_model import LogisticRegression

QUICK_TRAINING = ["--data", "sample", "--epochs", "2", "--hidden", "16"]
QUICK_SEARCH = ["--data", "sample", "--cv", "2"]


def fit_logistic_regression(n_features=784, classes=(0, 1)):
    X = np.eye(2, n_features)
    return LogisticRegression().fit(X, classes)


def assert_one_line_error(process, pattern):
    assert process.returncode == 2
    assert process.stdout == ""
    assert re.fullmatch(rf"sk_mnist: error: .*{pattern}.*\n", process.stderr), process.stderr


def unindented(process):
    return "\n".join(line.strip() for line in process.stdout.splitlines())


def find_tables(stdout):
    return re.search(r"Confusion matrix(.|\n)*misclassified\)", stdout).group()
