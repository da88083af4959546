import itertools

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.tasks.classes import ClassTasks, draw_distinct, from_classes

SIZES = [3, 5, 4, 9, 3, 6]  # rows of each class


@pytest.fixture
def data():
    """Rows that say who they are: (class, place in the data)."""
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(SIZES)), SIZES))
    return np.stack([y, np.arange(len(y))], axis=1).astype(float), y


@pytest.fixture
def tasks(data):
    return from_classes(*data, n_classes=4, n_shots=3)


def test_spec_and_shapes(tasks):
    batch = tasks.batch(0, 7, seed=0)
    assert isinstance(tasks, ClassTasks)
    assert tasks.spec.kind == "classification"
    assert (tasks.spec.input_shape, tasks.spec.n_outputs) == ((2,), 4)
    assert batch.inputs.shape == (7, 12, 2) and batch.inputs.dtype == np.float32
    assert batch.targets.shape == (7, 12) and batch.targets.dtype.kind == "i"
    assert tasks.n_steps == 12


def test_a_batch_depends_on_seed_and_index_only(tasks):
    first = tasks.batch(3, 5, seed=1)
    tasks.batch(0, 9, seed=8)
    again = tasks.batch(3, 5, seed=1)
    assert_array_equal(first.inputs, again.inputs)
    assert_array_equal(first.targets, again.targets)
    for other in tasks.batch(4, 5, seed=1), tasks.batch(3, 5, seed=2):
        assert not np.array_equal(first.inputs, other.inputs)
        assert not np.array_equal(first.targets, other.targets)


def test_an_episode_has_distinct_rows_and_consistent_labels(tasks, data):
    batch = tasks.batch(0, 200, seed=0)
    for X, targets in zip(batch.inputs, batch.targets, strict=True):
        assert_array_equal(X, data[0][X[:, 1].astype(int)])  # real rows of the data
        assert len(np.unique(X[:, 1])) == 12  # each once
        assert_array_equal(np.bincount(targets), [3, 3, 3, 3])
        pairs = {(c, label) for c, label in zip(X[:, 0], targets, strict=True)}
        assert len(pairs) == len({c for c, _ in pairs}) == 4  # one label a class


def test_labels_rows_and_order_carry_no_information(tasks):
    batch = tasks.batch(0, 6_000, seed=0)
    classes, rows = batch.inputs[..., 0].astype(int), batch.inputs[..., 1].astype(int)
    # Every class appears under every label as often.
    joint = np.zeros((6, 4))
    np.add.at(joint, (classes, batch.targets), 1)
    assert_allclose(joint / joint.sum(), 1 / 24, rtol=0.08)
    # Every row of a class as often as its other rows.
    counts = np.bincount(rows.ravel())
    of_row = np.empty(sum(SIZES), int)
    of_row[rows.ravel()] = classes.ravel()
    expected = 6_000 * (4 / 6) * 3 / np.asarray(SIZES)[of_row]
    assert_allclose(counts, expected, rtol=0.12)
    # Every label at every step as often.
    at_step = (batch.targets[..., None] == np.arange(4)).mean(axis=0)
    assert_allclose(at_step, 0.25, atol=0.03)


def test_orders_of_rows_are_shuffled_apart(tasks):
    targets = tasks.batch(0, 500, seed=0).targets
    assert len(np.unique(targets, axis=0)) > 490


def test_a_class_with_exactly_n_shots_rows_gives_all_of_them():
    tasks = from_classes(np.arange(6.0)[:, None], list("aabbcc"), n_classes=3, n_shots=2)
    batch = tasks.batch(0, 20, seed=0)
    assert_array_equal(np.sort(batch.inputs[..., 0]), np.tile(np.arange(6), (20, 1)))


@pytest.mark.parametrize(
    "y",
    [
        list("bbaacc"),
        np.array(list("bbaacc"), dtype=object),
        [1.5, 1.5, -2.0, -2.0, 7.0, 7.0],
        [True, True, False, False, True, False],
        np.array(["2020", "2020", "2021", "2021", "2022", "2022"], dtype="datetime64[Y]"),
    ],
    ids=["str", "object", "float", "bool", "date"],
)
def test_labels_of_any_type(y):
    tasks = from_classes(np.arange(6)[:, None], y, n_classes=2, n_shots=2)
    assert_array_equal(tasks.classes, np.unique(y))
    batch = tasks.batch(0, 4, seed=0)
    for rows, targets in zip(batch.inputs[..., 0].astype(int), batch.targets, strict=True):
        drawn = np.asarray(y)[rows]
        assert_array_equal(drawn[:, None] == drawn, targets[:, None] == targets)


