"""What a support tells of its targets: columns, pairs, long tails, levels, and neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skmeta.columns import (
    ColumnStatistics,
    column_statistics,
    fenced,
    long_tailed,
    normal_scores,
    rows_by_lot,
    standardised,
    support_statistics,
    varying,
)
from skmeta.levels import Levels
from skmeta.neighbours import Neighbours, hold_copies
from skmeta.second_opinion import left_out_ridge

# What the distance of cells from their mean seems to tell by chance, times the number of rows:
# about two standard deviations.
CHANCE = 4.0
# What a column is taken to tell beside what it shows, times rows and columns: the more columns a
# table has, the less each tells. Chosen on the tables of benchmarks/tables.py.
BELIEF = 40.0
# More rows than the longest tables of meta-training leave no column more silent than these do.
MOST_SUPPORT = 128
# What a product seems to tell of one direction by chance, times the number of rows, is a chi
# square: one table in 250 has a pair beyond 4 ln d + 6, whatever d. Of several directions products
# seem to tell more; that each row is told by the others sees to it.
CHANCE_OF_BEST = 6.0
# Rows that are asked for pairs, and pairs that are taken, of so many that are looked into.
MOST_ASKED, MOST_PAIRS, CANDIDATES = 1_000, 6, 10
NO_PAIRS = np.zeros((0, 2), dtype=int)
# Rows that others are compared with, at most. What neighbours tell of one row in twenty, and one
# more, does not count: a few rows prove nothing.
MOST_COMPARED, ONE_IN = 128, 20
# They are compared with the best of regressions with so much ridge, and have to tell such a part
# of all targets.
RIDGES, TOLD = (0.1, 1.0, 10.0, 100.0), 0.02
# K classes are K - 1 directions: the length of the last is rounding, below this.
NO_DIRECTION = 1e-3
# A product of which columns leave a smaller share is there already.
NEW = 0.05
# Squares that are rounding, and what is left of them; singular values likewise.
NO_POWER, NO_SIZE = 1e-9, 1e-6


def column_weights(
    X: np.ndarray, statistics: ColumnStatistics, targets: np.ndarray, n_columns: int
) -> np.ndarray:
    """Weigh the columns of a support by how much each alone tells of the targets.

    What a column tells is the share of its variance that is between the classes, or goes with the
    numbers, less what chance gives in the mean (adjusted R2, at least 0). A column may tell by its
    cells, or by their distance from the mean, the second less four over the number of rows. The
    weight is the root of what it tells plus forty over rows times columns, for what so few rows
    cannot tell: little where there are many columns, most of which tell nothing. 128 rows or more
    count as 128.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        NaN where a cell is missing.
    statistics : ColumnStatistics
        Of its columns.
    targets : ndarray of shape (S,)
        Real numbers, or classes of any other type.
    n_columns : int
        Columns of the table that vary, products, gaps, and columns of what levels and neighbours
        tell, at least 1; one that has flags counts once, with them.

    Returns
    -------
    weights : ndarray of shape (d,)
        Positive; alike where rows are too few to tell.

    References
    ----------
    M. Ezekiel, "Methods of Correlation Analysis", 1930 (adjusted R2).
    """
    directions = _directions(targets)
    n_rows = min(len(X), MOST_SUPPORT)
    cells = standardised(X, statistics)
    distance = _adjusted_r2(np.abs(cells), directions) - CHANCE / n_rows
    belief = BELIEF / (n_rows * n_columns)
    return np.sqrt(np.maximum(_adjusted_r2(cells, directions), distance) + belief)


def telling_scores(
    X: np.ndarray, statistics: ColumnStatistics, targets: np.ndarray
) -> dict[int, np.ndarray]:
    """Find the columns with long tails whose normal scores tell no less than their cells.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        NaN where a cell is missing.
    statistics : ColumnStatistics
        Of its columns.
    targets : ndarray of shape (S,)
        Real numbers, or classes of any other type.

    Returns
    -------
    curves : dict of int to ndarray
        Column -> its scores, as :func:`skmeta.columns.normal_scores` has them, where they tell as
        much of the targets as its cells (adjusted R2, at least 0), or more.
    """
    curves = {i: normal_scores(X[:, i]) for i in long_tailed(X, statistics).tolist()}
    if not curves:
        return curves
    directions, columns = _directions(targets), list(curves)
    scores = np.stack([np.interp(X[:, i], *curves[i]) for i in columns], axis=1)
    by_cells = _adjusted_r2(standardised(X[:, columns], statistics.of(columns)), directions)
    by_scores = _adjusted_r2(standardised(scores, support_statistics(scores)), directions)
    return {columns[k]: curves[columns[k]] for k in np.flatnonzero(by_scores >= by_cells)}


def telling_gaps(X: np.ndarray, targets: np.ndarray, most: int) -> np.ndarray:
    """Find the columns that tell something of the targets by where their cells are missing.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        NaN where a cell is missing.
    targets : ndarray of shape (S,)
        Real numbers, or classes of any other type.
    most : int
        How many to return at most.

    Returns
    -------
    columns : ndarray of int
        Those whose gaps tell more (adjusted R2) than the best of the d gaps that differ would by
        chance, 4 ln d + 6 over the number of rows, the most telling first. Of columns that have
        the same gaps, the first.
    """
    missing = np.isnan(X)
    if not missing.any():
        return np.zeros(0, dtype=int)
    gaps, columns = np.unique(missing, axis=1, return_index=True)
    differ = gaps.any(axis=0) & ~gaps.all(axis=0)
    gaps, columns = gaps[:, differ], columns[differ]
    told = _adjusted_r2(gaps.astype(np.float64), _directions(targets))
    order = np.argsort(-told, kind="stable")[:most]
    return columns[order[told[order] > _chance(len(columns), len(X))]]


def telling_pairs(
    X: np.ndarray, statistics: ColumnStatistics, targets: np.ndarray, most: int = MOST_PAIRS
) -> np.ndarray:
    """Find pairs of columns whose product tells of the targets what columns alone do not.

    Of the targets, what all cells and their squares leave (by ridge regression, one unit of ridge
    for each) is compared with the product of each two columns. Such a product has to tell more of
    it than the best of all pairs would by chance, 4 ln d + 6 over the number of rows; so has what
    is new in it beside the two columns and their squares, of each row from the others: one far cell
    makes no pair, nor do flags of one category. One pair is found after the other, in what the
    products before it leave, too.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        NaN where a cell is missing. Of more than 1,000 rows 1,000 are asked, by lot; columns that
        do not vary count for nothing.
    statistics : ColumnStatistics
        Of its columns.
    targets : ndarray of shape (S,)
        Real numbers, or classes of any other type.
    most : int, default=6
        Pairs to find, at most.

    Returns
    -------
    pairs : ndarray of shape (n_pairs, 2), int
        Those that tell most first.

    References
    ----------
    D. M. Allen, "The Relationship between Variable Selection and Data Augmentation and a Method
    for Prediction", Technometrics 16, 1974 (each row from the others: PRESS).
    """
    columns, n_asked = varying(statistics), min(len(X), MOST_ASKED)
    chance = _chance(len(columns), n_asked)
    if len(columns) < 2 or chance >= 1:  # no product tells more than all
        return NO_PAIRS
    asked = rows_by_lot(len(X), n_asked)
    cells = standardised(X[asked][:, columns], statistics.of(columns))
    directions, products = _directions(targets[asked]), np.zeros((n_asked, 0))
    pairs: list[np.ndarray] = []
    while len(pairs) < most:
        left = _left(directions, cells, products)
        told = np.triu(_r2_of_products(cells, left), 1)
        best = np.argsort(-told, axis=None, kind="stable")[:CANDIDATES]
        likely = np.stack(np.unravel_index(best[told.flat[best] > chance], told.shape), axis=1)
        if len(likely) == 0:
            break
        telling = likely[_least_left_out_r2(cells[:, likely.T], left) > chance]
        pair = next((pair for pair in telling if _is_new(cells[:, pair], cells, products)), None)
        if pair is None:
            break
        pairs.append(pair)
        products = cells[:, pairs].prod(axis=2)
    return columns[np.reshape(pairs, (-1, 2)).astype(int)]


def comparable_rows(X: np.ndarray, statistics: ColumnStatistics) -> np.ndarray | None:
    """Choose the rows of a support that others are compared with.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        NaN where a cell is missing.
    statistics : ColumnStatistics
        Of its columns.

    Returns
    -------
    rows : ndarray of int, or None
        128 of them by lot, or all if there are fewer. None where no column varies, and where rows
        have copies, exact or near: they tell of each other what no new row is told.
    """
    rows = rows_by_lot(len(X), MOST_COMPARED)
    cells = standardised(X[rows], statistics)[:, varying(statistics)]
    return None if cells.shape[1] == 0 or hold_copies(cells) else rows


def telling_neighbours(
    X: np.ndarray,
    statistics: ColumnStatistics,
    weights: np.ndarray,
    targets: np.ndarray,
    rows: np.ndarray,
    pairs: np.ndarray = NO_PAIRS,
) -> Neighbours | None:
    """Find out whether rows near a row tell of its target what columns do not.

    What each row is told by the others (:class:`skmeta.neighbours.Neighbours`) is compared with
    what ridge regressions on all other rows miss of its target, one on all cells, and one on these,
    their squares and products. Without one row in twenty, and one more, of which it tells
    most, it has to tell a fiftieth of all targets, and more of what either misses than the best of
    d columns would by chance, 4 ln d + 6 over the number of rows.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        NaN where a cell is missing.
    statistics : ColumnStatistics
        Of its columns.
    weights : ndarray of shape (d,)
        How much each matters for a distance.
    targets : ndarray of shape (S,)
        Real numbers, or classes of any other type.
    rows : ndarray of int
        Rows that are asked, see :func:`comparable_rows`.
    pairs : ndarray of int, shape (n_pairs, 2), optional
        Columns whose products are columns, too.

    Returns
    -------
    neighbours : Neighbours or None
        They tell of K classes, of the second of two, or of the number.
    """
    columns = varying(statistics)
    chance = _chance(len(columns), len(rows))
    if chance >= 1:
        return None
    X, numbers = X[rows], _centered(targets[rows])
    if not numbers.any():
        return None
    neighbours = Neighbours.of(rows, X, columns, statistics.of(columns), weights[columns], numbers)
    cells, told = standardised(X, statistics), neighbours.told(X, rows)
    bent = np.hstack([cells, np.square(cells), cells[:, pairs].prod(axis=2)])
    for known in (cells, bent):
        missed = _missed(known, numbers)
        least = max(chance * _power(missed), TOLD * _power(numbers))
        if _explained(missed, told) <= least:
            return None
    return neighbours


def known_of_rows(cells: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return what the rows of a support know to tell of others of the same level.

    Parameters
    ----------
    cells : ndarray of shape (S, d)
        Columns without crowded categories, standardised.
    targets : ndarray of shape (S,)
        Real numbers, or classes of any other type.

    Returns
    -------
    known : ndarray of shape (S, k)
        What ridge regression on the columns of all other rows misses of their targets, less its
        mean: of flags of K classes, of that of the second of two, or of numbers, standardised, the
        first of two columns; the second is the numbers themselves.
    """
    numbers = _centered(targets)
    missed = _missed(cells, numbers)
    missed -= missed.mean(axis=0)
    return np.hstack([missed, numbers]) if targets.dtype.kind == "f" else missed


