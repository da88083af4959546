import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.feature_selection import f_classif, r_regression
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from skmeta.columns import column_statistics, standardised, support_statistics
from skmeta.relevance import (
    BELIEF,
    CHANCE,
    MOST_ASKED,
    MOST_PAIRS,
    _directions,
    _least_left_out_r2,
    _left,
    _r2_of_products,
    column_weights,
    telling_gaps,
    telling_pairs,
    telling_scores,
)

NAN = np.nan


def weights_of(told, X):
    """Weights from a function that tells adjusted R2 of columns."""
    by_cell, by_distance = told(X), told(np.abs(X - X.mean(axis=0)))
    assert (by_cell < 0).any() and (by_cell > 0.4).any()
    shown = np.maximum(np.maximum(by_cell, by_distance - CHANCE / len(X)), 0)
    return np.sqrt(shown + BELIEF / X.size)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_weights_of_columns_for_classes(n_classes):
    """Adjusted R2 out of the F test of scikit-learn: 1 - (MS within) / (MS total)."""
    rng = np.random.default_rng(0)
    X, y = rng.uniform(size=(40, 6)), rng.permutation(np.arange(40) % n_classes)
    X[:, :3] += 0.2 * y[:, None] * np.array([0.5, 1, 3])

    def told(X):
        return 1 - 1 / (1 + (f_classif(X, y)[0] - 1) * (n_classes - 1) / 39)

    weights = column_weights(X, column_statistics(X), y, 6)
    assert_allclose(weights, weights_of(told, X))
    gap = column_weights(X, column_statistics(X), 2 * y + 1, 6)  # labels that nobody has
    assert_allclose(gap, weights)


def test_weights_of_columns_for_numbers():
    rng = np.random.default_rng(1)
    X = rng.uniform(size=(30, 5))
    y = X @ [3, -1, 0.5, 0, 0]
    weights = column_weights(X, column_statistics(X), y, 5)
    assert_allclose(weights, weights_of(lambda X: 1 - (1 - r_regression(X, y) ** 2) * 29 / 28, X))
    assert_allclose(column_weights(X, column_statistics(X), 7 - 1e6 * y, 5), weights)
    X[::3, 0] = NAN  # as told as the mean
    filled = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    found = column_weights(X, column_statistics(X), y, 5)
    assert_allclose(found, column_weights(filled, column_statistics(filled), y, 5))


def test_a_column_may_tell_by_the_distance_from_its_mean():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    X[:, 2] = np.where(np.arange(100) % 2, 0.1, 0.3)  # whose distance is alike, but for rounding
    classes = (np.abs(X[:, 0]) > 0.7).astype(int)
    for targets in (classes, X[:, 0] ** 2):
        weights = column_weights(X, column_statistics(X), targets, 60)
        assert weights[0] > 4 * weights[1:].max()
    few = column_weights(X[:6], column_statistics(X[:6]), classes[:6], 3)
    assert_allclose(few[1], np.sqrt(BELIEF / 18))
    pairs = np.arange(100) // 2 % 2
    alone = X[:, [2]]
    weights = column_weights(alone, column_statistics(alone), pairs, 1)
    assert_allclose(weights, np.sqrt(BELIEF / 100))


def test_hundreds_of_rows_leave_no_column_more_silent():
    X = np.random.default_rng(0).normal(size=(100_000, 2))
    weights = column_weights(X, column_statistics(X), X[:, 0], 2)
    assert_allclose(weights, np.sqrt([1 + BELIEF / 256, BELIEF / 256]), rtol=1e-2)


def test_one_of_many_columns_is_taken_to_tell_less():
    X = np.random.default_rng(0).normal(size=(20, 3))
    few, many = (column_weights(X, column_statistics(X), X[:, 0], n) for n in (3, 60))
    assert_allclose(few**2 - many**2, BELIEF / 60 - BELIEF / 1200)


@pytest.mark.parametrize("size", [1e-170, 1e200])
def test_weights_for_very_large_and_very_small_numbers(size):
    X = np.random.default_rng(0).normal(size=(20, 3))
    weights, scaled = (
        column_weights(X, column_statistics(X), y, 3) for y in (X[:, 0], X[:, 0] * size)
    )
    assert_allclose(scaled, weights)


