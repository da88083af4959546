import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression

from skmeta.columns import (
    MISSING,
    NO_COLUMN,
    TARGET_LIMIT,
    ColumnStatistics,
)
from skmeta.relevance import column_weights
from skmeta.tasks import TableTasks
from skmeta.tasks.table_functions import (
    INGREDIENTS,
    Additive,
    CausalGraph,
    Clusters,
    Factors,
    Ingredient,
    Interactions,
    Linear,
    Table,
    Trees,
    categories,
    correlated,
    importance,
    pick,
    shown,
)
from skmeta.tasks.tables import class_counts, classes_of_scores

KINDS = ["classification", "regression"]


def draw(ingredient, n=40, n_rows=300, n_columns=4, n_scores=2, seed=0, relevant=None):
    relevant = np.ones((n, n_columns), bool) if relevant is None else relevant
    n_used = np.full(len(relevant), n_scores)
    return ingredient.draw(np.random.default_rng(seed), relevant, n_rows, n_scores, n_used)


def name(ingredient):
    return repr(ingredient)


# Every ingredient


@pytest.mark.parametrize("ingredient", INGREDIENTS, ids=name)
def test_a_table_has_cells_and_standardised_scores(ingredient):
    cells, scores = draw(ingredient)
    assert cells.shape == (40, 300, 4) and scores.shape == (40, 300, 2)
    assert np.isfinite(cells).all()
    assert_allclose(scores.mean(axis=1), 0, atol=1e-6)
    spread = scores.std(axis=1)
    assert ((abs(spread - 1) < 1e-6) | (spread < 1e-6)).all()
    assert (spread > 0.5).mean() > 0.9  # hardly a table has nothing to learn


@pytest.mark.parametrize("ingredient", INGREDIENTS, ids=name)
def test_tables_differ_and_the_generator_decides(ingredient):
    one, same, other = (draw(ingredient, n=3, seed=seed) for seed in (0, 0, 1))
    assert_array_equal(one.cells, same.cells)
    assert_array_equal(one.scores, same.scores)
    assert not np.array_equal(one.cells, other.cells)
    assert not np.array_equal(one.scores[0], one.scores[1])


@pytest.mark.parametrize("ingredient", INGREDIENTS, ids=name)
def test_scores_can_be_learnt_from_relevant_cells_and_not_from_others(ingredient):
    relevant = np.tile([True, True, False, False], (12, 1))
    cells, scores = draw(ingredient, n=12, n_rows=600, relevant=relevant)
    found = {"relevant": [], "irrelevant": []}
    for X, y in zip(cells, scores[..., 0], strict=True):
        for which, columns in (("relevant", X[:, :2]), ("irrelevant", X[:, 2:])):
            model = RandomForestRegressor(30, random_state=0, min_samples_leaf=5)
            found[which].append(model.fit(columns[:400], y[:400]).score(columns[400:], y[400:]))
    assert np.median(found["relevant"]) > 0.2
    # Irrelevant columns may share factors with relevant ones: they know less, or nothing.
    assert np.median(found["relevant"]) > np.median(found["irrelevant"]) + 0.2


# What each is


def test_factors_show_in_all_columns_and_columns_tell_them_together():
    cells, scores = draw(Factors(n_factors=1), n=30, n_rows=600, n_columns=12)
    alike, one, all_together = [], [], []
    for X, y in zip(cells, scores[..., 0], strict=True):
        ranks = X.argsort(axis=0).argsort(axis=0)
        alike.append(np.abs(np.corrcoef(ranks.T)[np.triu_indices(12, 1)]).mean())
        model = RandomForestRegressor(30, random_state=0, min_samples_leaf=5)
        one.append(model.fit(X[:400, :1], y[:400]).score(X[400:, :1], y[400:]))
        all_together.append(model.fit(X[:400], y[:400]).score(X[400:], y[400:]))
    assert np.median(alike) > 0.3  # columns that share nothing have 0.03
    assert np.median(all_together) > np.median(one) + 0.1


