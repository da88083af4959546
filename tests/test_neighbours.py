from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.columns import ColumnStatistics, support_statistics
from skmeta.neighbours import DOUBT, MOST_CHOSEN, WIDTHS, Neighbours, hold_copies
from skmeta.relevance import NO_PAIRS, comparable_rows, telling_neighbours


def neighbours():
    """Neighbours by two of three columns, their support, and its targets."""
    rng = np.random.default_rng(0)
    X, targets = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
    statistics, weights = ColumnStatistics(rng.normal(size=2), np.array([1.0, 2.0])), [0.5, 1.0]
    cells = weights * (X[:, :2] - statistics.center) / statistics.scale
    rows, columns, off = np.arange(12), np.arange(2), targets - targets.mean(axis=0)
    return Neighbours(rows, columns, statistics, weights, cells, off, 0.3), X, targets


def by_hand(found, x, targets, allowed):
    """What the rows that are allowed say of one row."""
    scaled = found.weights * (x[found.columns] - found.statistics.center) / found.statistics.scale
    distance = np.array([np.linalg.norm(scaled - found.cells[row]) for row in allowed])
    mean = targets.mean(axis=0)
    near = np.exp((distance.min() - distance) / found.width)
    told = sum(k * (targets[row] - mean) for k, row in zip(near, allowed, strict=True))
    return told / (DOUBT + near.sum())


def test_what_is_told_is_the_kernels_mean_beside_that_of_all():
    found, X, targets = neighbours()
    new = np.random.default_rng(1).normal(size=(5, 3))
    expected = [by_hand(found, x, targets, range(12)) for x in new]
    assert_allclose(found.told(new), expected, rtol=1e-9)
    own = found.told(X, np.arange(12))
    others = [[row for row in range(12) if row != i] for i in range(12)]
    expected = [by_hand(found, X[i], targets, others[i]) for i in range(12)]
    assert_allclose(own, expected, rtol=1e-9)
    assert found.n_columns == 2


def test_rows_of_the_support_are_told_by_the_others():
    found, X, _ = neighbours()
    changed = replace(found, targets=found.targets + 5 * np.eye(12)[:, [3, 4]])
    same = np.array([3, 4, 0, 1])
    moved = changed.told(X[same], same) - found.told(X[same], same)
    assert_array_equal(moved[[0, 1], [0, 1]], [0, 0])
    assert (moved[2:] != 0).all()
    # A new row that is alike is told by all.
    assert (abs(changed.told(X[same[:2]]) - found.told(X[same[:2]])) > 0.1).any(axis=1).all()


def test_rows_in_another_order_and_one_by_one():
    found, X, _ = neighbours()
    order = np.random.default_rng(2).permutation(12)
    told = found.told(X, np.arange(12))
    assert_allclose(found.told(X[order], order), told[order], rtol=1e-12)
    for i in range(12):
        assert_allclose(found.told(X[[i]], np.array([i]))[0], told[i], rtol=1e-12)


def test_a_missing_cell_is_read_as_the_mean():
    found, X, _ = neighbours()
    gap, mean = X[:1].copy(), X[:1].copy()
    gap[0, 0], mean[0, 0] = np.nan, found.statistics.center[0]
    assert_array_equal(found.told(gap), found.told(mean))
    unseen = X[:1].copy()
    unseen[0, 2] = 77  # not a column by which rows are near
    assert_array_equal(found.told(unseen), found.told(X[:1]))


def missed(found, X, targets, **changes):
    """How far the others are from the targets of rows, if they were asked otherwise."""
    other = replace(found, **changes)
    return np.square(other.told(X, np.arange(len(X))) - targets).sum()


def test_the_width_is_that_by_which_others_tell_each_row_best():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(60, 1))
    statistics, one = ColumnStatistics(np.zeros(1), np.ones(1)), np.ones(1)
    widths = []
    for rate in (1, 40):
        y = np.sin(rate * X)
        y -= y.mean()
        found = Neighbours.of(np.arange(60), X, np.array([0]), statistics, one, y)
        apart = np.sqrt(np.square(X - X.T)[np.triu_indices(60, 1)].mean())
        each = [missed(found, X, y, width=part * apart) for part in WIDTHS]
        assert found.width == pytest.approx(WIDTHS[np.argmin(each)] * apart)
        widths.append(found.width)
    assert widths[1] < widths[0]