@pytest.mark.parametrize(
    "targets",
    [np.array([2, 0, 1, 3]), np.zeros(4, int), np.full(4, 0.5), np.full(4, 0.5, np.float32)],
)
def test_weights_are_alike_where_there_is_nothing_to_tell(targets):
    X = np.random.default_rng(0).normal(size=(4, 3))
    X[:, 2] = 1
    weights = column_weights(X, column_statistics(X), targets, 3)
    assert_allclose(weights, [np.sqrt(BELIEF / 12)] * 3)
    one = column_weights(X[:1], column_statistics(X[:1]), targets[:1], 3)
    assert_allclose(one, [np.sqrt(BELIEF / 3)] * 3)


def test_one_wrong_target_does_not_say_which_columns_matter():
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = X[:, 1].copy()
    y[5] = 1e6
    weights = column_weights(X, column_statistics(X), y, 3)
    assert weights[1] > 1.3 * weights[[0, 2]].max()


def pairs_of(X, targets):
    return [tuple(pair) for pair in telling_pairs(X, column_statistics(X), targets).tolist()]


@pytest.mark.parametrize("n_columns", [2, 8, 30])
def test_pairs_that_tell_something_only_together(n_columns):
    X = np.random.default_rng(0).normal(size=(100, n_columns))
    product = X[:, 0] * X[:, -1]
    for targets in (product, product > 0, np.digitize(product, [-0.5, 0.5]), 5 - 1e-9 * product):
        assert pairs_of(X, targets) == [(0, n_columns - 1)]
    assert pairs_of(X, product + X[:, 0] - np.abs(X[:, -1])) == [(0, n_columns - 1)]
    assert pairs_of(X[:8], product[:8]) == []  # so few rows tell nothing


def test_pairs_that_tell_most_come_first_and_what_they_leave_tells_of_the_next():
    X = np.random.default_rng(0).normal(size=(800, 2 * MOST_PAIRS + 2))
    products = X[:, ::2] * X[:, 1::2]
    size = np.arange(1, MOST_PAIRS + 2)
    in_order = [(2 * i, 2 * i + 1) for i in reversed(range(1, MOST_PAIRS + 1))]
    assert pairs_of(X, products @ size) == in_order  # but for the least
    assert pairs_of(X[:50, :10], products[:50, :2] @ [1, 1]) in ([(0, 1), (2, 3)], [(2, 3), (0, 1)])
    assert pairs_of(X[:100, :10], products[:100, 2]) == [(4, 5)]  # of which nothing is left


def test_copies_of_columns_make_no_pairs_beside_them():
    X = np.random.default_rng(0).normal(size=(100, 8))
    X[:, 5:] = X[:, [0, 1, 0]] + 0.1 * X[:, 5:]
    assert pairs_of(X, X[:, 0] * X[:, 1] + 0.5 * X[:, 3] * X[:, 4]) == [(0, 1), (3, 4)]


def test_weak_products_beside_strong_columns_are_found():
    X = np.random.default_rng(0).normal(size=(300, 5))
    assert pairs_of(X, 20 * X[:, 0] + X[:, 1] * X[:, 2]) == [(1, 2)]
    products = X[:, [0, 2]] * X[:, [1, 3]]
    assert pairs_of(X, products @ [5, 0.4]) == [(0, 1), (2, 3)]


def test_ridge_leaves_no_pairs_of_a_column_that_is_their_product():
    Z = np.sign(np.random.default_rng(0).normal(size=(300, 4)))
    X = np.column_stack([Z, Z[:, 0] * Z[:, 1]])  # the product is there
    assert pairs_of(X, X[:, 4] > 0) == []
    assert pairs_of(X[:, :4], X[:, 4] > 0) == [(0, 1)]


def test_what_columns_tell_alone_makes_no_pair():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 5))
    X[:, 1] += 2 * X[:, 0]
    for alone in (X[:, 0] + X[:, 2], np.abs(X[:, 0]), X[:, 0] ** 2, np.exp(X[:, 0]) - X[:, 3]):
        assert pairs_of(X, alone) == []
        assert pairs_of(X, alone > np.median(alone)) == []


