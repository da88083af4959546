import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from skmeta.columns import LIMIT, MISSING, NO_COLUMN, column_statistics
from skmeta.relevance import column_weights
from skmeta.tasks import TableTasks
from skmeta.tasks.own_tables import DataTables, from_tables

RNG = np.random.default_rng(0)


def table(n_rows, n_columns, n_classes=2, shift=0.0):
    """Cells that say where they come from: row + column / 100."""
    X = np.arange(n_rows)[:, None] + np.arange(n_columns) / 100 + shift
    return X, np.array(["abcdefgh"[i % n_classes] for i in range(n_rows)])


def test_the_spec_follows_the_largest_table():
    family = from_tables([table(30, 2), table(40, 5, 4)], n_steps=10)
    assert isinstance(family, DataTables)
    assert family.spec.input_shape == (10,) and family.spec.n_outputs == 4
    wider = from_tables([table(30, 2)], n_steps=10, n_columns=7, n_classes=3)
    assert wider.spec.input_shape == (14,) and wider.spec.n_outputs == 3
    assert from_tables([(X := table(60, 2)[0], X[:, 0])], "regression").spec.n_outputs == 1


def test_a_batch_depends_on_seed_and_index_only():
    family = from_tables([table(30, 2), table(40, 5, 4)], n_steps=10)
    first = family.batch(1, 6, seed=2)
    family.batch(0, 3, seed=0)
    again, other = family.batch(1, 6, seed=2), family.batch(2, 6, seed=2)
    assert_array_equal(first.inputs, again.inputs)
    assert_array_equal(first.targets, again.targets)
    assert not np.array_equal(first.inputs, other.inputs)


def test_rows_are_distinct_and_keep_their_labels():
    """In a table whose rows lie on a line, order of the cells is order of the rows."""
    X, y = table(12, 1, 3)
    family = from_tables([(X, y)], n_steps=12)
    batch = family.batch(0, 40, seed=0)
    dealt = set()
    for rows, targets in zip(batch.inputs, batch.targets, strict=True):
        cells = rows[:, 0]
        inside = abs(cells) < LIMIT
        order = np.argsort(cells[inside])
        labels = targets[inside][order]
        # Rows go a, b, c, a, b, c, ...: labels of neighbours differ, every third is the same.
        assert (labels[1:] != labels[:-1]).all() or len(labels) < 12
        if inside.all():
            assert len(np.unique(cells)) == 12
            assert_array_equal(labels[3:], labels[:-3])
            dealt.add(tuple(labels[:3]))
    assert len(dealt) > 3


def test_columns_are_dealt_anew_and_missing_cells_stay_missing():
    X = RNG.normal(size=(20, 3))
    X[::2, 0], X[:, 2] = np.nan, np.nan
    tasks = from_tables([(X, np.arange(20) % 2)], n_steps=20).scaled_by(20)
    batch = tasks.batch(0, 30, seed=0)
    marks = batch.inputs[..., 3:]
    missing = marks >= MISSING
    assert set(missing.sum(axis=(1, 2))) == {10}
    assert set((marks == NO_COLUMN).sum(axis=(1, 2))) == {20}  # a column without a cell
    assert 5 < missing[..., 0].any(axis=1).sum() < 25
    assert_array_equal(batch.inputs[..., :3][missing], 0)


def test_columns_are_weighed_beside_those_that_vary():
    y = np.arange(20) % 2
    X = np.column_stack([RNG.normal(size=(20, 3)) + np.outer(y, [0, 1, 3]), np.full(20, 7.0)])
    tasks = from_tables([(X, y)], n_steps=20, n_columns=9).scaled_by(20)
    marks = tasks.batch(0, 4, seed=0).inputs[:, 0, 9:]
    weights = np.sort(column_weights(X[:, :3], column_statistics(X[:, :3]), y, 3))
    expected = [*(1 - weights[::-1] / weights.max()), *[NO_COLUMN] * 6]
    assert_allclose(np.sort(marks), [np.sort(expected)] * 4, atol=1e-6)


def test_targets_of_a_regression_are_those_of_their_rows():
    X, _ = table(50, 1)
    batch = from_tables([(X, 3 * X[:, 0] + 5)], "regression", n_steps=30).batch(0, 20, seed=0)
    inside = (abs(batch.inputs[..., 0]) < LIMIT) & (abs(batch.targets[..., 0]) < LIMIT)
    assert_allclose(batch.targets[..., 0][inside], batch.inputs[..., 0][inside], atol=1e-4)


