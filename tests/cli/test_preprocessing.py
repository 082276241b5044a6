"""What is done to the columns of a table before the network."""

import io
import pickle

import numpy as np
import pandas as pd
import pytest

from sk_mnist.cli.console import CommandError
from sk_mnist.cli.preprocessing import choose_columns, make_preparation, select_columns

N = 40


def table(**columns):
    return pd.DataFrame({"age": np.arange(N) % 7 * 1.5, **columns})


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.arange(N) + 1000, "numbers the rows"),
        (np.full(N, 3), "one value only"),
        (["x"] * N, "one value only"),
        (np.full(N, np.nan), "no values"),
        ([None] * N, "no values"),
        (pd.date_range("2020-01-01", periods=N), "dates"),
        (pd.date_range("2020-01-01", periods=N).strftime("%Y-%m-%d"), "dates"),
        (pd.date_range("2020-01-01", periods=N).strftime("%d.%m.%Y %H:%M"), "dates"),
        (["12/31/99", "1/1/00"] * (N // 2), "dates"),
        ([f"person {i}" for i in range(N)], "mostly different texts"),
        ([[1]] * N, "neither numbers nor text"),
    ],
)
def test_columns_that_teach_nothing_are_left_out_with_a_reason(values, reason):
    columns = choose_columns(table(other=values), "table.csv")
    assert columns.left_out == {"other": reason}
    assert columns.used == ["age"]


def test_identifiers_in_any_order_are_known_by_their_name():
    identifiers = np.random.default_rng(0).permutation(N)
    columns = choose_columns(table(customer_id=identifiers, income=identifiers), "table.csv")
    assert columns.left_out == {"customer_id": "numbers the rows"}
    assert columns.numbers == ["age", "income"]


