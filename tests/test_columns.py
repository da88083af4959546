import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from skmeta.columns import (
    KNOTS,
    LIMIT,
    choose_flags,
    column_statistics,
    fenced,
    flags_up,
    long_tailed,
    may_be_codes,
    normal_scores,
    stand_ins,
    support_statistics,
    table_rows,
    varying,
)

NAN = np.nan


def test_statistics_are_those_of_a_standard_scaler():
    X = np.random.default_rng(0).normal(3, 2, size=(30, 5))
    X[::4, 2] = NAN
    scaler = StandardScaler().fit(X)
    found = column_statistics(X)
    assert_allclose(found.center, scaler.mean_)
    assert_allclose(found.scale, scaler.scale_)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9, -3.0])
def test_columns_that_do_not_vary_are_silent(value):
    X = np.column_stack([np.full(7, value), np.arange(7)])
    found = column_statistics(X)
    assert_array_equal(found.scale, [np.inf, 2])
    assert_array_equal(table_rows(X + 1, found, 2)[:, 0], 0)


def test_targets_and_tables_of_which_nothing_varies_are_divided_by_one():
    assert_array_equal(column_statistics(np.full((4, 1), 3.0)), [[3], [1]])
    statistics = column_statistics(np.array([[3.0, NAN, 5.0]]))
    assert_array_equal(statistics, [[3, 0, 5], [1, 1, 1]])
    assert_array_equal(varying(statistics), [0, 1, 2])


def test_columns_that_tell_rows_apart():
    X = np.array([[1.0, 5.0, NAN, 2.0, NAN], [1.0, 6.0, NAN, 3.0, 7.0]])
    statistics = column_statistics(X)
    assert_array_equal(varying(statistics), [1, 3, 4])
    assert statistics.scale[4] == 1  # by what is missing
    some = np.array([[True], [True], [False]])  # what is missing in other rows does not count
    X = np.array([[1.0, 5.0], [1.0, 6.0], [NAN, 7.0]])
    assert_array_equal(varying(column_statistics(X, some)), [1])


def test_small_changes_far_from_zero_are_changes():
    X = 1.7e9 + np.array([[0.0], [60.0], [120.0]])
    assert_allclose(column_statistics(X).scale, [np.sqrt(2 / 3) * 60])


def test_columns_with_no_cell_at_all():
    X = np.array([[NAN, 1.0], [NAN, 3.0]])
    found = column_statistics(X)
    assert_array_equal(found.center, [0, 2])
    assert_array_equal(found.scale, [np.inf, 1])


def test_statistics_of_some_rows_only():
    X = np.random.default_rng(0).normal(size=(3, 9, 4))
    support = np.arange(9) < np.array([2, 5, 9])[:, None]
    found = column_statistics(X, support[..., None])
    for i, n in enumerate([2, 5, 9]):
        assert_allclose(found.center[i], X[i, :n].mean(axis=0))
        assert_allclose(found.scale[i], X[i, :n].std(axis=0))


def test_rows_hold_cells_then_what_is_missing_then_nothing():
    X = np.array([[1.0, NAN], [3.0, 5.0], [NAN, 7.0]])
    rows = table_rows(X, column_statistics(X), 8)
    assert rows.dtype == np.float32
    assert_allclose(rows[:, :2], [[-1, 0], [1, -1], [0, 1]])
    assert_array_equal(rows[:, 8:10], [[0, 1], [0, 0], [1, 0]])
    assert_array_equal(rows[:, 2:8], 0)
    assert_array_equal(rows[:, 10:], -1)


def test_marks_say_how_much_less_a_column_weighs():
    X = np.array([[1.0, NAN, 3.0], [2.0, 5.0, NAN]])
    rows = table_rows(X, column_statistics(X), 4, np.array([1.0, 2.0, 0.5]))
    assert_array_equal(rows[:, 4:], [[0.5, 1, 0.75, -1], [0.5, 0, 1.75, -1]])
    assert_array_equal(rows[:, :4], table_rows(X, column_statistics(X), 4)[:, :4])


def test_far_cells_are_kept_within_limits():
    statistics = column_statistics(np.array([[-1.0], [1.0]]))
    rows = table_rows(np.array([[1e30], [-50.0], [2.0]]), statistics, 1)
    assert_array_equal(rows[:, 0], [LIMIT, -LIMIT, 2])


@pytest.mark.parametrize("n_columns", [0, 4])
def test_too_few_or_too_many_columns(n_columns):
    X = np.zeros((2, n_columns))
    with pytest.raises(ValueError, match=rf"1\.\.3 columns, got {n_columns}"):
        table_rows(X, column_statistics(X), 3)


def test_whole_numbers_may_be_codes():
    X = np.array([[0.0, NAN, -7.0], [0.0, NAN, 2.5], [NAN, NAN, NAN], [1.0, 2.0, 3.0]]).T
    assert_array_equal(may_be_codes(X), [True, False, False, True])


def test_a_flag_is_up_for_the_level_of_a_cell():
    cells = np.array([[2.0], [5.0], [NAN], [3.0]])
    assert_array_equal(flags_up(cells, np.array([2.0, 5.0])), [[1, 0], [0, 1], [NAN, NAN], [0, 0]])


