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
# Of so many columns those are left out without which each row is told better, by so much at least.
MOST_CHOSEN, BETTER = 16, 0.005
# Of a column with many values more than half of the rows have one of their own.
MANY_VALUES = 0.5
# Squared distances that are none, and the least width.
ROUNDING, SMALLEST = 1e-20, 1e-9


@dataclass(frozen=True)
class Neighbours:
    """Rows of a support, and what they say of a row near them.

    They say how far the targets y of the rows near it are from the mean m of all::

        told = sum_s k_s (y_s - m) / (0.1 + sum_s k_s),   k_s = exp((d_min - d_s) / h)

    with the distance d_s from each row, of which d_min is the least. One of the rows themselves is
    told by the others, m too: no row is told its own target, nor that of its copies, as in a
    bootstrap sample. Rows that are alike are copies where a column has many values.

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
        Flags of classes, or numbers.
    width : float
        Of the kernel, h.
    copies : bool
        Whether rows that are alike are copies.

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
    copies: bool = False

    @classmethod
    def of(cls, rows, X, columns, statistics, weights, targets) -> Neighbours:
        """Take rows of a support, with what lets the others tell each of them best.

        That is one of five widths and, of at most 16 columns, those without which it is told no
        better: beginning with the worst, each is left out that makes half a percent of what is
        missed.

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
        n_values = np.array([len(np.unique(column)) for column in cells.T])
        many = n_values > MANY_VALUES * len(cells)
        kept, width = _chosen(cells, targets, many)
        statistics, weights, cells = statistics.of(kept), weights[kept], cells[:, kept]
        copies = bool(many[kept].any())
        return cls(rows, columns[kept], statistics, weights, cells, targets, width, copies)

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
        distance, mean = cdist(cells, self.cells), self.targets.mean(axis=0)
        if own is not None:
            itself = own[:, None] == self.rows
            if self.copies:
                itself |= distance == 0
            distance, mean = _without(itself, distance, self.targets)
        return _told(distance, self.targets, mean, self.width)


def _without(itself, distance, targets):
    """Distances, infinite to a row itself, and the mean of the others: (n, S), (n, k)."""
    others = ~itself
    mean = others @ targets / others.sum(axis=1, keepdims=True)
    return np.where(itself, np.inf, distance), mean


def _told(distance, targets, mean, width):
    """What rows at some distance say: (n, S), (S, k), (n, k) -> (n, k)."""
    near = np.exp((distance.min(axis=1, keepdims=True) - distance) / width)
    total = near.sum(axis=1, keepdims=True)
    return (near @ targets - total * mean) / (DOUBT + total)


def _chosen(cells, targets, many):
    """Columns, (d,) of bool, and a width by which each row is told best by the others.

    Of columns with many values, (d,) of bool, one is enough to tell rows apart.
    """
    n_rows, n_columns = cells.shape
    itself = np.eye(n_rows, dtype=bool)

    def missed(squared, part, kept):
        copies = squared < ROUNDING if many[kept].any() else itself
        distance, mean = _without(copies, np.sqrt(squared), targets)
        told = _told(distance, targets, mean, part * _apart(squared))
        return np.square(mean + told - targets).sum()

    squared, kept = cdist(cells, cells, "sqeuclidean"), np.ones(n_columns, dtype=bool)
    part = min(WIDTHS, key=lambda part: missed(squared, part, kept))
    if 1 < n_columns <= MOST_CHOSEN:
        least = missed(squared, part, kept)
        by_column = np.square(cells.T[:, :, None] - cells.T[:, None])

        def without(column):
            fewer = kept.copy()
            fewer[column] = False
            return np.maximum(squared - by_column[column], 0), part, fewer

        for column in np.argsort([missed(*without(i)) for i in range(n_columns)]):
            fewer = without(column)
            less = missed(*fewer)
            if less < (1 - BETTER) * least and kept.sum() > 1:
                least, (squared, _, kept) = less, fewer
        part = min(WIDTHS, key=lambda part: missed(squared, part, kept))
    return kept, part * _apart(squared)


def _apart(squared):
    """Root of the mean of squared distances between two rows."""
    n_rows = len(squared)
    return max(np.sqrt(squared.sum() / (n_rows * (n_rows - 1))), SMALLEST)
