from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from numpy.testing import assert_allclose
from seaborn.utils import relative_luminance
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import confusion_matrix

from sk_mnist.displays import ConfusionHeatmapDisplay

pytestmark = pytest.mark.slow

LONG_NAMES = [f"a rather long name of class {number}" for number in range(10)]


def predictions(n_classes, per_class=1000, error_rate=0.02):
    """Return labels and predictions of a good classifier."""
    rng = np.random.RandomState(0)
    y_true = np.repeat(np.arange(n_classes), per_class)
    wrong = rng.rand(len(y_true)) < error_rate
    return y_true, np.where(wrong, rng.randint(n_classes, size=len(y_true)), y_true)


def mnist_like_matrix():
    """Return a matrix with a large diagonal, a single error and otherwise zeros."""
    matrix = np.diag(np.full(10, 1000))
    matrix[4, 9] = 1
    return matrix


def cell_colors(display):
    mesh = display.ax_.collections[0]
    display.figure_.canvas.draw()
    n_classes = len(display.confusion_matrix)
    return mesh.get_facecolor()[:, :3].reshape(n_classes, n_classes, 3)


def extents(texts):
    return [text.get_window_extent() for text in texts if text.get_text()]


def overlapping(boxes):
    return [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)]


def test_confusion_heatmap_from_predictions_shows_the_matrix():
    y_true, y_pred = predictions(3)
    display = ConfusionHeatmapDisplay.from_predictions(y_true, y_pred)
    shown = [[int(text.get_text()) for text in row] for row in display.text_]
    assert shown == confusion_matrix(y_true, y_pred).tolist()


def test_confusion_heatmap_from_estimator_shows_its_predictions():
    X, y = load_iris(return_X_y=True)
    classifier = LogisticRegression(C=0.01).fit(X, y)
    display = ConfusionHeatmapDisplay.from_estimator(classifier, X, y)
    assert_allclose(display.confusion_matrix, confusion_matrix(y, classifier.predict(X)))


def test_confusion_heatmap_rejects_regressors():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="needs a classifier, got LinearRegression"):
        ConfusionHeatmapDisplay.from_estimator(LinearRegression().fit(X, y), X, y)


def test_confusion_heatmap_rows_are_true_labels():
    display = ConfusionHeatmapDisplay.from_predictions(["a", "a"], ["b", "b"])
    assert display.text_[0, 1].get_text() == "2"
    assert display.ax_.get_ylabel() == "True label"
    assert display.ax_.get_xlabel() == "Predicted label"
    assert display.ax_.yaxis_inverted()


def test_confusion_heatmap_labels_select_and_order_classes():
    display = ConfusionHeatmapDisplay.from_predictions(*predictions(4), labels=[3, 1])
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["3", "1"]


def test_confusion_heatmap_display_labels_name_classes():
    display = ConfusionHeatmapDisplay.from_predictions(
        *predictions(2), display_labels=["no", "yes"]
    )
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["no", "yes"]


def test_confusion_heatmap_sums_sample_weights():
    display = ConfusionHeatmapDisplay.from_predictions([0, 1], [0, 1], sample_weight=[2.5, 4])
    assert display.text_[0, 0].get_text() == "2.5"


def test_confusion_heatmap_plot_returns_self():
    display = ConfusionHeatmapDisplay(np.eye(2))
    assert display.plot() is display