@pytest.mark.parametrize(
    ("tables", "options", "message"),
    [
        ([], {}, "at least one"),
        ([table(9, 2)], {}, r"X of table 0 must have .* n >= 10, the .* got \(9, 2\)"),
        ([table(20, 2), (np.zeros(20), np.zeros(20))], {}, r"table 1 must .* got \(20,\)"),
        ([(np.full((20, 1), np.inf), np.zeros(20))], {}, "X of table 0 holds infinite"),
        ([(np.zeros((20, 1)), np.zeros(19))], {}, r"y of table 0 must have shape \(20,\)"),
        ([(np.zeros((20, 1)), np.full(20, np.nan))], {}, "y of table 0 holds NaN"),
        (
            [(np.zeros((20, 1)), np.array(["a", 1] * 10, dtype=object))],
            {},
            "Labels in y of table 0 must be",
        ),
        ([table(20, 3)], {"n_columns": 2}, "n_columns=2, but a table has 3"),
        ([table(20, 3, 4)], {"n_classes": 3}, "n_classes=3, but a table has 4"),
        (
            [(np.zeros((20, 1)), np.array(["2026", "NaT"] * 10, "M8[s]"))],
            {"kind": "regression"},
            "y of table 0 holds NaN",
        ),
        ([table(20, 3)], {"kind": "ranking"}, "kind must be one of .* got 'ranking'"),
        (np.zeros((20, 2)), {"kind": np.zeros(20)}, r"got ndarray. Tables .* pairs: \[\(X, y\)"),
        ([np.zeros((20, 2))], {}, "list of pairs, .* table 0 is of type ndarray"),
        ([(*table(20, 3), 1)], {}, "list of pairs, .* type tuple and length 3"),
        (
            [(np.full((20, 2), "x"), np.arange(20) % 2)],
            {},
            "must hold real numbers, .* to float",
        ),
        ([(np.full((20, 2), 1j), np.arange(20) % 2)], {}, "real numbers, .* complex128.* Encode"),
        ([(np.zeros((20, 2), "M8[s]"), np.arange(20) % 2)], {}, r"real numbers, .* datetime64\[s"),
        ([(csr_array(np.eye(20)), np.arange(20) % 2)], {}, r"table 0 is sparse: pass X.toarray\("),
        ([(np.zeros((20, 2)), np.arange(20) / 3)], {}, "holds real numbers, .* kind='regression'"),
        ([(np.zeros((40, 2)), np.arange(40.0) // 1.2)], {}, "holds real numbers, not classes"),
        ([(np.zeros((20, 2)), ["x"] * 20)], {}, "No table has two classes"),
        ([(np.zeros((20, 2)), ["x"] * 20)], {"kind": "regression"}, "y of table 0 must hold numb"),
        ([(np.zeros((20, 2)), np.full(20, 1j))], {"kind": "regression"}, r"numbers \(got complex"),
    ],
)
def test_bad_tables(tables, options, message):
    with pytest.raises(ValueError, match=message):
        from_tables(tables, **{"n_steps": 10, **options})


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean"])
def test_missing_cells_of_pandas(dtype):
    y = np.arange(20) % 2
    X = pd.DataFrame({"a": pd.array([1, None, 0, 1] * 5, dtype=dtype), "b": np.arange(20.0)})
    same = np.column_stack([[1, np.nan, 0, 1] * 5, np.arange(20)])
    masked = np.ma.masked_array(np.nan_to_num(same), np.isnan(same))
    expected = from_tables([(same, y)], n_steps=10).batch(0, 3, seed=0)
    for table in (X, masked):
        found = from_tables([(table, y)], n_steps=10).batch(0, 3, seed=0)
        assert_array_equal(found.inputs, expected.inputs)
    ints = X[["b"]].astype(int).astype("category")  # NaN has no place in these
    assert from_tables([(ints, y)], n_steps=10).spec.input_shape == (2,)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_labels_are_refused(missing):
    y = np.array([0, 1, 1, 0, missing] * 4, dtype=object)
    with pytest.raises(ValueError, match="y of table 0 holds missing labels"):
        from_tables([(np.arange(20.0).reshape(20, 1), y)], n_steps=5)


@pytest.mark.parametrize("size", ["n_steps", "n_columns", "n_classes"])
def test_sizes_are_integers(size):
    X, y = np.eye(6), np.arange(6) % 2
    with pytest.raises(TypeError, match=f"{size} must be an integer, got 6.0"):
        from_tables([(X, y)], **{"n_steps": 5, size: 6.0})
    with pytest.raises(TypeError, match=f"{size} must be an integer, got 6.0"):
        TableTasks(**{size: 6.0})


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_a_column_of_targets_is_as_good(kind):
    X, y = np.random.default_rng(0).normal(size=(8, 3)), np.arange(8) % 2
    flat, column = (
        from_tables([(X, targets)], kind, n_steps=5).batch(0, 3, seed=0).targets
        for targets in (y, y[:, None])
    )
    assert_array_equal(flat, column)


def test_whole_numbers_may_be_classes():
    X, y = np.eye(80), np.arange(80) % 30
    assert from_tables([(X, y.astype(float))], n_steps=9).spec.n_outputs == 30
    assert from_tables([(X, np.arange(80) // 2)], n_steps=9).spec.n_outputs == 40  # of integers


def test_episodes_are_as_long_as_the_shortest_table_or_50_rows():
    assert from_tables([table(30, 2), table(90, 3)]).n_steps == 30
    assert from_tables([table(70, 2), table(90, 3)]).n_steps == 50
    with pytest.raises(ValueError, match=r"X of table 1 must have .* n >= 10, .* got \(9, 2\)"):
        from_tables([table(70, 2), table(9, 2)])
