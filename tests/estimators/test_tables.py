"""Estimators whose learner reads tables: any width, scale and kind of column."""

import datetime
import pickle
import re
import sys
import warnings
from copy import deepcopy
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.special import softmax
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification, make_friedman1
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import ShuffleSplit, cross_val_score

from skmeta import InContextClassifier, InContextRegressor, load_learner, save_learner
from skmeta.columns import (
    MISSING,
    NO_COLUMN,
    TARGET_LIMIT,
    column_statistics,
    table_rows,
)
from skmeta.estimators import _layout
from skmeta.estimators._base import ROWS_OF_STREAM
from skmeta.estimators._table_rows import (
    MEMBERS_OF_FEW,
    ROWS_OF_DOUBT,
    USUAL_MEMBERS,
)
from skmeta.memory import least_squares
from skmeta.networks import Learner
from skmeta.relevance import column_weights
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


def weighted(name):
    small = small_learner(name)
    spec = replace(small.spec, weighted=True)
    return Learner(replace(small.network, spec=spec), small.weights)


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
    proba = classifier(n_members=1).fit(X[:k], y[:k]).predict_proba(X[k : k + 1])
    rows_of_label = k / 3
    temperature = rows_of_label / (rows_of_label + ROWS_OF_DOUBT)
    assert_allclose(proba[0], softmax(said / temperature), atol=1e-6)


def test_probabilities_are_sharpened_by_the_rows_of_a_class_so_far(X, y):
    clf, set_so = classifier(), classifier()
    # Not as long as a class has no row.
    for rows, count, temperature, n_members in (
        (np.flatnonzero(y[:8] != "c"), [3, 3, 0], 1.0, MEMBERS_OF_FEW),
        (slice(6, 9), [4, 4, 1], 3 / (3 + ROWS_OF_DOUBT), MEMBERS_OF_FEW),
        (slice(9, 30), [11, 11, 8], 10 / (10 + ROWS_OF_DOUBT), USUAL_MEMBERS),
    ):
        for estimator in (clf, set_so):
            estimator.partial_fit(X[rows], y[rows], classes=np.unique(y))
        assert_array_equal(clf.class_count_, count)
        assert clf.temperature_ == temperature and clf.n_members_ == n_members
        set_so.set_params(temperature=temperature)
        assert_array_equal(clf.predict_proba(X), set_so.predict_proba(X))
    clf.fit(X, y)
    assert_array_equal(clf.class_count_, [10, 10, 10])
    labels = np.arange(30)  # more than the learner has
    with pytest.warns(UserWarning, match="There are 30 classes"):
        clf = classifier().fit(X, labels)
    as_asked = classifier(temperature=10 / (10 + ROWS_OF_DOUBT)).fit(X, labels)
    assert_array_equal(clf.predict_proba(X), as_asked.predict_proba(X))


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_the_first_support_weighs_columns_where_the_learner_is_told(kind):
    name = CLASSES if kind == "classification" else NUMBERS
    small, learner = small_learner(name), weighted(name)
    rng = np.random.default_rng(3)
    X, number = rng.normal(size=(60, 3)), np.arange(60) % 3
    X[:, 1] += 4 * number
    X[7, 0] = np.nan
    y = np.array(list("cba"))[number] if kind == "classification" else number.astype(float)
    kind_of = InContextClassifier if kind == "classification" else InContextRegressor
    est = kind_of(learner, n_members=2, random_state=0).fit(X[:30], y[:30])
    weights = column_weights(X[:30], column_statistics(X[:30]), 2 - number[:30], 3)
    if kind == "regression":
        weights = column_weights(X[:30], column_statistics(X[:30]), y[:30], 3)
    assert_allclose(est._rows.layout.weights, weights)
    shown = est._rows.shown(X[None, :30], learner.spec)
    for rows, order in zip(shown, est._rows.orders, strict=True):
        missing = np.isnan(X[:30, order])
        expected = 1 - weights[order] / weights.max() + missing
        assert_allclose(rows[:, PLACES : PLACES + 3], expected, atol=1e-6)
        assert_array_equal(rows[:, PLACES + 3 :], NO_COLUMN)
    est.partial_fit(X[30:, ::-1], y[30:])
    assert_allclose(est._rows.layout.weights, weights)
    plain = kind_of(small, n_members=2, random_state=0).fit(X[:30], y[:30])
    marks = plain._rows.shown(X[None, :30], small.spec)[..., PLACES:]
    assert_array_equal(np.unique(marks), [NO_COLUMN, 0, MISSING])


@pytest.mark.parametrize("kind_of", [InContextClassifier, InContextRegressor])
def test_flags_and_columns_that_do_not_vary_make_no_table_wider(kind_of):
    learner = weighted(CLASSES if kind_of is InContextClassifier else NUMBERS)
    rng = np.random.default_rng(4)
    y = np.arange(30) % 2
    X = np.column_stack([np.arange(30) % 3, y + rng.normal(size=30), np.full(30, 7.0)])
    targets = y if kind_of is InContextClassifier else y.astype(float)
    expected = column_weights(X, column_statistics(X), targets, 2)
    codes = kind_of(learner, n_members=2, random_state=0).fit(X, y)._rows.layout
    assert list(codes.codes) == [0]
    assert_allclose(codes.weights[:3], expected)
    assert len(codes.weights) == 6
    named = kind_of(learner, categorical_features=[0], random_state=0).fit(X, y)._rows.layout
    assert list(named.flags) == [0]
    assert_allclose(named.weights, [*expected[1:], *codes.weights[3:]])


def test_long_codes_that_differ_by_rounding_are_a_column_that_varies():
    codes = 1e15 + np.arange(30) % 3
    X = np.column_stack([codes, np.arange(30.0), np.full(30, 7.0)])
    clf = InContextClassifier(categorical_features=[0], random_state=0).fit(X, np.arange(30) % 2)
    assert clf._rows.layout.n_columns == 2 and len(clf._rows.layout.flags[0]) == 3


def test_columns_are_weighed_beside_those_that_a_member_sees():
    X = np.random.default_rng(5).normal(size=(30, 3 * PLACES))
    y = np.arange(30) % 2
    with pytest.warns(UserWarning, match="each member sees"):
        est = InContextClassifier(weighted(CLASSES), random_state=0).fit(X, y)
    assert_allclose(est._rows.layout.weights, column_weights(X, column_statistics(X), y, PLACES))


@pytest.mark.parametrize("kind_of", [InContextClassifier, InContextRegressor])
@pytest.mark.parametrize("n_columns", [6, 20])
def test_two_columns_that_tell_only_together(kind_of, n_columns):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, n_columns))
    y = X[:, 0] * X[:, 1]
    if kind_of is InContextClassifier:
        y = y > 0
    est = kind_of(random_state=0).fit(X[:100], y[:100])
    assert est._rows.layout.pairs.tolist() == [[0, 1]]
    assert est.score(X[100:], y[100:]) > 0.85
    again = pickle.loads(pickle.dumps(est))
    assert_array_equal(again.predict(X[100:]), est.predict(X[100:]))
    few = X[:4].copy()
    few[1, 0] = few[2, 1] = np.nan
    products = est._rows.layout.laid_out(few)[:, n_columns]
    cells = (X[:100] - X[:100].mean(axis=0)) / X[:100].std(axis=0)
    assert_allclose(products[[0, 3]], cells[[0, 3], 0] * cells[[0, 3], 1], rtol=0.1)  # fenced
    assert_array_equal(np.isnan(products), [False, True, True, False])


def test_products_and_neighbours_stand_between_flags_of_categories_and_of_codes():
    rng = np.random.default_rng(0)
    kinds, codes = rng.integers(3, size=100), rng.integers(4, size=100)
    X = np.column_stack([rng.normal(size=100), kinds, codes, rng.normal(size=100)])
    y = (X[:, 0] * X[:, 3] > 0).astype(int)
    table = pd.DataFrame(X, columns=list("abcd")).astype({"b": int}).astype({"b": "category"})
    clf = InContextClassifier(n_members=2, random_state=0).fit(table, y)
    layout = clf._rows.layout
    assert list(layout.flags) == [1] and list(layout.codes) == [2]
    assert layout.pairs.tolist() == [[0, 2]]  # by the places of numbers, a c d
    laid_out = layout.laid_out(X)
    assert_array_equal(laid_out[:, :3], X[:, [0, 2, 3]])
    assert_array_equal(laid_out[:, 3:6], np.eye(3)[kinds])
    assert np.corrcoef(laid_out[:, 6], X[:, 0] * X[:, 3])[0, 1] > 0.99
    told = layout.neighbours.told(laid_out[:, :6])
    assert_array_equal(laid_out[:, 7:8], told)
    assert_array_equal(laid_out[:, 8:], np.eye(4)[codes])
    own = np.arange(100)
    assert_array_equal(
        layout.laid_out(X, own)[:, 7:8], layout.neighbours.told(laid_out[:, :6], own)
    )
    numbers, flags = map(np.sort, clf._rows.orders)
    assert_array_equal(numbers, range(8))
    assert_array_equal(flags, [0, *range(2, 12)])


def test_products_have_free_places_of_learners_that_are_told_weights():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, PLACES))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    for learner, n_columns, n_pairs in (
        (weighted(CLASSES), PLACES - 1, 1),
        (weighted(CLASSES), PLACES, 0),
        (small_learner(CLASSES), PLACES - 1, 0),
    ):
        clf = InContextClassifier(learner, random_state=0).fit(X[:, :n_columns], y)
        assert len(clf._rows.layout.pairs) == n_pairs
        assert max(map(len, clf._rows.orders)) == n_columns + n_pairs


@pytest.mark.parametrize("n_free", [0, 1, 2, 3])
def test_as_many_products_as_there_are_places_after_flags_of_codes(n_free):
    rng = np.random.default_rng(0)
    n_noise = 100 - 4 - (3 + 4) - n_free  # three flags more than columns for each column of codes
    X = np.column_stack([rng.normal(size=(300, 4)), rng.integers(4, size=(300, 2))])
    X = np.column_stack([X, rng.normal(size=(300, n_noise - 1))])
    y = X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3]
    layout = InContextRegressor(random_state=0).fit(X, y)._rows.layout
    n_pairs = min(n_free, 2)
    assert sorted(layout.codes) == [4, 5]
    assert len(layout.pairs) == n_pairs
    n_columns = X.shape[1] + n_pairs
    weights = column_weights(layout.laid_out(X), layout.statistics, y, n_columns)
    assert_allclose(layout.weights, weights)
    assert max(map(len, (layout.seen(), layout.seen([4, 5])))) <= 100


def fine_patterns(n_rows, seed=0):
    """A chequerboard of two columns, and the sign of a product of three."""
    X = np.random.default_rng(seed).uniform(-1, 1, size=(n_rows, 3))
    board = np.floor(1.5 * X[:, :2] + 0.5).sum(axis=1) % 2
    return X, board, (X.prod(axis=1) > 0).astype(float)


@pytest.mark.parametrize("kind_of", [InContextClassifier, InContextRegressor])
def test_fine_patterns_that_neighbours_tell(kind_of):
    X, board, signs = fine_patterns(500)
    classes = kind_of is InContextClassifier
    for cells, y, least in (
        (X[:, :2], board, 0.8 if classes else 0.4),
        (X, signs, 0.7 if classes else 0.15),
    ):
        est = kind_of(random_state=0).fit(cells[:100], y[:100])
        assert est._rows.layout.neighbours.n_columns == 1
        assert est.score(cells[100:], y[100:]) > least
        again = pickle.loads(pickle.dumps(est))
        assert_array_equal(again.predict(cells), est.predict(cells))
        one_by_one = np.concatenate([est.predict(row[None]) for row in cells[100:110]])
        assert_allclose(one_by_one, est.predict(cells[100:110]), rtol=1e-6)


@pytest.mark.parametrize("kind_of", [InContextClassifier, InContextRegressor])
def test_a_stream_has_the_neighbours_of_its_first_rows(kind_of):
    X, board, _ = fine_patterns(220)
    X, y = X[:, :2], board.astype(int)
    answers = "predict_proba" if kind_of is InContextClassifier else "predict"
    row_by_row = kind_of(n_members=1)
    asked = {"classes": [0, 1]} if kind_of is InContextClassifier else {}
    for i in range(90):
        row_by_row.partial_fit(X[[i]], y[[i]], **asked)
    whole = kind_of(n_members=1).fit(X[:90], y[:90])
    assert whole._rows.layout.neighbours is not None
    ask = lambda est: getattr(est, answers)(X)  # noqa: E731
    assert_allclose(ask(row_by_row), ask(whole), atol=1e-6)
    for i in range(90, 128):
        row_by_row.partial_fit(X[[i]], y[[i]])
    size = len(pickle.dumps(row_by_row._rows))
    at_once = pickle.loads(pickle.dumps(row_by_row)).partial_fit(X[128:], y[128:])
    for i in range(128, 220):
        row_by_row.partial_fit(X[[i]], y[[i]])
    assert_allclose(ask(row_by_row), ask(at_once), atol=1e-5)  # but for rounding
    assert len(row_by_row._rows.layout.neighbours.rows) == 128
    assert len(pickle.dumps(row_by_row._rows)) == size