def test_confusion_heatmap_draws_into_given_axes():
    figure, (left, right) = plt.subplots(1, 2)
    display = ConfusionHeatmapDisplay.from_predictions(*predictions(3), ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert not left.collections


def test_confusion_heatmap_cells_are_square():
    figure, ax = plt.subplots(figsize=(9, 3))
    ConfusionHeatmapDisplay(np.eye(3)).plot(ax)
    figure.canvas.draw()
    (left, bottom), (right, top) = ax.transData.transform([(0, 0), (1, 1)])
    assert abs(right - left) == pytest.approx(abs(top - bottom))


def test_confusion_heatmap_does_not_change_rcparams():
    before = dict(mpl.rcParams)
    ConfusionHeatmapDisplay.from_predictions(*predictions(3))
    assert dict(mpl.rcParams) == before


def test_confusion_heatmap_takes_a_colormap():
    display = ConfusionHeatmapDisplay(mnist_like_matrix()).plot(cmap="Greens")
    assert_allclose(cell_colors(display)[0, 0], plt.get_cmap("Greens")(1.0)[:3])


def test_confusion_heatmap_single_error_in_a_thousand_is_visible():
    colors = cell_colors(ConfusionHeatmapDisplay(mnist_like_matrix()).plot())
    assert np.abs(colors[4, 9] - colors[0, 1]).max() > 0.08


def test_confusion_heatmap_zeros_have_the_lightest_color():
    colors = cell_colors(ConfusionHeatmapDisplay(mnist_like_matrix()).plot())
    luminance = relative_luminance(colors.reshape(-1, 3)).reshape(10, 10)
    assert luminance[0, 1] == luminance.max() > 0.8


def test_confusion_heatmap_colors_are_distinct_in_grayscale():
    matrix = np.diag([0, 1, 3, 10, 30, 100, 300, 1000])
    colors = cell_colors(ConfusionHeatmapDisplay(matrix).plot())
    assert (np.diff(relative_luminance(colors.diagonal().T)) < -0.01).all()


@pytest.mark.parametrize("cmap", ["rocket_r", "Blues", "viridis", "cividis"])
def test_confusion_heatmap_numbers_contrast_with_cells(cmap):
    matrix = np.arange(100).reshape(10, 10) ** 2
    display = ConfusionHeatmapDisplay(matrix).plot(cmap=cmap)
    cells = relative_luminance(cell_colors(display).reshape(-1, 3))
    texts = relative_luminance([to_rgb(text.get_color()) for text in display.text_.flat])
    contrast = (np.maximum(cells, texts) + 0.05) / (np.minimum(cells, texts) + 0.05)
    assert contrast.min() >= 4.5  # the minimum of WCAG 2


@pytest.mark.parametrize("n_classes", [2, 10, 60])
@pytest.mark.parametrize("per_class", [5, 5000])
def test_confusion_heatmap_numbers_stay_within_cells(n_classes, per_class):
    display = ConfusionHeatmapDisplay.from_predictions(*predictions(n_classes, per_class))
    display.figure_.canvas.draw()
    to_data = display.ax_.transData.inverted()
    for (row, column), text in np.ndenumerate([] if display.text_ is None else display.text_):
        box = text.get_window_extent().transformed(to_data)
        assert column <= box.x0 <= box.x1 <= column + 1
        assert row <= min(box.y0, box.y1) <= max(box.y0, box.y1) <= row + 1


def test_confusion_heatmap_leaves_out_unreadable_numbers():
    assert ConfusionHeatmapDisplay.from_predictions(*predictions(100)).text_ is None


def test_confusion_heatmap_numbers_of_forty_classes_are_readable():
    display = ConfusionHeatmapDisplay.from_predictions(*predictions(40))
    assert min(text.get_fontsize() for text in display.text_.flat) >= 7


@pytest.mark.parametrize("include_values", [False, True])
def test_confusion_heatmap_include_values(include_values):
    display = ConfusionHeatmapDisplay(np.full((50, 50), 1234))
    assert (display.plot(include_values=include_values).text_ is not None) == include_values


@pytest.mark.parametrize("names", [None, LONG_NAMES], ids=["digits", "long"])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_confusion_heatmap_names_do_not_overlap_or_leave_the_figure(n_classes, names):
    display = ConfusionHeatmapDisplay.from_predictions(
        *predictions(n_classes), display_labels=None if names is None else names[:n_classes]
    )
    display.figure_.canvas.draw()
    down, across = display.ax_.get_yticklabels(), display.ax_.get_xticklabels()
    assert not overlapping(extents(down))
    if all(label.get_rotation() == 0 for label in across):
        assert not overlapping(extents(across))
    for box in extents([*down, *across]):
        assert display.figure_.bbox.contains(box.x0, box.y0)
        assert display.figure_.bbox.contains(box.x1, box.y1)


@pytest.mark.parametrize("n_classes", [40, 100])
def test_confusion_heatmap_names_of_many_classes_do_not_overlap(n_classes):
    display = ConfusionHeatmapDisplay.from_predictions(
        *predictions(n_classes), include_values=False
    )
    display.figure_.canvas.draw()
    assert not overlapping(extents(display.ax_.get_xticklabels()))
    assert not overlapping(extents(display.ax_.get_yticklabels()))


def test_confusion_heatmap_small_axes_skip_names():
    _, ax = plt.subplots(figsize=(3, 3))
    ConfusionHeatmapDisplay.from_predictions(*predictions(60, 10), ax=ax)
    ax.figure.canvas.draw()
    assert len(ax.get_xticks()) < 60
    assert not overlapping(extents(ax.get_xticklabels()))


def test_confusion_heatmap_shortens_long_names():
    display = ConfusionHeatmapDisplay(np.eye(2), display_labels=["x" * 500, "y"]).plot()
    assert display.ax_.get_yticklabels()[0].get_text() == "x" * 39 + "…"


def test_confusion_heatmap_fractions_have_three_decimals():
    display = ConfusionHeatmapDisplay.from_predictions(
        [0] * 8 + [1], [0] * 7 + [1] + [1], normalize="true"
    )
    shown = [[text.get_text() for text in row] for row in display.text_]
    assert shown == [["0.875", "0.125"], ["0", "1.000"]]


def test_confusion_heatmap_small_fractions_do_not_look_like_zero():
    display = ConfusionHeatmapDisplay(np.array([[0.9999, 0.0001], [0.0, 1.0]])).plot()
    assert display.text_[0, 1].get_text() == "<0.001"


def test_confusion_heatmap_uses_values_format():
    display = ConfusionHeatmapDisplay(np.array([[0.75, 0.25], [0, 1]])).plot(values_format=".0%")
    assert display.text_[0, 1].get_text() == "25%"


def test_confusion_heatmap_colorbar_shows_the_largest_value():
    display = ConfusionHeatmapDisplay(np.diag([60000, 12])).plot()
    display.figure_.canvas.draw()
    ticks = display.figure_.axes[-1].get_yticklabels()
    assert [tick.get_text() for tick in ticks] == ["0", "100", "1000", "10000", "60000"]


def test_confusion_heatmap_without_colorbar():
    assert len(ConfusionHeatmapDisplay(np.eye(2)).plot(colorbar=False).figure_.axes) == 1


def test_confusion_heatmap_of_zeros():
    assert ConfusionHeatmapDisplay(np.zeros((2, 2), dtype=int)).plot().text_ is not None


def test_confusion_heatmap_rejects_matrices_that_are_not_square():
    with pytest.raises(ValueError, match=r"must be square, got shape \(2, 3\)"):
        ConfusionHeatmapDisplay(np.zeros((2, 3))).plot()


def test_confusion_heatmap_rejects_wrong_number_of_display_labels():
    with pytest.raises(ValueError, match="each of the 2 classes, got 3 names"):
        ConfusionHeatmapDisplay(np.eye(2), display_labels=["a", "b", "c"]).plot()


@pytest.mark.parametrize(
    ("normalize", "wrong", "example"), [("true", "d", ".2f"), (None, "q", "d")]
)
def test_confusion_heatmap_says_which_format_fits(normalize, wrong, example):
    with pytest.raises(ValueError, match=f"values_format='{wrong}' cannot.*give '{example}'"):
        ConfusionHeatmapDisplay.from_predictions(
            [0, 1, 1], [0, 1, 0], normalize=normalize, values_format=wrong
        )


def test_confusion_heatmap_of_a_single_class_is_drawn():
    display = ConfusionHeatmapDisplay.from_predictions([3, 3, 3], [3, 3, 3])
    assert [[text.get_text() for text in row] for row in display.text_] == [["3"]]
