import base64
import dataclasses
import json
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC

from sk_mnist import KerasMLPClassifier
from sk_mnist.evaluation import (
    calibration_frame,
    classification_report_frame,
    confusion_matrix_frame,
    evaluate,
    most_confused,
    top_k_accuracy,
)

pytestmark = pytest.mark.slow

SHAPE = (8, 8)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:1000], y[:1000], X[1000:], y[1000:]


@pytest.fixture(scope="module")
def classifier(digits):
    return GaussianNB(var_smoothing=1e-2).fit(digits[0], digits[1])


@pytest.fixture(scope="module")
def report(classifier, digits):
    return evaluate(classifier, digits[2], digits[3], image_shape=SHAPE)


@pytest.fixture(scope="module")
def html(report):
    return report._repr_html_()


@pytest.fixture(scope="module")
def network_report(digits):
    X, y, X_test, y_test = digits
    network = KerasMLPClassifier((16,), epochs=5, random_state=0)
    return evaluate(make_pipeline(network).fit(X, y), X_test, y_test)


@pytest.fixture(autouse=True)
def _no_open_figures():
    yield
    plt.close("all")


def test_evaluate_agrees_with_metric_functions(report, classifier, digits):
    X, y = digits[2:]
    y_pred, proba = classifier.predict(X), classifier.predict_proba(X)
    assert report.accuracy == accuracy_score(y, y_pred)
    assert report.n_errors == (y != y_pred).sum()
    assert report.n_samples == len(y)
    pd.testing.assert_frame_equal(report.confusion_matrix, confusion_matrix_frame(y, y_pred))
    pd.testing.assert_frame_equal(
        report.classification_report, classification_report_frame(y, y_pred)
    )
    pd.testing.assert_frame_equal(report.most_confused, most_confused(y, y_pred, n=None))
    calibration = calibration_frame(y, proba)
    pd.testing.assert_frame_equal(report.calibration, calibration)
    error = calibration.attrs["expected_calibration_error"]
    assert report.expected_calibration_error == error
    pd.testing.assert_series_equal(report.top_k, top_k_accuracy(y, proba))


def test_evaluate_most_confident_errors_come_first(report, classifier, digits):
    X, y = digits[2:]
    y_pred, proba = classifier.predict(X), classifier.predict_proba(X)
    rows = report.mistakes.index
    assert len(rows) == 25
    assert report.mistakes["true"].tolist() == y[rows].tolist()
    assert report.mistakes["predicted"].tolist() == y_pred[rows].tolist()
    assert report.mistakes["probability"].tolist() == proba[rows].max(axis=1).tolist()
    worst = np.sort(proba.max(axis=1)[y != y_pred])[::-1][:25]
    assert report.mistakes["probability"].tolist() == worst.tolist()


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame, sparse.csr_array])
def test_evaluate_images_are_the_rows_of_errors(container, report, classifier, digits):
    X, y = digits[2:]
    rows = report.mistakes.index
    if not sparse.issparse(container(X)):  # GaussianNB does not take sparse data
        report = evaluate(classifier, container(X), y, image_shape=SHAPE)
    else:
        neighbors = KNeighborsClassifier().fit(sparse.csr_array(digits[0]), digits[1])
        report = evaluate(neighbors, container(X), y, image_shape=SHAPE)
        rows = report.mistakes.index
    np.testing.assert_array_equal(report.images, X[rows].reshape(-1, 8, 8))


def test_evaluate_784_features_are_images_by_default():
    X = np.random.RandomState(0).rand(40, 784)
    y = np.arange(40) % 2
    report = evaluate(GaussianNB().fit(X, y), X, 1 - y)
    assert report.images.shape == (25, 28, 28)


def test_evaluate_784_columns_with_text_are_not_images():
    X = pd.DataFrame(np.eye(784)[:20], columns=[f"column {i}" for i in range(784)])
    X["column 0"] = "text"
    y = np.arange(20) % 2
    clf = make_pipeline(OrdinalEncoder(), KNeighborsClassifier(3)).fit(X, y)
    assert evaluate(clf, X, y).images is None


def test_evaluate_tables_are_not_images(classifier, digits):
    assert evaluate(classifier, *digits[2:]).images is None


def test_evaluate_integer_weights_are_repeated_samples(classifier, digits):
    X, y = digits[2:]
    weight = np.random.RandomState(0).randint(0, 3, size=len(y))
    rows = np.repeat(np.arange(len(y)), weight)
    weighted = evaluate(classifier, X, y, sample_weight=weight)
    repeated = evaluate(classifier, X[rows], y[rows])
    assert weighted.accuracy == pytest.approx(repeated.accuracy)
    for name in ("confusion_matrix", "classification_report", "calibration"):
        pd.testing.assert_frame_equal(
            getattr(weighted, name), getattr(repeated, name), check_dtype=False
        )


def test_evaluate_finds_history_in_pipelines_and_searches(network_report, digits):
    assert len(network_report.history["loss"]) == 5
    X, y, *test = digits
    search = GridSearchCV(
        make_pipeline(StandardScaler(), KerasMLPClassifier((8,), random_state=0)),
        {"kerasmlpclassifier__epochs": [2]},
        cv=2,
    )
    assert len(evaluate(search.fit(X, y), *test).history["loss"]) == 2