def test_linear_tables_are_linear_and_others_are_not():
    linear = {}
    for ingredient in (Linear(), Additive(), Interactions(), Trees()):
        rng = np.random.default_rng(0)
        Z = rng.normal(size=(20, 400, 3))
        scores = ingredient.scores(rng, Z, np.ones((20, 3)), 1)[..., 0]
        linear[type(ingredient).__name__] = np.mean(
            [LinearRegression().fit(X, y).score(X, y) for X, y in zip(Z, scores, strict=True)]
        )
    assert linear["Linear"] > 1 - 1e-9
    assert max(linear[other] for other in ("Additive", "Interactions", "Trees")) < 0.9


def test_additive_scores_are_sums_over_columns():
    rng = np.random.default_rng(0)
    grid = np.linspace(-2, 2, 9)
    corners = np.array([[a, b] for a in grid for b in grid])[None]
    scores = Additive().scores(rng, corners, np.ones((1, 2)), 1).reshape(9, 9)
    mixed = scores - scores[:1] - scores[:, :1] + scores[0, 0]
    assert_allclose(mixed, 0, atol=1e-9)


def test_trees_take_few_values():
    rng = np.random.default_rng(0)
    ingredient = Trees(n_trees=2, depth=2)
    scores = ingredient.scores(rng, rng.normal(size=(5, 500, 3)), np.ones((5, 3)), 1)
    for table in scores[..., 0]:
        assert 2 <= len(np.unique(table.round(9))) <= 16


def test_the_nearest_cluster_has_the_highest_score():
    """A classifier on the cells agrees with the class of the highest score."""
    cells, scores = draw(Clusters(n_clusters=1), n=10, n_rows=400, n_columns=8, n_scores=3)
    right = []
    for X, y in zip(cells, scores.argmax(axis=2), strict=True):
        model = RandomForestClassifier(50, random_state=0).fit(X[:300], y[:300])
        right.append(model.score(X[300:], y[300:]))
    assert np.mean(right) > 0.8


def test_rows_come_from_the_clusters_of_classes_that_are_used():
    """Of one class alone there is one cluster; two centers explain more of the rows of four."""
    explained = []
    for n_used in (1, 4):
        ingredient, rng = Clusters(n_clusters=1), np.random.default_rng(0)
        tables = ingredient.draw(rng, np.ones((40, 6), bool), 300, 4, np.full(40, n_used))
        assert (tables.scores.std(axis=1) > 0).all()
        left = [
            KMeans(2, n_init=1, random_state=0).fit(X).inertia_ / (300 * X.var(axis=0).sum())
            for X in tables.cells
        ]
        explained.append(1 - np.quantile(left, 0.1))  # of tables whose clusters lie far apart
    assert explained[0] < explained[1] - 0.03


def test_columns_of_a_graph_know_each_other():
    cells, _ = draw(CausalGraph(), n=10, n_rows=500, n_columns=10)
    known = []
    for X in cells:
        model = RandomForestRegressor(20, random_state=0, min_samples_leaf=5)
        known.append(model.fit(X[:400, 1:], X[:400, 0]).score(X[400:, 1:], X[400:, 0]))
    assert np.median(known) > 0.3


# Columns


def test_columns_are_normal_and_share_factors_in_some_tables():
    Z = correlated(np.random.default_rng(0), (200, 6), 500)
    assert abs(Z.mean()) < 0.02 and abs(Z.std() - 1) < 0.02
    strength = [np.abs(np.corrcoef(table.T)[np.triu_indices(6, 1)]).mean() for table in Z]
    assert min(strength) < 0.06 and max(strength) > 0.25