def telling_levels(X: np.ndarray, crowded: Sequence[int], known: np.ndarray) -> list[Levels]:
    """Find the crowded categories whose rows tell others of the same level something.

    Parameters
    ----------
    X : ndarray of shape (S, d)
    crowded : sequence of int
        Categories.
    known : ndarray of shape (S, k)
        What rows know.

    Returns
    -------
    levels : list of Levels
        Those of which what rows of other folds tell explains more of what rows know, in one of the
        k columns, than half of 4 ln d + 6 over the number of rows, of d columns in all; the most
        telling first.
    """
    levels = [Levels.of(column, X[:, column], known) for column in crowded]
    least = _chance(len(levels) * known.shape[1], len(X)) / 2
    shares = np.array([_shares_told(of_one, known).max() for of_one in levels])
    order = np.argsort(-shares, kind="stable")
    return [levels[i] for i in order if shares[i] > least]


def _shares_told(levels, known):
    """How much of what rows know those of other folds tell, in squares, column by column."""
    told = np.nan_to_num(levels.told_own.astype(np.float64))
    told, known = told - told.mean(axis=0), known - known.mean(axis=0)
    agreed = np.maximum((told * known).sum(axis=0), 0)
    return agreed**2 / np.maximum(_power(told, 0) * _power(known, 0), NO_POWER)