@pytest.mark.parametrize("n_members", [1, 2])
def test_rows_of_the_support_are_told_by_the_others_and_later_ones_by_all(n_members, monkeypatch):
    X, board, _ = fine_patterns(110)
    clf = InContextClassifier(n_members=n_members, n_passes=2, random_state=0)
    shown, show = [], _layout.TableLayout.laid_out

    def laid_out(layout, X, own=None):
        shown.append((X, own))
        return show(layout, X, own)

    monkeypatch.setattr(_layout.TableLayout, "laid_out", laid_out)
    clf.fit(X[:100, :2], board[:100])
    layout = clf._rows.layout
    weights = column_weights(
        show(layout, X[:100, :2], np.arange(100)), layout.statistics, board[:100].astype(int), 3
    )
    assert_allclose(layout.weights, weights)
    for rows, own in shown:
        assert_array_equal(rows, X[own, :2])
    assert sum(own.ndim == 2 for _, own in shown) == 2  # passes
    shown.clear()
    clf.partial_fit(X[100:, :2], board[100:]).predict(X[:, :2])
    assert len(shown) > 1 and all(own is None for _, own in shown)


def test_neighbours_have_free_places_of_learners_that_are_told_weights():
    X, board, _ = fine_patterns(200)
    X = np.column_stack([X[:, :2], np.random.default_rng(0).normal(size=(200, PLACES))])
    for learner, n_columns, found in (
        (weighted(CLASSES), 3, True),
        (weighted(CLASSES), PLACES, False),
        (small_learner(CLASSES), 3, False),
    ):
        clf = InContextClassifier(learner, random_state=0).fit(X[:, :n_columns], board)
        assert (clf._rows.layout.neighbours is not None) == found
        assert max(map(len, clf._rows.orders)) == n_columns + found


def test_later_rows_have_the_products_of_the_first():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    y = X[:, 0] * X[:, 1]
    whole = InContextRegressor(n_members=1).fit(X[:100], y[:100]).partial_fit(X[100:], y[100:])
    parts = InContextRegressor(n_members=1).fit(X[:100], y[:100])
    for row in range(100, 200):
        parts.partial_fit(X[[row]], y[[row]])
    assert parts._rows.layout.pairs.tolist() == [[0, 1]]
    assert_allclose(parts.predict(X), whole.predict(X), atol=1e-6)


@pytest.mark.parametrize(
    ("estimator", "forest"),
    [
        (InContextClassifier(), RandomForestClassifier()),
        (InContextRegressor(), RandomForestRegressor()),
    ],
)
def test_fifty_columns_of_noise_harm_a_forest_more(estimator, forest):
    X, y = make_classification(600, 6, n_informative=6, n_redundant=0, random_state=0)
    X = np.hstack([np.random.default_rng(0).normal(size=(600, 50)), X])
    supports = [slice(first, first + 60) for first in range(0, 300, 60)]
    ours, theirs = (
        np.mean([model.fit(X[rows], y[rows]).score(X[300:], y[300:]) for rows in supports])
        for model in (clone(m).set_params(random_state=0) for m in (estimator, forest))
    )
    assert ours > theirs


def test_scale_and_origin_of_columns_do_not_matter(X, y):
    moved = X * np.array([1e-3, 50, 1e6]) + np.array([0, 1e9, -7])
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
    assert_array_equal(clf._rows.orders[0], [0, 1, 2])
    assert_array_equal(np.sort(clf._rows.orders, axis=1), np.tile([0, 1, 2], (5, 1)))
    assert len(np.unique(clf._rows.orders, axis=0)) > 1


def test_more_columns_than_places_work_with_one_warning(y):
    X = np.random.default_rng(0).normal(size=(30, 9))
    with pytest.warns(UserWarning, match="9 columns that vary, the learner has places") as caught:
        clf = classifier(n_members=6).fit(X, y)
    assert len(caught) == 1
    assert np.shape(clf._rows.orders) == (6, PLACES)
    for first in (0, 3):  # each three members see all nine columns
        assert_array_equal(np.unique(clf._rows.orders[first : first + 3]), np.arange(9))
    assert all(len(np.unique(order)) == PLACES for order in clf._rows.orders)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        proba = clf.predict_proba(X)
        clf.partial_fit(X[:2], y[:2])
    with pytest.warns(UserWarning, match="places for 4"):
        assert_array_equal(clone(clf).fit(X, y).predict_proba(X), proba)


@pytest.mark.parametrize("estimator", [InContextClassifier, InContextRegressor])
def test_tables_of_more_columns_than_places_have_more_members(estimator):
    X = np.random.default_rng(0).normal(size=(30, 101))
    y = (X[:, 0] > 0).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # there are places for all
        assert len(estimator(random_state=0).fit(X[:, :100], y)._rows.orders) == USUAL_MEMBERS
    with pytest.warns(UserWarning, match="the learner has places for 100"):
        wide = estimator(random_state=0).fit(X, y)
    assert len(wide._rows.orders) == 2 * USUAL_MEMBERS


def test_a_table_is_read_with_no_more_places_than_it_needs():
    X = np.random.default_rng(0).normal(size=(30, 13))
    clf = InContextClassifier(random_state=0).fit(X, X[:, 0] > 0)
    assert clf._runner().spec.n_columns == 20
    assert clf.learner_ is load_learner("tabular")
    assert len(pickle.dumps(clf)) < 300_000  # the learner goes by name


def test_columns_that_do_not_vary_within_the_support_are_left_out(X, y):
    wide = np.column_stack([np.full(30, 5.0), X, np.full(30, np.nan), np.zeros((30, 4))])
    clf = classifier(n_members=3).fit(wide, y)  # no warning: there are places for what is left
    assert_array_equal(np.sort(clf._rows.orders, axis=1), np.tile([1, 2, 3], (3, 1)))
    narrow = classifier(n_members=3).fit(X, y)
    wide[:, [0, -1]] = 8.0
    assert_array_equal(clf.predict_proba(wide), narrow.predict_proba(X))
    assert len(classifier().fit(wide, y)._rows.orders) == USUAL_MEMBERS


def test_a_column_of_one_value_or_none_is_read():
    y = np.arange(60) % 2
    X = np.column_stack([np.where(y, 1.0, np.nan), np.random.default_rng(0).normal(size=60)])
    clf = InContextClassifier(random_state=0).fit(X[:40], y[:40])
    assert clf.score(X[40:], y[40:]) > 0.8


def test_a_stream_that_begins_with_one_row_is_read():
    X, y = load_iris(return_X_y=True)
    X, rows = (X - X.mean(axis=0)) / X.std(axis=0), np.random.default_rng(0).permutation(len(y))
    clf, reg = InContextClassifier(random_state=0), InContextRegressor(random_state=0)
    for row in rows[:60]:
        clf.partial_fit(X[[row]], y[[row]], classes=[0, 1, 2])
        reg.partial_fit(X[[row]][:, 1:], X[[row], 0])
    assert clf.score(X[rows[60:]], y[rows[60:]]) > 0.93
    assert reg.score(X[rows[60:], 1:], X[rows[60:], 0]) > 0.75


