"""CSV and Parquet files: what is read, and what is refused in one sentence."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sk_mnist.cli.console import CommandError
from sk_mnist.cli.data.labels import check_classes, labels_like, make_labels
from sk_mnist.cli.data.table_files import read_table, split_target


def read(text, name="table.csv"):
    return read_table(Path(name), text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1.5,x\n2,y\n",
        "a;b\n1,5;x\n2;y\n",
        "a;b\n1.5;x\n2;y\n",
        "a\tb\r\n1.5\tx\r\n2\ty\r\n",
        "\ufeffa,b\n1.5,x\n2,y\n",
        ' a , "b"\n\n1.5, "x"\n2,y',
    ],
    ids=["comma", "decimal-comma", "semicolon", "tab", "byte-order-mark", "spaces"],
)
def test_csv_separators_and_decimal_commas_are_found(text):
    expected = pd.DataFrame({"a": [1.5, 2.0], "b": ["x", "y"]})
    pd.testing.assert_frame_equal(read(text), expected)


def test_csv_missing_values_are_empty_fields_and_question_marks():
    table = read("a,b\n1,x\n,?\n?,NA\n")
    assert table.isna().sum().tolist() == [2, 2]
    assert table["a"].dtype == np.float64


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "table.csv is empty"),
        (b" \n\n", "table.csv is empty"),
        (b"a,b\n", "table.csv has no rows"),
        (b"a,b\n1,2\nx,\xe4\n", "not UTF-8 text: line 3 has the byte 0xe4. Save it as UTF-8"),
        (b"a,b,a\n1,2,3\n", "several columns of the name 'a'; rename them"),
        (b"a,b\n1,2\n3,4,5\n", "Expected 2 fields in line 3, saw 3"),
        (b"a,b\n1,2,5\n3,4,5\n", "more fields than its first line has names, which are 2"),
        (b'a,b\n1,"2\n', "not a CSV file that can be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_csv_error_names_file_and_reason(content, message):
    with pytest.raises(CommandError, match=r"table\.csv") as caught:
        read(content)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_parquet_types_are_read(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {
            "number": pd.array([1, None, 3], dtype="Int64"),
            "category": pd.Categorical(["x", "y", "x"]),
            "flag": [True, False, True],
            "when": pd.to_datetime(["2020-01-01", "2020-01-02", None]),
        }
    )
    frame.to_parquet(tmp_path / "table.parquet")
    table = read((tmp_path / "table.parquet").read_bytes(), "table.parquet")
    assert list(table) == list(frame)
    assert table["number"].isna().sum() == 1
    assert table["category"].tolist() == ["x", "y", "x"]


def test_parquet_error_names_file():
    pytest.importorskip("pyarrow")
    with pytest.raises(CommandError, match=r"table\.parquet is not a Parquet file that can be"):
        read(b"no parquet", "table.parquet")


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, offline):
    (tmp_path / "table.parquet").write_bytes(b"PAR1")
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from sk_mnist.cli import main\n"
        "sys.exit(main(['train', '--data', 'table.parquet', '--target', 'y']))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], env=offline, cwd=tmp_path, capture_output=True, text=True
    )
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert 'without pyarrow: python -m pip install "sk_mnist[parquet]"' in process.stderr


def test_target_with_missing_labels_leaves_out_rows(capsys):
    table = read("a,y\n1,x\n2,\n3,z\n")
    features, labels = split_target(table, "y", Path("table.csv"))
    assert features["a"].tolist() == [1, 3]
    assert labels.tolist() == ["x", "z"]
    assert "1 of 3 rows of table.csv have no 'y' and are left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("header", "target", "message"),
    [
        ("size,kind", None, "--target is missing: the column of table.csv to predict, one of size"),
        ("size,kind", "kin", "no column 'kin' for --target; its columns are size, kind. Did you"),
        ("5.1,3.5", "kind", "The first line must have the names of the columns"),
    ],
)
def test_target_error_lists_columns(header, target, message):
    with pytest.raises(CommandError) as caught:
        split_target(read(f"{header}\n1,2\n"), target, Path("table.csv"))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 1], [0, 1, 1]),
        ([0.0, 1.0, 1.0], [0, 1, 1]),  # as pandas reads integers beside missing ones
        ([True, False, True], [True, False, True]),
        (["b", "a", "b"], ["b", "a", "b"]),
        (pd.Categorical([2, 3, 2]), [2, 3, 2]),
        ([1, "a", 2], ["1", "a", "2"]),
        (np.array([2**63 + 1, 1], dtype=np.uint64), ["9223372036854775809", "1"]),
        ([10**22, 10**22 + 1, 3], [str(10**22), str(10**22 + 1), "3"]),
        ([-(2**63), 2**63 - 1], [-(2**63), 2**63 - 1]),
    ],
)
def test_labels_are_booleans_integers_or_text(values, expected):
    labels = make_labels(pd.Series(values), "column 'y' of table.csv")
    assert labels.dtype == np.array(expected).dtype
    assert labels.tolist() == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, 1, 1, 2], "has fractions, such as 0.5: the network predicts classes"),
        ([1, 1, 1], "has a single class, 1"),
        (["a", "a", "b"], "has classes of a single row: 'b'. A class needs one to train on"),
        (range(40), "has 40 different values in 40 rows"),
        ([1.0, np.inf, 1.0], "column 'y' has infinite values"),
        ([2.0**53, 2.0**53 + 2, 1.0], "has numbers beyond 2^53, which are not exact"),
        ([], "has no labels"),
        (pd.to_datetime(["2020-01-01"] * 2), "values of type datetime64, which are no classes"),
    ],
)
def test_labels_that_are_no_classes_are_refused(values, message):
    with pytest.raises(CommandError) as caught:
        check_classes(make_labels(pd.Series(values), "column 'y'"), "column 'y'", least=2)
    assert message in str(caught.value)


def test_labels_of_a_file_are_compared_as_text_with_those_of_a_model():
    found = labels_like(np.array([1, 2, 1]), np.array(["1", "2", "A"]), "column 'y'")
    assert found.tolist() == ["1", "2", "1"]
    assert labels_like(np.array([1, 0]), np.array([0.0, 1.0]), "column 'y'").tolist() == [1.0, 0.0]
    with pytest.raises(CommandError, match=r"in 2 of 3 rows: 'x'; its classes are 0, 1"):
        labels_like(np.array(["x", "x", "1"]), np.array([0, 1]), "column 'y'")
