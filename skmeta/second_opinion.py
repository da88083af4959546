"""A second opinion on the rows of a table: ridge regression on how near they are to the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import log_softmax, softmax

# Ridges that are tried, where a row's likeness to itself is 1; factors that make probabilities of
# scores.
RIDGES = 0.03, 0.3, 3.0
SHARPNESS = 1.0, 2.0, 4.0, 8.0, 16.0
# Fewer rows have none, in all or in the mean of a class. It knows classes with such a part, at
# least, of the rows that each had if all had as many.
LEAST_ROWS, LEAST_OF_CLASS, RARE = 5, 2, 0.2
# How much it counts beside a learner that has nothing to say, if it is of many rows, and how many
# rows give half of that. Chosen on the tables of benchmarks/tables.py.
MOST_SHARE, ROWS_OF_TRUST = 2 / 3, 15
# How much lines count beside nearness: those of columns by what they tell, or of all columns alike,
# which so many rows' part of the error has to speak for. Chosen on these tables, too.
OF_NUMBERS, OF_CLASSES, PROOF = (0.3, 30.0), (0.0, 3.0), 2
SMALLEST = 1e-9


@dataclass(frozen=True)
class SecondOpinion:
    """Ridge regression of targets on how near a row is to each row of a support.

    With the rows' cells x_s, standardised, what their columns tell on the diagonal of T, and their
    targets in the rows of Y, flags of classes or numbers, of mean m::

        f(x) = m + sum_s a_s (k(x, x_s) - mean_t k(x_t, x_s)),   a = (H K H + lambda I)^-1 H Y,
        k(x, x') = exp(-|T (x - x')|_1 / h) + (L x) . (L x'),    H = I - 1 1^T / S

    with the mean distance h between two rows. The diagonal L goes on beyond the rows along lines:
    by what columns tell, L = T (0.3 / mean_t |T x_t|^2)^0.5, of classes not at all; or, for tables
    that are nearly linear, where many columns may tell little each, by all columns alike,
    L = I (c / mean_t |x_t|^2)^0.5 with c = 30, of classes 3. The second is taken if with it others
    miss less of each row, by two parts in S. lambda is the one of three with which they miss least.
    Probabilities are softmax(beta f), where beta is that of five with which the others tell the
    class of each row best.

    Parameters
    ----------
    cells : ndarray of shape (S, d), float32
        x_s, of the rows of the classes that it knows.
    told : ndarray of shape (d,)
        The diagonal of T.
    width : float
        h.
    lines : ndarray of shape (d,)
        The diagonal of L.
    weights : ndarray of shape (S, k)
        a.
    center : ndarray of shape (k,)
        m - sum_s a_s mean_t k(x_t, x_s).
    classes : ndarray of int, shape (k,), or None
        Those that it knows, two or more; None of numbers.
    sharpness : float
        beta; of numbers 1.
    error : float
        Mean squared error, in sum over flags, where each row is told by the others. What columns
        tell was found with it, so it is too small where there are many columns for few rows.

    References
    ----------
    M. Balog, B. Lakshminarayanan, Z. Ghahramani, D. M. Roy, Y. W. Teh, "The Mondrian Kernel", UAI
    2016: this kernel is what forests of random cuts have in the limit. C. E. Rasmussen and C. K. I.
    Williams, "Gaussian Processes for Machine Learning", 2006, eq. 2.25 and 5.12 (each row from the
    others).
    """

    cells: np.ndarray
    told: np.ndarray
    width: float
    lines: np.ndarray
    weights: np.ndarray
    center: np.ndarray
    classes: np.ndarray | None
    sharpness: float
    error: float

    @classmethod
    def of(cls, cells: np.ndarray, told: np.ndarray, targets: np.ndarray) -> SecondOpinion | None:
        """Form an opinion of rows and their targets.

        Parameters
        ----------
        cells : ndarray of shape (S, d)
            Standardised.
        told : ndarray of shape (d,)
            What each column tells of the targets.
        targets : ndarray of shape (S,)
            Real numbers, or classes, as whole ones.

        Returns
        -------
        opinion : SecondOpinion or None
            None for fewer than five rows, or two of each class in the mean, and where all rows, or
            all targets, are alike. Classes of less than a fifth of that mean it does not know, and
            their rows do not count.
        """
        classes, numbers, parts = None, targets[:, None], OF_NUMBERS
        if targets.dtype.kind != "f":
            met, counts = np.unique(targets, return_counts=True)
            classes = met[counts >= RARE * counts.mean()]
            if counts.mean() < LEAST_OF_CLASS:
                return None
            known = np.isin(targets, classes)
            cells, targets, parts = cells[known], targets[known], OF_CLASSES
            numbers = (targets[:, None] == classes).astype(np.float64)
        n_rows = len(cells)
        if n_rows < LEAST_ROWS or not np.ptp(targets):
            return None
        distance = cdist(told * cells, told * cells, "cityblock")
        width = distance.sum() / (n_rows * (n_rows - 1))
        if width < SMALLEST:
            return None
        near, tries = np.exp(distance / -width), []
        for columns, part in zip((told, np.ones_like(told)), parts, strict=True):
            power = np.square(columns * cells).sum() / n_rows
            lines = columns * np.sqrt(part / power)
            found = _regression(near + (lines * cells) @ (lines * cells).T, numbers)
            tries.append((np.square(found[0]).sum(), lines, *found))
        by_told, alike = tries
        better = alike[0] * (1 + PROOF / n_rows) < by_told[0]
        _, lines, missed, weights, center = alike if better else by_told
        sharpness = 1.0
        if classes is not None:
            scores = numbers - missed
            sharpness = max(SHARPNESS, key=lambda beta: _log_likelihood(beta * scores, numbers))
            missed = numbers - softmax(sharpness * scores, axis=1)
        error = np.square(missed).sum() / n_rows
        cells = cells.astype(np.float32)  # half as much to keep
        return cls(cells, told, width, lines, weights, center, classes, sharpness, error)

    def scores(self, cells: np.ndarray) -> np.ndarray:
        """Return f for rows.

        Parameters
        ----------
        cells : ndarray of shape (n, d)
            Standardised.

        Returns
        -------
        scores : ndarray of shape (n, k)
        """
        distance = cdist(self.told * cells, self.told * self.cells, "cityblock")
        likeness = np.exp(distance / -self.width)
        if self.lines.any():
            likeness += (np.square(self.lines) * cells) @ self.cells.T
        return likeness @ self.weights + self.center

    def probabilities(self, scores: np.ndarray, sharper: float) -> np.ndarray:
        """Return the probability of each class that it knows.

        Parameters
        ----------
        scores : ndarray of shape (n, k)
        sharper : float
            What multiplies beta.

        Returns
        -------
        probabilities : ndarray of shape (n, k)
        """
        return softmax(sharper * self.sharpness * scores, axis=1)

    def errors(self, expected: np.ndarray) -> np.ndarray:
        """Return its squared errors, in sum over flags, beside those that a learner expects.

        Of numbers they are no smaller than what the learner takes for noise.
        """
        return np.maximum(self.error, expected if self.classes is None else 0.0)

    def share(self, expected: np.ndarray, n_later: int) -> np.ndarray:
        """Return how much it counts beside a learner.

        The larger the errors that the learner expects of itself, beside those of this, the more;
        the more rows the learner has read since, the less.

        Parameters
        ----------
        expected : ndarray
            Squared errors, in sum over flags.
        n_later : int
            Rows that the learner has read after those of the support.

        Returns
        -------
        share : ndarray
            From 0 to 2/3; of numbers to 1/3.
        """
        n_rows = len(self.cells)
        trust = MOST_SHARE * n_rows / (n_rows + ROWS_OF_TRUST)
        trust *= (n_rows / (n_rows + n_later)) ** 2
        own, its = np.square(expected), np.square(self.errors(expected))
        return trust * own / np.maximum(own + its, SMALLEST**2)


def told_by_others(
    basis: np.ndarray, powers: np.ndarray, values: np.ndarray, ridges: Sequence[float]
) -> tuple[np.ndarray, float]:
    """Return what ridge regression on all other rows misses of each, with the best ridge.

    Parameters
    ----------
    basis : ndarray of shape (S, p)
        Left singular vectors of what is known of each row, centered.
    powers : ndarray of shape (p,)
        Squares of the singular values.
    values : ndarray of shape (S, k)
        What is told.
    ridges : sequence of float
        That with which least is missed, squared, is taken.

    Returns
    -------
    missed : ndarray of shape (S, k)
    ridge : float

    References
    ----------
    D. M. Allen, "The Relationship between Variable Selection and Data Augmentation and a Method
    for Prediction", Technometrics 16, 1974 (PRESS).
    """
    values = values - values.mean(axis=0)
    part, tries = basis.T @ values, []
    for ridge in ridges:
        share = powers / (powers + ridge)
        own = np.square(basis) @ share + 1 / len(values)  # how far a row tells itself (leverage)
        missed = values - (basis * share) @ part
        missed /= np.maximum(1 - own, SMALLEST)[:, None]
        tries.append((np.square(missed).sum(), missed, ridge))
    return min(tries, key=lambda tried: tried[0])[1:]


def _regression(likeness, numbers):
    """What others miss of each row, by the best ridge, weights a, and f of a row like no other."""
    mean, by_row = numbers.mean(axis=0), likeness.mean(axis=0)
    centered = likeness - by_row - by_row[:, None] + by_row.mean()  # H K H
    sizes, basis = np.linalg.eigh(centered)
    missed, ridge = told_by_others(basis, np.maximum(sizes, 0), numbers, RIDGES)
    weights = basis @ (basis.T @ (numbers - mean) / (sizes + ridge)[:, None])
    return missed, weights, mean - by_row @ weights


def _log_likelihood(scores, flags):
    """Logarithm of the probability of all classes, by scores."""
    return (log_softmax(scores, axis=1) * flags).sum()