@pytest.mark.parametrize(
    "values",
    [
        ["x", "y"] * (N // 2),
        [True, False] * (N // 2),
        [True, None] * (N // 2),
        pd.Categorical([1, 2] * (N // 2)),
        ["1", "2", "A", None] * (N // 4),
        ["1.2.3", "1.10.0"] * (N // 2),
        pd.array([True, None] * (N // 2), dtype="boolean"),
    ],
    ids=[
        "text",
        "booleans",
        "missing-booleans",
        "categories",
        "codes",
        "versions",
        "nullable-booleans",
    ],
)
def test_text_categories_and_booleans_are_one_hot(values):
    frame = table(other=values)
    columns = choose_columns(frame, "table.csv")
    assert columns.categories == ["other"]
    preparation = make_preparation(columns).fit(frame)
    prepared = np.asarray(preparation.transform(frame))
    one_hot = prepared[:, 1:]
    names = preparation.get_feature_names_out()
    assert all(name.startswith("categories__other_") for name in names[1:])
    assert one_hot.shape[1] == frame["other"].nunique(dropna=False)
    assert (one_hot.sum(axis=1) == 1).all()
    unknown = preparation.transform(frame.assign(other="unknown"))
    assert (np.asarray(unknown)[:, 1:] == 0).all()


def test_missing_numbers_are_imputed_by_the_median_with_an_indicator():
    frame = table(size=[1.0, 2.0, 9.0, np.nan] * (N // 4))
    preparation = make_preparation(choose_columns(frame, "table.csv")).fit(frame)
    prepared = pd.DataFrame(
        preparation.transform(frame), columns=preparation.get_feature_names_out()
    )
    assert list(prepared) == ["numbers__age", "numbers__size", "numbers__missingindicator_size"]
    assert prepared["numbers__size"][3] == 2
    assert prepared["numbers__missingindicator_size"][:4].tolist() == [0, 0, 0, 1]


def test_categories_are_the_same_whatever_type_they_were_read_as():
    preparation = make_preparation(choose_columns(table(code=["1", "2", "X", "2"] * 10), "a"))
    preparation.fit(table(code=["1", "2", "X", "2"] * 10))
    expected = preparation.transform(table(code=["1", "2"] * 20))
    for values in ([1, 2] * 20, [1.0, 2.0] * 20, ["1 ", " 2"] * 20):
        np.testing.assert_array_equal(preparation.transform(table(code=values)), expected)


def test_preparation_of_columns_is_pickled():
    frame = table(other=["x", "y"] * (N // 2))
    preparation = make_preparation(choose_columns(frame, "table.csv")).fit(frame)
    assert "0x" not in repr(preparation)  # an address would make each report another
    loaded = pickle.loads(pickle.dumps(preparation))
    np.testing.assert_array_equal(loaded.transform(frame), preparation.transform(frame))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"age": ["old", *map(str, np.arange(1, N))]}, "'age' of table.csv has text among"),
        ({"age": np.where(np.arange(N) == 3, np.inf, 1.5)}, "'age' of table.csv has infinite"),
        ({"age": np.arange(N)}, "no columns to learn from: age .numbers the rows."),
    ],
)
def test_columns_with_mistakes_are_refused(columns, message):
    with pytest.raises(CommandError, match=message):
        choose_columns(pd.DataFrame(columns), "table.csv")


def test_selected_columns_have_numbers_where_the_model_was_trained_on_numbers():
    frame = pd.read_csv(io.StringIO("b,a,c\n1,,x\n2,,y\n"))
    selected = select_columns(frame, ["a", "b", "c"], ["a", "b"], "new.csv")
    assert list(selected) == ["a", "b", "c"]
    assert selected["a"].isna().all()
    for wrong, message in (
        (frame.drop(columns="a"), "new.csv lacks what the model was trained on: 'a'"),
        (frame.assign(a="x"), "column 'a' of new.csv must have numbers, but has 'x'"),
        (frame.assign(b=np.inf), "column 'b' of new.csv has infinite values"),
    ):
        with pytest.raises(CommandError, match=message):
            select_columns(wrong, ["a", "b"], ["a", "b"], "new.csv")


def test_text_that_is_all_numbers_is_taken_as_numbers():
    texts = pd.Series([f"{i / 7:.3f}" for i in range(60)], dtype=object)
    table = pd.DataFrame({"size": texts, "code": ["1", "2", "3"] * 20})
    columns = choose_columns(table, "a.parquet")
    assert columns.numbers == ["size"]
    assert columns.categories == ["code"]


def test_integers_beyond_64_bits_are_numbers():
    large = pd.Series([10**20 + (i * 37) % 60 for i in range(60)], dtype=object)
    assert choose_columns(pd.DataFrame({"a": large}), "a.csv").numbers == ["a"]


@pytest.mark.parametrize("name", ["paid", "grid", "is_valid", "hybrid", "Humid", "mono"])
def test_names_that_end_like_identifiers_are_none(name):
    values = np.random.RandomState(0).permutation(40)
    assert choose_columns(pd.DataFrame({name: values}), "a.csv").numbers == [name]


@pytest.mark.parametrize("name", ["id", "ID", "row_id", "user id", "PassengerId", "userID", "Key"])
def test_names_of_identifiers_are_left_out(name):
    values = np.random.RandomState(0).permutation(40)
    table = pd.DataFrame({name: values, "b": [1, 2] * 20})
    assert choose_columns(table, "a.csv").left_out == {name: "numbers the rows"}


def test_numbers_of_other_types_are_trained_on_as_float64():
    large = [10**20 + (i * 37) % 60 for i in range(60)]
    frame = pd.DataFrame({"a": [f"{i / 7:.3f}" for i in range(60)], "b": large}, dtype=object)
    numbers = select_columns(frame, ["a", "b"], ["a", "b"], "a.parquet")
    X = make_preparation(choose_columns(frame, "a.parquet")).fit_transform(numbers)
    assert X.dtype == np.float64
    assert X[7].tolist() == [1.0, float(large[7])]