@pytest.mark.parametrize("n_rows, n_columns", [(20, 3), (50, 20), (100, 60)])
def test_noise_makes_next_to_no_pairs(n_rows, n_columns):
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(40):
        X = np.exp(rng.normal(size=(n_rows, n_columns)))  # with long tails
        found += len(pairs_of(X, rng.standard_t(3, n_rows))) > 0
        found += len(pairs_of(X, rng.integers(3, size=n_rows))) > 0
    assert found <= 4  # of 80


def test_of_rows_alike_in_a_product_the_first_is_left_out():
    """Whatever rounding says: flags that meet in five rows, of which one is far off."""
    rng = np.random.default_rng(0)
    first, second = (rng.random((2, 40)) < 0.4).astype(float)
    left = np.where(first * second, 1.0, 0.1 * rng.normal(size=40))
    rows = np.flatnonzero(first * second)
    assert len(rows) > 3
    left[rows[0]] = -3
    pair = np.column_stack([first, second])
    scaled = pair * [1.1, 0.7] + [0.3, 0.1]
    told = [_least_left_out_r2(cells[..., None], left[:, None])[0] for cells in (pair, scaled)]
    without = np.delete(left, rows[0])[:, None]
    assert_allclose(told[0], told[1])
    assert told[0] < _least_left_out_r2(np.delete(pair, rows[0], axis=0)[..., None], without)[0]


def test_one_row_makes_no_pair():
    """It is told by its own product alone, and not by those of the other rows."""
    rng = np.random.default_rng(0)
    first, second, left = rng.normal(size=(3, 50))
    first[8], second[8], left[8] = 4, 4, 5
    left = (left - left.mean()) / (left.std() * np.sqrt(50))
    assert np.corrcoef(first * second, left)[0, 1] ** 2 > 0.2
    assert _least_left_out_r2(np.column_stack([first, second])[..., None], left[:, None]) < 0.1
    for n_up in (2, 5, 10, 15):  # flags that meet in one row
        X = np.column_stack([rng.normal(size=60), np.zeros((60, 2))])
        X[:n_up, 1] = X[n_up - 1 : 2 * n_up - 1, 2] = 1
        y = rng.normal(size=60)
        y[n_up - 1] = 6
        assert pairs_of(X, y) == []


def test_the_order_of_many_rows_does_not_matter():
    X = np.random.default_rng(0).normal(size=(3 * MOST_ASKED, 4))
    y = X[:, 1] * X[:, 3] > 0
    in_turn = np.stack([np.flatnonzero(y)[:MOST_ASKED], np.flatnonzero(~y)[:MOST_ASKED]], 1).ravel()
    assert (y[in_turn] == np.tile([True, False], MOST_ASKED)).all()
    assert pairs_of(X[in_turn], y[in_turn]) == [(1, 3)]


def test_a_product_has_to_tell_and_what_is_new_in_it():
    rng = np.random.default_rng(0)
    first, noise = rng.normal(size=(2, 200))
    X = np.column_stack([first, first + 0.1 * noise])
    cells = standardised(X, column_statistics(X))
    own, product = np.hstack([cells, cells**2]), cells.prod(axis=1)
    new = product - LinearRegression().fit(own, product).predict(own)
    left = _left(_directions(new), cells, cells[:, :0])
    assert _least_left_out_r2(cells[..., None], left) > 0.9
    assert _r2_of_products(cells, left)[0, 1] < 0.04
    assert pairs_of(X, new) == []  # chance: 0.044


def test_four_classes_leave_three_directions_and_one_leaves_none():
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 4
    cells = standardised(X, column_statistics(X))
    left = _left(_directions(y), cells, cells[:, :0])
    assert_allclose(left.T @ left, np.eye(3), atol=1e-12)
    assert_allclose(left.sum(axis=0), 0, atol=1e-12)
    for targets in (np.zeros(60), np.zeros(60, int)):
        assert _left(_directions(targets), cells, cells[:, :0]).shape == (60, 0)


def test_flags_of_one_category_make_no_pair():
    rng = np.random.default_rng(0)
    kinds = rng.integers(8, size=60)
    X = np.column_stack([np.eye(8)[kinds], rng.normal(size=60)])
    for targets in (rng.normal(size=8)[kinds], kinds % 3, kinds < 4):
        assert pairs_of(X, targets) == []


