"""Columns that are nearly copies of each other, as of spectra: their principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skmeta.columns import ColumnStatistics, ranks, rows_by_lot, standardised

# Columns are nearly copies where the correlation with another, of cells and of their ranks, is so
# large, and so many of them are replaced where the components above noise hold so much of what
# varies. No table of benchmarks/tables.py has such columns.
COPIES, FEWEST_COLUMNS, SHARE_HELD = 0.95, 20, 0.98
# Rows of a support that are looked at, and columns that are compared with all at once.
MOST_ROWS, TOGETHER = 1_000, 500
# Singular values that are so small a part of the largest are rounding.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Components:
    """Principal components that stand in the place of columns.

    Of the columns of a support, standardised, Z = U S V'. The scores of a row z are z V_k, for the
    k singular values that stand out from noise::

        s_i > omega(beta) median(s),   omega(beta) = 0.56 beta^3 - 0.95 beta^2 + 1.82 beta + 1.43

    with the ratio beta of rows, less one, to columns, or its inverse.

    Parameters
    ----------
    columns : ndarray of int, shape (d,)
    statistics : ColumnStatistics
        Of these.
    basis : ndarray of shape (d, k)
        V_k.

    References
    ----------
    M. Gavish and D. Donoho, "The Optimal Hard Threshold for Singular Values is 4/sqrt(3)", IEEE
    Transactions on Information Theory 60, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.columns import support_statistics
    >>> from skmeta.components import Components
    >>> rng, place = np.random.default_rng(0), np.linspace(0, 1, 40)
    >>> X = rng.normal(size=(30, 1)) + rng.normal(size=(30, 1)) * place
    >>> X += 0.01 * rng.normal(size=X.shape)
    >>> Components.of(X, np.arange(40), support_statistics(X)).basis.shape
    (40, 2)
    """

    columns: np.ndarray
    statistics: ColumnStatistics
    basis: np.ndarray

    @classmethod
    def of(cls, X, columns, statistics) -> Components | None:
        """Find columns that are nearly copies of each other, and their components.

        Parameters
        ----------
        X : ndarray of shape (S, n_columns)
            NaN where a cell is missing. A thousand rows by lot count.
        columns : ndarray of int
            Those that are asked: numbers that vary, without long tails.
        statistics : ColumnStatistics
            Of all columns.

        Returns
        -------
        components : Components or None
            None where fewer than twenty columns are nearly copies, or their components above noise
            hold less than 98 % of what varies.
        """
        if len(columns) < FEWEST_COLUMNS or len(X) < 3:
            return None
        rows = rows_by_lot(len(X), MOST_ROWS)
        cells = standardised(X[np.ix_(rows, columns)], statistics.of(columns))
        near = _have_copies(cells)
        if near.sum() >= FEWEST_COLUMNS:  # not by a few rows alone
            near &= _have_copies(ranks(cells))
        if near.sum() < FEWEST_COLUMNS:
            return None
        columns, cells = columns[near], cells[:, near]
        sizes, basis = np.linalg.svd(cells - cells.mean(axis=0), full_matrices=False)[1:]
        few, many = sorted((len(rows) - 1, len(columns)))
        beta, sizes = few / many, sizes[:few]
        noise = ((0.56 * beta - 0.95) * beta + 1.82) * beta + 1.43
        least = max(noise * np.median(sizes), ROUNDING * sizes[0])
        k, powers = int((sizes > least).sum()), np.square(sizes)
        if powers[:k].sum() < SHARE_HELD * powers.sum():
            return None
        return cls(columns, statistics.of(columns), basis[:k].T.copy())

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Return the components of rows, (..., n_columns) -> (..., k)."""
        return standardised(X[..., self.columns], self.statistics) @ self.basis


def _have_copies(cells):
    """Which columns are nearly a copy of another: (S, d) -> (d,)."""
    cells = (cells - cells.mean(axis=0)).astype(np.float32)
    cells /= np.maximum(np.linalg.norm(cells, axis=0), np.finfo(np.float32).tiny)
    found = []
    for first in range(0, cells.shape[1], TOGETHER):
        likeness = np.abs(cells[:, first : first + TOGETHER].T @ cells)
        likeness[np.arange(len(likeness)), first + np.arange(len(likeness))] = 0
        found.append(likeness.max(axis=1) >= COPIES)
    return np.concatenate(found)
