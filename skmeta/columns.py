"""Tables of any width as rows that a network reads: scaling, missing cells, empty places.

Both sides of a table learner come through here: the prior that it is meta-trained on, and the
estimator that shows it a user's table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

# Standardised cells are kept within so many standard deviations, and real targets.
LIMIT = 4.0
TARGET_LIMIT = 10.0
# One cell in FENCED, or one in fewer, counts for the scale of a column as if it were at most so
# many times as far from the median as the next.
FENCE, FENCED = 3.0, 50
# A value that more cells share, and that is so many times as far from the median as all others, at
# least three different ones, may stand for a missing cell. Powers of ten do not.
STAND_IN = 12.0
LEAST_OTHERS = 3
# Fewer cells do not tell which of them are wrong.
LEAST_FENCED = 8
# A column has long tails where half of its cells lie within so small a part of its standard
# deviation from the median. Its normal scores have so many knots at most.
LONG_TAILS, KNOTS = 0.1, 65
# Between cells that are closer no line can be drawn.
SMALLEST = 1e-200
# Marks beside the cells of a row: below MISSING for one that is known, NO_COLUMN for no cell.
MISSING = 1
NO_COLUMN = -1
# Categories of so many levels or more have a flag for each level of the support.
FEWEST_FLAGGED = 3
# Fewest rows that the scaling of columns and targets should rest on.
LEAST_SUPPORT = 3
# Numbers that differ by so small a part of themselves are alike, but for rounding.
ROUNDING = 1e-12


class ColumnStatistics(NamedTuple):
    """Center and scale of each column, of shape (..., d)."""

    center: np.ndarray
    scale: np.ndarray

    def of(self, columns) -> ColumnStatistics:
        """Return the statistics of some columns, of shape (d,)."""
        return ColumnStatistics(self.center[columns], self.scale[columns])


def column_statistics(X: np.ndarray, known: np.ndarray | None = None) -> ColumnStatistics:
    """Measure the columns of a support, or its real targets, missing cells left out.

    Parameters
    ----------
    X : ndarray of shape (..., S, d)
        NaN where a cell is missing.
    known : ndarray of bool, broadcastable to X, optional
        Cells to measure; by default all that are not missing.

    Returns
    -------
    statistics : ColumnStatistics
        Mean and standard deviation of the known cells, center 0 where there is none. A column
        that does not vary has an infinite scale: it is silent. It has the scale 1 if it tells
        rows apart by what is missing, or if no column varies at all, as in a first row.
    """
    asked = np.ones(X.shape, dtype=bool) if known is None else np.broadcast_to(known, X.shape)
    counted = asked & ~np.isnan(X)
    n = np.maximum(counted.sum(axis=-2), 1)
    center = np.where(counted, X, 0).sum(axis=-2) / n
    spread = np.where(counted, X - center[..., None, :], 0)
    scale = root_mean_square(spread, n)
    # Rounding leaves a constant column a spread of its own.
    varies = scale > ROUNDING * np.abs(center)
    gaps = counted.any(axis=-2) & (counted != asked).any(axis=-2)
    silent = (varies | gaps).any(axis=-1, keepdims=True) & ~gaps
    return ColumnStatistics(center, np.where(varies, scale, np.where(silent, np.inf, 1.0)))


def root_mean_square(spread: np.ndarray, n) -> np.ndarray:
    """Return the root of the mean square of numbers whose squares no number may hold.

    Parameters
    ----------
    spread : ndarray of shape (..., S, d)
    n : int or ndarray of shape (..., d)
        How many of each column count; others are 0.

    Returns
    -------
    scale : ndarray of shape (..., d)
    """
    largest = np.abs(spread).max(axis=-2)
    parts = spread / np.where(largest > 0, largest, 1)[..., None, :]
    return largest * np.sqrt(np.square(parts).sum(axis=-2) / n)


def support_statistics(X: np.ndarray) -> ColumnStatistics:
    """Measure the columns of a support, but for the few cells that lie far beyond all others.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        NaN where a cell is missing.

    Returns
    -------
    statistics : ColumnStatistics
        As :func:`column_statistics` has them of the cells that :func:`fenced` leaves.
    """
    return column_statistics(fenced(X))


def fenced(X: np.ndarray) -> np.ndarray:
    """Move the few cells of a column, or targets, that lie far beyond all others nearer to them.

    One wrong number, 999 where others are near 1, would make a scale on which others are alike.
    A long tail is more than a few cells, and stays.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        A support; NaN where a cell is missing.

    Returns
    -------
    cells : ndarray of shape (S, d)
        One cell in fifty, or one in fewer, is moved to three times the distance from the median
        that the next has, if it is farther away, and the next is not at the median. Of fewer than
        eight known cells none is.
    """
    n_known, median = _medians(X)
    with np.errstate(over="ignore"):  # farther than numbers go
        distance = np.sort(np.abs(X - median), axis=0)
        next_far = np.maximum(n_known - 1 - np.maximum(n_known // FENCED, 1), 0)
        reach = FENCE * distance[next_far, np.arange(X.shape[1])]
        # Rounding leaves cells that are alike a distance of their own.
        enough = (n_known >= LEAST_FENCED) & (reach > ROUNDING * np.abs(median))
        reach = np.where(enough, reach, np.inf)
        return np.clip(X, median - reach, median + reach)


def _medians(X):
    """Count the known cells of columns, (S, d) -> (d,), and find the middle one, or the lower."""
    n_known = (~np.isnan(X)).sum(axis=0)
    middle = np.maximum(n_known - 1, 0) // 2
    return n_known, np.sort(X, axis=0)[middle, np.arange(X.shape[1])]  # missing ones are last


def stand_ins(X: np.ndarray) -> dict[int, float]:
    """Find values that may stand for missing cells, -999 in every tenth row: they set the scale.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        A support; NaN where a cell is missing.

    Returns
    -------
    values : dict of int to float
        Columns with a value that is twelve times as far from the median as all others, in more
        cells than :func:`fenced` moves. A column of fewer than eight other cells, or three
        different ones, has none.
    """
    n_known, median = _medians(X)
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.nan_to_num(np.abs(X - median), nan=0.0)
        far = distance.max(axis=0)
        farthest = X[distance.argmax(axis=0), np.arange(X.shape[1])] == X
        others = np.where(farthest, 0, distance).max(axis=0)
        n_far = farthest.sum(axis=0)
        enough = (others > ROUNDING * np.abs(median)) & (n_known - n_far >= LEAST_FENCED)
        found = enough & (far > STAND_IN * others) & (n_far > np.maximum(n_known // FENCED, 1))
    values = {}
    for i in np.flatnonzero(found).tolist():
        if len(np.unique(known_cells(X[:, i]))) > LEAST_OTHERS:
            values[i] = float(X[farthest[:, i], i][0])
    return values


def long_tailed(X: np.ndarray, statistics: ColumnStatistics) -> np.ndarray:
    """Find columns whose scale is that of their tails, as of sums of money: other cells look alike.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        A support; NaN where a cell is missing.
    statistics : ColumnStatistics
        Of its columns.

    Returns
    -------
    columns : ndarray of int
        Those half of whose cells, though not at the median, lie within a tenth of a standard
        deviation from it. A column of fewer than eight known cells is none.
    """
    n_known, median = _medians(X)
    with np.errstate(over="ignore"):
        _, nearer_half = _medians(np.abs(X - median))
    apart = np.maximum(ROUNDING * np.abs(median), SMALLEST)
    enough = (n_known >= LEAST_FENCED) & (nearer_half > apart)
    return np.flatnonzero(enough & (nearer_half < LONG_TAILS * statistics.scale))


def normal_scores(column: np.ndarray) -> np.ndarray:
    """Return the curve that makes the cells of a column, by their order alone, normal.

    Parameters
    ----------
    column : ndarray of shape (n,)
        A support's; NaN where a cell is missing.

    Returns
    -------
    curve : ndarray of shape (2, knots)
        Cells, in order, and the standard normal quantile of the share of cells below each and half
        of those that are alike. A score in between is on the straight line, beyond the ends that of
        the end.

    References
    ----------
    B. L. van der Waerden, "Order Tests for the Two-Sample Problem and Their Power", 1952.
    """
    known = np.sort(known_cells(column))
    places = np.linspace(0, len(known) - 1, min(KNOTS, len(known))).round().astype(int)
    knots = np.unique(known[places])
    below, with_equals = (np.searchsorted(known, knots, side) for side in ("left", "right"))
    shares = (below + with_equals) / (2 * len(known))
    return np.stack([knots, ndtri(shares)])


def varying(statistics: ColumnStatistics) -> np.ndarray:
    """Return which columns are not silent.

    Parameters
    ----------
    statistics : ColumnStatistics
        Of a support, of shape (d,).

    Returns
    -------
    columns : ndarray of int
        At least one.
    """
    return np.flatnonzero(np.isfinite(statistics.scale))


def times_as_numbers(times: np.ndarray, unit: Any = "s") -> np.ndarray:
    """Return times, since 1970, or spans of time, in seconds or another unit; NaN for NaT."""
    if times.dtype.kind == "M":
        times = times - np.datetime64(0, unit)
    return times / np.timedelta64(1, unit)


def known_cells(column: np.ndarray) -> np.ndarray:
    """Return the cells of a column, of shape (n,), that are not missing."""
    return column[~np.isnan(column)]


def ranks(numbers: np.ndarray) -> np.ndarray:
    """Return the place of each number among all of its column, in order: (S, ...) -> (S, ...)."""
    order = np.argsort(numbers, axis=0, kind="stable")
    return np.argsort(order, axis=0, kind="stable")


def rows_by_lot(n_rows: int, most: int) -> np.ndarray:
    """Return places of rows that are asked, at most so many: of tables of one length the same."""
    return np.random.RandomState(0).permutation(n_rows)[:most]


def may_be_codes(X: np.ndarray) -> np.ndarray:
    """Return which columns of (n, d) have cells, and whole numbers alone."""
    missing = np.isnan(X)
    return ((np.round(X) == X) | missing).all(axis=0) & ~missing.all(axis=0)


def choose_flags(X: np.ndarray, columns, places: int) -> tuple[dict[int, np.ndarray], int]:
    """Choose the categories that have a flag for each level in their place.

    Those with fewest levels come first, as long as there are places. A column of as many levels
    as rows has none: it names rows.

    Parameters
    ----------
    X : ndarray of shape (S, d)
        A support.
    columns : iterable of int
        Its categories, each of which takes one place by now.
    places : int
        Places that are left.

    Returns
    -------
    flags : dict of int to ndarray
        The levels of a column that have a flag.
    places : int
        What is left then.
    """
    flags: dict[int, np.ndarray] = {}
    if places < FEWEST_FLAGGED - 1:
        return flags, places
    known = {i: known_cells(X[:, i]) for i in columns}
    seen = [(i, np.unique(cells)) for i, cells in known.items()]
    for i, levels in sorted(seen, key=lambda column: len(column[1])):
        repeated = len(levels) < len(known[i])
        if repeated and FEWEST_FLAGGED <= len(levels) <= places + 1:
            flags[i] = levels
            places -= len(levels) - 1
    return flags, places


def flags_up(cells: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Write the cells of a category as flags.

    Parameters
    ----------
    cells : ndarray of shape (..., 1)
    levels : ndarray of shape (L,)

    Returns
    -------
    flags : ndarray of shape (..., L)
        1 where the cell is of the level, NaN where it is missing. None is up for a new level.
    """
    return np.where(np.isnan(cells), np.nan, cells == levels)


