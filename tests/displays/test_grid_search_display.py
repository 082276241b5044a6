import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import same_color
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import Rectangle
from numpy.testing import assert_allclose
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    ParameterGrid,
    RandomizedSearchCV,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.tree import DecisionTreeClassifier

from sk_mnist.displays import GridSearchDisplay

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data():
    return load_iris(return_X_y=True)


def results(grid, scores=None):
    """Return results like those of GridSearchCV."""
    params = list(ParameterGrid(grid))
    mean = np.linspace(0.9, 0.95, len(params)) if scores is None else np.array(scores, float)
    return {"params": params, "mean_test_score": mean, "std_test_score": np.full(len(mean), 0.01)}


def draw(grid, scores=None, **options):
    return GridSearchDisplay.from_cv_results(results(grid, scores), **options)


def line(display):
    """Return the points over the values of one parameter."""
    (container,) = (c for c in display.ax_.containers if isinstance(c, ErrorbarContainer))
    return container.lines[0]


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def heat(display):
    mesh = display.ax_.collections[0]
    return np.ma.filled(mesh.get_array().astype(float), np.nan)


def cell_texts(display):
    return {text.get_text() for text in display.ax_.texts}


def outlined(display):
    """Return column and row of the marked cell."""
    (mark,) = (p for p in display.ax_.patches if isinstance(p, Rectangle) and not p.get_fill())
    return mark.get_xy()


def title(display):
    return " ".join(display.ax_.get_title().split())


def test_grid_search_display_one_parameter_is_a_line_of_mean_scores():
    shown = line(draw({"alpha": [1, 2, 3]}, [0.7, 0.9, 0.8]))
    assert_allclose(shown.get_xydata(), [[1, 0.7], [2, 0.9], [3, 0.8]])
    assert shown.get_linestyle() == "-"


def test_grid_search_display_error_bars_are_standard_deviations():
    (bars,) = draw({"alpha": [1, 2]}, [0.7, 0.9]).ax_.containers[0].lines[2]
    assert_allclose([s[:, 1] for s in bars.get_segments()], [[0.69, 0.71], [0.89, 0.91]])


def test_grid_search_display_sorts_numbers():
    assert_allclose(line(draw({"alpha": [3, 1, 2]}, [0.3, 0.1, 0.2])).get_ydata(), [0.1, 0.2, 0.3])


@pytest.mark.parametrize("values", [[0.001, 0.01, 0.1], [16, 32, 64, 128], [1, 3, 10, 30, 100]])
def test_grid_search_display_geometric_numbers_have_a_log_axis(values):
    assert draw({"alpha": values}).ax_.get_xscale() == "log"


@pytest.mark.parametrize("values", [[0.1, 0.2, 0.3], [0, 0.1, 0.2], [-1, 0, 1, 2], [1, 2]])
def test_grid_search_display_even_numbers_have_a_linear_axis(values):
    assert draw({"alpha": values}).ax_.get_xscale() == "linear"


def test_grid_search_display_zero_with_geometric_numbers_is_a_category():
    display = draw({"alpha": [0, 0.001, 0.01, 0.1]})
    assert ticks(display.ax_.xaxis) == ["0", "0.001", "0.01", "0.1"]
    assert_allclose(np.diff(line(display).get_xdata()), 1)


def test_grid_search_display_ticks_are_values():
    assert ticks(draw({"alpha": [0.001, 0.01, 0.1]}).ax_.xaxis) == ["0.001", "0.01", "0.1"]


def test_grid_search_display_other_values_are_categories_in_grid_order():
    display = draw({"layers": [(64, 32), (8,), (16, 16)]}, [0.3, 0.1, 0.2])
    assert ticks(display.ax_.xaxis) == ["(64, 32)", "(8,)", "(16, 16)"]
    assert_allclose(line(display).get_ydata(), [0.3, 0.1, 0.2])