def test_pictures_keep_their_shape_and_values():
    pictures = np.random.default_rng(0).integers(256, size=(20, 4, 3)).astype(np.uint8)
    y = np.repeat(range(5), 4)
    tasks = from_classes(pictures, y, n_classes=3, n_shots=2)
    batch = tasks.batch(0, 2, seed=0)
    assert tasks.spec.input_shape == (4, 3)
    assert batch.inputs.shape == (2, 6, 4, 3) and batch.inputs.dtype == np.float32
    known = {picture.tobytes() for picture in pictures}
    drawn = batch.inputs.reshape(-1, 4, 3).astype(np.uint8)
    assert all(picture.tobytes() in known for picture in drawn)


def test_distinct_draws_are_uniform_over_ordered_draws():
    sizes = np.array([[3, 4], [5, 3]])
    draws = draw_distinct(np.random.default_rng(0), np.broadcast_to(sizes, (30_000, 2, 2)), 3)
    assert draws.shape == (30_000, 2, 2, 3)
    for i, j in np.ndindex(2, 2):
        expected = list(itertools.permutations(range(sizes[i, j]), 3))
        found, counts = np.unique(draws[:, i, j], axis=0, return_counts=True)
        assert sorted(map(tuple, found.tolist())) == expected
        assert_allclose(counts, 30_000 / len(expected), rtol=0.2)


X6 = np.zeros((6, 2))
Y6 = list("aabbcc")


@pytest.mark.parametrize(
    ("X", "y", "sizes", "message"),
    [
        (np.zeros(6), Y6, (2, 2), r"X must have shape .*got \(6,\)"),
        (np.zeros((6, 1, 1, 1)), Y6, (2, 2), r"X must have shape .*got \(6, 1, 1, 1\)"),
        (np.zeros((0, 2)), [], (2, 2), r"hold something, got \(0, 2\)"),
        (np.full((6, 2), "x"), Y6, (2, 2), "X must hold numbers, got dtype <U1"),
        (np.full((6, 2), "x", dtype=object), Y6, (2, 2), "X must hold numbers, got dtype object"),
        (X6 + np.array([0, np.nan]), Y6, (2, 2), "X holds NaN or infinite"),
        (X6 + np.array([0, np.inf]), Y6, (2, 2), "X holds NaN or infinite"),
        (X6, Y6[:5], (2, 2), r"shape \(6,\), got \(5,\)"),
        (X6, np.eye(6), (2, 2), r"shape \(6,\), got \(6, 6\)"),
        (X6, [0, 0, 1, 1, np.nan, 2], (2, 2), "y holds missing labels"),
        (X6, [*Y6[:5], None], (2, 2), "y holds missing labels"),
        (X6, np.array([1, 1, "a", "a", 2, 2], dtype=object), (2, 2), "one type that sorts"),
        (X6, Y6, (1, 2), "n_classes must be at least 2, got 1"),
        (X6, Y6, (2, 0), "n_shots must be at least 1, got 0"),
        (X6, Y6, (4, 2), "needs n_classes=4 different classes, but y has 3"),
        (X6, list("aabccc"), (2, 2), "at least n_shots=2 rows, but class 'b' has 1"),
    ],
)
def test_errors_say_what_was_expected_and_received(X, y, sizes, message):
    with pytest.raises(ValueError, match=message):
        from_classes(X, y, n_classes=sizes[0], n_shots=sizes[1])


@pytest.mark.parametrize("size", ["n_classes", "n_shots", "n_labels"])
def test_sizes_are_integers(size):
    with pytest.raises(TypeError, match=f"{size} must be an integer, got 2.0"):
        from_classes(X6, Y6, **{"n_classes": 2, "n_shots": 2, size: 2.0})
    sizes = {"n_classes": np.int32(2), "n_shots": np.uint8(2)}
    assert from_classes(X6, Y6, **sizes).batch(0, 3, seed=0).targets.shape == (3, 4)


def test_a_column_of_labels_is_as_good():
    X = np.arange(12.0).reshape(6, 2)
    batches = [
        from_classes(X, labels, n_classes=2, n_shots=2).batch(0, 3, seed=0)
        for labels in (Y6, np.reshape(Y6, (6, 1)))
    ]
    assert_array_equal(batches[0].inputs, batches[1].inputs)


def test_numbers_of_pandas_own_types():
    X = pd.DataFrame(X6.astype(float))
    expected = from_classes(X, Y6, n_classes=2, n_shots=2).batch(0, 3, seed=0)
    for table in (X.convert_dtypes(), X.astype(object)):
        found = from_classes(table, Y6, n_classes=2, n_shots=2).batch(0, 3, seed=0)
        assert_array_equal(found.inputs, expected.inputs)