def with_flags(X: np.ndarray, flags: Mapping[int, np.ndarray]) -> np.ndarray:
    """Put the flags of categories behind the other columns.

    Parameters
    ----------
    X : ndarray of shape (..., d)
    flags : mapping of int to ndarray
        Column -> its levels.

    Returns
    -------
    cells : ndarray of shape (..., columns)
    """
    if not flags:
        return X
    up = [flags_up(X[..., [i]], levels) for i, levels in flags.items()]
    return np.concatenate([np.delete(X, list(flags), axis=-1), *up], axis=-1)


def table_targets(y: np.ndarray, statistics: ColumnStatistics) -> np.ndarray:
    """Write real targets as a network is told them.

    Parameters
    ----------
    y : ndarray of shape (..., 1)
    statistics : ColumnStatistics
        Of the support's targets, broadcastable to y.

    Returns
    -------
    targets : ndarray of shape (..., 1), float32
        Standardised, within +-10.
    """
    targets = (y - statistics.center) / statistics.scale
    return np.clip(targets, -TARGET_LIMIT, TARGET_LIMIT).astype(np.float32)


def standardised(X: np.ndarray, statistics: ColumnStatistics) -> np.ndarray:
    """Scale cells, and keep them within +-4.

    Parameters
    ----------
    X : ndarray of shape (..., d)
        NaN where a cell is missing.
    statistics : ColumnStatistics
        Of the support's columns, broadcastable to X. Columns that do not vary in it are silent.

    Returns
    -------
    cells : ndarray of shape (..., d)
        0 where a cell is missing.
    """
    cells = (X - statistics.center) / statistics.scale
    return np.clip(np.where(np.isnan(X), 0, cells), -LIMIT, LIMIT)


