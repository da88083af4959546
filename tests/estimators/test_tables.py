"""Estimators whose learner reads tables: any width, scale and kind of column."""

import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone

from skmeta import InContextClassifier, InContextRegressor
from skmeta.columns import column_statistics, table_rows
from skmeta.sequences import encode_labels
from tests.reference.small import small_learner

PLACES = 4
CLASSES, NUMBERS = "least-squares-tables", "fast-weights-table-numbers"


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(2, 3, size=(30, 3))


@pytest.fixture
def y():
    return np.array(list("abc") * 10)


def classifier(**options):
    return InContextClassifier(small_learner(CLASSES), random_state=0, **options)


def regressor(**options):
    return InContextRegressor(small_learner(NUMBERS), random_state=0, **options)


@pytest.mark.parametrize("n_columns", [1, 2, 4])
def test_tables_of_any_width(n_columns, y):
    X = np.random.default_rng(1).normal(size=(30, n_columns))
    proba = classifier(n_members=3).fit(X, y).predict_proba(X)
    assert proba.shape == (30, 3)
    assert_allclose(proba.sum(axis=1), 1)
    assert proba.std(axis=0).min() > 1e-3


def test_training_equals_deployment(X, y):
    """What the learner says of row k when the rows before it have set the scale."""
    learner, k = small_learner(CLASSES), 20
    rows = table_rows(X, column_statistics(X[:k]), PLACES)
    labels = encode_labels(np.arange(30)[None] % 3, learner.spec)
    said = learner.rehearse(rows[None], labels)[0, k, 0]
    proba = classifier().fit(X[:k], y[:k]).predict_proba(X[k : k + 1])
    assert_allclose(proba[0], softmax(said), atol=1e-6)


def test_scale_and_origin_of_columns_do_not_matter(X, y):
    moved = X * np.array([1e-3, 50, 1e6]) + np.array([0, 1e3, -7])
    expected = classifier(n_members=3).fit(X, y).predict_proba(X)
    assert_allclose(classifier(n_members=3).fit(moved, y).predict_proba(moved), expected, atol=1e-5)


def test_answers_follow_the_scale_of_the_targets(X):
    y = np.random.default_rng(2).normal(size=30)
    mean, std = regressor(n_members=2).fit(X, y).predict(X, return_std=True)
    reg = regressor(n_members=2).fit(X, 1e4 * y - 3e5)
    other_mean, other_std = reg.predict(X, return_std=True)
    assert_allclose(other_mean, 1e4 * mean - 3e5, rtol=1e-5)
    assert_allclose(other_std, 1e4 * std, rtol=1e-4)
    assert std.min() > 0


def test_members_see_columns_in_orders_of_their_own(X, y):
    clf = classifier(n_members=5).fit(X, y)
    assert_array_equal(clf.rows_.orders[0], [0, 1, 2])
    assert_array_equal(np.sort(clf.rows_.orders, axis=1), np.tile([0, 1, 2], (5, 1)))
    assert len(np.unique(clf.rows_.orders, axis=0)) > 1


def test_more_columns_than_places_work_with_one_warning(y):
    X = np.random.default_rng(0).normal(size=(30, 9))
    with pytest.warns(UserWarning, match="9 columns, the learner has places for 4") as caught:
        clf = classifier(n_members=6).fit(X, y)
    assert len(caught) == 1
    assert clf.rows_.orders.shape == (6, PLACES)
    assert len(np.unique(clf.rows_.orders)) > 6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        proba = clf.predict_proba(X)
        clf.partial_fit(X[:2], y[:2])
    with pytest.warns(UserWarning, match="places for 4"):
        assert_array_equal(clone(clf).fit(X, y).predict_proba(X), proba)