def _centered(targets):
    """Targets as numbers of mean 0, (S,) -> (S, k): flags of K classes, of the second of two."""
    numbers = _as_numbers(targets)
    numbers -= numbers.mean(axis=0)
    return numbers[:, 1:] if numbers.shape[1] == 2 else numbers


def _missed(cells, numbers):
    """What ridge regression on the cells of all others misses of each row's numbers, (S, k)."""
    basis, sizes, _ = np.linalg.svd(cells - cells.mean(axis=0), full_matrices=False)
    return left_out_ridge(basis, np.square(sizes), numbers, RIDGES)[0]


def _explained(missed, told):
    """How much of what is missed, in squares, is told, but for the rows of which it is most."""
    told = told - told.mean(axis=0)
    agreed = np.sort((told * missed).sum(axis=1))
    found = max(agreed[: -1 - len(agreed) // ONE_IN].sum(), 0)
    return found**2 / max(_power(told), NO_POWER)


def _power(numbers, axis=None):
    """Sum of squares."""
    return np.square(numbers).sum(axis=axis)


def _chance(n_columns, n_rows):
    """R2 that the best of what many columns may tell together has by chance."""
    return (4 * np.log(max(n_columns, 1)) + CHANCE_OF_BEST) / n_rows


def _as_numbers(targets):
    """Targets as numbers: standardised, or a flag for each class: (S,) -> (S, classes or 1)."""
    if targets.dtype.kind == "f":
        numbers = fenced(targets[:, None].astype(np.float64))
        center, scale = column_statistics(numbers)  # far from 0 and from 1, too
        return (numbers - center) / scale
    classes, found = np.unique(targets, return_inverse=True)
    return np.eye(len(classes))[found]


def _directions(targets):
    """Targets as directions in the space of rows, of length 1: (S,) -> (S, classes or 1)."""
    numbers = _as_numbers(targets)
    length = np.linalg.norm(numbers, axis=0)
    return numbers / np.where(length > 0, length, 1)


def _adjusted_r2(cells, directions):
    """Adjusted R2 of columns, (S, d) -> (d,), on directions of length 1, (S, classes or 1)."""
    n_rows, n_directions = directions.shape
    left = n_rows - max(2, n_directions)  # degrees of freedom
    if left < 1:
        return np.zeros(cells.shape[1])
    cells = cells - cells.mean(axis=0)
    found = np.square(directions.T @ cells).sum(axis=0)
    total = np.square(cells).sum(axis=0)
    share = found / np.where(total > NO_POWER, total, np.inf)
    return np.maximum(1 - (1 - share) * (n_rows - 1) / left, 0)


def _left(directions, cells, products):
    """What columns alone and products leave of directions, as orthogonal ones of length 1: (S, k).

    (S, classes or 1), (S, d) and (S, n_pairs).
    """
    basis, sizes, _ = np.linalg.svd(_rest(directions, cells, products), full_matrices=False)
    return basis[:, sizes > NO_DIRECTION]


def _rest(values, cells, products):
    """What cells and squares, by ridge, and products, without, leave of values, (S, n)."""
    known = np.hstack([cells, np.square(cells), products])
    known, values = known - known.mean(axis=0), values - values.mean(axis=0)
    n_alone = 2 * cells.shape[1]
    ridge = known.T @ known
    ridge[:n_alone, :n_alone] += n_alone * np.eye(n_alone)
    return values - known @ np.linalg.solve(ridge, known.T @ values)


def _is_new(pair, cells, products):
    """Whether columns and products before leave something of the product of a pair, (S, 2)."""
    product = pair.prod(axis=1, keepdims=True)
    rest = _rest(product, cells, products)
    return np.square(rest).sum() > NEW * np.square(product - product.mean()).sum()


def _r2_of_products(cells, directions):
    """R2 of the product of each two columns, (S, d) -> (d, d), on orthogonal directions."""
    mean = cells.T @ cells / len(cells)
    squares = np.square(cells)
    total = squares.T @ squares - len(cells) * np.square(mean)
    found = sum(np.square(cells.T @ (cells * direction[:, None])) for direction in directions.T)
    return found / np.where(total > NO_POWER, total, np.inf)


def _least_left_out_r2(pairs, directions):
    """R2 of what is new in products of two columns, where each row is told by the others.

    The least of that of all rows, and of those without the row in which most is new:
    (S, 2, n_pairs) and (S, k) -> (n_pairs,).
    """
    pairs = np.moveaxis(pairs, 2, 0)  # (n_pairs, S, 2)
    alone = np.concatenate([np.ones_like(pairs[..., :1]), pairs, np.square(pairs)], axis=2)
    basis, sizes, _ = np.linalg.svd(alone, full_matrices=False)
    basis *= (sizes > NO_SIZE * sizes[:, :1])[:, None]
    product = pairs.prod(axis=2, keepdims=True)
    new = (product - basis @ (np.swapaxes(basis, 1, 2) @ product))[..., 0]
    size = np.abs(new)
    most = size >= (1 - NO_SIZE) * size.max(axis=1, keepdims=True)  # of flags in many rows
    others = np.arange(new.shape[1]) != most.argmax(axis=1, keepdims=True)
    return np.minimum(
        _left_out_r2(new, directions, np.ones_like(others)), _left_out_r2(new, directions, others)
    )


def _left_out_r2(columns, directions, counted):
    """R2 of columns on directions, where each row that is counted is told by the others.

    (n, S), (S, k) and flags (n, S) -> (n,).
    """
    share = counted[..., None] / counted.sum(axis=1)[:, None, None]  # of each row in a mean
    columns, directions = columns[..., None], directions[None]
    columns = (columns - (share * columns).sum(axis=1, keepdims=True)) * counted[..., None]
    directions = directions - (share * directions).sum(axis=1, keepdims=True)
    directions *= counted[..., None]
    power = np.square(columns).sum(axis=1, keepdims=True)
    total = np.square(directions).sum(axis=1)
    tells = (power[:, 0, 0] > NO_POWER) & (total > NO_POWER).all(axis=1)
    power, total = np.maximum(power, NO_POWER), np.maximum(total, NO_POWER)
    own = np.square(columns) / power + share  # how far a row tells itself (leverage)
    missed = directions - columns * (np.swapaxes(columns, 1, 2) @ directions) / power
    missed /= np.maximum(1 - own, NO_POWER)
    told = total.shape[1] - (np.square(missed).sum(axis=1) / total).sum(axis=1)
    return np.where(tells, told, 0.0)
