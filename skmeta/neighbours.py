"""What the rows near a row say of its target: columns that a kernel makes of a first support."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from skmeta.columns import ColumnStatistics, standardised

# Widths of a kernel, in parts of the median distance between two rows.
WIDTHS = 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4
# A row that says nothing, as near as the nearest, counts for a tenth of one.
DOUBT = 0.1
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
        Columns by which rows are near.
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
        """Take some rows of a support, with the width by which the others tell each of them best.

        Parameters
        ----------
        rows : ndarray of int, shape (S,)
            At least two.
        X : ndarray of shape (S, n_columns)
            The cells of these rows; NaN where one is missing.
        columns, statistics, weights, targets
            As above.

        Returns
        -------
        neighbours : Neighbours
        """
        cells = weights * standardised(X[:, columns], statistics)
        apart = max(np.median(cdist(cells, cells)[np.triu_indices(len(cells), 1)]), SMALLEST)
        each = [
            cls(rows, columns, statistics, weights, cells, targets, part * apart) for part in WIDTHS
        ]
        return min(each, key=lambda neighbours: neighbours._missed(X))

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
        return self._told_beside_mean(X, own)[0]

    def _told_beside_mean(self, X, own=None):
        """What is told of rows, and the mean that it is a distance from, both (n, k)."""
        cells = self.weights * standardised(X[:, self.columns], self.statistics)
        distance, counted = cdist(cells, self.cells), np.ones((len(X), len(self.rows)))
        if own is not None:
            itself = own[:, None] == self.rows
            distance[itself], counted[itself] = np.inf, 0
        mean = counted @ self.targets / counted.sum(axis=1, keepdims=True)
        near = np.exp((distance.min(axis=1, keepdims=True) - distance) / self.width)
        total = near.sum(axis=1, keepdims=True)
        return (near @ self.targets - total * mean) / (DOUBT + total), mean

    def _missed(self, X):
        """How far the others are from the targets of each row, squared, in sum."""
        told, mean = self._told_beside_mean(X, self.rows)
        return np.square(mean + told - self.targets).sum()
