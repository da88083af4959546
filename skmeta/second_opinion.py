"""A second opinion on the rows of a table: ridge regression on how near they are to the first.

Or, of classes where a table is nearly linear, logistic regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import expit, log_expit, log_softmax, softmax

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
# How much lines count beside nearness: those of columns by what they tell, and of all columns
# alike, for which so many parts in the number of rows have to speak, and against which more may
# not, if logistic regression is to be tried. Chosen on these tables, too.
OF_NUMBERS, OF_CLASSES, PROOF, DOUBT = (0.3, 30.0), (0.0, 3.0), 2, 5
# Of logistic regression: how much lines, and an intercept, may tell, ridge, folds that tell its
# error, Newton's steps from nothing and from what all rows have, and when they end; the least
# weight of a row.
OF_LOGITS, INTERCEPT, LOGIT_RIDGE, N_FOLDS = 30.0, 30.0, 0.3, 5
STEPS, STEPS_ON, STILL, LEAST_WEIGHT = 12, 2, 1e-2, 1e-3
SMALLEST = 1e-9


@dataclass(frozen=True)
class SecondOpinion:
    """Ridge regression of targets on how near a row is to each row of a support.

    With the rows' cells x_s, standardised, what their columns tell on the diagonal of T, and their
    targets in the rows of Y, flags of classes or numbers, of mean m::

        f(x) = m + sum_s a_s (k(x, x_s) - mean_t k(x_t, x_s)),   a = (H K H + lambda I)^-1 H Y,
        k(x, x') = exp(-|T (x - x')|_1 / h) + (L x) . (L x'),    H = I - 1 1^T / S

    with the mean distance h between two rows. Numbers go on beyond the rows along lines: by what
    columns tell, L = T (0.3 / mean_t |T x_t|^2)^0.5, or, for tables that are nearly linear, where
    many columns may tell little each, by all columns alike, L = I (30 / mean_t |x_t|^2)^0.5, if
    with it others miss less of each row, by two parts in S. Of classes L is 0. lambda is the one
    of three with which they miss least. Probabilities are softmax(beta f), where beta is that of
    five with which the others tell the class of each row best.

    Where with L = I (3 / mean_t |x_t|^2)^0.5 hardly more would be missed of classes, by less than
    five parts in S, a table may be nearly linear. Then logistic regressions, of each class c
    against the others, are tried, and taken if those on other folds, of five, miss less of each
    row, by two parts in S::

        f_c(x) = sum_s a_sc 30 (1 + x . x_s / mean_t |x_t|^2)

    with the a of most sum_s log p(y_s) - 0.15 sum_s a_sc f_c(x_s). Probabilities are
    sigmoid(f_c) over their sum.

    Parameters
    ----------
    cells : ndarray of shape (S, d), float32
        x_s, of the rows of the classes that it knows.
    told : ndarray of shape (d,)
        The diagonal of T.
    width : float
        h.
    lines : ndarray of shape (d,)
        The diagonal of L; of logistic regressions the root of 30 / mean_t |x_t|^2.
    weights : ndarray of shape (S, k)
        a.
    center : ndarray of shape (k,)
        m - sum_s a_s mean_t k(x_t, x_s); of logistic regressions their intercepts.
    classes : ndarray of int, shape (k,), or None
        Those that it knows, two or more; None of numbers.
    sharpness : float
        beta; of numbers, and of logistic regressions, 1.
    logistic : bool
        Whether it is logistic regressions.
    error : float
        Mean squared error, in sum over flags, where each row is told by the others, or other folds.
        What columns tell was found with it, so it is too small where there are many columns for few
        rows.

    References
    ----------
    M. Balog, B. Lakshminarayanan, Z. Ghahramani, D. M. Roy, Y. W. Teh, "The Mondrian Kernel", UAI
    2016: this kernel is what forests of random cuts have in the limit. C. E. Rasmussen and C. K. I.
    Williams, "Gaussian Processes for Machine Learning", 2006, eq. 2.25, 5.12 (each row from the
    others) and 3.18 (Newton's steps).
    """

    cells: np.ndarray
    told: np.ndarray
    width: float
    lines: np.ndarray
    weights: np.ndarray
    center: np.ndarray
    classes: np.ndarray | None
    sharpness: float
    logistic: bool
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
        error, lines, missed, weights, center = by_told
        proof, sharpness, logistic = 1 + PROOF / n_rows, 1.0, False
        if classes is None:
            if alike[0] * proof < error:
                error, lines, _, weights, center = alike
        else:
            scores, linear = numbers - missed, alike[0] < error * (1 + DOUBT / n_rows)
            sharpness = max(SHARPNESS, key=lambda beta: _log_likelihood(beta * scores, numbers))
            error = np.square(numbers - softmax(sharpness * scores, axis=1)).sum()
            if linear:
                along = alike[1] * np.sqrt(OF_LOGITS / OF_CLASSES[1])
                missed, of_logits = _logistic((along * cells) @ (along * cells).T, numbers)
                if np.square(missed).sum() * proof < error:
                    error, lines, sharpness, logistic = np.square(missed).sum(), along, 1.0, True
                    weights, center = of_logits, INTERCEPT * of_logits.sum(axis=0)
        return cls(
            cells=cells.astype(np.float32),  # half as much to keep
            told=told,
            width=width,
            lines=lines,
            weights=weights,
            center=center,
            classes=classes,
            sharpness=sharpness,
            logistic=logistic,
            error=error / n_rows,
        )

    def scores(self, cells: np.ndarray) -> np.ndarray:
        """Return f for rows.

        Parameters
        ----------
        cells : ndarray of shape (n, d)
            Standardised.

        Returns
        -------
        scores : ndarray of shape (n, k)
            Of logistic regressions log sigmoid(f).
        """
        likeness = (np.square(self.lines) * cells) @ self.cells.T
        if self.logistic:
            return log_expit(likeness @ self.weights + self.center)
        distance = cdist(self.told * cells, self.told * self.cells, "cityblock")
        likeness += np.exp(distance / -self.width)
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


def _logistic(likeness, flags):
    """What is missed of each row, by regressions on the rows of other folds, and weights a."""
    likeness = likeness + INTERCEPT
    n_rows, n_classes = flags.shape
    folds = np.arange(n_rows) % N_FOLDS  # rows come by lot
    logits, weights = np.zeros((2, n_rows, n_classes))
    for c, told in enumerate(flags.T[: 1 if n_classes == 2 else n_classes]):
        of_all, weights[:, c] = _newton(likeness, told, np.zeros(n_rows), STEPS)
        for fold in range(N_FOLDS):
            rows, others = folds == fold, folds != fold
            among = likeness[np.ix_(others, others)]
            _, found = _newton(among, told[others], of_all[others], STEPS_ON)
            logits[rows, c] = likeness[np.ix_(rows, others)] @ found
    if n_classes == 2:
        logits[:, 1], weights[:, 1] = -logits[:, 0], -weights[:, 0]
    return flags - softmax(log_expit(logits), axis=1), weights


def _newton(likeness, told, logits, n_steps):
    """Logits of a logistic regression on rows, and weights a, by Newton's steps."""
    for _ in range(n_steps):
        p, before = expit(logits), logits
        of_row = np.maximum(p * (1 - p), LEAST_WEIGHT)
        aim = logits + (told - p) / of_row
        weights = np.linalg.solve(likeness + np.diag(LOGIT_RIDGE / of_row), aim)
        logits = likeness @ weights
        if np.abs(logits - before).max() < STILL:
            break
    return logits, weights


def _log_likelihood(scores, flags):
    """Logarithm of the probability of all classes, by scores."""
    return (log_softmax(scores, axis=1) * flags).sum()