def of_two_columns(n_columns):
    """What ``Neighbours.of`` takes: numbers that hang on two of so many columns."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(120, n_columns))
    y = np.sin(4 * X[:, [1]]) * np.sin(4 * X[:, [2]])
    statistics = ColumnStatistics(np.zeros(n_columns), np.ones(n_columns))
    weights = rng.uniform(0.9, 1, n_columns)
    return np.arange(120), X, np.arange(n_columns), statistics, weights, y


def test_few_columns_are_left_out_where_they_do_not_help():
    rows, X, columns, statistics, weights, y = of_two_columns(6)
    found = Neighbours.of(rows, X, columns, statistics, weights, y)
    assert found.columns.tolist() == [1, 2]
    assert_array_equal(found.weights, weights[[1, 2]])
    assert found.cells.shape == (120, 2) and len(found.statistics.scale) == 2
    others = np.setdiff1d(columns, found.columns)
    for column in others:  # beside those that are kept it does harm
        beside = np.append(found.columns, column)
        changes = {
            "columns": beside,
            "statistics": statistics.of(beside),
            "weights": weights[beside],
            "cells": X[:, beside] * weights[beside],
        }
        assert missed(found, X, y, **changes) > missed(found, X, y)


@pytest.mark.parametrize(("n_columns", "chosen"), [(MOST_CHOSEN, True), (MOST_CHOSEN + 1, False)])
def test_columns_are_chosen_where_there_are_few(n_columns, chosen):
    *others, _ = of_two_columns(n_columns)
    found = Neighbours.of(*others, others[1][:, [1]])  # one column tells all
    assert (len(found.columns) < n_columns) == chosen


def test_rows_that_are_all_alike():
    targets = np.arange(4.0)[:, None] - 1.5
    one = ColumnStatistics(np.zeros(1), np.ones(1))
    found = Neighbours.of(np.arange(4), np.zeros((4, 1)), np.array([0]), one, np.ones(1), targets)
    assert_allclose(found.told(np.zeros((2, 1))), 0, atol=1e-12)
    assert_allclose(found.told(np.full((1, 1), 3.0)), 0, atol=1e-12)  # as far from each


# Whether they tell something


def asked(X, y, pairs=NO_PAIRS):
    statistics = support_statistics(X)
    rows = comparable_rows(X, statistics)
    if rows is None:
        return None
    return telling_neighbours(X, statistics, np.ones(X.shape[1]), y, rows, pairs)


def patterns(n_rows, seed=0):
    """Columns, and targets of which each column alone tells nothing."""
    X = np.random.default_rng(seed).uniform(-1, 1, size=(n_rows, 3))
    board = (np.floor(1.5 * X[:, 0] + 0.5) + np.floor(1.5 * X[:, 1] + 0.5)) % 2
    return X, {"chequerboard": board.astype(int), "three signs": (X.prod(axis=1) > 0).astype(int)}


@pytest.mark.parametrize("name", ["chequerboard", "three signs"])
def test_patterns_that_no_column_tells(name):
    X, targets = patterns(120)
    y = targets[name]
    X = X[:, :2] if name == "chequerboard" else X
    found = asked(X, y)
    assert found is not None and found.n_columns == 1
    told = found.told(X, np.arange(120))[:, 0]
    assert ((told > 0) == y).mean() > 0.7
    as_numbers = asked(X, y.astype(float))
    assert np.corrcoef(as_numbers.told(X, np.arange(120))[:, 0], y)[0, 1] > 0.5
    permutation = np.random.default_rng(0).permutation(120)
    again = asked(X[permutation], y[permutation])
    new = patterns(50, seed=1)[0][:, : X.shape[1]]
    assert_allclose(again.told(new), found.told(new), atol=1e-9)


def test_each_of_three_classes_and_the_second_of_two_has_a_column():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(12, 2)), 8, axis=0) + 0.05 * rng.normal(size=(96, 2))
    y = np.repeat(np.arange(12) % 3, 8)
    found = asked(X, np.array(["one", "two", "three"])[y])
    assert found.n_columns == 3
    told = found.told(X, np.arange(96))
    assert (np.array([0, 2, 1])[told.argmax(axis=1)] == y).mean() > 0.95  # one, three, two
    told = asked(X, y % 2).told(X, np.arange(96))
    assert ((told[:, 0] > 0) == (y % 2 == 1)).mean() > 0.95


def test_what_columns_and_products_tell_needs_no_neighbours():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    assert asked(X, X @ [1.0, 2.0, -1.0] + 0.1 * rng.normal(size=100)) is None
    assert asked(X, np.square(X[:, 0]) + 0.1 * rng.normal(size=100)) is None
    y = X[:, 0] * X[:, 1] + 0.1 * rng.normal(size=100)
    assert asked(X, y) is not None
    assert asked(X, y, np.array([[0, 1]])) is None


@pytest.mark.parametrize("n_rows", [10, 30, 100])
@pytest.mark.parametrize("n_columns", [2, 10, 20])
def test_noise_makes_next_to_no_neighbours(n_rows, n_columns):
    n_found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n_rows, n_columns))
        y = rng.integers(3, size=n_rows) if seed % 2 else rng.normal(size=n_rows)
        n_found += asked(X, y) is not None
    assert n_found <= 2


@pytest.mark.parametrize("numeric", [False, True])
@pytest.mark.parametrize("apart", [0, 1e-3, 0.1])
@pytest.mark.parametrize("way", ["bootstrap", "twice", "four times"])
def test_copies_of_rows_and_repeated_measurements_tell_nothing(numeric, apart, way):
    """They would tell each other all of targets that nothing tells."""
    n_found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X = np.column_stack([rng.normal(size=(100, 3)).round(1), rng.integers(3, size=100)])
        y = rng.normal(size=100) if numeric else rng.integers(2, size=100)
        chosen = {
            "bootstrap": rng.integers(100, size=100),
            "twice": np.repeat(np.arange(50), 2),
            "four times": np.repeat(np.arange(25), 4),
        }[way]
        noise = apart * rng.normal(size=100) if numeric else 0
        found = asked(X[chosen] + apart * rng.normal(size=(100, 4)), y[chosen] + noise)
        n_found += found is not None
    assert n_found <= (4 if apart == 0.1 else 0)  # as far apart as some rows by chance


def test_rows_that_hold_copies():
    rng = np.random.default_rng(0)
    n_copied = 0
    for n_columns in (2, 3, 6, 20):
        rows = rng.normal(size=(100, n_columns))
        assert not hold_copies(rows) and not hold_copies(rows[:50])
        bent = rng.normal(size=(100, 2)) @ rng.normal(size=(2, n_columns)) + 0.1 * rows
        assert not hold_copies(bent)
        assert not hold_copies(rng.integers(3, size=(100, n_columns)).astype(float))
        few = np.concatenate([rows, rows[:3]])
        assert not hold_copies(few)
        for times in (2, 3, 4):
            copied = np.repeat(rows[: 100 // times], times, axis=0)
            assert hold_copies(copied)
            assert hold_copies(copied + 1e-3 * rng.normal(size=copied.shape))
            n_copied += hold_copies(copied + 0.1 * rng.normal(size=copied.shape))
    assert n_copied >= 9
    assert not hold_copies(np.repeat(rows[:3], 4, axis=0) + 1e-3 * rng.normal(size=(12, 20)))


def test_exact_copies_are_seen_in_few_rows_and_in_large_groups():
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=(100, 2)), rng.integers(2, size=(100, 3))])
    for n_rows, times in ((3, 2), (6, 2), (4, 3), (10, 10), (5, 20)):
        assert hold_copies(np.repeat(rows[:n_rows], times, axis=0))
        assert not hold_copies(rows[: n_rows * times])
    assert hold_copies(rows[rng.integers(100, size=100)])  # a bootstrap sample
    assert not hold_copies(np.concatenate([rows[:95], rows[:5]]))


@pytest.mark.parametrize("n_numbers", [1, 2, 4])
@pytest.mark.parametrize("n_levels", [2, 5, 8])
@pytest.mark.parametrize("n_rows", [50, 100])
def test_rows_of_one_level_are_no_copies(n_rows, n_levels, n_numbers):
    """Beside flags, which put rows of one level close together, numbers differ."""
    n_found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        flags = [np.eye(n_levels)[rng.integers(n_levels, size=n_rows)] for _ in range(2)]
        rows = np.hstack([*flags, rng.normal(size=(n_rows, n_numbers))])
        n_found += hold_copies((rows - rows.mean(axis=0)) / rows.std(axis=0))
    assert n_found <= 1


def test_votes_and_other_codes_have_no_copies():
    rng = np.random.default_rng(0)
    party = rng.integers(2, size=(100, 1))
    votes = np.where(rng.random((100, 16)) < 0.9, party, 1 - party).astype(float)
    assert len(np.unique(votes, axis=0)) < 90  # many vote alike
    assert not hold_copies(votes)


def test_lines_of_many_columns_make_next_to_no_neighbours():
    """Beside squares of thirty columns a line is hard to see."""
    n_found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(100, 30))
        line = X @ rng.normal(size=30)
        n_found += (
            asked(X, (line + 0.3 * line.std() * rng.normal(size=100) > 0).astype(int)) is not None
        )
    assert n_found <= 2


@pytest.mark.parametrize("n_columns", [4, 10, 30])
@pytest.mark.parametrize("n_rows", [20, 50, 100])
def test_rare_classes_far_targets_and_lines_make_next_to_no_neighbours(n_rows, n_columns):
    n_found = np.zeros(5)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n_rows, n_columns))
        line = X @ rng.normal(size=n_columns)
        far, rare = rng.normal(size=n_rows) / 100, np.zeros(n_rows, dtype=int)
        far[:2], rare[: max(1, n_rows // 20)] = (5, 4), 1
        noisy = (line + 0.3 * line.std() * rng.normal(size=n_rows) > 0).astype(int)
        top = (X[:, 0] + X[:, 1] > 1.8).astype(int)
        n_found += [asked(X, y) is not None for y in (line, far, rare, noisy, top)]
    assert (n_found <= [1, 1, 1, 4, 2]).all()


@pytest.mark.parametrize("y", [np.zeros(20, dtype=int), np.zeros(20), np.full(20, 3.5)])
def test_targets_that_are_all_alike(y):
    X = np.random.default_rng(0).normal(size=(20, 2))
    assert asked(X, y) is None


def test_at_most_128_rows_are_neighbours_and_few_are_none():
    X, targets = patterns(1_000)
    found = asked(X[:, :2], targets["chequerboard"])
    assert len(found.rows) == len(set(found.rows)) == len(found.cells) == 128
    assert_allclose(
        found.cells,
        found.weights * (X[found.rows][:, :2] - found.statistics.center) / found.statistics.scale,
    )
    for n_rows in (1, 2, 6):
        assert asked(X[:n_rows, :2], targets["chequerboard"][:n_rows]) is None