def table_of_a_stream(n=30):
    """What single rows hardly tell: levels, whether text is numbers, dates, missing cells."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=n).round(3),
            "town": rng.choice(["Graz", "Linz", "Wien"], n),
            "code": [str(i) if i < 2 else rng.choice(["7", "x", "y"]) for i in range(n)],
            "day": rng.permutation(pd.date_range("2026-01-01", periods=n)),
            "kind": pd.Categorical(rng.choice(list("uvw"), n)),
            "gap": [None, None, *rng.normal(size=n - 2).round(3)],
        }
    )


def read_in(parts, X, y):
    """Streams of classes and of numbers that read rows in parts of such sizes."""
    clf, reg = classifier(n_members=2), regressor()
    for end, n in zip(np.cumsum(parts), parts, strict=True):
        clf.partial_fit(X[end - n : end], y[end - n : end], classes=["a", "b", "c"])
        reg.partial_fit(X[end - n : end], end - 1.0 * np.arange(n)[::-1])
    return clf, reg


@pytest.mark.parametrize("kind", ["array", "frame", "polars", "array after frame"])
@pytest.mark.parametrize("parts", [(1,) * 25, (3, 4, 18), (1, 24), (9, 1, 15)])
@pytest.mark.filterwarnings("ignore:X has . columns that vary:UserWarning")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
@pytest.mark.filterwarnings("ignore:.*targets lie more than:UserWarning")
@pytest.mark.filterwarnings("ignore:.*lie far beyond:UserWarning")
@pytest.mark.filterwarnings("error")
def test_the_first_rows_of_a_stream_scale_it_however_they_come(kind, parts, X, y, monkeypatch):
    monkeypatch.setattr("skmeta.estimators._base.ROWS_OF_STREAM", 10)
    if kind == "polars":
        X = pytest.importorskip("polars", reason="frames of polars need polars").DataFrame(
            table_of_a_stream().to_dict("list")
        )
    elif kind != "array":
        X = table_of_a_stream()
    expected = read_in((10, 15), X, y)
    if kind == "array after frame":  # the first part is a frame, the others are not
        queries, n = X, parts[0]
        found = classifier(n_members=2), regressor()
        found[0].partial_fit(X[:n], y[:n], classes=["a", "b", "c"])
        found[1].partial_fit(X[:n], np.arange(1.0, n + 1))
        for end, n in zip(np.cumsum(parts)[1:], parts[1:], strict=True):
            cells = X.astype({"kind": object}).to_numpy()[end - n : end]
            found[0].partial_fit(cells, y[end - n : end])
            found[1].partial_fit(cells, np.arange(end - n + 1.0, end + 1))
    else:
        queries, found = X, read_in(parts, X, y)
    for stream, other in zip(found, expected, strict=True):
        at_once = stream.predict_proba if hasattr(stream, "classes_") else stream.predict
        as_before = other.predict_proba if hasattr(other, "classes_") else other.predict
        assert_allclose(at_once(queries), as_before(queries), atol=1e-6, rtol=1e-6)
        assert stream._beginning is None  # no row is kept


def hard_table(kind, n_rows):
    """Columns that are laid out by what all rows say, and classes that they tell."""
    z = np.random.default_rng(0).normal(size=(n_rows, 4))
    X, y = z.copy(), (z[:, 0] + z[:, 1] > 0).astype(int)
    if kind == "long tails":
        X[:, :2] = np.exp(3 * z[:, :2])
    elif kind == "a pair":
        y = (z[:, 0] * z[:, 1] > 0).astype(int)
    elif kind == "codes and missing cells":
        X[:, 0] = np.clip(np.round(2 * z[:, 0]) + 3, 0, 6)
        X[::5, 1] = np.nan
    elif kind == "frame":
        X = pd.DataFrame(z).assign(town=np.array(list("abcde"))[(z[:, 0] > 0) + (z[:, 2] > 0) * 2])
        X.columns = X.columns.astype(str)
    return X, y


@pytest.mark.parametrize(
    "kind", ["numbers", "long tails", "a pair", "codes and missing cells", "frame"]
)
def test_a_stream_row_by_row_is_one_fit(kind):
    """Up to the rows that scale a stream; what comes then is read by their scales."""
    n_rows = ROWS_OF_STREAM + 10
    X, y = hard_table(kind, n_rows)
    queries, clf = X[:40], InContextClassifier(n_members=1)
    reg, targets = InContextRegressor(n_members=1), np.where(y, 1.0, -2.0) + np.arange(n_rows) % 5
    for end in range(1, n_rows + 1):
        clf.partial_fit(X[end - 1 : end], y[end - 1 : end], classes=[0, 1])
        reg.partial_fit(X[end - 1 : end], targets[end - 1 : end])
        if end in (30, ROWS_OF_STREAM, n_rows):
            scaled = min(end, ROWS_OF_STREAM)
            fitted = InContextClassifier(n_members=1).fit(X[:scaled], y[:scaled])
            by_number = InContextRegressor(n_members=1).fit(X[:scaled], targets[:scaled])
            if end > scaled:
                fitted.partial_fit(X[scaled:end], y[scaled:end])
                by_number.partial_fit(X[scaled:end], targets[scaled:end])
            proba = fitted.predict_proba(queries)
            assert_allclose(clf.predict_proba(queries), proba, rtol=0, atol=1e-6)
            assert_allclose(reg.predict(queries), by_number.predict(queries), rtol=0, atol=1e-5)
    assert clf._beginning is None and reg._beginning is None  # no row is kept


def test_a_stream_is_warned_of_each_thing_once():
    X = np.random.default_rng(0).normal(size=(40, 130))
    clf, reg = InContextClassifier(), InContextRegressor().fit(X[:10, :2], X[:10, 0])
    levels = [*"ab" * 5, *"cdea" * 7, *"bb"]
    frame = pd.DataFrame(X[:, :2], columns=["x", "z"]).assign(town=levels)
    town = InContextClassifier(random_state=0).fit(frame[:10], np.arange(10) % 2)
    with pytest.warns(UserWarning, match=".") as caught:
        for row in range(10, 40):
            clf.partial_fit(X[[row]], np.arange(row, row + 1) % 12, classes=np.arange(12))
            reg.partial_fit(X[[row], :2], [1e6])
            town.partial_fit(frame[row : row + 1], [row % 2])
    for said in (
        "X has 130 columns that vary",
        "There are 12 classes",
        "1 of 1 targets lie more than",
        "Column 'town' of X holds levels that the first rows did not, such as 'c'",
    ):
        assert sum(str(warning.message).startswith(said) for warning in caught) == 1
    assert len(caught) == 4


def test_labels_of_a_stream_keep_their_type():
    X, y = np.random.default_rng(0).normal(size=(9, 2)), np.arange(9) % 2
    clf = InContextClassifier(random_state=0).partial_fit(X, y.astype(str), classes=["0", "1"])
    with pytest.raises(ValueError, match=r"the classes \[0, 1\], which are not among \['0' '1'\]"):
        clf.partial_fit(X, y)
    assert_array_equal(clf.class_count_, [5, 4])


@pytest.mark.parametrize("unit", ["D", "ns", "10s"])
@pytest.mark.parametrize("kind", ["M8", "m8"])
def test_times_as_targets_are_numbers_in_the_unit_of_the_first(kind, unit):
    X = np.random.default_rng(0).normal(size=(9, 2))
    days = (20_000 + np.arange(9)).astype(f"{kind}[D]")
    times = days.astype(f"{kind}[{unit}]")
    reg = InContextRegressor(random_state=0).partial_fit(X[:3], times[:3])
    reg.partial_fit(X[3:6], days[3:6]).partial_fit(X[6:], times[6:].astype(int))
    once = InContextRegressor(random_state=0).partial_fit(X, times.astype(int))
    assert_allclose(reg.predict(X), once.predict(X), rtol=1e-12)
    assert reg.score(X, times) == pytest.approx(once.score(X, times.astype(int)))
    assert reg.score(X, times) > 0.5  # scikit-learn's scorers read them in their own unit
    times[4] = "NaT"
    with pytest.raises(ValueError, match="NaN"):
        reg.fit(X, times)


def test_times_of_another_kind_or_unit_are_refused_as_later_targets():
    X, days = np.random.default_rng(0).normal(size=(9, 2)), np.arange(9)
    reg = InContextRegressor().partial_fit(X, days.astype("m8[D]"))
    with pytest.raises(ValueError, match="y holds times, it held spans of time at first"):
        reg.partial_fit(X, days.astype("M8[D]"))
    reg = InContextRegressor().partial_fit(X, days.astype("M8[M]"))
    with pytest.raises(ValueError, match="y holds times in another unit than the first ones"):
        reg.partial_fit(X, days.astype("M8[ns]"))


def test_times_after_numbers_are_in_their_own_unit():
    X, days = np.random.default_rng(0).normal(size=(9, 2)), np.arange(9)
    reg = InContextRegressor(random_state=0).partial_fit(X[:3], days[:3])
    reg.partial_fit(X[3:], days[3:].astype("m8[D]"))
    once = InContextRegressor(random_state=0).partial_fit(X, days)
    assert_array_equal(reg.predict(X), once.predict(X))


@pytest.mark.parametrize(
    "made",
    [
        lambda days: [day.date() for day in days],
        lambda days: pd.Series(days).dt.tz_localize("UTC"),
        lambda days: [day - days[0] for day in days],
    ],
)
def test_times_that_scorers_do_not_read_are_refused_as_targets(made):
    X, y = (
        np.random.default_rng(0).normal(size=(9, 2)),
        made(pd.date_range("2026-01-01", periods=9)),
    )
    for ask in (InContextRegressor().fit, InContextRegressor().partial_fit):
        with pytest.raises(ValueError, match=r"pass (pandas\..*), or numbers") as refused:
            ask(X, y)
        way_out = re.search(r"pass (pandas\..*), or numbers", str(refused.value))[1]
        ask(X, eval(way_out, {"pandas": pd, "y": y}))


def test_times_as_classes_are_the_same_in_any_unit():
    X = np.random.default_rng(0).normal(size=(9, 2))
    days = np.array(["2026-01-01", "2026-01-02", "2026-01-03"] * 3, dtype="M8[D]")
    clf = InContextClassifier(random_state=0).partial_fit(X[:5], days[:5], classes=days[:3])
    clf.partial_fit(X[5:], days[5:].astype("M8[ns]"))
    assert_array_equal(clf.class_count_, [3, 3, 3])
    with pytest.raises(ValueError, match=r"'2026-01-02T00:00:00.000000003'\], which are not"):
        clf.partial_fit(X[:1], days[1:2].astype("M8[ns]") + 3)


@pytest.mark.parametrize("random_state", [None, 3, np.random.RandomState(3)])
def test_members_of_a_stream_are_dealt_once(random_state, X, y):
    clf = InContextClassifier(n_members=3, random_state=deepcopy(random_state))
    clf.partial_fit(X[:4], y[:4], classes=["a", "b", "c"])
    slots, orders = clf.label_slots_, clf._rows.orders
    clf.partial_fit(X[4:9], y[4:9]).partial_fit(X[9:], y[9:])
    assert_array_equal(clf.label_slots_, slots)
    assert_array_equal(clf._rows.orders, orders)
    if random_state is not None:
        once = InContextClassifier(n_members=3, random_state=deepcopy(random_state))
        once.partial_fit(X, y, classes=["a", "b", "c"])
        assert_array_equal(clf.predict_proba(X), once.predict_proba(X))


def test_answers_are_of_one_moment(X, y, monkeypatch):
    """Rows that another thread reads meanwhile change nothing: neither members nor labels."""
    clf = InContextClassifier(random_state=0).partial_fit(X[:20], y[:20], classes=["a", "b", "c"])
    expected, answers = clf.predict_proba(X), InContextClassifier._answers

    def interrupted(self, queries):
        found = answers(self, queries)
        clf.partial_fit(X[20:], y[20:])
        return found

    monkeypatch.setattr(InContextClassifier, "_answers", interrupted)
    assert_array_equal(clf.predict_proba(X), expected)
    assert clf.n_members_ == USUAL_MEMBERS and clf.class_count_.sum() == 30


@pytest.mark.parametrize(
    ("first", "later", "kind"),
    [
        (pd.Categorical([1, 2] * 3), pd.Categorical([3, 2] * 3), "levels"),
        (pd.Categorical([1, 2] * 3), [3, 2] * 3, "levels"),
        (pd.Categorical(["1", "2"] * 3), ["3", "2"] * 3, "levels"),
        (pd.Categorical([True, False] * 3), [True, False] * 3, "levels"),
        (pd.Categorical(["b", "a"] * 3, ["c", "b", "a"], ordered=True), ["z", "a"] * 3, "ordered"),
    ],
)
def test_a_category_of_a_stream_stays_one(first, later, kind):
    rest = {"x": np.arange(6.0)}
    clf = InContextClassifier(random_state=0)
    clf.partial_fit(pd.DataFrame({"c": first, **rest}), [0, 1] * 3, classes=[0, 1])
    clf.partial_fit(pd.DataFrame({"c": later, **rest}), [0, 1] * 3)
    column = clf._rows.frame.columns[0]
    assert column.kind == "levels" and clf._rows.frame.nominal == ([0] if kind == "levels" else [])
    if kind == "ordered":
        assert list(column.levels) == ["c", "b", "a"]


def test_text_that_begins_missing():
    table = pd.DataFrame({"x": np.arange(30.0), "town": [None] * 10 + ["Ulm", "Bonn"] * 10})
    y = np.arange(30) % 2
    clf = InContextClassifier(random_state=0).partial_fit(table[:10], y[:10], classes=[0, 1])
    assert clf.partial_fit(table[10:], y[10:]).score(table[10:], y[10:]) > 0.9


def test_cells_far_out_are_told_of_by_each_scale():
    X = np.random.default_rng(0).normal(size=(60, 2))
    y, far = (X[:, 0] > 0).astype(int), X[:10] + np.array([1e3, 0])
    clf = InContextClassifier(random_state=0).partial_fit(X[:30], y[:30], classes=[0, 1])
    for rows in (slice(30, 45), slice(45, 60)):
        with pytest.warns(UserWarning, match="Most cells of column 0"):
            clf.predict(far)
        clf.partial_fit(X[rows], y[rows])


@pytest.mark.parametrize(
    ("X", "y", "error"),
    [
        (table_of_a_stream()[:0], [], ValueError),
        (csr_array(np.zeros((2, 6))), [0, 1], TypeError),
        (table_of_a_stream()[:2], None, ValueError),
    ],
)
def test_rows_that_go_on_no_stream_of_frames(X, y, error):
    clf = InContextClassifier(random_state=0)
    clf.partial_fit(table_of_a_stream()[:8], np.arange(8) % 2, classes=[0, 1])
    with pytest.raises(error, match="0 sample|Sparse data was passed|requires y to be passed"):
        clf.partial_fit(X, y)


@pytest.mark.parametrize("unit", ["D", "s", "ns"])
def test_times_of_arrays_are_seconds(unit):
    days = np.arange("2026-01-01", "2026-02-10", dtype="datetime64[D]")[:, None]
    y = np.arange(len(days)) > 20
    clf = InContextClassifier(random_state=0).fit(days.astype(f"M8[{unit}]"), y)
    assert clf.score(days, y) > 0.95
    assert clf.fit((days - days[0]).astype(f"m8[{unit}]"), y).score(days - days[0], y) > 0.95


def test_a_stream_keeps_its_own_copy_of_first_rows_and_its_state(X, y):
    clf, rows, labels = classifier(), X[:4].copy(), y[:3].copy()
    clf.partial_fit(rows[:3], labels, classes=["a", "b", "c"])
    rows[:], labels[:] = 1e6, "c"
    expected = clf.predict_proba(X)
    for X_wrong, y_wrong, said in (
        (X[3:5, :2], y[3:5], "features"),
        (X[3:5], ["a", "no"], "not among"),
        (np.full((2, 3), np.inf), y[3:5], "infinity"),
        (X[3:5], y[3:6], "inconsistent numbers"),
    ):
        with pytest.raises(ValueError, match=said):
            clf.partial_fit(X_wrong, y_wrong)
        assert_array_equal(clf.predict_proba(X), expected)
    with pytest.raises(ValueError, match="differ from those of the first call"):
        clf.partial_fit(X[3:], y[3:], classes=["a", "b"])
    clf = pickle.loads(pickle.dumps(clf)).partial_fit(X[3:], y[3:])
    straight = classifier().partial_fit(X[:10], y[:10], classes=["a", "b", "c"])
    straight.partial_fit(X[10:], y[10:])
    assert_array_equal(clf.predict_proba(X), straight.predict_proba(X))
    assert_array_equal(clf.class_count_, np.unique(y, return_counts=True)[1])


def test_a_stream_keeps_its_own_copy_of_targets(X, y):
    numbers, labels = X[:, 0].copy(), y.copy()
    reg, clf = regressor().partial_fit(X[:20], numbers[:20]), classifier()
    clf.partial_fit(X[:20], labels[:20], classes=["a", "b", "c"])
    numbers[:20], labels[:20] = 1e6, "a"
    reg.partial_fit(X[20:], numbers[20:])
    clf.partial_fit(X[20:], labels[20:])
    assert_array_equal(reg.predict(X), regressor().partial_fit(X, X[:, 0]).predict(X))
    once = classifier().partial_fit(X, y, classes=["a", "b", "c"])
    assert_array_equal(clf.predict_proba(X), once.predict_proba(X))


@pytest.mark.filterwarnings("ignore:X has . columns that vary:UserWarning")
def test_a_stream_keeps_its_own_copy_of_a_frame(y):
    table = table_of_a_stream()
    rows = table[:4].copy()
    clf = classifier().partial_fit(rows, y[:4], classes=["a", "b", "c"])
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[2, 3\]"):
        clf.partial_fit(table[4:6], y[4:7])
    rows["size"] = 1e6
    clf.partial_fit(table[4:], y[4:])
    straight = classifier().partial_fit(table[:10], y[:10], classes=["a", "b", "c"])
    straight.partial_fit(table[10:], y[10:])
    assert_array_equal(clf.predict_proba(table), straight.predict_proba(table))


def test_few_rows_of_fit_are_read_anew_with_the_next(X, y):
    expected = classifier(n_members=1).fit(X, y)
    clf = classifier(n_members=1).fit(X[:4], y[:4])
    with pytest.raises(ValueError, match="not among"):  # the classes are those of fit
        clf.partial_fit(X[4:5], ["d"])
    for end in range(5, 31):
        clf.partial_fit(X[end - 1 : end], y[end - 1 : end])
    assert_allclose(clf.predict_proba(X), expected.predict_proba(X), atol=1e-6)
    assert clf.fit(X, y)._beginning is None
    # Members read rows of fit in random orders still: these come sorted.
    few = classifier(n_members=2).fit(X[:3], y[:3]).partial_fit(X[3:9], np.sort(y[3:9]))
    straight = classifier(n_members=2).partial_fit(X[:9], [*y[:3], *np.sort(y[3:9])], list("abc"))
    assert np.abs(few.predict_proba(X) - straight.predict_proba(X)).max() > 1e-4


@pytest.mark.filterwarnings("ignore:X has 9 columns")
def test_members_where_the_user_does_not_say(X, y):
    """Some for tables, and two looks at each column of wide ones; one for other learners."""
    wide = np.random.default_rng(0).normal(size=(30, 9))
    for estimator, target in ((classifier(), y), (regressor(), X[:, 0])):
        assert len(estimator.fit(X, target)._rows.orders) == USUAL_MEMBERS
        assert len(estimator.fit(X[:21], target[:21])._rows.orders) == USUAL_MEMBERS
        few = MEMBERS_OF_FEW if target is y else USUAL_MEMBERS
        assert len(estimator.fit(X[:20], target[:20])._rows.orders) == few
        assert len(estimator.fit(wide, target)._rows.orders) == 6
    plain = InContextClassifier(small_learner("lstm-classes"))
    assert len(plain.fit(wide[:, :4], np.arange(30) % 3).label_slots_) == 1


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


def levels_of(estimator):
    return [c.levels if c.kind == "levels" else None for c in estimator._rows.frame.columns]


def test_frames_with_text_categories_and_missing_values(y):
    table = frame()
    table.loc[3, "count"] = pd.NA
    clf = classifier(n_members=2).fit(table, y)
    assert list(clf.feature_names_in_) == list(table.columns)
    proba = clf.predict_proba(table)
    assert proba.std(axis=0).min() > 1e-3
    other = table.assign(town=table["town"].map({"Linz": "Graz", "Graz": "Linz"}))
    assert np.abs(clf.predict_proba(other) - proba).max() > 1e-3

    unseen, missing = (table[:7].assign(town=value) for value in ("Wien", None))
    assert_array_equal(clf.predict_proba(unseen), clf.predict_proba(missing))
    clf.partial_fit(unseen[:3], y[:3])
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(table.rename(columns={"town": "city"}))
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(table[["size", "town"]])


def test_times_numbers_as_text_and_columns_without_names(y):
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(30), "D")
    table = pd.DataFrame({0: days, 1: [str(i) for i in range(30)], 2: days - days[3]})
    table[3] = [1, "x", None] * 10
    clf = classifier().fit(table, y)
    kinds = [column.kind for column in clf._rows.frame.columns]
    assert kinds == ["times", "numbers", "spans of time", "levels"]
    numbers = np.column_stack([np.arange(30.0)] * 3 + [np.tile([0, 1, np.nan], 10)])
    expected = classifier().fit(numbers, y)
    assert_allclose(clf.predict_proba(table), expected.predict_proba(numbers), atol=1e-5)
    later = table.copy()
    later[0] = later[0] + pd.Timedelta("400D")
    assert np.abs(clf.predict_proba(later) - clf.predict_proba(table)).max() > 1e-3
    later[0] = np.full(30, np.datetime64("9999-12-31", "s"))  # no date is too far away
    assert_allclose(clf._rows.numbers(later, learnt=False)[0], 253402214400.0)
    with pytest.raises(ValueError, match=r"three. at position 3 of column 'a': it held numbers"):
        classifier().fit(pd.DataFrame({"a": np.arange(30)}), y).predict(
            pd.DataFrame({"a": ["1", "2", "4", "three"]})
        )
    dates = table.copy()
    dates[1] = [day.date() for day in days]
    with pytest.raises(ValueError, match="Column 1 of X holds times, it held numbers"):
        clf.predict(dates)


def test_the_order_of_categories_is_kept(y):
    grades = pd.Categorical(["low", "mid", "high"] * 10, ["low", "mid", "high"], ordered=True)
    clf = classifier().fit(pd.DataFrame({"grade": grades}), y)
    assert levels_of(clf) == [["low", "mid", "high"]]
    numbers = np.tile([0.0, 1, 2], 10)[:, None]
    expected = classifier(categorical_features=None).fit(numbers, y).predict_proba(numbers)
    assert_allclose(clf.predict_proba(pd.DataFrame({"grade": grades})), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_cells_that_tell_by_being_missing(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(460, 4))
    missing = rng.random(460) < 0.4
    y = X[:, 1] + 2 * missing + 0.3 * rng.normal(size=460)
    X[missing, 0] = np.nan
    estimator = InContextRegressor if kind == "numbers" else InContextClassifier
    targets = y if kind == "numbers" else y > 0.8
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["e"] = np.where(missing, None, "Linz")  # the same gaps in text
    for table in (X, frame):
        est = estimator(random_state=0).fit(table[:60], targets[:60])
        layout, numbers = est._rows.layout, est._rows.numbers(table, learnt=False)
        laid_out = layout.laid_out(np.asarray(numbers, dtype=float))
        assert list(layout.gaps) == [0]
        assert_array_equal(laid_out[:, table.shape[1]], missing)
        assert layout.weights[table.shape[1]] > 0.5
        assert est.score(table[60:], targets[60:]) > 0.85


@pytest.mark.parametrize(
    "levels", ["edcba", [4, 10, 1, 3, 2], [4, "10", 1, "3", 2], [4, "4", 1, "1", 2]], ids=str
)
def test_no_order_of_levels_makes_a_difference(levels):
    rng = np.random.default_rng(0)
    levels, codes, x = list(levels), rng.integers(5, size=40), rng.normal(size=40)
    y = (codes < 2) ^ (x > 1)

    def table(declared, rows=slice(None)):
        cells = pd.Categorical.from_codes([declared.index(levels[c]) for c in codes], declared)
        return pd.DataFrame({"x": x, "c": cells})[rows]

    one, other = (
        InContextClassifier(random_state=0).fit(table(declared), y)
        for declared in (levels, levels[::-1])
    )
    proba = one.predict_proba(table(levels))
    assert_array_equal(other.predict_proba(table(levels)), proba)
    if len(set(map(type, levels))) > 1:
        return
    whole, stream = (InContextClassifier(n_members=1) for _ in range(2))
    whole.partial_fit(table(levels), y, classes=[False, True])
    for i in range(40):
        row = table(levels, slice(i, i + 1))
        row = row.assign(c=row["c"].cat.remove_unused_categories())  # levels as they come
        stream.partial_fit(row, y[[i]], classes=[False, True])
    assert_allclose(
        stream.predict_proba(table(levels)), whole.predict_proba(table(levels)), atol=1e-5
    )


def test_levels_are_those_that_the_first_rows_have(y):
    codes = np.arange(30) % 3
    first = pd.DataFrame({"code": pd.Categorical(codes, [0, 1, 2, 9]), "none": [None] * 30})
    clf = InContextClassifier(random_state=0).fit(first, y)
    assert levels_of(clf) == [[0, 1, 2], []]
    proba = clf.predict_proba(first)
    # As numbers, which is how they are read from a file with a gap; and a column that fills late.
    table = pd.DataFrame({"code": codes.astype(float), "none": ["Linz"] * 30})
    assert_array_equal(clf.predict_proba(table), proba)
    new, missing = (first[:5].assign(code=code) for code in (9, None))
    assert_array_equal(clf.predict_proba(new), clf.predict_proba(missing))


def test_digits_of_a_category_are_text(y):
    table = pd.DataFrame({"code": ["01", "1", "2"] * 10})
    clf = InContextClassifier(categorical_features=["code"]).fit(table, y)
    assert levels_of(clf) == [["01", "1", "2"]]
    assert np.isnan(clf._rows.numbers(table.replace("2", "x"), learnt=False)["code"][2])
    assert levels_of(InContextClassifier().fit(table, y)) == [None]


@pytest.mark.parametrize("digits", [False, True])
def test_long_codes_of_a_category_are_levels(digits, y):
    """As floats they would be one."""
    codes = 2**53 + np.arange(30) % 3
    table = pd.DataFrame({"code": codes.astype(str) if digits else codes})
    assert len(np.unique(table["code"].astype(float))) < 3
    clf = InContextClassifier(categorical_features=["code"]).fit(table, y)
    assert len(clf._rows.layout.flags[0]) == 3
    assert_array_equal(clf._rows.numbers(table, learnt=False)["code"], np.arange(30) % 3)


def test_what_a_column_holds_stays(y):
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(30), "D")
    columns = {"number": np.arange(30), "time": days, "span": days - days[0]}
    table = pd.DataFrame(columns)
    clf = classifier().fit(table, y)
    kinds = [column.kind for column in clf._rows.frame.columns]
    for name, kind in zip(columns, kinds, strict=True):
        for other, found in zip(columns, kinds, strict=True):
            if other != name:
                message = f"Column '{name}' of X holds {found}, it held {kind} at first"
                with pytest.raises(ValueError, match=message):
                    clf.predict(table.assign(**{name: columns[other]}))
        gone = clf.predict_proba(table.assign(**{name: None}))  # missing is missing
        assert_array_equal(gone, clf.predict_proba(table.assign(**{name: np.nan})))
    as_objects = table.astype(object)
    assert_array_equal(clf.predict_proba(as_objects), clf.predict_proba(table))
    assert classifier().fit(as_objects, y)._rows.frame.columns == clf._rows.frame.columns
    assert_array_equal(clf.predict_proba(table.astype("category")), clf.predict_proba(table))
    with pytest.raises(ValueError, match="Column 'time' of X holds text, it held times at first"):
        clf.predict(table.assign(time=[*days.astype(str)[:-1], "yesterday"]))
    with pytest.raises(ValueError, match="too large to convert to float of column 'number'"):
        clf.predict(table.assign(number=pd.Series([10**400] * 30, dtype=object)))


def test_days_and_months_are_times(y):
    days = pd.Series(pd.date_range("2026-01-01", periods=30))
    expected = classifier().fit(pd.DataFrame({"day": days}), y)
    gaps = days.where(np.arange(30) % 7 > 0)
    zones = [day.tz_localize("Asia/Tokyo" if i % 2 else "UTC") for i, day in enumerate(days)]
    texts = days.dt.strftime("%Y-%m-%d"), days.dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype("string")
    periods = days.dt.to_period("D"), days.dt.to_period("D").astype(object)
    for other in (days.dt.date, *periods, *texts):
        clf = classifier().fit(pd.DataFrame({"day": other}), y)
        assert [column.kind for column in clf._rows.frame.columns] == ["times"]
        for cells in (days, other, gaps, other.where(gaps.notna())):
            query = pd.DataFrame({"day": cells})
            assert_array_equal(clf.predict_proba(query), expected.predict_proba(query))
    seconds = expected._rows.numbers(pd.DataFrame({"day": zones}), learnt=False)["day"]
    assert_array_equal(seconds, [day.timestamp() for day in zones])
    months = pd.DataFrame({"day": days.dt.to_period("M")})
    first_days = pd.DataFrame({"day": days.dt.to_period("M").dt.to_timestamp()})
    assert_array_equal(expected.predict_proba(months), expected.predict_proba(first_days))
    named = classifier(categorical_features=["day"])
    named.fit(pd.DataFrame({"day": texts[0].iloc[:10]}), y[:10])
    assert named._rows.frame.nominal == [0]


def test_text_that_is_another_in_each_row_is_told_of(y):
    names = pd.DataFrame({"x": np.arange(30.0), "name": [f"row {i}" for i in range(30)]})
    with pytest.warns(UserWarning, match="The category 'name' of X has 30 levels in 30 rows"):
        InContextClassifier(random_state=0).fit(names, y)
    with pytest.warns(UserWarning, match="has 29 levels in 30 rows"):
        InContextClassifier(random_state=0).fit(names.replace("row 1", "row 2"), y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        InContextClassifier(random_state=0).fit(names.iloc[:19], y[:19])  # chance, perhaps
    often = names.assign(name=names["name"].where(np.arange(30) < 24, "row 1"))  # 24 of 30 levels
    often.loc[0, "name"] = "row 1"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        InContextClassifier(random_state=0).fit(often, y)


def test_text_beside_what_was_read_as_numbers_or_times_is_missing(y):
    """A few rows of a column of text may all be digits, or dates."""
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(30), "D")
    table = pd.DataFrame({"code": np.arange(30).astype(str), "day": days.strftime("%Y-%m-%d")})
    for name in table:
        clf = classifier().fit(table, y)
        cells = table[name].to_numpy(dtype=object, copy=True)
        cells[4] = "unknown"
        with pytest.warns(
            UserWarning, match=f"'{name}' .* 1 of 30 cells, such as 'unknown', are none, .*missing"
        ) as caught:
            proba = clf.predict_proba(table.assign(**{name: cells}))
        assert caught[0].filename == __file__
        cells[4] = None
        assert_array_equal(proba, clf.predict_proba(table.assign(**{name: cells})))
    for cell in ("now", "2026", "20260105"):  # dates to pandas, and none where the first are ISO
        days, clf = table.assign(day=[cell, *table["day"][1:]]), classifier().fit(table, y)
        with pytest.warns(
            UserWarning, match=f"1 of 30 cells, such as '{cell}', are none, and are read as missing"
        ):
            clf.predict_proba(days)


def test_numbers_where_text_was_are_refused(y):
    table = pd.DataFrame({"code": ["0", "1", "unknown"] * 10})
    clf = classifier().fit(table, y)
    clf.predict(pd.DataFrame({"code": ["new", None]}))
    for cells, kind in ((np.arange(30), "numbers"), (pd.Timestamp("2026-01-01"), "times")):
        with pytest.raises(ValueError, match=f"Column 'code' of X holds {kind}, it held text"):
            clf.predict(table.assign(code=cells))


def test_text_where_a_category_of_numbers_was_is_refused(y):
    """As of a CSV file that is read again with dtype=str."""
    table = pd.DataFrame({"code": pd.Categorical(np.tile([1, 2, 3], 10))})
    clf = classifier().fit(table, y)
    as_integers = table.assign(code=table["code"].astype(int))
    assert_array_equal(clf.predict_proba(as_integers), clf.predict_proba(table))
    clf.predict(pd.DataFrame({"code": [4, None]}))
    mixed = table.assign(code=pd.Categorical([1, 2, "x"] * 10))
    classifier().fit(mixed, y).predict(mixed.assign(code=9))  # a new level: missing
    with pytest.raises(ValueError, match="Column 'code' of X holds text, it held numbers"):
        clf.predict(table.assign(code=table["code"].astype(str)))


@pytest.mark.parametrize("container", [np.asarray, list])
def test_an_array_after_a_frame_is_read_as_the_frame(container, y):
    grades = pd.Categorical(np.tile([10, 30, 20], 10), [10, 20, 30])
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(30) ** 2, "D")
    for cells in (grades, days, np.arange(30).astype(str)):
        table = pd.DataFrame({0: cells})
        clf = classifier().fit(table, y)
        rows = container(table.to_numpy())
        assert_array_equal(clf.predict_proba(rows), clf.predict_proba(table))
    with pytest.raises(
        ValueError, match="X has 2 features, but InContextClassifier is expecting 1"
    ):
        clf.predict(np.zeros((3, 2)))


def test_a_list_of_numbers_and_text_after_a_frame_keeps_its_numbers(y):
    grades = pd.Categorical(np.tile([10, 30, 20], 10), [10, 20, 30])
    table = pd.DataFrame({0: grades, 1: ["u", "v", None] * 10, 2: [True, False] * 15})
    clf = classifier().fit(table, y)
    assert_array_equal(clf.predict_proba(table.to_numpy().tolist()), clf.predict_proba(table))


def test_text_of_an_array_is_refused(y):
    X = np.array([["low", 1], ["high", 2]] * 15, dtype=object)
    with pytest.raises(ValueError, match="'low'. Text, categories and times are read in a Dat"):
        classifier().fit(X, y)
    numbers = np.array([["0", "1"], ["2.5", "2"]] * 15)
    assert_array_equal(
        classifier().fit(numbers, y).predict_proba(numbers),
        classifier().fit(numbers.astype(float), y).predict_proba(numbers.astype(float)),
    )


@pytest.mark.parametrize("cell", ["Timestamp", "dict"])
def test_times_and_records_of_an_array_are_refused_as_text_is(cell, X, y):
    table = pd.DataFrame(X).assign(day=pd.Timestamp("2026-01-01"))
    rows = table.to_dict("records") if cell == "dict" else table.to_numpy(dtype=object)
    message = f"a real number, not '{cell}'. Text, categories and times are read in a DataFrame"
    with pytest.raises(TypeError, match=message):
        classifier().fit(rows, y)


def test_NaT_in_an_array_is_a_missing_cell(y):
    days = np.arange(30).astype("M8[D]")[:, None]
    numbers = days.astype(float)
    days[::4], numbers[::4] = "NaT", np.nan
    clf = classifier().fit(days, y)
    expected = classifier().fit(numbers, y)
    assert_array_equal(clf.predict_proba(days), expected.predict_proba(numbers))
    clf = classifier().fit(pd.DataFrame(numbers), y)
    with pytest.raises(ValueError, match="Column 0 of X holds times, it held numbers at first"):
        clf.predict(days)


@pytest.mark.parametrize("dtype", [float, int])
def test_masked_cells_are_missing(dtype, X, y):
    mask = np.random.default_rng(1).random(X.shape) < 0.3
    masked = np.ma.masked_array((10 * X).astype(dtype), mask)
    plain = np.where(mask, np.nan, masked.data)
    expected = classifier().fit(plain, y).predict_proba(plain)
    assert_array_equal(classifier().fit(masked, y).predict_proba(masked), expected)
    assert_array_equal(classifier().fit(pd.DataFrame(plain), y).predict_proba(masked), expected)
    few = classifier().partial_fit(pd.DataFrame(plain[:5]), y[:5], classes=list("abc"))
    few.partial_fit(masked[5:], y[5:])  # the first rows are read anew with these
    all_rows = classifier().partial_fit(plain[:5], y[:5], classes=list("abc"))
    all_rows.partial_fit(plain[5:], y[5:])
    assert_array_equal(few.predict_proba(plain), all_rows.predict_proba(plain))


CLOCK_TIMES = [datetime.time(i // 2, 30 * (i % 2)) for i in range(30)]


@pytest.mark.parametrize("written", [str, " {0.hour}:{0:%M} ".format, "{}.000000".format, deepcopy])
def test_times_of_day_are_spans_since_midnight(written, y):
    cells = [*map(written, CLOCK_TIMES[:-1]), None]
    table = pd.DataFrame({"start": cells}, dtype=object)
    clf = classifier().fit(table, y)
    assert [column.kind for column in clf._rows.frame.columns] == ["spans of time"]
    seconds = 1800.0 * np.arange(30)
    seconds[-1] = np.nan
    assert_array_equal(clf._rows.numbers(table, learnt=False)["start"], seconds)
    spans = pd.DataFrame({"start": pd.to_timedelta(seconds, unit="s")})
    assert_array_equal(clf.predict_proba(spans), clf.predict_proba(table))
    as_names = classifier(categorical_features=["start"]).fit(table, y)
    assert [column.kind for column in as_names._rows.frame.columns] == ["levels"]


def test_dates_with_blanks_around_them(y):
    dates = pd.Series(pd.date_range("2026-01-01", periods=30).astype(str))
    plain, blank = (
        classifier().fit(pd.DataFrame({"day": d}), y) for d in (dates, " " + dates + " ")
    )
    assert [column.kind for column in blank._rows.frame.columns] == ["times"]
    table = pd.DataFrame({"day": dates})
    assert_array_equal(blank.predict_proba(table), plain.predict_proba(table))


def test_spans_and_times_of_day_are_read_alike_wherever_text_is_among_them(y):
    texts = [f"{i // 2}:{30 * (i % 2):02d}" for i in range(30)]
    spans = pd.to_timedelta(1800 * np.arange(30), unit="s")
    mixed = pd.DataFrame({"start": ["closed", *texts[1:]]})
    with pytest.warns(UserWarning, match="1 of 30 cells, such as 'closed'"):
        clf = classifier().fit(mixed, y)
    whole = pd.DataFrame({"start": spans})
    assert_array_equal(clf._rows.numbers(whole, learnt=False)["start"], 1800.0 * np.arange(30))
    stream = classifier().partial_fit(pd.DataFrame({"start": texts[:15]}), y[:15], classes=y[:3])
    stream.partial_fit(whole[15:], y[15:])
    assert [column.kind for column in stream._rows.frame.columns] == ["spans of time"]
    plain = classifier().partial_fit(whole, y, classes=y[:3])
    assert_array_equal(stream.predict_proba(whole), plain.predict_proba(whole))


def test_text_that_is_no_time_of_day(y):
    texts = [f"{i // 2}:{30 * (i % 2):02d}" for i in range(30)]
    clf = classifier().fit(pd.DataFrame({"start": texts}), y)
    later = pd.DataFrame({"start": ["closed", *texts[1:]]})
    with pytest.warns(UserWarning, match="'start' of X .* spans of time, .* as .closed."):
        found = clf._rows.numbers(later, learnt=False)["start"]
    assert_array_equal(found, [np.nan, *(1800.0 * np.arange(1, 30))])
    zone = datetime.timezone.utc
    for cells in (
        [f"1:{60 + i}" for i in range(30)],
        [time.replace(tzinfo=zone) for time in CLOCK_TIMES],
    ):
        clf = classifier().fit(pd.DataFrame({"start": cells}, dtype=object), y)
        assert [column.kind for column in clf._rows.frame.columns] == ["levels"]
    with pytest.raises(ValueError, match="'start' of X holds text, it held spans of time at first"):
        classifier().fit(pd.DataFrame({"start": CLOCK_TIMES}), y).predict(later)


def test_spans_of_time_of_pyarrow(y):
    pa = pytest.importorskip("pyarrow", reason="columns of pyarrow need pyarrow")
    spans = pd.to_timedelta(np.arange(30), unit="h").astype("timedelta64[us]")
    table = pd.DataFrame({"span": spans})
    expected = classifier().fit(table, y).predict_proba(table)
    as_arrow = table.astype(pd.ArrowDtype(pa.duration("us")))
    clf = classifier().fit(as_arrow, y)
    assert [column.kind for column in clf._rows.frame.columns] == ["spans of time"]
    assert_array_equal(clf.predict_proba(as_arrow), expected)
    lists = pd.Series([[1], [2]] * 15, dtype=pd.ArrowDtype(pa.list_(pa.int64())))
    with pytest.raises(ValueError, match="Column 'pair' of X: "):
        classifier().fit(pd.DataFrame({"pair": lists}), y)


def test_frames_of_polars(y):
    pl = pytest.importorskip("polars", reason="frames of polars need polars")
    day = datetime.date(2026, 1, 1)
    cells = {
        "size": [1.5, None, 3.0] * 10,
        "count": [None, *range(29)],
        "town": ["Oslo", "Bergen", None] * 10,
        "built": [None, *(day + datetime.timedelta(days=i**2) for i in range(29))],
        "open": [True, False, None] * 10,
        "lease": [datetime.timedelta(hours=i) for i in range(30)],
    }
    table = pd.DataFrame(cells)
    grades, codes = ["low", "mid", "high"], ["1100", "1203", "2050"]
    of_polars = pl.DataFrame(cells, strict=False).with_columns(
        pl.Series("grade", grades * 10, dtype=pl.Enum(grades)),
        pl.Series("code", codes * 10, dtype=pl.Categorical),
    )
    table["grade"] = pd.Categorical(grades * 10, grades, ordered=True)
    table["code"] = pd.Categorical(codes * 10)
    clf = classifier().fit(of_polars, pl.Series(y.tolist()))
    expected = classifier().fit(table, y)
    assert clf._rows.frame.columns == expected._rows.frame.columns
    kinds = {column.kind for column in clf._rows.frame.columns}
    assert kinds == {"numbers", "levels", "times", "spans of time"}
    for fitted in (clf, expected):
        assert_array_equal(fitted.predict_proba(of_polars), expected.predict_proba(table))
    assert_array_equal(clf.predict_proba(table), expected.predict_proba(table))
    for ask in (classifier().fit, clf.partial_fit):
        with pytest.raises(TypeError, match="X is a LazyFrame: pass X.collect()"):
            ask(of_polars.lazy(), y)
    with pytest.raises(TypeError, match="X is a LazyFrame"):
        clf.predict(of_polars.lazy())
    codes = pd.DataFrame({"id": np.tile(2**60 + np.arange(3), 10), "n": np.arange(30)})
    named = classifier(categorical_features=["id"])
    expected = named.fit(codes, y).predict_proba(codes)
    of_polars = pl.DataFrame(codes.to_dict("list"))
    assert_array_equal(named.fit(of_polars, y).predict_proba(of_polars), expected)


def test_frames_of_polars_without_pandas(monkeypatch, y):
    pl = pytest.importorskip("polars", reason="frames of polars need polars")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas, or pass X.to_numpy()"):
        classifier().fit(pl.DataFrame({"n": range(30)}), y)


@pytest.mark.parametrize("wrong", [999.0, -1e6])
def test_one_wrong_target_does_little_harm(wrong):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(140, 4))
    y = X @ [1.0, -2.0, 0.5, 1.0] + 10
    told = y[:40].copy()
    told[7] = wrong
    said = re.escape(f"1 of 40 targets, {wrong:g} for one, lie far beyond")
    with pytest.warns(UserWarning, match=said):
        reg = InContextRegressor(random_state=0).fit(X[:40], told)
    assert reg.score(X[40:], y[40:]) > 0.6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        InContextRegressor(random_state=0).fit(X[:40], y[:40])
        # Too few to tell which is wrong.
        InContextRegressor(random_state=0).fit(X[:7], [*y[:6], wrong])


@pytest.mark.parametrize("wrong", [999.0, -1e6])
def test_one_wrong_cell_does_no_harm(wrong):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y, target = X[:, 0] > 0, X[:, 0].copy()
    X[3, 0] = wrong
    clf = InContextClassifier(random_state=0).fit(X[:60], y[:60])
    assert clf.score(X[60:], y[60:]) > 0.93
    reg = InContextRegressor(random_state=0).fit(X[:60], target[:60])
    assert reg.score(X[60:], target[60:]) > 0.93


def test_a_column_that_varies_later_is_left_out_with_a_warning():
    X = np.random.default_rng(0).normal(size=(60, 3))
    table, y = rows_of_towns()
    X[:20, 1] = 0.1
    clf = InContextClassifier(random_state=0).fit(X[:20], X[:20, 0] > 0)
    reg = InContextRegressor(random_state=0).fit(X[:20], X[:20, 0])
    for estimator, y_later in ((clf, X[:, 0] > 0), (reg, X[:, 0])):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            estimator.partial_fit(X[:20], y_later[:20])  # as it was
            with pytest.raises(UserWarning, match="Column 1 of X did not vary"):
                estimator.partial_fit(X[20:40], y_later[20:40])  # not read, and told again
        with pytest.warns(UserWarning, match="Column 1 of X did not vary") as caught:
            estimator.partial_fit(X[20:40], y_later[20:40])
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            estimator.partial_fit(X[40:], y_later[40:])  # told once
    table = table.assign(same=1.0)  # behind a category with flags
    clf = InContextClassifier(random_state=0).fit(table, y).partial_fit(table, y)
    with pytest.warns(UserWarning, match="Column 'same' of X did not vary"):
        clf.partial_fit(table.assign(same=2.0), y)


def test_values_that_may_stand_for_missing_cells_are_told_of():
    X = np.random.default_rng(0).normal(size=(60, 2))
    y, table = X[:, 0] > 0, pd.DataFrame(X, columns=["x", "age"])
    table["town"] = list("abc") * 20
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        InContextClassifier(random_state=0).fit(table, y)
    table.loc[::10, "age"] = -999
    for cells, name in ((table, "'age'"), (table[["x", "age"]].to_numpy(), "1")):
        message = f"-999 in column {name} of X lies far beyond all .* replace it by NaN"
        with pytest.warns(UserWarning, match=message) as caught:
            InContextClassifier(random_state=0).fit(cells, y)
        assert len(caught) == 1 and caught[0].filename == __file__
    clf = InContextClassifier(categorical_features=[1], random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a code of its own
        clf.fit(np.round(table[["x", "age"]].to_numpy()), y)


def test_long_tails_leave_other_cells_apart():
    rng = np.random.default_rng(0)
    logs = rng.normal(size=(400, 4))
    X, y = 1e3 * np.exp(3 * logs), logs @ [1.0, -2.0, 0.5, 1.0]
    reg = InContextRegressor(random_state=0).fit(X[:100], y[:100])
    assert set(reg._rows.layout.curves) == {0, 1, 2, 3}
    assert reg.score(X[100:], y[100:]) > 0.95  # 0.6 by their cells
    assert InContextClassifier(random_state=0).fit(X[:100], y[:100] > 0).score(X, y > 0) > 0.88
    ends = np.tile(X[5], (2, 1))
    ends[:, 1] = X[:100, 1].max(), 1e30  # no farther
    assert_allclose(*reg.predict(ends))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg.predict(np.where(rng.random(X.shape) < 0.1, np.nan, X))
        InContextRegressor(random_state=0).fit(X[:100] * 1e-321, y[:100])  # next to no digits
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg.predict(0.99 * X[:100].min(axis=0, keepdims=True) + np.zeros((10, 1)))  # hardly
    with pytest.warns(UserWarning, match="Most cells of column 0, 1, 2, ... of X lie far beyond"):
        reg.predict(1e9 * X)
    with pytest.warns(UserWarning, match="Most cells of column 3 of X lie far beyond all"):
        InContextRegressor(random_state=0).fit(X[:100], y[:100]).predict(X * [1, 1, 1, -1e3])
    unweighted = InContextRegressor("lstm-tabular-regression", random_state=0)
    assert set(unweighted.fit(X[:100], y[:100])._rows.layout.curves) == {0, 1, 2, 3}
    named = InContextClassifier(categorical_features=[0], random_state=0)
    assert set(named.fit(np.round(X[:100], 9), y[:100] > 0)._rows.layout.curves) == {1, 2, 3}


@pytest.mark.filterwarnings("ignore:-999 in column")
def test_values_for_missing_cells_spoil_no_scale():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 4))
    y = X @ [1.0, -2.0, 0.5, 1.0] > 0
    X[rng.random(X.shape) < 0.1] = -999
    clf = InContextClassifier(random_state=0).fit(X[:100], y[:100])
    assert clf.score(X[100:], y[100:]) > 0.75  # 0.5 by their cells


def test_missing_cells_of_an_array_after_a_frame_of_numbers():
    X = np.random.default_rng(0).normal(size=(30, 2))
    table = pd.DataFrame(X, columns=["x", "flag"]).assign(flag=pd.array([True, False, None] * 10))
    clf = InContextClassifier(random_state=0).fit(table, X[:, 0] > 0)
    with pytest.warns(UserWarning, match="valid feature names"):
        found = clf.predict_proba(table.to_numpy(dtype=object))
    assert_allclose(found, clf.predict_proba(table), atol=1e-9)


def mostly(cells, other, places=(6,)):
    """A column of a frame in which a few cells are something else."""
    column = pd.Series(cells, dtype=object)
    column[list(places)] = other
    return pd.DataFrame({"x": column, "noise": np.random.default_rng(1).normal(size=len(cells))})


@pytest.mark.parametrize(
    ("written", "other", "places"),
    [
        (lambda t: t, "n/a", [6]),  # numbers with a text among them
        (lambda t: t, pd.Timedelta("1 D"), [6]),
        (lambda t: [str(number) for number in t], "unknown", [6]),
        (lambda t: [str(number) for number in t], "-inf", [6]),
        (lambda t: [str(number) for number in t], "?", range(0, 90, 3)),  # a third of them
        (lambda t: [str(number) for number in t], "elsewhere", range(0, 90, 3)),
        (lambda t: [f"{a:.0f}" for a in 40 + 12 * t], ["None", "-", "x"], [3, 4, 5]),
        (lambda t: [str(number) for number in t], ["?", "closed", "n/a"] * 10, range(0, 90, 3)),
        (lambda t: [date.isoformat() for date in days(t)], "unknown", [6]),
        (lambda t: [date.isoformat() for date in days(t)], "2020-02-30", [6]),
        (lambda t: [date.isoformat() for date in days(t)[:20]] + list(days(t)[20:]), "?", [6]),
        (lambda t: [f"{time:%H:%M}" for time in clock(t)], "closed", [6]),
        (lambda t: clock(t), "n/a", [6]),
        (lambda t: clock(t), ["n/a", "closed", ""], [6, 7, 8]),
        (lambda t: list(pd.to_timedelta(12 + 3 * t, unit="h")), "closed", [6]),
        (lambda t: [f" {date.isoformat()} " for date in days(t)], "unknown", [6]),
    ],
)
def test_a_column_is_what_most_of_its_cells_are(written, other, places):
    t = np.random.default_rng(0).normal(size=120)
    table, known = mostly(written(t), other, places), np.delete(np.arange(90), places)
    y = (t > 0).astype(int)
    lost = f"{len(places)} of 90 cells, such as .*, are none, and are read as missing"
    with pytest.warns(UserWarning, match=f"Column 'x' of X is read as .*; {lost}") as caught:
        clf = InContextClassifier(random_state=0).fit(table[:90], y[:90])
    assert len(caught) == 1 and caught[0].filename == __file__
    without = InContextClassifier(random_state=0).fit(table.iloc[known], y[known])
    assert clf.score(table[90:], y[90:]) > without.score(table[90:], y[90:]) - 0.05 > 0.9
    with pytest.warns(UserWarning, match="1 of 1 cells, such as .*, are none, and are read as"):
        clf.predict(table.iloc[[places[0]]])


def clock(t):
    return [(datetime.datetime.min + datetime.timedelta(hours=12 + 3 * x)).time() for x in t]


def days(t):
    return (pd.Timestamp("2020-06-01") + pd.to_timedelta(np.round(t * 60), unit="D")).date


@pytest.mark.parametrize(
    ("levels", "share"),
    [
        (["1", "2", "3", "4a"], [0.4, 0.3, 0.28, 0.02]),  # codes
        ([*map(str, range(40)), *"abcd"], [0.02] * 40 + [0.05] * 4),  # 80 % numbers, four texts
        ([*map(str, range(40)), *"SML"], [0.02] * 40 + [0.1, 0.05, 0.05]),  # sizes
        ([*map(str, range(40)), "n/a", "S", "M"], [0.02] * 40 + [0.1, 0.05, 0.05]),
        ([*map(str, range(40)), "a"], [0.01] * 40 + [0.6]),  # 40 % numbers
        (["1.2.3", "1.3.0", "2.0.1"], [0.4, 0.3, 0.3]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_codes_among_text_stay_levels(levels, share):
    rng = np.random.default_rng(0)
    codes = rng.choice(levels, p=share, size=200)
    table = pd.DataFrame({"code": codes, "x": rng.normal(size=200)})
    clf = InContextClassifier(random_state=0).fit(table, codes == codes[0])
    assert clf._rows.frame.columns[0].levels == sorted(set(codes))
    table["code"] = [7, *codes[1:]]  # a number named a category
    named = InContextClassifier(categorical_features=["code"], random_state=0)
    assert named.fit(table, codes == codes[0])._rows.frame.columns[0].kind == "levels"


def test_dates_in_other_formats_are_told_of():
    t = np.random.default_rng(0).normal(size=60)
    for form in ("%d.%m.%Y", "%m/%d/%y", "%Y/%m/%d %H:%M"):
        table = mostly([date.strftime(form) for date in days(np.round(t, 1))], "unknown")
        with pytest.warns(UserWarning, match="make dates of them: pandas.to_datetime") as caught:
            InContextClassifier(random_state=0).fit(table, t > 0)
        assert len(caught) == 1 and caught[0].filename == __file__


@pytest.mark.parametrize(
    "form", ["{}%", "{} kg", "${:,}", "-{},5", "{:,}.50 €", "~{}.5", "{:+}%", "-${}", "{} km/h"]
)
def test_numbers_with_signs_and_units_are_told_of(form):
    n = np.random.default_rng(0).integers(900, 940, size=60)
    cells = [form.format(920 - i if "%" in form else i) for i in n]
    table = mostly(cells, "unknown")
    told = "'x' of X holds text such as .*[0-9].*, read as names. If these are numbers, write"
    with pytest.warns(UserWarning, match=told) as caught:
        InContextClassifier(random_state=0).fit(table, n > 920)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert "drop it" not in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the user says what they are
        InContextClassifier(random_state=0).fit(table.astype({"x": "category"}), n > 920)
        InContextClassifier(categorical_features=["x"], random_state=0).fit(table, n > 920)


@pytest.mark.filterwarnings("error")
def test_numbers_of_several_units_are_names():
    cells = [f"{i} kg" if i % 2 else f"{i} lbs" for i in range(10)] * 6
    InContextClassifier(random_state=0).fit(pd.DataFrame({"x": cells}), [0, 1] * 30)


def test_numbers_with_units_that_may_be_names_of_rows():
    table = pd.DataFrame({"x": [f"{i} kg" for i in range(40)]})
    with pytest.warns(UserWarning, match="write them .* If not, drop it: it has 40 levels in 40"):
        InContextClassifier(random_state=0).fit(table, np.arange(40) % 2)


@pytest.mark.parametrize(
    "form",
    [
        *("room {}", "{0}-{0}", "1.{}.0", "{}:30", "{}a{}", "A{}", "#{}", "{}B", "{}-A"),
        *("{}th grade", "{} Main St", "1.{}-beta", "{}/5", "{}th", "({})", "@{}", "5.110.{}"),
        *("200.555.10{}", "+49 100 9{}", "34.7{},111.115", "{}.5"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_numbers_within_names_are_names(form):
    n = np.random.default_rng(0).integers(10, 40, size=60)
    table = pd.DataFrame({"x": [form.format(i, i + 1) for i in n]})
    InContextClassifier(random_state=0).fit(table, n > 25)


def test_a_few_texts_among_numbers_are_missing_cells():
    t = np.random.default_rng(0).normal(size=150)
    cells = t.astype(object)
    for i, text in enumerate(("n/a", "?", "unknown")):
        cells[i::10] = text
    table, y = pd.DataFrame({"x": cells}), (t > 0).astype(int)
    with pytest.warns(UserWarning, match="'x' of X is read as numbers, .* cells, such as 'n/a'"):
        clf = InContextClassifier(random_state=0).fit(table[:90], y[:90])
    known = np.arange(90, 150) % 10 > 2
    assert clf.score(table[90:][known], y[90:][known]) > 0.9


def test_a_stream_that_begins_with_numbers_may_have_other_text():
    t = np.random.default_rng(0).normal(size=120)
    table, y = mostly(t, "n/a"), (t > 0).astype(int)
    clf = InContextClassifier(random_state=0).partial_fit(table[:5], y[:5], classes=[0, 1])
    with pytest.warns(UserWarning, match="1 of 90 cells, such as 'n/a', are none, and are read"):
        clf.partial_fit(table[5:90], y[5:90])
    assert clf.score(table[90:], y[90:]) > 0.9
    for other in (pd.Timedelta("1 D"), pd.Timestamp("2020-01-01")):  # a column of nothing else
        with pytest.warns(UserWarning, match="X is read as numbers, .* 30 of 30 cells, .* missing"):
            found = deepcopy(clf).predict_proba(table[90:].assign(x=other))
        assert_array_equal(found, clf.predict_proba(table[90:].assign(x=np.nan)))


def test_levels_beside_the_one_of_the_first_rows_are_told_of():
    numbers = np.random.default_rng(0).normal(size=(30, 2))
    first = pd.DataFrame(numbers, columns=["x", "none"]).assign(town="Ulm", none=np.nan)
    y = (numbers[:, 0] > 0).astype(int)
    later = first.assign(town=["Bonn", "Ulm", None] * 10)
    clf = InContextClassifier(random_state=0).fit(first, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = clf.predict_proba(first)
    told = "Column 'town' of X held nothing but 'Ulm' in the first rows: what else .* missing"
    for call in (clf.predict, lambda X: clf.partial_fit(X, y)):
        with pytest.warns(UserWarning, match=told) as caught:
            call(later)
        assert len(caught) == 1 and caught[0].filename == __file__
    with pytest.warns(UserWarning, match="Column 'none' .* held no known cell in the first rows"):
        clf.predict(first.assign(none=numbers[:, 1]))
    with pytest.warns(UserWarning, match="' ULM' in column 'town' .* the first rows had 'Ulm'[.]"):
        found = clf.fit(first, y).predict_proba(first.assign(town=" ULM"))
    assert_allclose(found, expected)  # the column is left out
    two = first.assign(town=["Ulm", "Bonn"] * 15)
    clf.fit(two, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a new level among several is nothing to tell of
        clf.predict(two.assign(town=["Trier"] * 29 + ["Ulm"]))
        clf.predict(two[:7].assign(town="Trier"))
    with pytest.warns(UserWarning, match="All 8 cells of .*'town' .* new, such as 'Tr") as caught:
        for _ in range(3):  # told once
            clf.predict(two[:8].assign(town="Trier"))
    assert [w.filename for w in caught] == [__file__]


@pytest.mark.parametrize("estimator", [InContextClassifier, InContextRegressor])
def test_cells_beyond_the_first_rows_are_told_of_once(estimator):
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 2
    table = pd.DataFrame({"town": list("abc") * 10, "x": X[:, 0], "same": 1.0, "z": X[:, 1]})
    est = estimator(random_state=0).fit(table, y)
    far = table.assign(x=table["x"] + 9)
    with pytest.warns(UserWarning, match="cells of column 'x' of X lie far beyond all") as caught:
        est.predict(far.iloc[:8].assign(same=2.0))
    assert len(caught) == 1 and caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        est.predict(far)  # told
        est.predict(table.assign(z=[99.0] * 14 + [np.nan] + [0.0] * 15))  # no more than half
        est.predict(table[:7].assign(z=99.0))  # too few to tell
        with pytest.raises(UserWarning, match="cells of column 'z' of X"):
            est.partial_fit(table.assign(z=[-99.0] * 16 + [0.0] * 14).astype({"z": float}), y)
    with pytest.warns(UserWarning, match="cells of column 0, 1 of X lie far beyond all") as caught:
        estimator(random_state=0).fit(X, y).predict(X + 99)  # all in one
    assert len(caught) == 1


def test_ordinary_rows_are_not_beyond_the_first():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(200, 4)), rng.lognormal(sigma=1.5, size=(200, 4))])
    X = np.column_stack([X, rng.random((200, 4)) < 0.04, rng.poisson(0.05, (200, 4))])
    X[1, 8] = 1
    y = np.arange(200) % 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n_rows in (3, 10, 100):
            clf = InContextClassifier(random_state=0).fit(X[:n_rows], y[:n_rows])
            for rows in (X[n_rows:], *X[n_rows : n_rows + 20, None], X[:n_rows]):
                clf.predict(rows)
            clf.predict(np.tile(X[1], (9, 1)))  # a rare flag of the first rows' own


def test_levels_that_are_known_but_for_their_case_are_told_of(y):
    table = pd.DataFrame({"town": ["a", "b", "New York"] * 10, "x": np.arange(30.0)})
    clf = classifier().fit(table, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.predict(table[:9].assign(town=["a", *"cccccccc"]))  # new ones may come
        clf.predict(table[:2].assign(town=[None, "a"]))
    with pytest.warns(
        UserWarning, match="' new york' in column 'town' .* had 'New York'"
    ) as caught:
        clf.predict(table[:3].assign(town=["a", " new york", "B"]))
    assert len(caught) == 1 and caught[0].filename == __file__


def test_targets_beyond_the_first_scale_are_told_of(X):
    reg = InContextRegressor(random_state=0).fit(X[:20], X[:20, 0])
    with pytest.warns(UserWarning, match="1 of 2 targets lie more than 10") as caught:
        reg.partial_fit(X[:2], [0.0, 1e4])
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg.partial_fit(X[20:], X[20:, 0])


@pytest.mark.parametrize("n_alike", [1, 3])
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_stream_that_begins_with_targets_alike_is_scaled_by_the_next(n_alike, unit):
    X = np.random.default_rng(0).normal(size=(2 * ROWS_OF_STREAM, 3))
    y = X[:, 0] + 1
    y[:n_alike] = 0.5
    reg = InContextRegressor(random_state=0).partial_fit(X[:n_alike], unit * y[:n_alike])
    for rows in (slice(0, n_alike), slice(n_alike, None)):  # alike still, then others
        reg.partial_fit(X[rows], unit * y[rows])
    assert reg.score(X, unit * y) > 0.9
    scale = reg.target_scale_
    assert reg.partial_fit(X[:5], unit * y[:5]).target_scale_ is scale  # for good


def test_targets_that_were_alike_for_long_are_scaled_by_the_next():
    X = np.random.default_rng(0).normal(size=(ROWS_OF_STREAM + 60, 3))
    reg = InContextRegressor(random_state=0).partial_fit(X[:-60], [0.5] * ROWS_OF_STREAM)
    assert reg._beginning is None and reg.target_scale_.scale == 0
    reg.partial_fit(X[-60:], 100 * X[-60:, 0])
    assert_allclose(reg.target_scale_.scale, np.sqrt(np.mean((100 * X[-60:, 0] - 0.5) ** 2)))
    assert np.corrcoef(reg.predict(X), X[:, 0])[0, 1] > 0.8


@pytest.mark.filterwarnings("ignore:.*targets lie more than")
def test_rounding_sets_no_scale_of_targets(X):
    """The mean of three times 0.1 is not 0.1."""
    reg = InContextRegressor(random_state=0).partial_fit(X[:3], [0.1] * 3)
    for target in (0.1, np.nextafter(0.1, 1)):
        assert reg.partial_fit(X[3:4], [target]).target_scale_.scale == 0
    assert_array_equal(reg.predict(X), 0.1)
    reg.partial_fit(X[4:6], [1e200, 1.0])
    assert np.isfinite(reg.predict(X)).all()


@pytest.mark.parametrize("target", [0.0, 1e-6, 1e6])
def test_a_constant_target_is_predicted(target, X):
    reg = InContextRegressor(random_state=0).fit(X, np.full(len(X), target))
    mean, std = reg.predict(X, return_std=True)
    assert_allclose(mean, target, rtol=1e-12)
    assert (std > 0).all()  # nothing is known of what may come


def test_long_tails_are_told_apart():
    """A fence for one wrong cell leaves them alone."""
    X = np.abs(np.random.default_rng(0).normal(size=(300, 3)))
    tail = np.random.default_rng(1).uniform(10, 1000, 300)
    X[:, 0] = np.where(np.arange(300) % 5 == 0, tail, X[:, 1] / 10)
    reg = InContextRegressor(random_state=0).fit(X[:100], X[:100, 0])
    assert reg.score(X[100:], X[100:, 0]) > 0.97


@pytest.mark.parametrize("settings", [{"temperature": -1}, {"temperature": "x"}, {"engine": "x"}])
def test_settings_that_are_changed_after_fit_are_checked(settings, X, y):
    clf = classifier().fit(X, y).set_params(**settings)
    with pytest.raises(ValueError, match=f"The .{next(iter(settings))}. parameter"):
        clf.predict(X)


def test_a_column_that_was_missing_at_first_stays_silent(y):
    first = pd.DataFrame({"x": np.arange(30.0), "none": [np.nan] * 30})
    for cells in (np.arange(30), list("abc") * 10, pd.Timestamp("2026-01-01")):
        clf = classifier().fit(first, y)
        with pytest.warns(UserWarning, match="Column 'none' of X held no known cell"):
            found = clf.predict_proba(first.assign(none=cells))
        assert_array_equal(found, clf.predict_proba(first))


@pytest.mark.parametrize("estimator", [InContextClassifier(), InContextRegressor()])
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (frame()["size"], "2-dimensional container"),
        (np.zeros((30, 4, 4)), r"dim 3, the learner reads tables .* a column a pixel"),
        (frame()[[]], "at least one array"),
        (frame().assign(size=1j), "Complex data not supported"),
        (frame().assign(size=[1j, None, 2] * 10), "Complex data not supported"),
        (frame().assign(size=[[1], [2], None] * 10), "'size' of X must be numbers, text, times"),
    ],
)
def test_frames_that_cannot_be_read(estimator, X, message):
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, np.arange(30) % 2)


def test_a_frame_after_an_array_is_read_as_numbers(X, y):
    clf = classifier().fit(X, y)
    table = pd.DataFrame(X, columns=list("abc"))
    with pytest.warns(UserWarning, match="feature names") as told:
        proba = clf.predict_proba(table)
    assert len(told) == 1
    assert_array_equal(proba, clf.predict_proba(X))
    assert clf._rows.frame is None


def test_output_of_transformers_as_frames_changes_nothing(y):
    expected = classifier(n_members=2).fit(frame(), y).predict_proba(frame())
    with config_context(transform_output="pandas"):
        found = classifier(n_members=2).fit(frame(), y).predict_proba(frame())
    assert_array_equal(found, expected)


@pytest.mark.parametrize("capacity", [512, 8])
def test_reading_on_keeps_the_first_scale(capacity, X, y, monkeypatch):
    monkeypatch.setattr(least_squares, "CAPACITY", capacity)
    clf, other = (classifier(n_members=2).fit(X[:10], y[:10]) for _ in range(2))
    statistics = clf._rows.layout.statistics
    clf.partial_fit(X[10:], y[10:])
    for i in range(10, 30):
        other.partial_fit(X[i : i + 1], y[i : i + 1])
    assert_array_equal(clf._rows.layout.statistics.scale, statistics.scale)
    assert_allclose(other.predict_proba(X), clf.predict_proba(X), atol=1e-6)
    assert (clf.state_.n_rows == (30 if capacity == 512 else 6)).all()

    reg, one = (regressor().fit(X[:10], X[:10, 0]) for _ in range(2))
    reg.partial_fit(X[10:], X[10:, 0])
    for i in range(10, 30):
        one.partial_fit(X[i : i + 1], X[i : i + 1, 0])
    assert_array_equal(reg.target_scale_.scale, X[:10, 0].std(keepdims=True))
    assert_allclose(one.predict(X), reg.predict(X), rtol=1e-5)


def test_thousands_of_rows_are_no_worse_than_hundreds():
    X, y = make_classification(8_000, 4, n_informative=2, n_redundant=0, flip_y=0.1, random_state=0)
    few, many = (
        roc_auc_score(y[-2_000:], clf.predict_proba(X[-2_000:])[:, 1])
        for clf in (InContextClassifier(random_state=0).fit(X[:n], y[:n]) for n in (300, 6_000))
    )
    assert many > few - 0.005

    X, y = make_friedman1(8_000, noise=1, random_state=0)
    few, many = (
        reg.score(X[-2_000:], y[-2_000:])
        for reg in (InContextRegressor(random_state=0).fit(X[:n], y[:n]) for n in (300, 6_000))
    )
    assert many > few - 0.005


def size_of(estimator):
    return len(pickle.dumps(estimator.state_))


def test_a_memory_is_as_large_after_100_000_rows_as_after_ten():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100_000, 3))
    y = rng.integers(3, size=100_000)
    clf, reg = classifier(n_members=2).fit(X[:10], y[:10]), regressor().fit(X[:10], X[:10, 0])
    sizes = size_of(clf), size_of(reg)
    clf.partial_fit(X[10:], y[10:])
    reg.partial_fit(X[10:], X[10:, 0])
    assert (size_of(clf), size_of(reg)) == sizes
    assert np.isfinite(clf.predict_proba(X[:9])).all() and np.isfinite(reg.predict(X[:9])).all()


@pytest.mark.parametrize("n_rows", [1, 2])
def test_few_first_rows_set_the_scale_with_a_warning(n_rows, X, y):
    clf, reg = classifier(n_members=2), regressor()
    with pytest.warns(UserWarning, match=f"of which there are {n_rows}: call it") as caught:
        clf.fit(X[: n_rows + 1][-n_rows:], y[: n_rows + 1][-n_rows:])
    assert caught[0].filename == __file__
    with warnings.catch_warnings():  # it is scaled anew when more have come
        warnings.simplefilter("error")
        clf = clone(clf).partial_fit(X[:n_rows], y[:n_rows], classes=["a", "b", "c"])
    with pytest.warns(UserWarning, match="call it with 3 or more") as caught:
        reg.fit(X[:n_rows], X[:n_rows, 0])
    assert caught[0].filename == __file__
    clf.partial_fit(X[n_rows:], y[n_rows:])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* targets lie more than 10 standard deviations")
        reg.partial_fit(X[n_rows:], X[n_rows:, 0])
    assert np.isfinite(clf.predict_proba(X)).all() and np.isfinite(reg.predict(X)).all()


def test_columns_without_a_scale_leave_places_for_flags():
    table, y = rows_of_towns()
    clf = InContextClassifier(random_state=0).fit(table, y)
    empty = {f"empty {i}": None for i in range(20)} | {f"same {i}": "x" for i in range(20)}
    wide = InContextClassifier(random_state=0).fit(table.assign(**empty), y)
    assert list(wide._rows.layout.flags) == [0]
    assert_array_equal(wide.predict_proba(table.assign(**empty)), clf.predict_proba(table))


@pytest.mark.parametrize("size", [1e-170, 1e200])
def test_very_large_and_very_small_numbers(X, size):
    y = X[:, 0] > 2
    reg = InContextRegressor(random_state=0)
    for est, answer in ((InContextClassifier(random_state=0), y), (reg, X[:, 0])):
        expected = est.fit(X, answer).predict(X)
        assert_allclose(est.fit(X * size, answer).predict(X * size), expected, rtol=1e-6)
    expected = reg.fit(X, X[:, 0]).predict(X, return_std=True)
    scaled = reg.fit(X, X[:, 0] * size).predict(X, return_std=True)
    assert_allclose(np.divide(scaled, size), expected, rtol=1e-6)


def test_sorted_rows_do_no_harm(monkeypatch):
    """Each member reads them in a random order; alone, it reads them as they come."""
    monkeypatch.setattr(_layout, "comparable_rows", lambda *asked: None)  # no second opinion
    X, y = make_friedman1(300, n_features=6, random_state=0)
    rising = np.argsort(y[:100])
    mixed, by_target, alone = (
        InContextRegressor(n_members=n_members, random_state=0)
        .fit(X[rows], y[rows])
        .score(X[100:], y[100:])
        for rows, n_members in ((np.arange(100), 2), (rising, 2), (rising, 1))
    )
    assert by_target > mixed - 0.03 and by_target > alone + 0.03


def test_the_spread_of_targets_far_from_0(X):
    reg = InContextRegressor(random_state=0)
    expected = reg.fit(X, X[:, 0]).predict(X, return_std=True)[1]
    found = reg.fit(X, X[:, 0] + 1e8).predict(X, return_std=True)[1]
    assert_allclose(found, expected, rtol=1e-4)


def test_a_huge_target_does_not_spoil_the_state(X):
    reg = regressor().fit(X, X[:, 0])
    with pytest.warns(UserWarning, match="2 of 3 targets lie more than 10"):
        told, _ = reg._rows.targets(np.array([1e39, -1e39, 2.0]), reg.target_scale_)
    assert_allclose(told[:2], [TARGET_LIMIT, -TARGET_LIMIT])
    reg.partial_fit(X[:1], [1e39])
    assert np.isfinite(reg.predict(X)).all()


def test_saved_and_loaded(tmp_path):
    table, y = rows_of_towns()
    clf = InContextClassifier(random_state=0).fit(table, y)
    joblib.dump(clf, tmp_path / "clf")
    assert_array_equal(joblib.load(tmp_path / "clf").predict_proba(table), clf.predict_proba(table))


def test_engines_agree(X, y):
    proba = classifier(n_members=2).fit(X, y).predict_proba(X)
    keras = classifier(n_members=2, engine="keras").fit(X, y).predict_proba(X)
    assert_allclose(keras, proba, atol=1e-5)


def test_tags_tell_whether_missing_cells_are_read():
    assert classifier().__sklearn_tags__().input_tags.allow_nan
    assert not InContextClassifier("mann-omniglot").__sklearn_tags__().input_tags.allow_nan
    assert not InContextClassifier("no such learner").__sklearn_tags__().input_tags.allow_nan


def rows_of_towns(n=60):
    """A table whose classes hang on the towns alone, which no order of them tells."""
    rng = np.random.default_rng(0)
    towns = rng.choice(10, n)
    table = pd.DataFrame({"town": [f"town {i}" for i in towns], "noise": rng.normal(size=n)})
    return table, rng.permutation(10)[towns] % 2


def mean_score(est, X, y, n_rows):
    """Mean score of six supports of some rows, on the others."""
    supports = ShuffleSplit(6, train_size=n_rows, random_state=0)
    return cross_val_score(est, X, y, cv=supports).mean()


def test_each_level_of_a_category_is_told_apart(monkeypatch):
    table, y = rows_of_towns(200)
    clf = InContextClassifier(random_state=0).fit(table[:25], y[:25])
    assert list(clf._rows.layout.flags) == [0]
    missing, new = table.assign(town=None), table.assign(town="elsewhere")
    with pytest.warns(UserWarning, match="All 200 cells of column 'town' of X are new"):
        assert_array_equal(clf.predict_proba(new), clf.predict_proba(missing))
    assert np.abs(clf.predict_proba(missing) - clf.predict_proba(table)).max() > 0.1
    blind = InContextClassifier(categorical_features=None, random_state=0)
    assert mean_score(clf, table, y, 40) > 0.97
    # To the blind it is a number of ten values, in no order, if no near rows help it.
    monkeypatch.setattr(_layout, "comparable_rows", lambda *asked: None)
    assert mean_score(clf, table, y, 20) > mean_score(blind, table, y, 20) + 0.05


@pytest.mark.parametrize("asked", [["town"], [0], [True, False], np.array(["town"])])
def test_columns_that_are_categories_may_be_named(asked):
    table, y = rows_of_towns()
    codes = table.assign(town=table["town"].str[5:].astype(int))
    expected = InContextClassifier(random_state=0).fit(table, y).predict_proba(table)
    clf = InContextClassifier(categorical_features=asked, random_state=0).fit(codes, y)
    assert_array_equal(clf.predict_proba(codes), expected)


def test_categories_that_are_no_columns():
    table, y = rows_of_towns()
    X = table["noise"].to_numpy()[:, None] ** [1, 2]
    for rows in (table, X, pd.DataFrame(X)):
        for wrong in ([2], [True], [True, False, True], [0.5], [["town"]]):
            with pytest.raises(ValueError, match="categorical_features must be"):
                InContextClassifier(categorical_features=wrong).fit(rows, y)
    with pytest.raises(ValueError, match=r"\['city'\] are no columns of \['town', 'noise'\]"):
        InContextClassifier(categorical_features=["town", "city"]).fit(table, y)
    with pytest.raises(ValueError, match="categorical_features must be"):
        InContextClassifier(categorical_features=["town"]).fit(X, y)
    numbered = pd.DataFrame(X.round(), columns=[1, 2])  # a number is a place, not a name
    assert list(
        InContextClassifier(categorical_features=[1]).fit(numbered, y)._rows.layout.flags
    ) == [1]


@pytest.mark.parametrize("estimator", [InContextClassifier, InContextRegressor])
def test_categories_of_an_array_and_rows_that_come_later(estimator):
    table, y = rows_of_towns()
    X = np.column_stack([table["town"].str[5:].astype(float), table["noise"]])
    est = estimator(categorical_features=[0], random_state=0, n_members=1).fit(X[:30], y[:30])
    other = clone(est).fit(X[:30], y[:30])
    est.partial_fit(X[30:], y[30:])
    for i in range(30, 60):
        other.partial_fit(X[i : i + 1], y[i : i + 1])
    new, missing = (np.array([[value, 0.0]]) for value in (77, np.nan))
    assert_allclose(other.predict(X), est.predict(X), atol=1e-6)
    assert est.n_features_in_ == 2
    shown = est._rows.shown(np.stack([new, missing]).reshape(1, 2, 2), est.learner_.spec)[0]
    marked = shown[:, est.learner_.spec.n_columns :] >= MISSING
    assert_array_equal(marked.sum(axis=1), [0, len(est._rows.layout.flags[0])])
    assert (est._rows.layout.laid_out(new)[:, 1:] == 0).all()  # none is up


@pytest.mark.parametrize("as_frame", [False, True])
def test_whole_numbers_of_few_values_are_codes_to_every_other_member(as_frame):
    rng = np.random.default_rng(0)
    codes, known = rng.integers(3, 8, size=(60, 2)).astype(float), rng.integers(3, size=60)
    codes[:5, 1] = np.nan
    apart = rng.permutation(np.arange(60) % 11)  # 0 to 10: too far; to 9: near enough
    X = np.column_stack([known, codes, codes[:, 0] / 2, apart, np.minimum(apart, 9)])
    X = np.column_stack([X, 4006381333931 + known])  # no scale to speak of: left out
    X = pd.DataFrame(X, columns=list("abcdefg")) if as_frame else X
    settings = {"n_members": 4, "random_state": 0}
    clf = InContextClassifier(**settings).fit(X, np.arange(60) % 2)
    assert not clf._rows.layout.flags
    assert {i: len(levels) for i, levels in clf._rows.layout.codes.items()} == {
        0: 3,
        1: 5,
        2: 5,
        5: 10,
    }
    for member, order in enumerate(clf._rows.orders):
        expected = [3, 4, *np.arange(7, 30)] if member % 2 else np.arange(6)
        assert_array_equal(np.sort(order), expected)
    cells = clf._rows.layout.laid_out(np.asarray(X))
    assert_array_equal(cells[:, :7], X)
    assert_array_equal(cells[:, 7:10], np.eye(3)[known])
    assert_array_equal(cells[:, 10:15], np.eye(5)[codes[:, 0].astype(int) - 3])
    assert np.isnan(cells[:5, 15:20]).all() and not np.isnan(cells[5:]).any()

    named = InContextClassifier(**settings, categorical_features=[0]).fit(X, np.arange(60) % 2)
    assert set(named._rows.layout.flags) == {0} and not named._rows.layout.codes  # the user knows
    blind = InContextClassifier(**settings, categorical_features=None).fit(X, np.arange(60) % 2)
    assert not blind._rows.layout.flags and not blind._rows.layout.codes
    constant = InContextClassifier().fit(np.asarray(X)[:, [6]], np.arange(60) % 2)
    assert not constant._rows.layout.codes


def test_the_last_of_an_odd_number_of_members_sees_flags_of_some_codes_by_lot():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(4, size=(60, 3)), rng.normal(size=60)])
    flags = [{4, 5, 6, 7}, {8, 9, 10, 11}, {12, 13, 14, 15}]  # of each code, behind the columns
    seen = set()
    for seed in range(20):
        clf = InContextClassifier(n_members=3, random_state=seed).fit(X, np.arange(60) % 2)
        first, second, last = map(set, clf._rows.orders)
        assert first == {0, 1, 2, 3} and second == {3}.union(*flags)
        flagged = [code not in last for code in range(3)]
        shown = [flags[code] if flagged[code] else {code} for code in range(3)]
        assert last == {3}.union(*shown)
        seen.add(tuple(flagged))
    assert len(seen) > 4
    alone = InContextClassifier(n_members=1, random_state=0).fit(X, np.arange(60) % 2)
    assert set(alone._rows.orders[0]) == {0, 1, 2, 3}


@pytest.mark.parametrize("estimator", [InContextClassifier, InContextRegressor])
def test_codes_that_come_later(estimator):
    """The last flag stands for what is beyond it, none for what is between; row by row is one."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.choice([0, 1, 2, 5], 60), rng.normal(size=60)])
    y = X[:, 0].astype(int) % 2
    est = estimator(random_state=0).fit(X[:30], y[:30])
    other = clone(est).fit(X[:30], y[:30])
    est.partial_fit(X[30:], y[30:])
    for i in range(30, 60):
        other.partial_fit(X[i : i + 1], y[i : i + 1])
    assert_allclose(other.predict(X), est.predict(X), atol=1e-6)
    new = np.array([[-1, 0], [3, 0], [4.5, 0], [77, 0]])
    flags = est._rows.layout.laid_out(new)[:, -4:]  # behind two columns, and neighbours
    assert_array_equal(flags, [[1, 0, 0, 0], [0] * 4, [0] * 4, [0, 0, 0, 1]])