def test_missing_cells_constant_columns_and_columns_without_a_cell(X, y):
    X[::3, 1] = np.nan
    X = np.column_stack([X, np.full(30, 7.0)])
    X[:, 2] = np.nan
    clf = classifier(n_members=2).fit(X, y)
    proba = clf.predict_proba(X)
    assert np.isfinite(proba).all()
    X[0, 1] = X[1, 1]
    assert np.abs(clf.predict_proba(X)[0] - proba[0]).max() > 1e-5  # missing is not like known
    with pytest.raises(ValueError, match=r"NaN|missing"):
        InContextClassifier(small_learner("lstm-classes")).fit(X, y)


def test_infinite_cells_are_refused(X, y):
    X[3, 1] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        classifier().fit(X, y)
    with pytest.raises(ValueError, match="infinity"):
        classifier().fit(X[4:], y[4:]).predict(X)


def frame(n=30):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "town": rng.choice(["Linz", "Graz", None], n),
            "grade": pd.Categorical(rng.choice(["low", "high"], n), ["low", "high"]),
            "count": pd.array(rng.integers(0, 9, n), dtype="Int64"),
        }
    )


def test_frames_with_text_categories_and_missing_values(y):
    table = frame()
    table.loc[3, "count"] = pd.NA
    clf = classifier(n_members=2).fit(table, y)
    assert list(clf.feature_names_in_) == list(table.columns)
    proba = clf.predict_proba(table)
    assert proba.std(axis=0).min() > 1e-3
    other = table.assign(town=table["town"].map({"Linz": "Graz", "Graz": "Linz"}))
    assert np.abs(clf.predict_proba(other) - proba).max() > 1e-3

    unseen, missing = (table.assign(town=value) for value in ("Wien", None))
    assert_array_equal(clf.predict_proba(unseen), clf.predict_proba(missing))
    clf.partial_fit(unseen[:3], y[:3])
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(table.rename(columns={"town": "city"}))
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(table[["size", "town"]])


def test_reading_on_keeps_the_first_scale(X, y):
    clf, other = (classifier(n_members=2).fit(X[:10], y[:10]) for _ in range(2))
    statistics = clf.rows_.statistics
    clf.partial_fit(X[10:], y[10:])
    for i in range(10, 30):
        other.partial_fit(X[i : i + 1], y[i : i + 1])
    assert_array_equal(clf.rows_.statistics.scale, statistics.scale)
    assert_allclose(other.predict_proba(X), clf.predict_proba(X), atol=1e-6)

    reg, one = (regressor().fit(X[:10], X[:10, 0]) for _ in range(2))
    reg.partial_fit(X[10:], X[10:, 0])
    for i in range(10, 30):
        one.partial_fit(X[i : i + 1], X[i : i + 1, 0])
    assert_array_equal(reg.target_scale_.scale, X[:10, 0].std(keepdims=True))
    assert_allclose(one.predict(X), reg.predict(X), rtol=1e-5)


def test_a_first_partial_fit_of_one_row(X, y):
    clf = classifier(n_members=2)
    clf.partial_fit(X[:1], y[:1], classes=["a", "b", "c"]).partial_fit(X[1:], y[1:])
    assert np.isfinite(clf.predict_proba(X)).all()
    reg = regressor().partial_fit(X[:1], X[:1, 0]).partial_fit(X[1:], X[1:, 0])
    assert np.isfinite(reg.predict(X)).all()


def test_saved_and_loaded(X, y, tmp_path):
    clf = classifier(n_members=2).fit(frame(), y)
    joblib.dump(clf, tmp_path / "clf")
    assert_array_equal(
        joblib.load(tmp_path / "clf").predict_proba(frame()), clf.predict_proba(frame())
    )


def test_engines_agree(X, y):
    proba = classifier(n_members=2).fit(X, y).predict_proba(X)
    keras = classifier(n_members=2, engine="keras").fit(X, y).predict_proba(X)
    assert_allclose(keras, proba, atol=1e-5)


def test_tags_tell_whether_missing_cells_are_read():
    assert classifier().__sklearn_tags__().input_tags.allow_nan
    assert not InContextClassifier("mann-omniglot").__sklearn_tags__().input_tags.allow_nan
    assert not InContextClassifier("no such learner").__sklearn_tags__().input_tags.allow_nan
