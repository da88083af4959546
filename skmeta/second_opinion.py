"""A second opinion on the rows of a table: regression on its first rows, kernel or logistic."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dposv
from scipy.spatial.distance import cdist
from scipy.special import expit, log_expit, log_softmax, softmax

from skmeta.columns import ranks

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
# How much lines count beside nearness: of numbers along columns by what they tell, gently or more,
# or along all columns alike, of classes along these. So many parts in the rows have to speak for
# other lines than gentle ones, and no more than so many against them, if logistic regression is to
# be tried. Chosen on these tables, too.
GENTLE, STEEPER, STEEP, STEEP_OF_CLASSES = 0.3, 3.0, 30.0, 3.0
PROOF, DOUBT = 2, 5
# Of logistic regression: ridge, and folds that tell its error; Newton's steps from nothing, and
# from what all rows have, when they end, and the least weight of a row.
LOGIT_RIDGE, N_FOLDS = 0.01, 5
STEPS, STEPS_ON, STILL, LEAST_WEIGHT = 12, 2, 1e-2, 1e-3
SMALLEST = 1e-9


@dataclass(frozen=True)
class SecondOpinion(ABC):
    """Regression of targets on rows of a support: kernel ridge regression, or logistic regression.

    Parameters
    ----------
    cells : ndarray of shape (S, d), float32
        x_s, of the rows of the classes that it knows, standardised.
    weights : ndarray of shape (S, k)
        a.
    center : ndarray of shape (k,)
        What is said of a row like no other.
    classes : ndarray of int, shape (k,), or None
        Those that it knows, two or more; None of numbers.
    error : float
        Mean squared error, in sum over flags, where each row is told by others. What columns tell
        was found with it, so it is too small where there are many columns for few rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.second_opinion import SecondOpinion
    >>> x = np.linspace(-1.5, 1.5, 20, dtype=np.float32)[:, None]
    >>> opinion = SecondOpinion.of(x, np.ones(1), np.sin(x[:, 0]))
    >>> opinion.classes is None and bool(opinion.error < 0.01)
    True
    """

    cells: np.ndarray
    weights: np.ndarray
    center: np.ndarray
    classes: np.ndarray | None
    error: float

    @staticmethod
    def of(cells: np.ndarray, told: np.ndarray, targets: np.ndarray) -> SecondOpinion | None:
        """Form an opinion of rows and their targets.

        Where lines of all columns beside nearness hardly miss more of classes, by less than five
        parts in S, logistic regression is tried, and taken if it misses less, by two parts in S.

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
        classes, numbers = None, targets[:, None]
        if targets.dtype.kind != "f":
            met, counts = np.unique(targets, return_counts=True)
            classes = met[counts >= RARE * counts.mean()]
            if counts.mean() < LEAST_OF_CLASS:
                return None
            known = np.isin(targets, classes)
            cells, targets = cells[known], targets[known]
            numbers = (targets[:, None] == classes).astype(np.float64)
        if len(cells) < LEAST_ROWS or not np.ptp(targets) or not np.ptp(cells, axis=0).any():
            return None
        near, linear = NearRows._regressed(cells, told, numbers, classes)
        if not linear:
            return near
        logits = Logits._regressed(cells, numbers, classes)
        return logits if logits.error * (1 + PROOF / len(cells)) < near.error else near

    @abstractmethod
    def scores(self, cells: np.ndarray) -> np.ndarray:
        """Return what it says of rows: numbers, or logarithms of probabilities, but for a constant.

        Parameters
        ----------
        cells : ndarray of shape (n, d)
            Standardised.

        Returns
        -------
        scores : ndarray of shape (n, k)
        """

    def probabilities(self, scores: np.ndarray, sharper: float) -> np.ndarray:
        """Return the probability of each class that it knows.

        Parameters
        ----------
        scores : ndarray of shape (n, k)
        sharper : float
            What multiplies them.

        Returns
        -------
        probabilities : ndarray of shape (n, k)
        """
        return softmax(sharper * scores, axis=1)

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


