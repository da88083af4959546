"""A second opinion on the rows of a table: ridge regression on how near they are to the first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import softmax

# Ridges that are tried, where a row's likeness to itself is 1, and factors that make probabilities
# of scores.
RIDGES = 0.03, 0.3, 3.0
SHARPNESS = 1.0, 2.0, 4.0, 8.0, 16.0
# Fewer rows have none.
LEAST_ROWS = 5
# How much it counts beside a learner that expects errors as large as its own, of many rows, and how
# many rows give half of that. Chosen on the tables of benchmarks/tables.py.
MOST_SHARE, ROWS_OF_TRUST = 1 / 3, 15
SMALLEST = 1e-9


@dataclass(frozen=True)
class SecondOpinion:
    """Ridge regression of targets on how near a row is to each row of a support.

    With the rows' cells x_s, standardised and multiplied by what each column tells, and their
    targets in the rows of Y, flags of classes or numbers, of mean m::

        f(x) = m + sum_s a_s (k(x, x_s) - mean_t k(x_t, x_s)),   k(x, x') = exp(-|x - x'|_1 / h),
        a = (H K H + lambda I)^-1 H Y,   H = I - 1 1^T / S

    with the mean distance h between two rows. lambda is that of three with which others miss least
    of each row. Probabilities are softmax(beta f), where beta is that of five with which the others
    tell the class of each row best.

    Parameters
    ----------
    cells : ndarray of shape (S, d), float32
    width : float
        h.
    weights : ndarray of shape (S, k)
        a.
    center : ndarray of shape (k,)
        What a row is told that is like no other.
    classes : ndarray of int, shape (k,), or None
        Those that the scores f are of; None of numbers.
    sharpness : float
        beta; of numbers 1.
    error : float
        Mean squared error, in sum over flags, where each row is told by the others.

    References
    ----------
    M. Balog, B. Lakshminarayanan, Z. Ghahramani, D. M. Roy, Y. W. Teh, "The Mondrian Kernel", UAI
    2016: this kernel is what forests of random cuts have in the limit. C. E. Rasmussen and C. K. I.
    Williams, "Gaussian Processes for Machine Learning", 2006, eq. 2.25 and 5.12 (each row from the
    others).
    """

    cells: np.ndarray
    width: float
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
            None for fewer than five rows, and where all rows, or all targets, are alike.
        """
        n_rows = len(cells)
        distance = cdist(cells, cells, "cityblock")
        width = distance.sum() / max(n_rows * (n_rows - 1), 1)
        if n_rows < LEAST_ROWS or width < SMALLEST or not np.ptp(targets):
            return None
        likeness, classes, sharpness = np.exp(distance / -width), None, 1.0
        if targets.dtype.kind == "f":
            numbers = targets[:, None]
        else:
            classes, found = np.unique(targets, return_inverse=True)
            numbers = np.eye(len(classes))[found]
        told, weights = _told_by_others(_centered(likeness), numbers)
        if classes is not None:
            sharpness = max(SHARPNESS, key=lambda beta: _log_likelihood(beta * told, numbers))
            told = softmax(sharpness * told, axis=1)
        center = numbers.mean(axis=0) - likeness.mean(axis=0) @ weights
        error = np.square(numbers - told).sum() / n_rows
        cells = cells.astype(np.float32)  # half as much to keep
        return cls(cells, width, weights, center, classes, sharpness, error)

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
        return likeness @ self.weights + self.center

    def probabilities(self, scores: np.ndarray, n_classes: int, sharper: float) -> np.ndarray:
        """Return the probability of each class; 0 of those without a row.

        Parameters
        ----------
        scores : ndarray of shape (n, k)
        n_classes : int
            All that there are.
        sharper : float
            What multiplies beta.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
        """
        p = np.zeros((len(scores), n_classes))
        p[:, self.classes] = softmax(sharper * self.sharpness * scores, axis=1)
        return p

    def share(self, expected: np.ndarray, n_read: int) -> np.ndarray:
        """Return how much it counts beside a learner.

        The larger the errors that the learner expects of itself, beside those of this, the more,
        and the less, the more rows the learner has read that are not here.

        Parameters
        ----------
        expected : ndarray
            Squared errors, in sum over flags.
        n_read : int
            Rows that the learner has read.

        Returns
        -------
        share : ndarray
            From 0 to 2/3.
        """
        n_rows = len(self.cells)
        trust = MOST_SHARE * n_rows / (n_rows + ROWS_OF_TRUST) * min(1.0, n_rows / n_read)
        return trust * 2 * expected / np.maximum(expected + self.error, SMALLEST)


def _centered(likeness):
    """H K H."""
    by_row = likeness.mean(axis=0)
    return likeness - by_row - by_row[:, None] + by_row.mean()


def _told_by_others(likeness, targets):
    """What others tell of each row's target, and weights a, with the best ridge: (S, k) each."""
    mean = targets.mean(axis=0)
    sizes, basis = np.linalg.eigh(likeness)
    sizes, part = np.maximum(sizes, 0), basis.T @ (targets - mean)
    tries = []
    for ridge in RIDGES:
        share = sizes / (sizes + ridge)
        own = np.square(basis) @ share + 1 / len(targets)  # how far a row tells itself (leverage)
        missed = targets - mean - (basis * share) @ part
        missed /= np.maximum(1 - own, SMALLEST)[:, None]
        tries.append((np.square(missed).sum(), ridge, missed))
    _, ridge, missed = min(tries, key=lambda one: one[0])
    return targets - missed, basis @ (part / (sizes + ridge)[:, None])


def _log_likelihood(scores, flags):
    """Logarithm of the probability of all classes, by scores."""
    scores = scores - scores.max(axis=1, keepdims=True)
    return (scores * flags).sum() - np.log(np.exp(scores).sum(axis=1)).sum()