def test_grid_search_display_categories_are_not_connected():
    assert line(draw({"layers": [(8,), (16,)]})).get_linestyle() == "None"


@pytest.mark.parametrize("values", [[True, False], [None, 1, 2], [[1, 2], [3]], [np.nan, "a"]])
def test_grid_search_display_takes_values_of_any_type(values):
    assert len(ticks(draw({"option": values}).ax_.xaxis)) == len(values)


def test_grid_search_display_booleans_are_categories():
    assert ticks(draw({"shuffle": [True, False]}).ax_.xaxis) == ["True", "False"]


def test_grid_search_display_names_functions_and_estimators():
    display = draw({"step": [np.log1p, MinMaxScaler(), "passthrough"]})
    assert ticks(display.ax_.xaxis) == ["log1p", "MinMaxScaler()", "passthrough"]


def test_grid_search_display_two_parameters_are_a_heatmap():
    display = draw({"a": [1, 2, 3], "b": ["x", "y"]}, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert_allclose(heat(display), [[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]])
    assert display.parameters_ == ["a", "b"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("a", "b")


def test_grid_search_display_writes_scores_into_cells():
    display = draw({"a": [1, 2], "b": [1, 2]}, [0.1, 0.2, 0.3, 0.4])
    assert cell_texts(display) == {"0.100", "0.200", "0.300", "0.400"}


def test_grid_search_display_writes_close_scores_with_more_digits():
    display = draw({"a": [1, 2], "b": [1, 2]}, [0.9811, 0.9812, 0.9813, 0.9814])
    assert cell_texts(display) == {"0.9811", "0.9812", "0.9813", "0.9814"}


def test_grid_search_display_leaves_out_scores_that_do_not_fit():
    assert not draw({"a": list(range(100)), "b": list(range(60))}).ax_.texts


def test_grid_search_display_marks_and_names_best_candidate():
    display = draw({"a": [1, 2, 3], "b": ["x", "y"]}, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert outlined(display) == (2, 1)
    assert title(display) == "Best: 0.6 with a=3, b=y"


def test_grid_search_display_marks_best_value_on_a_line():
    display = draw({"alpha": [1, 2, 3]}, [0.7, 0.9, 0.8])
    (mark,) = (each for each in display.ax_.lines if each.get_label() == "Best")
    assert mark.get_xydata().tolist() == [[2, 0.9]]


def test_grid_search_display_shows_failed_fits_in_a_heatmap():
    display = draw({"a": [1, 2], "b": [1, 2]}, [0.1, np.nan, 0.3, 0.4])
    assert "failed" in cell_texts(display)
    assert [p.get_xy() for p in display.ax_.patches if p.get_hatch()] == [(0, 1)]


def test_grid_search_display_shows_failed_fits_on_a_line():
    display = draw({"alpha": [1, 2, 3]}, [0.7, np.nan, 0.8])
    (failed,) = (each for each in display.ax_.lines if each.get_label() == "Failed")
    assert failed.get_xdata().tolist() == [2]
    assert len(line(display).get_xdata()) == 2


def test_grid_search_display_leaves_missing_combinations_empty():
    display = draw([{"a": [1, 2], "b": [1]}, {"a": [2], "b": [2]}], [0.1, 0.2, 0.3])
    assert np.isnan(heat(display)[1, 0])
    assert "failed" not in cell_texts(display)
    assert not [p for p in display.ax_.patches if p.get_hatch()]


def test_grid_search_display_absent_parameter_is_a_value():
    display = draw([{"a": [1, 2], "b": [1]}, {"a": [1, 2]}])
    assert ticks(display.ax_.yaxis) == ["1", "\N{EM DASH}"]


def test_grid_search_display_outliers_do_not_dominate_the_colors():
    display = draw({"a": [1, 2, 3], "b": [1, 2]}, [0.1, 0.97, 0.972, 0.974, 0.976, 0.978])
    assert display.ax_.collections[0].norm.vmin > 0.9


def test_grid_search_display_shows_best_score_over_third_parameter():
    grid = {"a": [1, 2], "b": [1, 2], "c": [1, 2]}
    scores = [0.1, 0.2, 0.4, 0.3, 0.5, 0.6, 0.8, 0.7]
    display = draw(grid, scores)
    assert_allclose(heat(display), [[0.2, 0.6], [0.4, 0.8]])
    label = display.ax_.collections[0].colorbar.ax.get_ylabel()
    assert "best over c" in label


def test_grid_search_display_shows_most_influential_parameters():
    grid = {"a": [1, 2], "b": [1, 2], "c": [1, 2]}
    scores = [10 * c + 5 * b + a for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    assert draw(grid, scores).parameters_ == ["b", "c"]


def test_grid_search_display_takes_parameters():
    grid = {"a": [1, 2], "b": [1, 2], "c": [1, 2]}
    display = draw(grid, parameters=["c", "a"])
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("c", "a")
    assert draw(grid, parameters=["b"]).ax_.get_xlabel() == "b"


@pytest.mark.parametrize("wrong", [["z"], ["a", "a"], [], ["a", "b", "c"]])
def test_grid_search_display_rejects_invalid_parameters(wrong):
    with pytest.raises(ValueError, match=r"one or two of \['a', 'b', 'c'\]"):
        draw({"a": [1, 2], "b": [1, 2], "c": [1, 2]}, parameters=wrong)


def test_grid_search_display_ignores_constant_parameters():
    assert draw({"a": [1, 2], "b": [5]}).parameters_ == ["a"]


def test_grid_search_display_rejects_searches_without_variation():
    with pytest.raises(ValueError, match=r"no parameter .* has more than one value"):
        draw({"a": [1]})


def test_grid_search_display_rejects_searches_that_failed():
    with pytest.raises(ValueError, match="all 2 of them failed"):
        draw({"a": [1, 2]}, [np.nan, np.nan])


def test_grid_search_display_removes_pipeline_steps_from_names(data):
    pipeline = make_pipeline(MinMaxScaler(), LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1, 10]}, cv=2).fit(*data)
    display = GridSearchDisplay.from_estimator(search)
    assert display.ax_.get_xlabel() == "C"
    assert display.parameters_ == ["logisticregression__C"]


def test_grid_search_display_takes_data_frames():
    frame = pd.DataFrame(results({"a": [1, 2, 3]}, [0.7, 0.9, 0.8]))
    assert_allclose(line(GridSearchDisplay.from_cv_results(frame)).get_ydata(), [0.7, 0.9, 0.8])


def test_grid_search_display_from_estimator(data):
    search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2, 3]}, cv=3).fit(*data)
    display = GridSearchDisplay.from_estimator(search)
    assert_allclose(line(display).get_ydata(), search.cv_results_["mean_test_score"])


