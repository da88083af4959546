import warnings
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from skmeta import InContextRegressor, load_learner
from skmeta.networks import Learner
from tests.estimators.states import assert_unchanged, leaves, snapshot
from tests.reference.small import episodes, small_learner


@pytest.fixture(params=["lstm-numbers", "mann-numbers"])
def learner(request):
    """One number for rows of two features."""
    return small_learner(request.param)


@pytest.fixture
def data():
    rng = np.random.default_rng(3)
    return rng.normal(size=(14, 2)), rng.normal(size=14), rng.normal(size=(10, 2))


def answers(reg, X):
    return np.stack(reg.predict(X, return_std=True))


def test_fit_then_predict_says_what_training_said(learner):
    """For every k, the answer to row k + 1 after k rows is that of the training network."""
    inputs, targets, labels = episodes(learner.spec, 1, 12)
    X, y = inputs[0], targets[0, :, 0]
    rehearsed = learner.rehearse(inputs, labels)[0, :, :, 0].astype(float)
    for k in range(1, 12):
        mean, std = InContextRegressor(learner).fit(X[:k], y[:k]).predict(X[k : k + 1], True)
        assert_allclose(mean, rehearsed[k, 0], atol=1e-5)
        assert_allclose(std, np.exp(rehearsed[k, 1]), rtol=1e-5)


def test_fit_is_partial_fit_row_by_row(learner, data):
    X, y, queries = data
    at_once = InContextRegressor(learner).fit(X, y)
    rows = InContextRegressor(learner)
    for i in range(len(X)):
        rows.partial_fit(X[i : i + 1], y[i : i + 1])
    assert_allclose(answers(rows, queries), answers(at_once, queries), atol=1e-6)


def test_each_target_counts(learner, data):
    X, y, queries = data
    changed = y.copy()
    changed[7] += 1
    one, other = (InContextRegressor(learner).fit(X, z) for z in (y, changed))
    assert np.abs(answers(one, queries) - answers(other, queries)).max() > 1e-4


def test_fit_forgets_and_repeats(learner, data):
    X, y, queries = data
    reg = InContextRegressor(learner, n_members=3, random_state=0)
    first = answers(reg.fit(X, y), queries)
    reg.partial_fit(X[::-1], y[::-1])
    assert not np.allclose(answers(reg, queries), first)
    assert_array_equal(answers(reg.fit(X, y), queries), first)


def test_members_are_a_mixture(learner, data):
    X, y, queries = data
    reg = InContextRegressor(learner, n_members=4, random_state=5).fit(X, y)
    rng = np.random.RandomState(5)
    orders = [rng.permutation(14) for _ in range(4)]
    parts = [answers(InContextRegressor(learner).fit(X[o], y[o]), queries) for o in orders]
    means, stds = np.stack(parts, axis=1)
    mean, std = reg.predict(queries, return_std=True)
    assert_allclose(mean, means.mean(axis=0), atol=1e-6)
    # law of total variance
    assert_allclose(std**2, (stds**2).mean(axis=0) + means.var(axis=0), rtol=1e-5)
    assert_array_equal(reg.predict(queries), mean)


def test_the_support_may_be_read_more_than_once(learner, data):
    X, y, queries = data
    twice = InContextRegressor(learner, n_passes=2).fit(X, y)
    by_hand = InContextRegressor(learner).fit(np.tile(X, (2, 1)), np.tile(y, 2))
    assert_allclose(answers(twice, queries), answers(by_hand, queries), atol=1e-6)


def test_predict_changes_nothing_and_answers_each_query_on_its_own(learner, data):
    X, y, queries = data
    reg = InContextRegressor(learner, n_members=2, random_state=0).fit(X, y)
    before, first = snapshot(reg), answers(reg, queries)
    order = np.random.default_rng(0).permutation(10)
    assert_allclose(answers(reg, queries[order]), first[:, order], atol=1e-6)
    assert_allclose(answers(reg, queries[3:5]), first[:, 3:5], atol=1e-6)
    reg.score(X, y)
    assert_unchanged(reg, before)


def test_the_state_is_of_constant_size(learner):
    rng = np.random.default_rng(0)
    reg, shapes = InContextRegressor(learner), []
    for n_rows in (10, 990):
        reg.partial_fit(rng.normal(size=(n_rows, 2)), rng.normal(size=n_rows))
        shapes.append([leaf.shape for leaf in leaves(reg.state_)])
    assert shapes[0] == shapes[1]


def test_shapes_and_types(learner, data):
    X, y, queries = data
    reg = InContextRegressor(learner).fit(X, y.astype(int))
    mean, std = reg.predict(queries, return_std=True)
    assert mean.shape == std.shape == (10,) and mean.dtype == std.dtype == np.float64
    assert (std > 0).all()
    as_text = InContextRegressor(learner).fit(X, [str(z) for z in y.astype(int)])
    as_objects = InContextRegressor(learner).fit(X, y.astype(int).astype(object))
    for other in (as_text, as_objects):  # numbers, however they are written
        assert_array_equal(other.predict(queries), mean)


def not_a_time(dtype, y):
    """As many times as targets, of which one is missing."""
    times = np.arange(len(y)).astype(dtype)
    times[3] = "NaT"
    return times