def table_rows(
    X: np.ndarray, statistics: ColumnStatistics, width: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Write rows of a table as a network reads them.

    Parameters
    ----------
    X : ndarray of shape (..., d)
        Numbers; NaN where a cell is missing.
    statistics : ColumnStatistics
        Of the support's columns, broadcastable to X. Columns that do not vary in it are silent.
    width : int
        Columns that the network has places for, at least d.
    weights : ndarray of shape (d,), optional
        How much columns matter beside each other, positive, none below a millionth of the largest;
        alike by default.

    Returns
    -------
    rows : ndarray of shape (..., 2 * width), float32
        Standardised cells within +-4, 0 where there is none, then marks: how much less a column
        weighs than that of the largest weight, from 0 to below 1, and 1 more where its cell is
        missing; -1 for a place without a column.

    Raises
    ------
    ValueError
        If the table is wider than ``width``.
    """
    n_columns = X.shape[-1]
    if not 1 <= n_columns <= width:
        raise ValueError(f"Expected 1..{width} columns, got {n_columns}.")
    less = 0.0 if weights is None else 1 - weights / weights.max()
    rows = np.zeros((*X.shape[:-1], 2 * width), dtype=np.float32)
    rows[..., :n_columns] = standardised(X, statistics)
    rows[..., width : width + n_columns] = less + MISSING * np.isnan(X)
    rows[..., width + n_columns :] = NO_COLUMN
    return rows
