"""A second opinion on the rows of a table: ridge regression on how near they are to the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import log_softmax, softmax

# Ridges that are tried, where a row's likeness to itself is 1; how much lines count beside
# nearness, for numbers; factors that make probabilities of scores.
RIDGES = 0.03, 0.3, 3.0
LINES = 0.3, 3.0
SHARPNESS = 1.0, 2.0, 4.0, 8.0, 16.0
# Fewer rows have none, in all or in the mean of a class. It knows classes with such a part, at
# least, of the rows that each had if all had as many.
LEAST_ROWS, LEAST_OF_CLASS, RARE = 5, 2, 0.2
# How much it counts beside a learner that has nothing to say, if it is of many rows, and how many
# rows give half of that. Chosen on the tables of benchmarks/tables.py.
MOST_SHARE, ROWS_OF_TRUST = 2 / 3, 15
SMALLEST = 1e-9


@dataclass(frozen=True)
class SecondOpinion:
    """Ridge regression of targets on how near a row is to each row of a support.

    With the rows' cells x_s, standardised and times what each column tells, and their targets in
    the rows of Y, flags of classes or numbers, of mean m::

        f(x) = m + sum_s a_s (k(x, x_s) - mean_t k(x_t, x_s)),   a = (H K H + lambda I)^-1 H Y,
        k(x, x') = exp(-|x - x'|_1 / h) + c x . x' / mean_t |x_t|^2,   H = I - 1 1^T / S

    with the mean distance h between two rows. Numbers may go on beyond the rows along lines, with
    c = 0.3 or 3; of classes c is 0. It and lambda are those with which others miss least of each
    row. Probabilities are softmax(beta f), where beta is that of five with which the others tell
    the class of each row best.

    Parameters
    ----------
    cells : ndarray of shape (S, d), float32
        Of the rows of the classes that it knows.
    width : float
        h.
    line : float
        c / mean_t |x_t|^2.
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
    width: float
    line: float
    weights: np.ndarray
    center: np.ndarray
    classes: np.ndarray | None
    sharpness: float
    error: float

    @classmethod
    def of(cls, cells: np.ndarray, targets: np.ndarray) -> SecondOpinion | None:
        """Form an opinion of rows and their targets.

        Parameters
        ----------
        cells : ndarray of shape (S, d)
        targets : ndarray of shape (S,)
            Real numbers, or classes, as whole ones.

        Returns
        -------
        opinion : SecondOpinion or None
            None for fewer than five rows, or two of each class in the mean, and where all rows, or
            all targets, are alike. Classes of less than a fifth of that mean it does not know, and
            their rows do not count.
        """
        classes, numbers = None, targets[:, None]
        if targets.dtype.kind != "f":
            met, counts = np.unique(targets, return_counts=True)
            classes = met[counts >= RARE * counts.mean()]
            if counts.mean() < LEAST_OF_CLASS:
                return None
            known = np.isin(targets, classes)
            cells, targets = cells[known], targets[known]
            numbers = (targets[:, None] == classes).astype(np.float64)
        n_rows = len(cells)
        if n_rows < LEAST_ROWS or not np.ptp(targets):
            return None
        distance = cdist(cells, cells, "cityblock")
        width = distance.sum() / (n_rows * (n_rows - 1))
        if width < SMALLEST:
            return None
        near, products = np.exp(distance / -width), cells @ cells.T
        lines = [0.0] if classes is not None else [c * n_rows / np.trace(products) for c in LINES]
        tries = [(line, *_regression(near + line * products, numbers)) for line in lines]
        line, missed, weights, center = min(tries, key=lambda tried: np.square(tried[1]).sum())
        sharpness = 1.0
        if classes is not None:
            told = numbers - missed
            sharpness = max(SHARPNESS, key=lambda beta: _log_likelihood(beta * told, numbers))
            missed = numbers - softmax(sharpness * told, axis=1)
        error = np.square(missed).sum() / n_rows
        cells = cells.astype(np.float32)  # half as much to keep
        return cls(cells, width, line, weights, center, classes, sharpness, error)

    def scores(self, cells: np.ndarray) -> np.ndarray:
        """Return f for rows.

        Parameters
        ----------
        cells : ndarray of shape (n, d)

        Returns
        -------
        scores : ndarray of shape (n, k)
        """
        likeness = np.exp(cdist(cells, self.cells, "cityblock") / -self.width)
        if self.line:
            likeness += self.line * (cells @ self.cells.T)
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