def test_categories_of_few_levels_have_flags_first():
    X = np.tile(np.arange(12.0), (5, 1)).T
    X[:, 0] %= 4
    X[:, 1] %= 3
    X[:, 2] %= 2  # two levels tell as much as two flags
    X[3, 0] = NAN
    # Column 3 names each row. Three levels take two more places, four levels three.
    for places, flagged in ((1, []), (2, [1]), (4, [1]), (5, [1, 0]), (30, [1, 0])):
        flags, left = choose_flags(X, range(4), places)
        assert list(flags) == flagged
        assert left == places - sum(len(levels) - 1 for levels in flags.values())
    assert_array_equal(flags[0], np.arange(4))
    assert choose_flags(X, [1], 9)[0].keys() == {1}


def test_one_cell_far_beyond_the_others_is_moved_nearer():
    X = np.array([[1.0, NAN, 0, 0.3, 5], [2, NAN, 0, 0.1 + 0.2, NAN], [3, 1, 0, 0.3, NAN]])
    assert_array_equal(fenced(X), X)
    far = np.vstack([X, X + 3, X + 6, [999, NAN, 5, 5, NAN]])
    assert_array_equal(fenced(far)[:-1], far[:-1])
    assert_array_equal(fenced(far)[-1, :2], [5 + 3 * 4, NAN])  # median 5, the next 4 from it
    assert_array_equal(fenced(far[-7:]), far[-7:])  # too few to tell
    # Half of the cells alike, but for rounding.
    alike = np.array([[0.3, 0], [0.1 + 0.2, 0], [0.3, 0]] * 3 + [[5, 7]])
    assert_array_equal(fenced(alike), alike)


def test_long_tails_stay_and_one_cell_in_fifty_may_be_moved():
    tail = np.exp(np.random.default_rng(0).normal(size=(100, 1)))
    assert (fenced(tail) != tail).sum() <= 2
    wrong = tail.copy()
    wrong[:2] = 1e6
    assert fenced(wrong).max() < 3 * np.sort(tail[2:], axis=0)[-1]


def test_fences_of_very_large_numbers():
    X = np.array([[-1.7e308], [-1e308], [1.0], [1e308], [1.7e308]] * 2)
    assert_array_equal(fenced(X), X)


def test_values_that_may_stand_for_missing_cells():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 7))
    X[::10, 1] = -999
    X[:3, 2], X[:20, 2] = -999, NAN
    X[:20, 3], X[20:22, 3] = NAN, 999
    X[4, 4] = 999  # one: fenced
    X[:, 5] = np.where(np.arange(50) < 4, 999, 1.0)  # nothing else varies
    X[:40, 6], X[40:43, 6] = NAN, 999  # too few others
    assert stand_ins(X) == {1: -999, 3: 999}
    for values in ([0, 0.1, 1, 10, 100], [0, 1, 1000], [*range(9), 40]):  # near enough
        assert stand_ins(rng.choice(values, size=(50, 20)).astype(float)) == {}
    assert stand_ins(np.exp(3 * rng.normal(size=(100, 20)))) == {}  # long tails
    assert stand_ins(np.full((9, 2), NAN)) == {} and stand_ins(np.zeros((1, 2))) == {}
    assert stand_ins(np.repeat([[1e308], [-1e308], [0.0]], 9, axis=0)) == {}


def test_columns_with_long_tails():
    rng = np.random.default_rng(0)
    normal = rng.normal(size=(200, 8))
    X = normal.copy()
    X[:, 1] = np.exp(3 * normal[:, 1])
    X[:, 2] = -1e-9 * np.exp(3 * normal[:, 2])
    X[:, 3] = np.exp(normal[:, 3])  # not so long
    X[:, 4] = np.where(normal[:, 4] > 1.6, 1e9, 0)  # nothing but two values
    X[:, 5], X[5, 5] = 1, 2
    X[::20, 6] = -999  # for missing cells, perhaps
    X[:, 7], X[:7, 7] = NAN, np.exp(4.0 * np.arange(7))  # too few
    assert_array_equal(long_tailed(X, support_statistics(X)), [1, 2, 6])
    X[::3] = NAN
    assert_array_equal(long_tailed(X, support_statistics(X)), [1, 2, 6])
    assert len(long_tailed(X[:1], support_statistics(X[:1]))) == 0
    same = np.full((20, 1), 1e9)
    assert len(long_tailed(same, support_statistics(same))) == 0


def test_normal_scores_are_those_of_a_quantile_transformer():
    rng = np.random.default_rng(0)
    column = np.exp(3 * rng.normal(size=1000))
    knots, scores = normal_scores(column)
    assert len(knots) == KNOTS and knots[0] == column.min() and knots[-1] == column.max()
    known = QuantileTransformer(n_quantiles=1000, output_distribution="normal")
    inner = column[np.abs(np.log(column)) < 4]
    expected = known.fit(column[:, None]).transform(inner[:, None])[:, 0]
    assert_allclose(np.interp(inner, knots, scores), expected, atol=0.06)
    assert_allclose(scores[[0, -1]], [-3.29, 3.29], atol=0.01)  # half a cell below; one half
    few = normal_scores(np.array([7.0, NAN, -1.0, 7.0, 3.0]))
    assert_allclose(few, [[-1, 3, 7], [-1.15035, -0.318639, 0.67449]], rtol=1e-5)
