"""What rows of the same level tell: brute force, and what it must not depend on."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from skmeta import InContextClassifier, InContextRegressor
from skmeta.columns import standardised, support_statistics
from skmeta.levels import MANY_LEVELS, MOST_ROWS, Levels, are_crowded
from skmeta.relevance import RIDGES, known_of_rows


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def support(rng):
    """Cells of a category, one of them missing, and what rows know."""
    cells = rng.integers(6, size=20).astype(float)
    cells[4] = np.nan
    return cells, rng.normal(size=(20, 2))


def test_rows_of_a_level_tell_others(support):
    cells, known = support
    found = Levels.of(3, cells, known)
    new = np.array([1.0, 5.0, 4.0, 9.0, -1.0, np.nan])
    for level, told in zip(new[:3], found.told(new), strict=False):
        rows = cells == level
        assert rows.any()
        assert_allclose(told, known[rows].sum(axis=0) / (1 + rows.sum()))
    assert np.isnan(found.told(new)[3:]).all()
    cells[0] = 7  # without another row
    found = Levels.of(3, cells, known)
    for i, told in enumerate(found.told(cells, np.arange(20))):
        rows = (cells == cells[i]) & (np.arange(20) != i)
        expected = known[rows].sum(axis=0) / (1 + rows.sum()) if rows.any() else np.nan
        assert_allclose(told, np.broadcast_to(expected, 2), atol=1e-12)
    assert found.column == 3 and found.n_columns == 2


def test_a_row_is_not_told_what_it_knows(support):
    cells, known = support
    before = Levels.of(0, cells, known).told(cells, np.arange(20))
    known[7] += 100
    after = Levels.of(0, cells, known).told(cells, np.arange(20))
    assert_allclose(after[7], before[7])
    others = (cells == cells[7]) & (np.arange(20) != 7)
    assert others.any() and (np.abs(after - before)[others] > 1).all()


def test_so_many_rows_of_a_support_tell(rng):
    cells = rng.integers(300, size=MOST_ROWS + 500).astype(float)
    known = rng.normal(size=(len(cells), 1))
    found, first = Levels.of(0, cells, known), slice(MOST_ROWS)
    fewer = Levels.of(0, cells[first], known[first])
    own = np.arange(len(cells))
    assert_array_equal(found.told(cells[first], own[first]), fewer.told(cells[first], own[first]))
    later = slice(MOST_ROWS, None)  # told as new ones are
    assert_array_equal(found.told(cells[later], own[later]), fewer.told(cells[later]))


def test_crowded_categories(rng):
    def category(n_levels, n_rows):
        return np.arange(n_rows) % n_levels * 1.0

    assert are_crowded(category(MANY_LEVELS + 1, 5 * (MANY_LEVELS + 1) - 1))
    assert not are_crowded(category(MANY_LEVELS + 1, 5 * (MANY_LEVELS + 1)))
    assert not are_crowded(category(MANY_LEVELS, 20))
    assert are_crowded(np.append(category(20, 99), [np.nan] * 50))


@pytest.mark.parametrize("kind", ["numbers", "two classes", "classes"])
def test_what_rows_know_is_what_ridge_regression_on_others_misses(kind, rng):
    X = rng.normal(size=(30, 3))
    y = X[:, 0] + rng.normal(size=30)
    targets = {"numbers": y, "two classes": y > 0, "classes": np.digitize(y, [-1, 1])}[kind]
    z = (y[:, None] - y.mean()) / y.std()
    if kind != "numbers":
        z = (targets[:, None] == np.unique(targets)).astype(float)
        z = (z - z.mean(axis=0))[:, 1 if kind == "two classes" else 0 :]
    cells = (X - X.mean(axis=0)) / X.std(axis=0)
    tries = []
    for ridge in RIDGES:
        missed = np.empty_like(z)
        for i in range(30):
            others = np.arange(30) != i
            missed[i] = z[i] - Ridge(alpha=ridge).fit(cells[others], z[others]).predict(cells[[i]])
        tries.append(missed)
    best = min(tries, key=lambda missed: np.square(missed).sum())
    found = known_of_rows(standardised(X, support_statistics(X)), targets)
    k = z.shape[1]
    assert_allclose(found[:, :k], best - best.mean(axis=0), atol=1e-2)
    if kind == "numbers":
        assert_allclose(found[:, k:], z, atol=1e-9)
    assert found.shape == (30, 2 * k if kind == "numbers" else k)


def shops(rng, n_levels, n_rows=400, noise=0.5):
    """A frame, what it says of numbers, and how much each row's level adds to it."""
    X = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=list("abc"))
    codes = rng.integers(n_levels, size=n_rows)
    y = X.to_numpy() @ [2.0, 1, 1] + noise * rng.normal(size=n_rows)
    return X.assign(shop=[f"s{code}" for code in codes]), y, rng.normal(size=n_levels)[codes]


