"""What rows of the same level tell: brute force, and what it must not depend on."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from skmeta import InContextClassifier, InContextRegressor
from skmeta.columns import standardised, support_statistics
from skmeta.levels import MANY_LEVELS, Levels, are_crowded
from skmeta.relevance import RIDGES, known_of_rows, telling_levels
from skmeta.second_opinion import SecondOpinion


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def support(rng):
    """Cells of a category, one of them missing, and what rows know."""
    cells = rng.integers(6, size=20).astype(float)
    cells[4] = np.nan
    return cells, rng.normal(size=(20, 2))


def test_rows_of_a_level_tell_new_ones(support):
    cells, known = support
    found = Levels.of(3, cells, known)
    new = np.array([1.0, 5.0, 4.0, 9.0, -1.0, np.nan])
    for level, told in zip(new[:3], found.told(new), strict=False):
        rows = cells == level
        assert rows.any()
        assert_allclose(told, known[rows].sum(axis=0) / (1 + rows.sum()), rtol=1e-6)
    assert np.isnan(found.told(new)[3:]).all()
    assert found.column == 3 and found.n_columns == 2


def test_rows_of_other_folds_tell_those_of_the_support(support):
    cells, known = support
    cells[0] = 7  # without another row
    found = Levels.of(3, cells, known).told(cells, np.arange(20))
    assert np.isnan(found[[0, 4]]).all()
    # Who tells whom: what row j knows is changed, and row i is told something else.
    tells = np.zeros((20, 20), dtype=bool)
    for j in range(20):
        more = known.copy()
        more[j] += 1
        told = Levels.of(3, cells, more).told(cells, np.arange(20))
        tells[:, j] = (np.abs(told - found) > 1e-3).any(axis=1)
    alike = (cells[:, None] == cells) & ~np.eye(20, dtype=bool)
    assert not (tells & ~alike).any() and not tells.diagonal().any()
    assert_array_equal(tells, tells.T)
    assert 0.6 < tells.sum() / alike.sum() < 1 and tells[alike.any(axis=1)].any(axis=1).all()
    for i in np.flatnonzero(tells.any(axis=1)):
        rows = tells[i]
        assert_allclose(found[i], known[rows].sum(axis=0) / (1 + rows.sum()), rtol=1e-4, atol=1e-6)


def test_four_of_five_rows_tell_a_row(rng):
    known = np.zeros((100, 100))
    np.fill_diagonal(known, 1)
    tells = Levels.of(0, np.zeros(100), known).told(np.zeros(100), np.arange(100)) > 0
    assert_array_equal(tells.sum(axis=1), 80)


def test_rows_in_one_fold_tell_each_other(rng):
    cells, known = np.repeat(np.arange(60.0), 2), rng.normal(size=(120, 1))
    told = Levels.of(0, cells, known).told(cells, np.arange(120))
    assert_allclose(told.reshape(60, 2), known.reshape(60, 2)[:, ::-1] / 2, rtol=1e-6)


@pytest.mark.parametrize("missing", [np.arange(1000), np.arange(20) + 980])
def test_where_the_rows_of_a_support_lie_makes_no_difference(missing, rng):
    cells = np.sort(rng.integers(300, size=2000)).astype(float)
    cells[missing] = np.nan
    found = Levels.of(0, cells, rng.normal(size=(2000, 1)))
    assert_array_equal(found.levels, np.unique(cells[~np.isnan(cells)]))
    assert np.isnan(found.told(cells)).sum() == len(missing)
    none = Levels.of(0, np.full(5, np.nan), np.zeros((5, 1)))
    assert np.isnan(none.told(np.array([1.0, np.nan]))).all()


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_levels_that_tell_more_than_chance(kind, rng):
    cells = rng.integers(30, size=(100, 3)).astype(float)
    added = rng.normal(size=30)[cells[:, 1].astype(int)] + 0.5 * rng.normal(size=100)
    targets = added if kind == "numbers" else np.digitize(added, [-0.5, 0.5])
    known = known_of_rows(rng.normal(size=(100, 2)), targets)
    found = telling_levels(cells, [0, 1, 2], known)
    assert [levels.column for levels in found] == [1]
    targets = added if kind == "numbers" else targets > 0
    weak = np.where(rng.random(100) < 0.5, cells[:, 1], rng.integers(30, size=100))
    both = np.stack([weak, cells[:, 1]], axis=1)
    found = telling_levels(both, [0, 1], known_of_rows(rng.normal(size=(100, 2)), targets))
    assert found[0].column == 1  # the most telling first
    by_chance = [len(telling_levels(cells, [0, 1, 2], rng.permutation(known))) for _ in range(100)]
    assert np.mean(by_chance) < 0.3
    # One level among unique ones: what rows are told differs with what they know, and no more.
    remark = np.arange(100.0)
    remark[rng.random(100) < 0.6] = 200
    assert telling_levels(remark[:, None], [0], known) == []


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
    assert_allclose(found[:, :k], best - best.mean(axis=0), atol=2e-3)
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
    assert_allclose(named.predict(X), plain.predict(X.drop(columns="shop")), atol=1e-6)


def test_remarks_do_no_harm(rng):
    """One level in most rows, and others that are unique: rows must not be told of themselves."""
    X = pd.DataFrame(rng.normal(size=(340, 8)), columns=list("abcdefgh"))
    y = X.sum(axis=1).to_numpy() + 0.5 * rng.normal(size=340)
    plain = InContextRegressor(random_state=0).fit(X[:40], y[:40]).score(X[40:], y[40:])
    for i in range(6):
        X[f"remark {i}"] = [f"r{j}" if rng.random() < 0.4 else "none" for j in range(340)]
    assert (
        InContextRegressor(random_state=0).fit(X[:40], y[:40]).score(X[40:], y[40:]) > plain - 0.06
    )


def test_members_and_second_opinion_see_rows_as_others_tell_them(rng, monkeypatch):
    X, y, added = shops(rng, 30, 100)
    asked = []
    known = Levels.told
    monkeypatch.setattr(Levels, "told", lambda *a: asked.append(a[2:]) or known(*a))
    seen = []
    of = SecondOpinion.of
    monkeypatch.setattr(SecondOpinion, "of", lambda cells, *a: seen.append(cells) or of(cells, *a))
    reg = InContextRegressor(random_state=0).fit(X, y + 3 * added)
    layout = reg._rows.layout
    assert [levels.told_own for levels in layout.levels] == [None]  # it was read
    as_new = layout.compared(np.asarray(reg._rows.numbers(X, learnt=False)))
    differ = np.abs(np.sort(seen[-1], axis=0) - np.sort(as_new, axis=0)).max(axis=0) > 1e-6
    assert_array_equal(differ, [False] * 3 + [True] * 2)
    asked.clear()
    reg.predict(X)
    reg.partial_fit(X, y)
    assert asked and all(own == (None,) for own in asked)


def test_levels_take_places_that_there_are(rng):
    X, _, added = shops(rng, 15, 60)
    y = added + 0.1 * rng.normal(size=60)
    wide = X.assign(**{f"n{i}": rng.normal(size=60) for i in range(97)})
    for n_more, n_taken in ((95, 2), (96, 0), (97, 0)):
        table = wide[[*X, *(f"n{i}" for i in range(n_more))]]
        reg = InContextRegressor(random_state=0).fit(table, y)
        layout = reg._rows.layout
        assert sum(levels.n_columns for levels in layout.levels) == n_taken
        assert len(layout.seen()) <= 100 and reg.n_members_ == 2
    many = InContextClassifier(random_state=0).fit(X, np.digitize(added, [-1, 0, 1]))._rows.layout
    assert many.levels[0].n_columns == 4


def test_columns_and_places_are_counted(rng):
    """Gaps, levels and products take places, and are columns of the table."""
    X, _, added = shops(rng, 60, 200)
    missing = rng.random(200) < 0.4
    y = X["a"] * X["b"] * 4 + 4 * added + 6 * missing + 0.1 * rng.normal(size=200)
    X.loc[missing, "c"] = np.nan
    layouts = []
    for n_more in (0, 93, 94, 95, 96):
        table = X.assign(**{f"n{i}": rng.normal(size=200) for i in range(n_more)})
        reg = InContextRegressor(random_state=0).fit(table, y)
        layouts.append(reg._rows.layout)
        assert len(layouts[-1].seen()) <= 100 and reg.n_members_ == 2
    first = layouts[0]
    assert list(first.gaps) == [2] and len(first.levels) == 1 and len(first.pairs) == 1
    assert first.n_columns == 3 + 1 + 2
    assert not layouts[-1].levels and len(layouts[-1].gaps) == 0


def test_other_learners_have_flags(rng):
    X, y, _ = shops(rng, 13, 60)
    clf = InContextClassifier("lstm-tabular").fit(X, y > 0)
    assert not clf._rows.layout.levels and len(clf._rows.layout.flags[3]) == 13


def test_a_stream_goes_on_with_levels_of_its_first_rows(rng):
    X, y, added = shops(rng, 30, 300)
    stream = InContextRegressor(random_state=0)
    for first in range(0, 200, 50):
        rows = slice(first, first + 50)
        stream.partial_fit(X[rows], (y + 3 * added)[rows])
    assert stream._rows.layout.levels and stream._beginning is None
    assert stream.score(X[200:], (y + 3 * added)[200:]) > 0.8
