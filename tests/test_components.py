"""Columns that are nearly copies of each other: what is found, and what stands in their place."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA

from skmeta import InContextClassifier, InContextRegressor
from skmeta.columns import support_statistics
from skmeta.components import FEWEST_COLUMNS, MOST_ROWS, TOGETHER, Components


def spectra(rng, n, n_columns=60, noise=0.02):
    """Three broad peaks over a base line, and the height of one of them."""
    place, centers = np.linspace(0, 1, n_columns), np.array([0.3, 0.5, 0.65])
    heights = rng.gamma(2.0, size=(n, 3))
    X = 3 * rng.normal(size=(n, 1)) + heights @ np.exp(
        -0.5 * np.square((place - centers[:, None]) / 0.1)
    )
    return X + noise * rng.normal(size=X.shape), heights[:, 1]


def components(X, columns=None):
    columns = np.arange(X.shape[1]) if columns is None else columns
    return Components.of(X, columns, support_statistics(X))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("n_rows", [20, 50, 200])
def test_components_are_those_above_noise(n_rows, rng):
    X, _ = spectra(rng, n_rows)
    found = components(X)
    assert_array_equal(found.columns, np.arange(60))
    assert found.basis.shape == (60, 4)  # three peaks and the base line
    standard = (X - found.statistics.center) / found.statistics.scale
    expected = PCA(4).fit(standard)
    assert_allclose(np.abs(found.basis.T @ expected.components_.T), np.eye(4), atol=1e-6)
    assert_allclose(found.scores(X), standard @ found.basis)
    assert found.scores(X[None]).shape == (1, n_rows, 4)
    holes = np.where(rng.random(X.shape) < 0.1, np.nan, X)
    assert_allclose(found.scores(np.full((1, 60), np.nan)), 0)
    assert np.corrcoef(found.scores(holes)[:, 0], found.scores(X)[:, 0])[0, 1] > 0.9


def test_no_order_of_columns_matters(rng):
    X, _ = spectra(rng, 40)
    order = rng.permutation(60)
    one, other = components(X), components(X[:, order])
    assert_allclose(np.abs(one.basis[order]), np.abs(other.basis), atol=1e-6)


def test_columns_beside_them_stay(rng):
    X, _ = spectra(rng, 40)
    beside = rng.normal(size=(40, 25))
    both = np.hstack([beside, X])
    assert_array_equal(components(both).columns, np.arange(25, 85))
    assert components(both, np.arange(25)) is None
    assert_array_equal(components(both, np.arange(50, 80)).columns, np.arange(50, 80))


def test_columns_are_compared_with_all(rng):
    X, _ = spectra(rng, 40, n_columns=30)
    many = np.hstack([X[:, ::2], rng.normal(size=(40, TOGETHER)), X[:, 1::2]])
    assert_array_equal(components(many).columns, [*range(15), *range(15 + TOGETHER, 30 + TOGETHER)])


def test_rows_by_lot_tell(rng):
    X, _ = spectra(rng, 2000, n_columns=30)
    X[MOST_ROWS:] = rng.normal(size=(1000, 30))  # as of a sorted table
    assert components(X) is None and components(X[:MOST_ROWS]) is not None


@pytest.mark.parametrize("wrong", ["a row of 999", "a row farther up", "rows of -999"])
def test_wrong_rows_make_no_copies(wrong, rng):
    X = rng.normal(size=(350, 30))
    y = X[:, :5].sum(axis=1)
    if wrong == "rows of -999":
        X[:50:10] = -999
    else:
        X[7] = 999 if "999" in wrong else X[7] + 100
    assert components(X[:50]) is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # -999 may stand for missing cells
        reg = InContextRegressor(random_state=0).fit(X[:50], y[:50])
    assert reg.score(X[50:], y[50:]) > 0.7


def test_wrong_cells_and_rows_far_out(rng):
    X, y = spectra(rng, 360)
    reg = InContextRegressor(random_state=0).fit(X[:60], y[:60])
    once = X[60:].copy()
    once[np.arange(300), rng.integers(60, size=300)] = 50
    assert reg.score(once, y[60:]) > 0.5
    with pytest.warns(UserWarning, match="Most cells of column 0, 1, 2, ... of X lie far beyond"):
        reg.predict(X[60:] + 1000)


def test_columns_with_long_tails_have_scores(rng):
    z = rng.normal(size=(380, 1))
    X, y = np.exp(3 * (z + 0.02 * rng.normal(size=(380, 25)))), z[:, 0]
    reg = InContextRegressor(random_state=0).fit(X[:80], y[:80])
    assert len(reg._rows.layout.curves) > 20 and reg._rows.layout.components is None
    assert reg.score(X[80:], y[80:]) > 0.95


def test_columns_stay_where_what_each_has_of_its_own_tells(rng):
    size = rng.normal(size=(400, 1))
    X = size + 0.1 * rng.normal(size=(400, 25))
    assert components(X[:100]) is not None
    y = 8 * (X[:, 3] - size[:, 0]) + 0.1 * rng.normal(size=400)
    reg = InContextRegressor(random_state=0).fit(X[:100], y[:100])
    assert reg._rows.layout.components is None and reg.score(X[100:], y[100:]) > 0.6
    assert InContextRegressor().fit(X[:100], size[:100, 0])._rows.layout.components is not None


def test_tables_without_nearly_equal_columns(rng):
    X, _ = spectra(rng, 40)
    beside = rng.normal(size=(40, 30))
    assert components(np.hstack([beside, X[:, : FEWEST_COLUMNS - 1]])) is None
    assert components(X[:, : FEWEST_COLUMNS - 1]) is None
    assert components(X[:2]) is None
    for n_rows in (3, 5, 10, 20, 50, 500):
        assert components(rng.normal(size=(n_rows, 60))) is None
        alike = 0.9 * rng.normal(size=(n_rows, 1)) + 0.5 * rng.normal(size=(n_rows, 60))
        assert n_rows < 20 or components(alike) is None
    # Each with a copy, but as many different ones.
    pairs = np.repeat(rng.normal(size=(50, 30)), 2, axis=1) + 0.05 * rng.normal(size=(50, 60))
    assert components(pairs) is None
    same = np.repeat(rng.normal(size=(50, 1)), 30, axis=1)
    assert components(same).basis.shape == (30, 1)


@pytest.mark.parametrize("kind", ["numbers", "classes"])
@pytest.mark.parametrize("n_columns", [60, 400])
def test_spectra_are_read_by_their_components(kind, n_columns, rng):
    X, y = spectra(rng, 360, n_columns)
    targets = y if kind == "numbers" else y > np.median(y)
    estimator = InContextRegressor if kind == "numbers" else InContextClassifier
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # 400 columns are no more than their components
        est = estimator(random_state=0).fit(X[:60], targets[:60])
        assert est.score(X[60:], targets[60:]) > 0.9
        est.partial_fit(X[60:80], targets[60:80])
    layout = est._rows.layout
    assert np.isinf(layout.statistics.scale[:n_columns]).all()
    assert layout.seen().min() == n_columns  # their components come first
    assert layout.n_columns == 4 and est.n_members_ == 2
    again = pickle.loads(pickle.dumps(est))
    assert_array_equal(again.predict(X[80:]), est.predict(X[80:]))


def test_a_frame_with_spectra_and_other_columns(rng):
    X, y = spectra(rng, 360)
    frame = pd.DataFrame(X, columns=[f"nm{i}" for i in range(60)])
    frame.insert(30, "site", rng.choice(["a", "b", "c"], 360))
    frame["depth"] = rng.normal(size=360)
    y = y + (frame["site"] == "b") + frame["depth"]
    reg = InContextRegressor(random_state=0).fit(frame[:80], y[:80])
    assert reg.score(frame[80:], y[80:]) > 0.9
    layout = reg._rows.layout
    assert_array_equal(np.flatnonzero(np.isinf(layout.statistics.scale)), np.arange(60))
    assert layout.n_columns == 4 + 2
    stream, whole = (InContextRegressor(n_members=1) for _ in range(2))
    whole.partial_fit(frame[:60], y[:60])
    for first in range(0, 60, 20):
        rows = slice(first, first + 20)
        stream.partial_fit(frame[rows], y[rows])
    assert_allclose(stream.predict(frame[60:]), whole.predict(frame[60:]), atol=1e-5)
