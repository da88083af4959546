"""What the rows near a row say of its target: columns that a kernel makes of a first support."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from skmeta.columns import ColumnStatistics, standardised

# Widths of a kernel, in parts of the root of the mean square distance between two rows.
WIDTHS = 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4
# A row that says nothing, as near as the nearest, counts for a tenth of one.
DOUBT = 0.1
# Of so many columns those are left out without which so much less is missed of the targets.
MOST_CHOSEN, LESS = 16, 0.005
SMALLEST = 1e-9
# Of the ten nearest rows the first four may be copies. They are if the step to the next is so many
# times as long as others, of which none counts for more than the longest.
NEAREST, MAY_BE_COPIES, NEARER, LONGEST = 10, 4, 2.0, 2.5
# Columns in which two rows are alike seldom, and rows like a row in all of these by chance: where
# there are more, copies would be nothing strange. Rows a part of which are different have none.
SELDOM, ALIKE, DIFFERENT = 0.1, 0.1, 0.8


@dataclass(frozen=True)
class Neighbours:
    """Rows of a support, and what they say of a row near them.

    They say how far the targets y of the rows near it are from the mean m of all::

        told = sum_s k_s (y_s - m) / (0.1 + sum_s k_s),   k_s = exp((d_min - d_s) / h)

    with the distance d_s from each row, of which d_min is the least. One of the rows themselves is
    told by the others.

    Parameters
    ----------
    rows : ndarray of int, shape (S,)
        Their places in the support.
    columns : ndarray of int, shape (d,)
        Columns by which rows are near each other.
    statistics : ColumnStatistics
        Of these columns.
    weights : ndarray of shape (d,)
        How much each matters for a distance.
    cells : ndarray of shape (S, d)
        Of the rows, standardised and weighted.
    targets : ndarray of shape (S, k)
        Flags of classes, or numbers, less their mean.
    width : float
        Of the kernel, h.

    References
    ----------
    E. A. Nadaraya, "On Estimating Regression", Theory of Probability and Its Applications 9, 1964.
    """

    rows: np.ndarray
    columns: np.ndarray
    statistics: ColumnStatistics
    weights: np.ndarray
    cells: np.ndarray
    targets: np.ndarray
    width: float

    @classmethod
    def of(cls, rows, X, columns, statistics, weights, targets) -> Neighbours:
        """Take rows of a support, with what lets the others tell each of them best.

        That is one of five widths and, where there are at most 16 columns, fewer of them: one
        after the other is left out if then half a percent less is missed of the targets (squared).

        Parameters
        ----------
        rows : ndarray of int, shape (S,)
            At least two.
        X : ndarray of shape (S, n_columns)
            The cells of these rows; NaN where one is missing.
        columns, statistics, weights, targets
            As above, of all columns.

        Returns
        -------
        neighbours : Neighbours
        """
        cells = weights * standardised(X[:, columns], statistics)
        squared = cdist(cells, cells, "sqeuclidean").astype(np.float32)
        single = targets.astype(np.float32)
        part, kept = _best_part(squared, single), np.arange(len(columns))
        if len(columns) <= MOST_CHOSEN:
            kept, squared = _without_idle(cells.astype(np.float32), squared, single, part)
            part = _best_part(squared, single)
        columns, statistics, weights = columns[kept], statistics.of(kept), weights[kept]
        width = float(part * _apart(squared))
        return cls(rows, columns, statistics, weights, cells[:, kept], targets, width)

    @property
    def n_columns(self) -> int:
        """How many columns hold what is told: one for each flag of a class, or number."""
        return self.targets.shape[1]

    def told(self, X: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """Return what these rows say of others.

        Parameters
        ----------
        X : ndarray of shape (n, n_columns)
        own : ndarray of int, shape (n,), optional
            Where in the support each row is, if they are rows of it.

        Returns
        -------
        told : ndarray of shape (n, k)
        """
        cells = self.weights * standardised(X[:, self.columns], self.statistics)
        distance = cdist(cells, self.cells)
        if own is not None:
            distance[own[:, None] == self.rows] = np.inf
        return _kernel_mean(distance, self.targets, self.width)


def hold_copies(cells: np.ndarray) -> bool:
    """Find out whether many rows have copies, exact, or near: repeated measurements.

    Columns in which two different rows are often alike, as of codes and flags, do not count. Rows
    hold copies if less than four fifths of them are different. Near copies, up to four of a row,
    show in distances. Where rows lie in D dimensions without order, the logarithm of the distance
    from a row grows by 1 / (k D) in the mean from the k-th nearest row to the next. The step from
    the last copy to the next row is longer: rows hold copies, too, if one of the first four, times
    k, is more than twice the mean of those from the fifth to the tenth.

    Parameters
    ----------
    cells : ndarray of shape (S, d)
        Standardised.

    Returns
    -------
    copies : bool
        False where rows are alike by chance, as rows of codes are. Of twelve rows or fewer near
        copies are not found.

    References
    ----------
    E. Levina, P. Bickel, "Maximum Likelihood Estimation of Intrinsic Dimension", NeurIPS 2004.
    """
    different = np.unique(cells, axis=0)
    alike = _alike(different)
    cells, alike = cells[:, alike < SELDOM], alike[alike < SELDOM]
    if len(different) * np.prod(alike) > ALIKE:
        return False
    if len(different) < DIFFERENT * len(cells):
        return True
    if len(cells) < NEAREST + 3:
        return False
    distance = np.sort(cdist(cells, cells), axis=1)[:, 1 : NEAREST + 1]
    size = np.log(np.maximum(distance, SMALLEST))
    steps = np.sort(np.diff(size), axis=0)[: -(-len(size) * 9 // 10)]  # a few copies do little harm
    steps = np.minimum(steps, LONGEST).mean(axis=0) * np.arange(1, NEAREST)  # 1 / D each
    return bool(steps[:MAY_BE_COPIES].max() > NEARER * steps[MAY_BE_COPIES:].mean())


def _alike(rows):
    """How often two rows have the same cell, for each column, (n, d) -> (d,)."""
    n_rows, n_columns = rows.shape
    columns = np.sort(rows, axis=0).T
    first = np.ones(columns.shape, dtype=bool)  # of a run of equal cells
    first[:, 1:] = columns[:, 1:] != columns[:, :-1]
    places = np.flatnonzero(first)
    lengths = np.diff(places, append=columns.size)
    pairs = np.bincount(places // n_rows, weights=lengths * (lengths - 1), minlength=n_columns)
    return pairs / max(n_rows * (n_rows - 1), 1)


def _kernel_mean(distance, targets, width):
    """What rows at some distance say: (n, S) and (S, k) -> (n, k)."""
    near = np.exp((distance.min(axis=1, keepdims=True) - distance) / width)
    return near @ targets / (DOUBT + near.sum(axis=1, keepdims=True))


def _missed(squared, targets, part):
    """How much of the target of each row others miss, squared, in sum."""
    distance = np.sqrt(squared)
    np.fill_diagonal(distance, np.inf)
    return np.square(targets - _kernel_mean(distance, targets, part * _apart(squared))).sum()


def _best_part(squared, targets):
    """The width, in parts of the distance between rows, with which others miss least."""
    return min(WIDTHS, key=lambda part: _missed(squared, targets, part))


def _without_idle(cells, squared, targets, part):
    """Columns that are needed, and squared distances by these, (S, S)."""
    kept, least = list(range(cells.shape[1])), _missed(squared, targets, part)
    by_column = np.square(cells.T[:, :, None] - cells.T[:, None])
    alone = [_missed(np.maximum(squared - of, 0), targets, part) for of in by_column]
    for column in np.argsort(alone).tolist():  # the worst first
        fewer = np.maximum(squared - by_column[column], 0)
        missed = _missed(fewer, targets, part)
        if missed < (1 - LESS) * least and len(kept) > 1:
            squared, least = fewer, missed
            kept.remove(column)
    return np.array(kept), squared


def _apart(squared):
    """Root of the mean of squared distances between two rows."""
    n_rows = len(squared)
    return max(np.sqrt(squared.sum() / (n_rows * (n_rows - 1))), SMALLEST)