def test_missing_cells_columns_that_do_not_vary_and_many_rows():
    X = np.random.default_rng(0).normal(size=(MOST_ASKED + 100, 4))
    y = X[:, 1] * X[:, 3]
    X[::4, 1], X[:, 0] = NAN, 7
    assert pairs_of(X, y)[0] == (1, 3)
    assert pairs_of(X[:, [1]], y) == pairs_of(X[:1], y[:1]) == []
    assert pairs_of(X, np.zeros(len(X))) == pairs_of(X, np.zeros(len(X), int)) == []


def test_what_is_left_and_told_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    cells, targets = rng.normal(size=(40, 3)), rng.normal(size=40)
    left = _left(_directions(targets), cells, cells[:, :0])[:, 0]
    alone = np.hstack([cells, np.square(cells)])
    expected = targets - Ridge(alpha=alone.shape[1]).fit(alone, targets).predict(alone)
    assert_allclose(np.abs(left), np.abs(expected) / np.linalg.norm(expected))
    product = cells[:, [0]] * cells[:, [1]]
    less = _left(_directions(targets), cells, product)[:, 0]
    plain = np.hstack([alone, 1e4 * product])  # on which there is next to no ridge
    expected = targets - Ridge(alpha=alone.shape[1]).fit(plain, targets).predict(plain)
    assert_allclose(np.abs(less), np.abs(expected) / np.linalg.norm(expected), rtol=1e-4)
    together, columns = _r2_of_products(cells, left[:, None]), cells[:, [0, 2]] * cells[:, [1, 2]]
    for (i, j), column in zip([(0, 1), (2, 2)], columns.T, strict=True):
        assert_allclose(together[i, j], np.corrcoef(column, left)[0, 1] ** 2)
    for i, j in ((0, 1), (2, 0)):
        own, product = alone[:, [i, j, i + 3, j + 3]], cells[:, i] * cells[:, j]
        new = (product - LinearRegression().fit(own, product).predict(own))[:, None]
        rest, told = np.arange(40) != np.argmax(np.abs(new)), []
        for rows in (np.full(40, True), rest):
            guess = cross_val_predict(LinearRegression(), new[rows], left[rows], cv=LeaveOneOut())
            told.append(r2_score(left[rows], guess))
        assert_allclose(_least_left_out_r2(cells[:, [[i], [j]]], left[:, None]), min(told))


def test_long_tails_have_scores_where_these_tell_no_less():
    logs = np.random.default_rng(0).normal(size=(200, 4))
    X = np.exp(3 * logs)
    X[::5, 3], X[:, 2] = NAN, logs[:, 2]
    tailed = {0, 1, 3}

    def scored(targets):
        curves = telling_scores(X, support_statistics(X), targets)
        assert all(curve.shape[0] == 2 for curve in curves.values())
        return set(curves)

    assert scored(logs @ [1, 1, 1, 0]) == scored(logs[:, 0] > 0) == tailed
    assert scored(X[:, 0]) == tailed - {0}  # whose own cells tell more
    assert scored(np.zeros(200)) == scored(np.zeros(200, int)) == tailed
    assert telling_scores(logs, support_statistics(logs), logs[:, 0]) == {}


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_gaps_that_tell(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6))
    holes = rng.random((60, 6)) < 0.3
    holes[:, 4] = holes[:, 1]  # the same gaps once more
    holes[:, 0], holes[:, 5] = False, True
    X[holes] = NAN
    y = 2 * holes[:, 1] + holes[:, 3] + 0.3 * rng.normal(size=60)
    targets = y if kind == "numbers" else np.digitize(y, [0.5, 1.5])
    assert telling_gaps(X, targets, 10).tolist() == [1, 3]
    assert telling_gaps(X, targets, 1).tolist() == [1]
    assert len(telling_gaps(X[:, [0, 5]], targets, 10)) == 0
    by_chance = [len(telling_gaps(X, rng.permutation(targets), 10)) for _ in range(200)]
    assert np.mean(by_chance) < 0.05
