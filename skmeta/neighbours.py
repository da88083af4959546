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
SMALLEST = 1e-9


@dataclass(frozen=True)
class Neighbours:
    """Rows of a support, and what they say of a row near them.

    They say how far the targets y of the rows near it are from the mean m of all::

        told = sum_s k_s (y_s - m) / (0.1 + sum_s k_s),   k_s = exp((d_min - d_s) / h)

    with the distance d_s from each row, of which d_min is the least. One of the rows themselves is
    told by the others, m too: no row is told its own target.

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
        kept, width = _chosen(cells, targets)
        return cls(
            rows, columns[kept], statistics.of(kept), weights[kept], cells[:, kept], targets, width
        )

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
        distance, counted = cdist(cells, self.cells), np.ones((len(X), len(self.rows)))
        if own is not None:
            itself = own[:, None] == self.rows
            distance[itself], counted[itself] = np.inf, 0
        mean = counted @ self.targets / counted.sum(axis=1, keepdims=True)
        return _told(distance, self.targets, mean, self.width)


def _told(distance, targets, mean, width):
    """What rows at some distance, (n, S), say of others: (n, k)."""
    near = np.exp((distance.min(axis=1, keepdims=True) - distance) / width)
    total = near.sum(axis=1, keepdims=True)
    return (near @ targets - total * mean) / (DOUBT + total)


def _chosen(cells, targets):
    """Columns, (d,) of bool, and a width by which each row is told best by the others."""
    n_rows, n_columns = cells.shape
    mean = (targets.sum(axis=0) - targets) / (n_rows - 1)  # of the others

    def missed(squared, part):
        distance, width = np.sqrt(squared), part * _apart(squared)
        np.fill_diagonal(distance, np.inf)
        return np.square(mean + _told(distance, targets, mean, width) - targets).sum()

    squared = cdist(cells, cells, "sqeuclidean")
    part = min(WIDTHS, key=lambda part: missed(squared, part))
    kept = np.ones(n_columns, dtype=bool)
    if 1 < n_columns <= MOST_CHOSEN:
        least = missed(squared, part)
        by_column = np.square(cells.T[:, :, None] - cells.T[:, None])

        def without(column):
            return np.maximum(squared - by_column[column], 0)

        for column in np.argsort([missed(without(i), part) for i in range(n_columns)]):
            less = missed(without(column), part)
            if less < (1 - BETTER) * least and kept.sum() > 1:
                least, squared, kept[column] = less, without(column), False
        part = min(WIDTHS, key=lambda part: missed(squared, part))
    return kept, part * _apart(squared)


def _apart(squared):
    """Root of the mean of squared distances between two rows."""
    n_rows = len(squared)
    return max(np.sqrt(squared.sum() / (n_rows * (n_rows - 1))), SMALLEST)