def test_grid_search_display_from_estimator_marks_best_index(data):
    def simplest(cv_results):
        return 0

    tree = DecisionTreeClassifier()
    search = GridSearchCV(tree, {"max_depth": [1, 2, 3]}, cv=3, refit=simplest).fit(*data)
    assert title(GridSearchDisplay.from_estimator(search)).endswith("max_depth=1")


def test_grid_search_display_random_search_is_a_scatter_plot(data):
    distributions = {"var_smoothing": loguniform(1e-9, 1.0), "priors": [None, [0.2, 0.3, 0.5]]}
    search = RandomizedSearchCV(GaussianNB(), distributions, n_iter=8, cv=2, random_state=0)
    results = search.fit(*data).cv_results_
    # Make both parameters numbers that never repeat.
    for row, params in enumerate(results["params"]):
        params["priors"] = row + 0.5
    display = GridSearchDisplay.from_cv_results(results)
    (points,) = display.ax_.collections
    assert len(points.get_offsets()) == 8
    assert display.ax_.get_xscale() == "log" or display.ax_.get_yscale() == "log"


def test_grid_search_display_halving_search_uses_last_iteration(data):
    tree = DecisionTreeClassifier(random_state=0)
    search = HalvingGridSearchCV(tree, {"max_depth": [1, 2, 3, 4]}, cv=2, factor=2, random_state=0)
    cv_results = search.fit(*data).cv_results_
    display = GridSearchDisplay.from_estimator(search)
    last = {
        params["max_depth"]: score
        for params, score in zip(cv_results["params"], cv_results["mean_test_score"], strict=True)
    }
    assert_allclose(line(display).get_ydata(), [last[depth] for depth in (1, 2, 3, 4)])
    assert title(display).endswith(f"max_depth={search.best_params_['max_depth']}")