BAD_SUPPORT = {
    "nan": (lambda X, y: (np.where(X[3, 1] == X, np.nan, X), y), "Input X contains NaN"),
    "inf": (lambda X, y: (np.where(X[3, 1] == X, np.inf, X), y), "Input X contains infinity"),
    "no rows": (lambda X, y: (X[:0], y[:0]), r"Found array with 0 sample\(s\)"),
    "text": (lambda X, y: (np.full(X.shape, "a"), y), "could not convert string to float"),
    "lengths": (lambda X, y: (X, y[:-1]), "inconsistent numbers of samples"),
    "nan target": (lambda X, y: (X, np.where(y == y[2], np.nan, y)), "Input y contains NaN"),
    "NaT": (lambda X, y: (X, not_a_time("m8[s]", y)), "Input y contains NaN"),
    "NaT of a date": (lambda X, y: (X, not_a_time("M8[D]", y)), "Input y contains NaN"),
    "inf target": (lambda X, y: (X, np.where(y == y[2], np.inf, y)), "Input y contains infinity"),
    "huge target": (lambda X, y: (X, y * 1e300), "Input y contains infinity or a value too large"),
    "text targets": (lambda X, y: (X, np.full(14, "a")), "could not convert string to float"),
    "objects": (lambda X, y: (X, np.full(14, "a", object)), "could not convert string to float"),
    "no targets": (lambda X, y: (X, None), "requires y to be passed|y cannot be None"),
    "two targets": (lambda X, y: (X, np.stack([y, y], axis=1)), "y should be a 1d array"),
    "width": (lambda X, y: (X[:, :1], y), "reads 2 features a row, got 1|X has 1 features"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the cast to float32
@pytest.mark.parametrize("case", BAD_SUPPORT)
@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_support_is_refused_and_changes_nothing(case, fitted, method, data):
    X, y, _ = data
    make, message = BAD_SUPPORT[case]
    reg = InContextRegressor(small_learner("lstm-numbers"), n_members=2, random_state=0)
    if fitted:
        reg.fit(X, y)
    before = snapshot(reg)
    with pytest.raises(ValueError, match=message):
        getattr(reg, method)(*make(X, y))
    assert_unchanged(reg, before)


def test_bad_queries_are_refused(data):
    X, y, _ = data
    reg = InContextRegressor(small_learner("lstm-numbers"))
    with pytest.raises(NotFittedError):
        reg.predict(X)
    reg.fit(X, y)
    before = snapshot(reg)
    for queries, message in [
        (np.full((2, 2), np.nan), "Input X contains NaN"),
        (np.zeros((2, 3)), "X has 3 features, but InContextRegressor is expecting 2"),
        (np.zeros((0, 2)), r"0 sample\(s\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            reg.predict(queries, return_std=True)
    assert_unchanged(reg, before)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstm-vectors", "was trained on regression with 2 a row"),
        ("lstm-classes", "needs a learner trained on regression .* trained on classification"),
    ],
)
def test_a_learner_for_other_tasks_is_refused(name, message, data):
    X, y, _ = data
    with pytest.raises(ValueError, match=message):
        InContextRegressor(small_learner(name)).fit(X, y)


@pytest.mark.parametrize(
    ("x_scale", "y_scale", "what"),
    [(1, 1, None), (50, 1, "Column 1 of X"), (1, 1_000, "y"), (1, 0.01, None)],
)
def test_values_in_another_range_are_answered_with_a_warning(x_scale, y_scale, what):
    X = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    y = y_scale * (X[:, 0] - X[:, 1] ** 2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        InContextRegressor("lstm-quadratic").fit(x_scale * X, y)
    expected = [] if what is None else [f"{what} looks unlike"]
    assert [str(w.message).partition(" what the")[0] for w in caught] == expected


def test_few_cells_far_out_are_luck():
    """As of a column of counts, next to none of which was above 0 in meta-training."""
    learner = load_learner("lstm-quadratic")
    sizes = {"encoder/center": np.float32([0, 3e-4]), "encoder/scale": np.float32([1, 0.02])}
    learner = Learner(learner.network, {**learner.weights, **sizes}, learner.card)
    X = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    X[:, 1] = 0
    for n_far, warns in ((1, False), (4, False), (10, True)):
        X[:n_far, 1] = 1
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            InContextRegressor(learner).fit(X, X[:, 0])
        assert ["Column 1 of X looks unlike" in str(w.message) for w in caught] == [True] * warns
    X[:, 1], X[0, 1] = 0, 1e6
    for rows in (X, [[0.1, 20]], [[0, 1], [0, 0]]):
        with pytest.warns(UserWarning, match="Column 1 of X looks unlike"):
            InContextRegressor(learner).fit(rows, np.zeros(len(rows)))


@pytest.mark.parametrize("y", [[222_000.0], [5.0, 5.0, 5.0, 5.0]])
def test_targets_that_are_alike_tell_no_standard_deviation(y):
    X = np.random.default_rng(0).normal(size=(8, 2))
    reg = InContextRegressor(random_state=0).partial_fit(X[: len(y)], y)
    with pytest.warns(UserWarning, match=f"All targets .* are {y[0]:g}: how far") as caught:
        reg.predict(X, return_std=True)
    assert [w.filename for w in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg.predict(X)
        reg.partial_fit(X, np.arange(8) + y[0]).predict(X, return_std=True)


def test_later_rows_targets_and_queries_in_another_range_are_warned_of():
    X = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    fitted = InContextRegressor("lstm-quadratic").fit(X, X[:, 0])
    reg = deepcopy(fitted)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg.predict(X)
        reg.partial_fit(X, X[:, 0])
    for call, what in (
        (lambda reg: reg.predict([[1e3, 0]]), "Column 0 of X"),
        (lambda reg: reg.partial_fit([[1e3, 0]], [0.1]), "Column 0 of X"),
        (lambda reg: reg.partial_fit(X[:1], [1e3]), "y"),
    ):
        reg = deepcopy(fitted)
        with pytest.warns(UserWarning, match=f"{what} looks unlike") as caught:
            for _ in range(3):
                call(reg)
        assert [w.filename for w in caught] == [__file__]  # once