def test_categories_have_a_meaning_for_each_code():
    Z = np.random.default_rng(1).normal(size=(300, 200, 6))
    hidden, cells = categories(np.random.default_rng(0), Z)
    changed = (hidden != Z).any(axis=1)
    assert 0.1 < changed.mean() < 0.5
    assert_array_equal(
        cells[~np.broadcast_to(changed[:, None], cells.shape)],
        Z[~np.broadcast_to(changed[:, None], cells.shape)],
    )
    for table, column in np.argwhere(changed):
        codes, meanings = cells[table, :, column], hidden[table, :, column]
        assert len(np.unique(codes)) <= 30
        assert_array_equal(codes, np.round(codes))
        pairs = {tuple(pair) for pair in np.column_stack([codes, meanings])}
        assert len(pairs) == len(np.unique(codes))
    levels = [len(np.unique(cells[table, :, column])) for table, column in np.argwhere(changed)]
    assert min(levels) <= 2 and max(levels) > 20
    frequent = [
        np.unique(cells[table, :, column], return_counts=True)[1].max() / 200
        for table, column in np.argwhere(changed)
        if len(np.unique(cells[table, :, column])) == 2
    ]
    assert min(frequent) < 0.65 and max(frequent) > 0.8  # even, and uneven


def test_columns_are_shown_in_other_ways_that_keep_their_order():
    Z = np.random.default_rng(1).normal(size=(40, 100, 5))
    cells = shown(np.random.default_rng(0), Z, Z)
    same = (cells == Z).all(axis=1)
    assert 0.35 < same.mean() < 0.65
    order = Z.argsort(axis=1)
    assert (np.diff(np.take_along_axis(cells, order, axis=1), axis=1) >= 0).all()
    other = Z + 1  # a meaning that differs from the code: a category
    assert_array_equal(shown(np.random.default_rng(0), other, Z), Z)


def test_columns_are_picked_by_their_weight():
    weight = np.array([[1.0, 0.0, 0.25], [0.0, 0.0, 1.0]])
    picked = pick(np.random.default_rng(0), weight, 2_000)
    assert_allclose(np.bincount(picked[0], minlength=3) / 2_000, [0.8, 0.0, 0.2], atol=0.03)
    assert_array_equal(np.unique(picked[1]), [2])


def test_weights_of_columns():
    relevant = np.random.default_rng(1).random((300, 6)) < 0.7
    relevant[:, 0] = True
    weight = importance(np.random.default_rng(0), relevant)
    assert_array_equal(weight > 0, relevant)
    assert_allclose(weight.max(axis=1), 1)
    least = np.where(relevant, weight, 1).min(axis=1)
    assert least.min() < 0.01 and (least > 0.5).mean() > 0.05  # of many sizes, or alike


# Classes


def test_the_highest_score_or_the_interval_decides_the_class():
    scores = np.random.default_rng(1).normal(size=(400, 60, 4))
    counts = class_counts(np.random.default_rng(2), 400, 4)
    assert_array_equal(np.unique(counts), [2, 3, 4])
    classes = classes_of_scores(np.random.default_rng(0), scores, counts)
    assert (np.array([len(np.unique(table)) for table in classes]) <= counts).all()
    assert classes.min() == 0 and classes.max() == 3
    n_classes = np.array([len(np.unique(table)) for table in classes])
    assert 0.4 < (n_classes == 2).mean() < 0.8 and (n_classes == 4).any()
    largest = np.array([np.bincount(table).max() / 60 for table in classes])
    assert largest.min() < 0.4 and largest.max() > 0.85  # even classes, and uneven ones
    shares = np.bincount(classes.ravel(), minlength=4) / classes.size
    assert_allclose(shares, 0.25, atol=0.03)  # no label is likelier than others


# The family


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_depends_on_seed_and_index_only(kind):
    family = TableTasks(kind, n_steps=20, n_columns=6)
    first = family.batch(3, 9, seed=1)
    family.batch(0, 2, seed=5)
    again, other = family.batch(3, 9, seed=1), family.batch(4, 9, seed=1)
    assert_array_equal(first.inputs, again.inputs)
    assert_array_equal(first.targets, again.targets)
    assert not np.array_equal(first.inputs, other.inputs)
    assert first.inputs.shape == (9, 20, 12) == (9, 20, *family.spec.input_shape)