def test_grid_search_display_halving_search_best_is_from_last_iteration():
    halved = {
        "params": [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 2}],
        "mean_test_score": [0.5, 0.6, 0.99, 0.7],
        "std_test_score": [0.0] * 4,
        "iter": [0, 0, 0, 1],
    }
    assert title(GridSearchDisplay.from_cv_results(halved)) == "Best: 0.7 with a=2"


def test_grid_search_display_shows_duplicate_candidates_once():
    drawn = {
        "params": [{"a": 1}, {"a": 2}, {"a": 1}],
        "mean_test_score": [0.9, 0.8, 0.7],
        "std_test_score": [0.0] * 3,
    }
    display = GridSearchDisplay.from_cv_results(drawn)
    assert_allclose(line(display).get_ydata(), [0.9, 0.8])


@pytest.fixture(scope="module")
def several_metrics(data):
    """Return a search with two metrics."""
    return GridSearchCV(
        KNeighborsClassifier(),
        {"n_neighbors": [1, 20, 60]},
        cv=3,
        scoring=["accuracy", "neg_log_loss"],
        refit="neg_log_loss",
    ).fit(*data)


def test_grid_search_display_default_metric_is_the_refit_metric(several_metrics):
    display = GridSearchDisplay.from_estimator(several_metrics)
    expected = several_metrics.cv_results_["mean_test_neg_log_loss"]
    assert_allclose(line(display).get_ydata(), expected)
    assert display.ax_.get_ylabel() == "Mean test neg_log_loss"


def test_grid_search_display_metric_has_its_own_best_candidate(several_metrics):
    display = GridSearchDisplay.from_estimator(several_metrics, metric="accuracy")
    scores = several_metrics.cv_results_["mean_test_accuracy"]
    assert_allclose(line(display).get_ydata(), scores)
    assert title(display).startswith(f"Best: {scores.max():.4g}")


@pytest.mark.parametrize("metric", [None, "f1"])
def test_grid_search_display_rejects_unknown_metrics(several_metrics, metric):
    with pytest.raises(ValueError, match=r"one of \['accuracy', 'neg_log_loss'\], got"):
        GridSearchDisplay.from_cv_results(several_metrics.cv_results_, metric=metric)


def test_grid_search_display_rejects_other_results():
    with pytest.raises(ValueError, match=r"'params' and 'mean_test_score', got the keys \['a'\]"):
        GridSearchDisplay.from_cv_results({"a": [1]})


def test_grid_search_display_rejects_unfitted_searches():
    with pytest.raises(ValueError, match="needs a fitted search with cv_results_, got GridSearch"):
        GridSearchDisplay.from_estimator(GridSearchCV(GaussianNB(), {}))


def test_grid_search_display_takes_a_colormap():
    display = draw({"a": [1, 2], "b": [1, 2]}, cmap="Greens")
    display.figure_.canvas.draw()
    best = display.ax_.collections[0].get_facecolor()[-1]
    assert same_color(best, plt.get_cmap("Greens")(1.0))


def test_grid_search_display_without_colorbar():
    assert len(draw({"a": [1, 2], "b": [1, 2]}, colorbar=False).figure_.axes) == 1