@dataclass(frozen=True)
class NearRows(SecondOpinion):
    """Ridge regression of targets on how near a row is to each row of a support.

    With what columns tell on the diagonal of T, and the targets in the rows of Y, flags of classes
    or numbers, of mean m::

        f(x) = m + sum_s a_s (k(x, x_s) - mean_t k(x_t, x_s)),   a = (H K H + lambda I)^-1 H Y,
        k(x, x') = exp(-|T (x - x')|_1 / h) + (L x) . (L x'),    H = I - 1 1^T / S

    with the mean distance h between two rows. Numbers go on beyond the rows along lines, by what
    columns tell, L = T (c / mean_t |T x_t|^2)^0.5, gently with c = 0.3, or, for tables that are
    nearly linear, with c = 3 or by all columns alike, many of which may tell little each,
    L = I (30 / mean_t |x_t|^2)^0.5, if with these others miss less of each row, by two parts in S.
    Of classes L is 0. lambda is the one of three with which they miss least. Probabilities are
    softmax(beta f), where beta is that of five with which the others tell the class of each row
    best.

    Parameters
    ----------
    told : ndarray of shape (d,)
        The diagonal of T.
    width : float
        h.
    lines : ndarray of shape (d,)
        The diagonal of L.
    sharpness : float
        beta; of numbers 1.

    References
    ----------
    M. Balog, B. Lakshminarayanan, Z. Ghahramani, D. M. Roy, Y. W. Teh, "The Mondrian Kernel", UAI
    2016: this kernel is what forests of random cuts have in the limit. C. E. Rasmussen and C. K. I.
    Williams, "Gaussian Processes for Machine Learning", 2006, eq. 2.25 and 5.12 (each row from the
    others).
    """

    told: np.ndarray
    width: float
    lines: np.ndarray
    sharpness: float

    @classmethod
    def _regressed(cls, cells, told, numbers, classes) -> tuple[NearRows, bool]:
        """Return the regression, and whether classes may be told by lines of all columns alike."""
        n_rows, alike = len(cells), np.ones_like(told)
        distance = cdist(told * cells, told * cells, "cityblock")
        width = distance.sum() / (n_rows * (n_rows - 1))
        near = np.exp(distance / -width)

        def along(columns, part):
            lines = columns * np.sqrt(part * n_rows / np.square(columns * cells).sum())
            found = _regression(near + (lines * cells) @ (lines * cells).T, numbers)
            return np.square(found[0]).sum(), lines, *found

        if classes is None:
            gentle = along(told, GENTLE)
            steep = min(along(told, STEEPER), along(alike, STEEP), key=lambda tried: tried[0])
            found = steep if steep[0] * (1 + PROOF / n_rows) < gentle[0] else gentle
            linear, sharpness = False, 1.0
            error, lines, _, weights, center = found
        else:
            power, lines, missed, weights, center = along(told, 0.0)
            linear = along(alike, STEEP_OF_CLASSES)[0] < power * (1 + DOUBT / n_rows)
            scores = numbers - missed
            sharpness = max(SHARPNESS, key=lambda beta: _log_likelihood(beta * scores, numbers))
            error = np.square(numbers - softmax(sharpness * scores, axis=1)).sum()
        return cls(
            cells=cells.astype(np.float32),  # half as much to keep
            weights=weights,
            center=center,
            classes=classes,
            error=error / n_rows,
            told=told,
            width=width,
            lines=lines,
            sharpness=sharpness,
        ), linear

    def scores(self, cells):  # noqa: D102 - inherited
        distance = cdist(self.told * cells, self.told * self.cells, "cityblock")
        likeness = np.exp(distance / -self.width)
        if self.lines.any():
            likeness += (np.square(self.lines) * cells) @ self.cells.T
        return self.sharpness * (likeness @ self.weights + self.center)


@dataclass(frozen=True)
class Logits(SecondOpinion):
    """Logistic regressions of each class against the others, for tables that are nearly linear.

    Of rows' cells::

        f_c(x) = sum_s a_sc (1 + c x . x_s),   c = 1 / mean_t |x_t|^2

    with the a of most sum_s log p(y_s) - 0.005 sum_s a_sc f_c(x_s). Probabilities are sigmoid(f_c)
    over their sum, the error is that of rows told by those of the other of five folds, which rows
    are dealt to in the order of f_c.

    Parameters
    ----------
    scale : float
        c.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, eq. 3.18
    (Newton's steps).
    """

    scale: float

    @classmethod
    def _regressed(cls, cells, flags, classes) -> Logits:
        """Return the regressions."""
        n_rows, n_classes = flags.shape
        scale = n_rows / np.square(cells).sum()
        likeness = 1 + scale * (cells @ cells.T)
        logits, weights = np.zeros((2, n_rows, n_classes))
        for c, told in enumerate(flags.T[: 1 if n_classes == 2 else n_classes]):
            of_all, weights[:, c] = _newton(likeness, told, np.zeros(n_rows), STEPS)
            folds = ranks(of_all) % N_FOLDS  # alike, whatever the order of rows
            for fold in range(N_FOLDS):
                rows, others = folds == fold, folds != fold
                among = likeness[np.ix_(others, others)]
                _, found = _newton(among, told[others], of_all[others], STEPS_ON)
                logits[rows, c] = likeness[np.ix_(rows, others)] @ found
        if n_classes == 2:
            logits[:, 1], weights[:, 1] = -logits[:, 0], -weights[:, 0]
        missed = flags - softmax(log_expit(logits), axis=1)
        return cls(
            cells=cells.astype(np.float32),
            weights=weights,
            center=weights.sum(axis=0),
            classes=classes,
            error=np.square(missed).sum() / n_rows,
            scale=scale,
        )

    def scores(self, cells):  # noqa: D102 - inherited
        return log_expit((self.scale * cells) @ self.cells.T @ self.weights + self.center)


def left_out_ridge(
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
    missed, ridge = left_out_ridge(basis, np.maximum(sizes, 0), numbers, RIDGES)
    weights = basis @ (basis.T @ (numbers - mean) / (sizes + ridge)[:, None])
    return missed, weights, mean - by_row @ weights


def _newton(likeness, told, logits, n_steps):
    """Logits of a logistic regression on rows, and weights a, by Newton's steps."""
    for _ in range(n_steps):
        p, before = expit(logits), logits
        of_row = np.maximum(p * (1 - p), LEAST_WEIGHT)
        aim = logits + (told - p) / of_row
        system = likeness.copy()
        system.flat[:: len(system) + 1] += LOGIT_RIDGE / of_row
        _, weights, _ = dposv(system, aim)  # positive definite
        logits = likeness @ weights
        if np.abs(logits - before).max() < STILL:
            break
    return logits, weights


def _log_likelihood(scores, flags):
    """Logarithm of the probability of all classes, by scores."""
    return (log_softmax(scores, axis=1) * flags).sum()