def test_what_has_an_order_or_is_a_time_is_no_code():
    rng = np.random.default_rng(0)
    sizes = pd.Categorical(rng.choice(["low", "mid", "high"], 60), ["low", "mid", "high"], True)
    times = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(5, size=60), unit="s")
    table = pd.DataFrame({"size": sizes, "time": times, "code": rng.integers(4, size=60)})
    clf = InContextClassifier().fit(table, np.arange(60) % 2)
    assert list(clf._rows.layout.codes) == [2] and not clf._rows.layout.flags


def test_codes_beside_text_and_where_there_are_no_places():
    rng = np.random.default_rng(0)
    words, codes = rng.choice(list("xyz"), 60), rng.integers(4, size=60)
    table = pd.DataFrame({"noise": rng.normal(size=60), "word": words, "code": codes})
    clf = InContextClassifier(n_members=2, random_state=0).fit(table, codes % 2)
    assert list(clf._rows.layout.flags) == [1] and list(clf._rows.layout.codes) == [2]
    assert_array_equal(clf._rows.orders[0], range(6))  # noise, code, x, y, z, neighbours
    assert_array_equal(np.sort(clf._rows.orders[1]), [0, *range(2, 10)])
    n_noise = load_learner("tabular").spec.n_columns - 3
    wide = np.column_stack([rng.normal(size=(60, n_noise)), codes])  # two places are left
    assert not InContextClassifier().fit(wide, codes % 2)._rows.layout.codes
    assert list(InContextClassifier().fit(wide[:, 1:], codes % 2)._rows.layout.codes) == [
        n_noise - 1
    ]
    levels = np.column_stack([wide[:, :n_noise], codes % 3])  # two are enough
    assert list(InContextClassifier().fit(levels, codes % 2)._rows.layout.codes) == [n_noise]