def test_widths_of_tables():
    rows = TableTasks(n_steps=15, n_columns=8, weighted=False).batch(0, 600, seed=0).inputs
    cells, marks = rows[..., :8], rows[..., 8:]
    assert_array_equal(np.unique(marks), [NO_COLUMN, 0, MISSING])
    columns = marks != NO_COLUMN
    assert (columns == columns[:, :1]).all()
    width = columns[:, 0].sum(axis=1)
    assert set(width) == set(range(1, 9))
    assert (width <= 2).mean() > (width >= 7).mean()
    assert 0.05 < (marks == MISSING).any(axis=(1, 2)).mean() < 0.3
    assert (cells[marks != 0] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_marks_tell_the_weights_of_columns(kind):
    options = {"n_steps": 40, "n_columns": 8}
    told, untold = (
        TableTasks(kind, **options, weighted=weighted).scaled_by(30).batch(0, 200, seed=0)
        for weighted in (True, False)
    )
    assert_array_equal(told.targets, untold.targets)
    assert_array_equal(told.inputs[..., :8], untold.inputs[..., :8])
    less = told.inputs[..., 8:] - untold.inputs[..., 8:]
    assert (less >= 0).all() and (less[untold.inputs[..., 8:] == NO_COLUMN] == 0).all()
    assert_allclose(less, np.broadcast_to(less[:, :1], less.shape), atol=1e-6)
    there = untold.inputs[:, 0, 8:] != NO_COLUMN
    assert_array_equal(np.where(there, less[:, 0], 9).min(axis=1), 0)
    targets = told.targets.reshape(200, 40)
    exact = fewer = 0
    for rows, y, table in zip(told.inputs, targets, there, strict=True):
        cells = rows[:30, :8][:, table]  # at this size limits of cells matter little
        shown = []
        for n_columns in range(1, table.sum() + 1):  # before there were flags
            weights = column_weights(cells, ColumnStatistics(0.0, 1.0), y[:30], n_columns)
            shown.append(1 - weights / weights.max())
        off = abs(rows[0, 8:][table] % 1 - shown).max(axis=1)
        assert off.min() < 1e-4
        if min(len(np.unique(column)) for column in cells.T) > 3:  # up, down, missing: a flag
            assert off[-1] < 1e-4
            exact += 1
        fewer += off[-1] > 1e-3
    assert exact > 50 and fewer > 10  # flags count once


def test_targets_have_the_scale_of_the_first_rows():
    targets = TableTasks("regression", n_steps=40).batch(0, 400, seed=0).targets[..., 0]
    assert abs(targets).max() <= TARGET_LIMIT
    assert_allclose(targets[:, :3].mean(), 0, atol=0.1)
    assert 0.8 < np.median(targets.std(axis=1)) < 1.3


@pytest.mark.parametrize("kind", KINDS)
def test_answers_after_the_rows_that_scale_are_counted(kind):
    family = TableTasks(kind, n_steps=20)
    weights = family.batch(0, 300, seed=0).weights
    assert weights.shape == (300, 20) and weights.mean() == pytest.approx(1)
    assert_array_equal(np.sort(weights > 0, axis=1), weights > 0)  # from some row on
    first = (weights > 0).argmax(axis=1)
    assert first.min() == 3 and first.max() == 19 and len(np.unique(first)) == 17
    for n_support in (1, 5, 20):
        counted = family.scaled_by(n_support).batch(0, 4, seed=0).weights > 0
        expected = np.arange(20) >= min(n_support, 19)
        assert_array_equal(counted, np.tile(expected, (4, 1)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_support", [1, 7, 20])
def test_tables_scaled_by_a_given_number_of_rows(kind, n_support):
    family = TableTasks(kind, n_steps=20, n_columns=5, ingredients=[Linear()])
    scaled = family.scaled_by(n_support)
    assert family.n_support is None and scaled.spec == family.spec
    batch = scaled.batch(0, 50, seed=0)
    if kind == "regression":
        first = batch.targets[:, :n_support, 0]
        kept = abs(first).max(axis=1) < TARGET_LIMIT
        assert_allclose(first.mean(axis=1)[kept], 0, atol=1e-5)
        assert n_support == 1 or np.allclose(first.std(axis=1)[kept], 1, atol=1e-4)
    assert np.isfinite(batch.inputs).all()


class ThreeCodes(Ingredient):
    """The first column holds codes, others do not."""

    def draw(self, rng, relevant, n_rows, n_scores, n_used):
        cells = rng.normal(size=(*relevant.shape[:1], n_rows, relevant.shape[1]))
        cells[..., 0] = rng.integers(3, size=cells.shape[:2])
        return Table(cells, rng.normal(size=(*cells.shape[:2], n_scores)))


@pytest.mark.parametrize("n_columns", [2, 9])
def test_half_of_the_tables_show_codes_as_flags(n_columns):
    family = TableTasks(n_steps=60, n_columns=n_columns, ingredients=[ThreeCodes()])
    rows = family.scaled_by(60).batch(0, 200, seed=0).inputs
    n_values = np.array([[len(np.unique(column)) for column in table.T] for table in rows])
    n_codes = (n_values[:, :n_columns] == 3).sum(axis=1)
    n_flags = (n_values[:, :n_columns] == 2).sum(axis=1)
    whole = ~(n_values[:, n_columns:] > 1).any(axis=1)  # no cell is missing
    assert_array_equal(np.unique(n_codes[whole] * 3 + n_flags[whole]), [3])
    if n_columns == 2:  # no place for three flags
        assert (n_flags == 0).all()
    else:
        assert 0.35 < (n_flags[whole] == 3).mean() < 0.6
        for table in rows[whole & (n_flags == 3)]:
            flags = table[:, :n_columns][:, [len(np.unique(column)) == 2 for column in table.T[:9]]]
            assert_array_equal((flags > 0).sum(axis=1), 1)


class LateLevel(Ingredient):
    """A column of codes, one of which the first five rows lack, and one of noise."""

    def draw(self, rng, relevant, n_rows, n_scores, n_used):
        shape = (*relevant.shape[:1], n_rows)
        cells = rng.normal(size=(*shape, relevant.shape[1]))
        cells[..., 0] = rng.integers(4, size=shape)
        cells[:, :5, 0] = [0, 1, 2, 2, 1]
        return Table(cells, rng.normal(size=(*shape, n_scores)))


def test_flags_are_those_of_the_rows_that_scale_a_table():
    family = TableTasks(n_steps=60, n_columns=6, ingredients=[LateLevel()])
    rows = family.scaled_by(5).batch(0, 200, seed=0).inputs
    n_values = np.array([[len(np.unique(column)) for column in table.T] for table in rows])
    n_flags = (n_values[:, :6] == 2).sum(axis=1)
    whole = ~(n_values[:, 6:] > 1).any(axis=1)
    assert set(n_flags[whole]) == {0, 3}
    for table, found in zip(rows[whole], n_values[whole], strict=True):
        flags = table[:, :6][:, found[:6] == 2]
        up = (flags > 0).sum(axis=1)
        if flags.size:
            assert_array_equal(up[:5], 1)
            assert 0.05 < (up == 0).mean() < 0.45  # the fourth level has none


def test_one_step_is_a_table_too():
    assert TableTasks(n_steps=1).batch(0, 3, seed=0).inputs.shape == (3, 1, 40)
    for n_support in (0, 11):
        with pytest.raises(ValueError, match=rf"n_support must lie in 1\.\.10, got {n_support}"):
            TableTasks(n_steps=10).scaled_by(n_support)


def test_one_ingredient_alone():
    family = TableTasks("regression", n_steps=200, n_columns=3, ingredients=[Linear()])
    batch = family.batch(0, 30, seed=0)
    scores = [
        LinearRegression().fit(X, y).score(X, y)
        for X, y in zip(batch.inputs, batch.targets[..., 0], strict=True)
    ]
    assert max(scores) > 0.95  # where noise, skew and categories are small


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_columns": 0}, "n_columns must be at least 1"),
        ({"n_classes": 1}, "n_classes must be at least 2, got 1"),
        ({"ingredients": []}, "There must be an ingredient"),
        ({"n_steps": 0}, "n_steps must be at least 1"),
        ({"kind": "ranking"}, "kind must be one of"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        TableTasks(**options)