def test_evaluate_without_predict_proba(digits):
    X, y, *test = digits
    report = evaluate(LinearSVC(dual=False).fit(X, y), *test, image_shape=SHAPE)
    assert report.calibration is None
    assert report.top_k is None
    assert report.expected_calibration_error is None
    assert report.mistakes["probability"].isna().all()
    assert "calibration" not in str(report)
    assert len(report.plot().axes) > 1
    assert report.to_dict()["mistakes"][0]["probability"] is None


def test_evaluate_unknown_classes_are_errors(digits):
    X, y, X_test, y_test = digits
    classifier = GaussianNB(var_smoothing=1e-2).fit(X[y < 5], y[y < 5])
    report = evaluate(classifier, X_test, y_test)
    assert report.confusion_matrix.shape == (10, 10)
    assert report.n_errors >= (y_test >= 5).sum()
    assert report.top_k[5] <= (y_test < 5).mean()


def test_report_of_perfect_classifier(digits):
    X, y = digits[:2]
    report = evaluate(KNeighborsClassifier(1).fit(X, y), X, y, image_shape=SHAPE)
    assert report.n_errors == 0
    assert "No errors." in report._repr_html_()
    assert "Most confused" not in str(report)
    with warnings.catch_warnings(action="error"):  # the confidence is always one
        assert report.plot()


def test_report_prints_at_most_80_columns(report):
    text = str(report)
    assert text == repr(report)
    assert f"accuracy                    {100 * report.accuracy:.2f}%" in text
    assert "weighted avg" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_report_to_dict_is_json(report, network_report):
    for each in (report, network_report):
        loaded = json.loads(json.dumps(each.to_dict(), allow_nan=False))
        assert loaded["accuracy"] == each.accuracy
        assert loaded["confusion_matrix"]["counts"] == each.confusion_matrix.to_numpy().tolist()
        assert loaded["classification_report"]["3"]["f1"] == each.classification_report.loc[3, "f1"]
        assert len(loaded["calibration"]) == len(each.calibration)
        assert loaded["mistakes"][0]["row"] == each.mistakes.index[0]


def test_report_pickles_without_classifier(network_report):
    pickled = pickle.dumps(network_report)
    assert b"sk_mnist.classifier" not in pickled
    copy = pickle.loads(pickled)
    assert copy.to_dict() == network_report.to_dict()


def test_report_plot_has_all_panels(report, network_report):
    def titles(figure):
        return {ax.get_title() for ax in figure.axes}

    assert {"Confusion matrix", "Reliability diagram", "Most confident errors"} <= (
        titles(report.plot())
    )
    figure = network_report.plot()
    assert "Training curves" in {text.get_text() for text in figure.findobj(plt.Text)}


def test_report_plot_is_a_pyplot_figure_but_html_leaves_none_open(report, tmp_path):
    before = plt.get_fignums()
    report.to_html(tmp_path / "report.html")
    assert plt.get_fignums() == before
    assert report.plot().number in plt.get_fignums()


def test_report_html_is_self_contained(report, tmp_path):
    path = tmp_path / "report.html"
    report.to_html(path)
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert not re.search(r"""(src|href)=["'](?!data:)|url\(|@import|<script|<link""", page)
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == 3
    assert all(base64.b64decode(p).startswith(b"\x89PNG") for p in pictures)
    assert f"{100 * report.accuracy:.2f}%" in page


def test_report_repr_html_is_a_fragment(html):
    assert "<html" not in html
    assert html.count("<img") == 3


def test_report_html_escapes_class_names(digits):
    X, y, X_test, y_test = digits
    names = np.array(["<b>zero</b>", *"&23456789"], dtype=object)
    report = evaluate(GaussianNB(var_smoothing=1e-2).fit(X, names[y]), X_test, names[y_test])
    html = report._repr_html_()
    assert "&lt;b&gt;zero&lt;/b&gt;" in html
    assert "<b>zero" not in html


def test_report_html_escapes_classifier(report):
    html = dataclasses.replace(report, classifier="Tree(<1 & 2>)", images=None)._repr_html_()
    assert "Tree(&lt;1 &amp; 2&gt;)" in html
    assert "<1" not in html


def test_report_shows_ten_confused_pairs(report, html):
    n_pairs = len(report.most_confused)
    assert n_pairs > 10
    for shown in (str(report), html):
        assert f"Most confused pairs (top 10 of {n_pairs})" in shown
    few = dataclasses.replace(report, most_confused=report.most_confused.head(10))
    assert "Most confused pairs\n" in str(few)


def test_report_html_raises_if_not_writable(report, tmp_path):
    with pytest.raises(FileNotFoundError):
        report.to_html(tmp_path / "missing" / "report.html")


def test_evaluate_rejects_regressors(digits):
    regression = LinearRegression().fit(digits[0], digits[1])
    with pytest.raises(ValueError, match=r"evaluate needs a classifier, got LinearRegression\(\)"):
        evaluate(regression, *digits[2:])


def test_evaluate_rejects_multilabel_targets(classifier, digits):
    with pytest.raises(
        ValueError, match=r"one class per sample, but y is .* 'multilabel-indicator'"
    ):
        evaluate(classifier, digits[2], np.eye(10, dtype=int)[digits[3]])


def test_evaluate_rejects_wrong_image_shape(classifier, digits):
    with pytest.raises(
        ValueError, match=r"height \* width = 64, the number of features, got \(28, 28\)"
    ):
        evaluate(classifier, *digits[2:], image_shape=(28, 28))


def test_evaluate_rejects_empty_data(classifier, digits):
    with pytest.raises(ValueError, match="no samples to evaluate on"):
        evaluate(classifier, digits[2][:0], digits[3][:0])