@pytest.mark.parametrize("estimator", [InContextClassifier, InContextRegressor])
def test_what_codes_are_worth(estimator, monkeypatch):
    """Answers that hang on a code, in no order: members that see flags find them."""
    monkeypatch.setattr(_layout, "comparable_rows", lambda *asked: None)
    table, y = rows_of_towns(200)
    X = np.column_stack([table["town"].str[5:].astype(float), table["noise"]])
    blind, seeing = (
        mean_score(estimator(categorical_features=asked, random_state=0), X, y, 18)
        for asked in (None, "from_dtype")
    )
    assert seeing > blind + 0.05


def test_flags_go_to_the_shortest_categories_as_long_as_there_are_places():
    rng = np.random.default_rng(0)
    n_noise = load_learner("tabular").spec.n_columns - 16
    X = np.column_stack([np.arange(60), np.arange(60) // 5, rng.integers(9, size=60)])
    X = np.column_stack([X, rng.integers(2, size=60), rng.normal(size=(60, n_noise))])
    clf = InContextClassifier(categorical_features=[0, 1, 2, 3])
    with pytest.warns(UserWarning, match="The category 0 of X has 60 levels in 60 rows"):
        clf.fit(X, np.arange(60) % 2)
    # 0 are names of rows, and silent, 1 has too many levels, 3 needs no flags
    flags = clf._rows.layout.flags
    assert {i: len(levels) for i, levels in flags.items()} == {0: 0, 2: 9}
    assert len(clf._rows.orders[0]) == 2 + n_noise + 9
    clf.fit(X[:19], np.arange(19) % 2)
    assert len(clf._rows.layout.flags[1]) == 4  # now there are places for the levels of 1


@pytest.mark.parametrize("n_columns", [2, 4])
def test_frames_of_another_width_are_refused_before_their_cells(n_columns, X, y):
    clf = classifier().fit(pd.DataFrame(X), y)
    other = pd.DataFrame(np.zeros((4, n_columns)))
    with pytest.raises(ValueError, match=f"X has {n_columns} features, but .* is expecting 3"):
        clf.predict(other)


def test_answers_need_no_look_at_the_learners_file(tmp_path, X, y):
    path = tmp_path / "mine.safetensors"
    save_learner(small_learner(CLASSES), path)
    clf = InContextClassifier(path).fit(X, y)
    expected = clf.predict_proba(X)
    path.unlink()
    assert_array_equal(clf.predict_proba(X), expected)
    assert clf.__sklearn_tags__().input_tags.allow_nan


def test_a_refused_call_tells_of_nothing_for_good():
    table = pd.DataFrame({"x": np.arange(12.0), "town": list("ab") * 6})
    clf = InContextClassifier(random_state=0).fit(table, np.arange(12) % 2)
    later = table[:2].assign(town="c")
    with pytest.raises(ValueError, match="not among"), pytest.warns(UserWarning, match="levels"):
        clf.partial_fit(later, [5, 6])
    with pytest.warns(UserWarning, match="levels that the first rows did not, such as 'c'"):
        clf.partial_fit(later, [0, 1])