@pytest.mark.parametrize("n_levels", [30, 150])
def test_a_category_that_tells_nothing_does_little_harm(n_levels, rng):
    X, y, _ = shops(rng, n_levels)
    first, later = slice(80), slice(80, None)
    for estimator, targets in ((InContextRegressor, y), (InContextClassifier, y > 0)):
        scores = [
            estimator(random_state=0).fit(Z[first], targets[first]).score(Z[later], targets[later])
            for Z in (X, X.drop(columns="shop"))
        ]
        assert scores[1] > 0.85 and scores[0] > scores[1] - 0.02


def test_a_category_of_many_levels_tells(rng):
    X, y, added = shops(rng, 30)
    y = y + 4 * added
    first, later = slice(100), slice(100, None)
    scores = [
        InContextRegressor(random_state=0).fit(Z[first], y[first]).score(Z[later], y[later])
        for Z in (X, X.drop(columns="shop"))
    ]
    assert scores[0] > scores[1] + 0.3
    layout = InContextRegressor(random_state=0).fit(X[first], y[first])._rows.layout
    assert [levels.column for levels in layout.levels] == [3] and len(layout.flags[3]) == 0
    assert layout.weights[3] > layout.weights[2] / 2  # what is missed without the level


def test_levels_of_a_stream_are_those_of_one_call(rng):
    X, y, added = shops(rng, 30, 90)
    whole, stream = (InContextRegressor(n_members=1) for _ in range(2))
    whole.partial_fit(X, y + added)
    for first in range(0, 90, 15):
        rows = slice(first, first + 15)
        stream.partial_fit(X[rows], (y + added)[rows])
    assert whole._rows.layout.levels
    assert_allclose(stream.predict(X), whole.predict(X), atol=1e-5)


def test_nothing_but_a_crowded_category(rng):
    X, _, added = shops(rng, 30, 200)
    shop = X[["shop"]]
    reg = InContextRegressor(random_state=0).fit(shop[:100], added[:100])
    assert reg.score(shop[100:], added[100:]) > 0.5
    mean, std = reg.predict(pd.DataFrame({"shop": ["new", None]}), return_std=True)
    assert_allclose(mean, np.mean(added[:100]), atol=0.5)
    assert (std > 2 * reg.predict(shop[:1], return_std=True)[1]).all()


def test_names_of_rows_are_silent(rng):
    X, y, _ = shops(rng, 30, 40)
    X["shop"] = [f"s{i}" for i in range(40)]
    with pytest.warns(UserWarning, match="40 levels in 40 rows"):
        named = InContextRegressor(n_members=1).fit(X, y)
    plain = InContextRegressor(n_members=1).fit(X.drop(columns="shop"), y)
    silent = named._rows.layout
    assert np.isinf(silent.statistics.scale[3:]).all() and list(silent.seen()) == [0, 1, 2]
    # It is a column, of which the more there are the less each is taken to tell.
    assert_allclose(named.predict(X), plain.predict(X.drop(columns="shop")), atol=0.05)


def test_levels_take_places_that_there_are(rng):
    X, y, _ = shops(rng, 30, 60)
    wide = X.assign(**{f"n{i}": rng.normal(size=60) for i in range(95)})
    for n_numbers, n_fitting in ((95, 1), (96, 0)):
        table = wide.assign(**{f"m{i}": rng.normal(size=60) for i in range(n_numbers - 95)})
        layout = InContextRegressor(random_state=0).fit(table, y)._rows.layout
        assert len(layout.levels) == n_fitting
        assert len(layout.statistics.scale) <= 100
    many = InContextClassifier(random_state=0).fit(X, np.digitize(y, [-2, 0, 2]))._rows.layout
    assert many.levels[0].n_columns == 4
