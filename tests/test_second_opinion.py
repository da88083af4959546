"""Ridge regression on how near rows are to the first ones of a table."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from scipy.special import expit, logit, softmax
from scipy.stats import rankdata
from sklearn.datasets import load_diabetes, load_digits, make_friedman1
from sklearn.linear_model import LogisticRegression, Ridge

from skmeta import InContextClassifier, InContextRegressor
from skmeta.estimators import _layout
from skmeta.second_opinion import (
    GENTLE,
    LOGIT_RIDGE,
    MOST_SHARE,
    PROOF,
    RIDGES,
    ROWS_OF_TRUST,
    SHARPNESS,
    STEEP,
    STEEPER,
    Logits,
    NearRows,
    SecondOpinion,
    left_out_ridge,
)

ALIKE = np.ones(2)  # two columns that tell as much


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def ridge_scores(likeness, targets, of_query, ridge):
    """Scores of rows by the normal equations of an intercept and weights, of which only these pay.

    Of the ridge regression on the features of a kernel: min |y - b - K a|^2 + ridge a^T K a.
    """
    n_rows = len(likeness)
    system = np.block(
        [[likeness + ridge * np.eye(n_rows), np.ones((n_rows, 1))], [np.ones(n_rows), 0]]
    )
    solved = np.linalg.solve(system, np.vstack([targets, np.zeros(targets.shape[1])]))
    return of_query @ solved[:-1] + solved[-1]


@pytest.mark.parametrize("kind", ["lines", "few lines", "near", "classes"])
def test_scores_are_those_of_ridge_regression_with_an_intercept(rng, kind):
    cells, queries = rng.normal(size=(40, 3)), rng.normal(size=(7, 3))
    columns = np.array([0.9, 0.5, 0.1])
    lines = {"lines": [1, -1, 1], "few lines": [1, 0.3, 0]}
    y = cells @ lines[kind] if kind in lines else np.abs(cells[:, 0]) - 1
    if kind == "near":
        y = cells[:, 0] + np.abs(cells[:, 1])
    y = y + 0.3 * rng.normal(size=40)
    if kind == "classes":
        y = (y > 0).astype(int)
    targets = np.eye(2)[y] if kind == "classes" else y[:, None]
    opinion = SecondOpinion.of(cells, columns, y)
    assert isinstance(opinion, NearRows)
    distance = cdist(columns * cells, columns * cells, "cityblock")
    width = distance[np.triu_indices(40, 1)].mean()
    assert opinion.width == pytest.approx(width)
    near, near_query = (
        np.exp(-cdist(columns * rows, columns * cells, "cityblock") / width)
        for rows in (cells, queries)
    )
    found, missed = [], []
    parts = (0.0,) if kind == "classes" else (GENTLE, STEEPER, STEEP)
    for scale, part in zip((columns, columns, np.ones(3)), parts, strict=False):
        part = part / np.square(scale * cells).sum(axis=1).mean()
        likeness = near + part * (scale * cells) @ (scale * cells).T
        of_query = near_query + part * (scale * queries) @ (scale * cells).T
        for ridge in RIDGES:
            found.append(ridge_scores(likeness, targets, of_query, ridge))
            others = [np.arange(40) != i for i in range(40)]
            told = [
                ridge_scores(likeness[np.ix_(of, of)], targets[of], likeness[i, of], ridge)
                for i, of in enumerate(others)
            ]
            missed.append(np.square(targets - told).sum())
    gentle, others = np.array(missed[:3]), np.array(missed[3:] or [np.inf])
    assert (others.min() * (1 + PROOF / 40) < gentle.min()) == (kind in lines)
    best = 3 + others.argmin() if kind in lines else gentle.argmin()
    assert kind not in lines or (best >= 6) == (kind == "lines")
    assert kind != "near" or others.min() < gentle.min()  # by less than two parts in forty
    assert_allclose(opinion.scores(queries), opinion.sharpness * found[best], atol=1e-4)
    if kind != "classes":
        assert opinion.error == pytest.approx(missed[best] / 40)


def linear_classes(rng, n_rows, n_columns, n_classes=2):
    cells = rng.normal(size=(n_rows, n_columns))
    return cells, (cells @ rng.normal(size=(n_columns, n_classes))).argmax(axis=1)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_that_lines_tell_are_told_by_logistic_regression(rng, n_classes):
    cells, y = linear_classes(rng, 400, 8, n_classes)
    opinion = SecondOpinion.of(cells[:100], np.ones(8), y[:100])
    assert isinstance(opinion, Logits)
    scale = 1 / np.sqrt(np.square(cells[:100]).sum(axis=1).mean())
    logits = []
    for c in range(n_classes):
        known = np.column_stack([scale * cells, np.ones(400)])
        model = LogisticRegression(C=1 / LOGIT_RIDGE, fit_intercept=False, tol=1e-8)
        logits.append(model.fit(known[:100], y[:100] == c).decision_function(known[100:]))
    found = opinion.scores(cells[100:])
    assert_allclose(logit(np.exp(found)), np.stack(logits, axis=1), atol=0.03)
    p = opinion.probabilities(found, sharper=1.0)
    assert_allclose(p, (q := expit(np.stack(logits, axis=1))) / q.sum(axis=1)[:, None], atol=0.01)
    flags, told = np.eye(n_classes)[y[:100]], np.zeros((100, n_classes))
    for c in range(n_classes):
        of_all = model.fit(known[:100], y[:100] == c).decision_function(known[:100])
        folds = rankdata(of_all, "ordinal") % 5
        for fold in range(5):
            model.fit(known[:100][folds != fold], y[:100][folds != fold] == c)
            told[folds == fold, c] = model.predict_proba(known[:100][folds == fold])[:, 1]
    told /= told.sum(axis=1, keepdims=True)
    assert opinion.error == pytest.approx(np.square(flags - told).sum() / 100, rel=0.05)


def test_logistic_regression_has_to_miss_less_and_is_tried_where_lines_may_tell(monkeypatch, rng):
    cells, y = linear_classes(rng, 100, 8)
    near, linear = NearRows._regressed(cells, np.ones(8), np.eye(2)[y], np.arange(2))
    tried, errors = [], []
    found = Logits._regressed(cells, np.eye(2)[y], np.arange(2))
    assert linear and found.error < near.error

    def regressed(cells, flags, classes):
        tried.append(errors[-1])
        return replace(found, error=errors[-1])

    monkeypatch.setattr(Logits, "_regressed", regressed)
    for part, kind in ((0.97, Logits), (0.99, NearRows), (1.1, NearRows)):  # two parts in a hundred
        errors.append(part * near.error)
        assert isinstance(SecondOpinion.of(cells, np.ones(8), y), kind)
    SecondOpinion.of(cells, np.ones(8), (cells[:, 0] * cells[:, 1] > 0).astype(int))
    SecondOpinion.of(cells, np.ones(8), cells[:, 0])
    assert tried == errors  # not for these


def test_an_opinion_does_not_depend_on_the_order_of_rows(rng):
    cells, y = linear_classes(rng, 100, 8, 3)
    order = rng.permutation(100)
    for targets in (y, cells[:, 0] + rng.normal(size=100)):
        one = SecondOpinion.of(cells, np.ones(8), targets)
        other = SecondOpinion.of(cells[order], np.ones(8), targets[order])
        assert isinstance(one, Logits) == (targets is y)
        assert_allclose(one.scores(cells), other.scores(cells), rtol=1e-4, atol=1e-4)
        assert other.error == pytest.approx(one.error)


def test_lines_are_for_who_needs_them(rng):
    cells = rng.normal(size=(100, 8))
    boxes = ((cells[:, 0] > 0) & (cells[:, 1] > -0.5) | (cells[:, 2] > 1)).astype(int)
    for labels in (boxes, rng.integers(2, size=100), (cells[:, 0] * cells[:, 1] > 0).astype(int)):
        assert isinstance(SecondOpinion.of(cells, np.ones(8), labels), NearRows)


def test_a_nearly_linear_table_is_no_worse_than_by_logistic_regression():
    scores = []
    for seed in range(5):
        X, y = linear_classes(np.random.default_rng(seed), 400, 10)
        models = InContextClassifier(random_state=0), LogisticRegression()
        scores.append([model.fit(X[:100], y[:100]).score(X[100:], y[100:]) for model in models])
    ours, logistic = np.mean(scores, axis=0)
    assert ours > logistic - 0.015


@pytest.mark.parametrize("ridge", [0.1, 10.0])
def test_each_row_is_told_by_the_others(rng, ridge):
    known, values = rng.normal(size=(25, 4)), rng.normal(size=(25, 3))
    basis, sizes, _ = np.linalg.svd(known - known.mean(axis=0), full_matrices=False)
    missed, found = left_out_ridge(basis, sizes**2, values, [ridge])
    assert found == ridge
    for i in (0, 7, 24):
        others = np.arange(25) != i
        told = Ridge(alpha=ridge).fit(known[others], values[others]).predict(known[[i]])
        assert_allclose(missed[[i]], values[[i]] - told, atol=1e-8)
    tries = [left_out_ridge(basis, sizes**2, values, [r])[0] for r in (0.1, 10.0)]
    best, _ = left_out_ridge(basis, sizes**2, values, (0.1, 10.0))
    assert np.square(best).sum() == min(np.square(tried).sum() for tried in tries)


def test_the_best_ridge_and_sharpness_are_taken(rng):
    cells = rng.normal(size=(80, 2))
    clean, noise = np.abs(cells[:, 0]) > 0.7, rng.integers(2, size=80)
    sure, unsure = (SecondOpinion.of(cells, ALIKE, y.astype(int)) for y in (clean, noise))
    assert sure.sharpness > unsure.sharpness == min(SHARPNESS)
    assert sure.error < 0.2 and 0.4 < unsure.error < 0.6
    spread = [np.ptp(opinion.scores(cells), axis=0).max() for opinion in (sure, unsure)]
    assert spread[0] > 1.5 * spread[1]  # noise has the largest ridge


def test_the_error_is_that_of_rows_told_by_others(rng):
    cells = rng.normal(size=(60, 2))
    y = (np.abs(cells[:, 0]) + 0.3 * rng.normal(size=60) > 0.7).astype(int)
    opinion = SecondOpinion.of(cells, ALIKE, y)
    told = [
        SecondOpinion.of(cells[of], ALIKE, y[of]).scores(cells[[i]])[0]
        for i, of in ((i, np.arange(60) != i) for i in range(60))
    ]  # with a ridge and a width of their own
    p = softmax(told, axis=1)
    assert opinion.error == pytest.approx(np.square(np.eye(2)[y] - p).sum(axis=1).mean(), rel=0.1)
    X = rng.normal(size=(2_000, 2))
    truth = (np.abs(X[:, 0]) + 0.3 * rng.normal(size=2_000) > 0.7).astype(int)
    found = opinion.probabilities(opinion.scores(X), sharper=1.0)
    assert opinion.error == pytest.approx(
        np.square(np.eye(2)[truth] - found).sum(1).mean(), abs=0.1
    )


def test_who_has_none(rng):
    cells, y = rng.normal(size=(30, 2)), np.arange(30) % 2
    assert SecondOpinion.of(cells[:4], ALIKE, y[:4]) is None
    assert SecondOpinion.of(cells[:5], ALIKE, y[:5]) is not None
    of_four = np.arange(8) % 4
    assert SecondOpinion.of(cells[:7], ALIKE, of_four[:7]) is None  # not two of each
    assert SecondOpinion.of(cells[:8], ALIKE, of_four) is not None
    assert SecondOpinion.of(np.ones((30, 2)), ALIKE, y) is None
    assert SecondOpinion.of(cells, ALIKE, np.zeros(30, dtype=int)) is None
    assert SecondOpinion.of(cells, ALIKE, np.full(30, 2.5)) is None


def test_it_knows_classes_of_some_rows(rng):
    cells = rng.normal(size=(60, 2))
    for rare, known in ((1, [0, 2]), (3, [0, 2]), (4, [0, 1, 2])):  # a fifth of the mean is four
        y = np.where(np.arange(60) % 2, 0, 2)
        y[:rare] = 1
        opinion = SecondOpinion.of(cells, ALIKE, y)
        assert list(opinion.classes) == known
        assert_array_equal(opinion.cells, cells[np.isin(y, known)].astype(np.float32))
        p = opinion.probabilities(opinion.scores(cells[:4]), sharper=0.5)
        assert_allclose(p, softmax(0.5 * opinion.scores(cells[:4]), axis=1))
    y = (np.arange(60) < 5).astype(int)
    assert SecondOpinion.of(cells, ALIKE, y) is None  # of two one is left


def test_classes_that_it_does_not_know_are_for_the_learner(monkeypatch, rng):
    X = rng.normal(size=(80, 3))
    y = (X[:, 0] + 0.7 * rng.normal(size=80) > 0).astype(int)
    y[:2] = 2
    clf = InContextClassifier(random_state=0).partial_fit(X, y, classes=[0, 1, 2, 3])
    found, opinion = clf.predict_proba(X), clf._rows.second_opinion
    other = opinion.probabilities(clf._rows.scores(X), sharper=1 / clf.temperature_)
    assert list(opinion.classes) == [0, 1] and clf.temperature_ == 1  # one class has no row
    without_opinion(monkeypatch)
    clf = InContextClassifier(random_state=0).partial_fit(X, y, classes=[0, 1, 2, 3])
    alone = clf.predict_proba(X)
    mass = alone[:, :2].sum(axis=1, keepdims=True)
    share = opinion.share(1 - np.square(alone[:, :2] / mass).sum(axis=1, keepdims=True), 0)
    assert_allclose(found[:, :2], (1 - share) * alone[:, :2] + share * mass * other)
    assert_allclose(found[:, 2:], alone[:, 2:])
    assert_allclose(found.sum(axis=1), 1)
    assert np.abs(found - alone)[:, :2].max() > 0.01


def test_what_it_counts_beside_a_learner(rng):
    opinion = SecondOpinion.of(rng.normal(size=(45, 2)), ALIKE, rng.normal(size=45))
    trust = MOST_SHARE * 45 / (45 + ROWS_OF_TRUST)
    expected = opinion.error * np.array([1.0, 0.5, 3.0, 0.0])
    assert_allclose(opinion.errors(expected), opinion.error * np.array([1.0, 1.0, 3.0, 1.0]))
    parts = np.array([0.5, 0.2, 0.5, 0.0])  # noise is noise to both
    assert_allclose(opinion.share(expected, 0), trust * parts)
    assert_allclose(opinion.share(expected, 405), trust * parts / 100)
    opinion = replace(opinion, classes=np.arange(2))
    assert_allclose(opinion.errors(expected), opinion.error)
    assert_allclose(opinion.share(expected, 0), trust * np.array([0.5, 0.2, 0.9, 0.0]))


def without_opinion(monkeypatch):
    monkeypatch.setattr(_layout.SecondOpinion, "of", lambda *asked: None)


def test_probabilities_are_a_mixture(monkeypatch, rng):
    X = rng.normal(size=(60, 4))
    y = np.array(["no", "yes"])[(X[:, 0] + 0.5 * rng.normal(size=60) > 0).astype(int)]
    both = InContextClassifier(random_state=0).fit(X[:40], y[:40])
    opinion, found = both._rows.second_opinion, both.predict_proba(X[40:])
    scores = both._rows.scores(X[40:])
    without_opinion(monkeypatch)
    alone = InContextClassifier(random_state=0).fit(X[:40], y[:40])
    assert alone._rows.second_opinion is None
    p = alone.predict_proba(X[40:])
    other = opinion.probabilities(scores, sharper=1.0)
    share = opinion.share(1 - np.square(p).sum(axis=1, keepdims=True), 0)
    assert_allclose(found, (1 - share) * p + share * other)
    assert share.max() > 0.1 and np.abs(found - p).max() > 0.01


def test_a_temperature_is_of_both(rng):
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    clf = InContextClassifier(random_state=0).fit(X[:40], y[:40])
    even = clf.set_params(temperature=1e6).predict_proba(X)
    assert_allclose(even, 0.5, atol=1e-4)


def test_means_and_spreads_are_those_of_a_mixture(monkeypatch, rng):
    X = rng.normal(size=(60, 3))
    y = 1e3 * (X[:, 0] + rng.normal(size=60)) + 5e3
    both = InContextRegressor(random_state=0).fit(X[:40], y[:40])
    mean, std = both.predict(X[40:], return_std=True)
    opinion, (center, scale) = both._rows.second_opinion, both.target_scale_
    other = both._rows.scores(X[40:])[:, 0]
    without_opinion(monkeypatch)
    alone = InContextRegressor(random_state=0).fit(X[:40], y[:40])
    means, stds = (
        (value - shift) / scale
        for value, shift in zip(alone.predict(X[40:], return_std=True), (center, 0.0), strict=True)
    )
    share = opinion.share(stds**2, 0)
    mixed = (1 - share) * means + share * other
    errors = opinion.errors(stds**2)
    power = (1 - share) * (stds**2 + means**2) + share * (errors + other**2)
    assert_allclose(mean, mixed * scale + center)
    assert_allclose(std, np.sqrt(power - mixed**2) * scale, rtol=1e-6)
    assert share.max() > 0.1


def gain(monkeypatch, estimator, X, y, n_rows, n_draws=6):
    """What the second opinion adds to a score."""
    scores = []
    for with_opinion in (True, False):
        if not with_opinion:
            without_opinion(monkeypatch)
        for draw in range(n_draws):
            order = np.random.default_rng(draw).permutation(len(X))
            support, queries = order[:n_rows], order[n_rows : n_rows + 300]
            fitted = estimator(random_state=0).fit(X[support], y[support])
            scores.append(fitted.score(X[queries], y[queries]))
    found = np.reshape(scores, (2, -1))
    return (found[0] - found[1]).mean()


def test_what_it_is_worth_on_real_tables(monkeypatch):
    assert gain(monkeypatch, InContextClassifier, *load_digits(return_X_y=True), 100) > 0.003


@pytest.mark.parametrize("n_rows", [10, 20, 100])
def test_of_functions_without_noise_it_spoils_little(monkeypatch, n_rows):
    X, y = make_friedman1(500, n_features=5, random_state=0)
    assert gain(monkeypatch, InContextRegressor, X, y, n_rows) > -0.01
    monkeypatch.undo()
    assert gain(monkeypatch, InContextRegressor, X, X @ np.arange(1, 6), n_rows) > -0.01


def test_it_goes_on_along_lines(monkeypatch, rng):
    X = rng.uniform(0, 1, size=(50, 1))
    later = np.linspace(1, 1.5, 100)[:, None]
    reg = InContextRegressor(random_state=0).fit(X, 2 * X[:, 0] + 0.1 * rng.normal(size=50))
    both = np.abs(reg.predict(later) - 2 * later[:, 0]).mean()
    without_opinion(monkeypatch)
    reg.fit(X, 2 * X[:, 0] + 0.1 * rng.normal(size=50))
    assert both < np.abs(reg.predict(later) - 2 * later[:, 0]).mean() + 0.02


def test_rows_with_copies_give_none(rng):
    X = np.repeat(rng.normal(size=(50, 4)), 2, axis=0)
    y = np.repeat(rng.integers(2, size=50), 2)
    assert InContextClassifier().fit(X, y)._rows.second_opinion is None
    assert InContextClassifier().fit(X[::2], y[::2])._rows.second_opinion is not None


def test_products_and_flags_are_compared_too(rng):
    X = rng.normal(size=(100, 6))
    reg = InContextRegressor(random_state=0).fit(X, X[:, 0] * X[:, 1])
    layout = reg._rows.layout
    assert len(layout.pairs) == 1
    compared = layout.compared(X)
    assert compared.shape == (100, 7)
    assert_allclose(compared.std(axis=0), 1, rtol=0.2)
    told = reg._rows.second_opinion.told
    assert_array_equal(told, np.square(layout.weights[:7]))
    assert told.argmax() == 6  # the product tells, and no column does


def test_columns_with_long_tails_are_compared_by_their_scores(rng):
    X = np.exp(3 * rng.normal(size=(100, 2)))
    clf = InContextClassifier(random_state=0).fit(X, X[:, 0] > 1)
    layout = clf._rows.layout
    assert set(layout.curves) == {0, 1}
    kept = clf._rows.second_opinion.cells
    assert_allclose(np.sort(layout.compared(X), axis=0), np.sort(kept, axis=0), rtol=1e-5)
    assert np.abs(layout.compared(X)[:, 0]).max() < 4 * layout.compared(X)[:, 0].std()


def test_of_many_rows_128_are_taken_by_lot(rng):
    X = rng.normal(size=(400, 3))
    y = np.repeat([0, 1], 200)  # sorted
    opinion = InContextClassifier().fit(X, y)._rows.second_opinion
    assert len(opinion.cells) == 128 and list(opinion.classes) == [0, 1]


def test_missing_cells_are_compared_as_means(rng):
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    X[rng.random(X.shape) < 0.2] = np.nan
    clf = InContextClassifier(random_state=0).fit(X, y)
    assert np.isfinite(clf.predict_proba(np.full((1, 3), np.nan))).all()
    assert not clf._rows.layout.compared(np.full((1, 3), np.nan)).any()


def test_learners_that_are_not_told_weights_have_none():
    X, y = load_diabetes(return_X_y=True)
    reg = InContextRegressor("lstm-tabular-regression").fit(X[:50], y[:50])
    assert reg._rows.second_opinion is None


def test_a_stream_trusts_it_less_and_less(rng):
    X = rng.normal(size=(1_000, 3))
    y = (X[:, 0] + rng.normal(size=1_000) > 0).astype(int)
    clf = InContextClassifier(random_state=0, n_members=1)
    for first in range(0, 1_000, 100):
        clf.partial_fit(X[first : first + 100], y[first : first + 100], classes=[0, 1])
    assert len(clf._rows.second_opinion.cells) == 128 and clf._n_later == 872
    assert InContextClassifier(random_state=0).fit(X, y)._n_later == 0


def test_a_stream_may_change(rng):
    X = rng.normal(size=(584, 4))
    y = (X[:, 0] > 0).astype(int)
    y[128:] = 1 - y[128:]
    clf = InContextClassifier(random_state=0).fit(X[:128], y[:128])
    assert clf.partial_fit(X[128:384], y[128:384]).score(X[384:], y[384:]) > 0.85
