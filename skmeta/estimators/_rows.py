"""What lies between the rows of a user and those that members read: the contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from skmeta.networks import Learner


class Rows(ABC):
    """Rows and targets as members of an estimator read them, by what the first support says.

    An estimator makes one for a first support, asks it for ``numbers`` and ``targets``, lets it
    ``measure`` these, and ``deal`` to so many members as ``usual_members`` says, if the user does
    not. Then rows, of the support or not, are ``numbers`` and ``shown``.
    """

    finite: Any  # ensure_all_finite of scikit-learn's checks
    dtype: type
    scales: bool  # whether the first rows set a scale, and a few of them are read anew with more
    usual_members: Any  # how many read where the user does not say, once rows are measured
    warned: set  # what was warned of: once is enough
    frame: Any = None  # what the first support holds, if it was a frame and is a table
    second_opinion: Any = None  # SecondOpinion of the first support beside the learner, if any

    @abstractmethod
    def numbers(self, X, *, learnt: bool):
        """Return rows, to be learnt or answered, as scikit-learn can check them: of numbers."""

    @abstractmethod
    def measure(self, X: np.ndarray, told: np.ndarray) -> None:
        """Take what later rows need from a first support, and warn of what looks wrong.

        Parameters
        ----------
        X : ndarray of shape (S, columns)
        told : ndarray of shape (S,)
            Targets as the learner is told them, or the places of classes.
        """

    @abstractmethod
    def targets(self, y: np.ndarray, found=None) -> tuple[np.ndarray, Any]:
        """Return real targets as the learner is told them, and the scale of the next ones.

        Parameters
        ----------
        y : ndarray of shape (S,)
        found : ColumnStatistics, optional
            Scale of the targets before; without it these are the first.

        Returns
        -------
        told : ndarray of shape (S,)
        scale : ColumnStatistics
        """

    @abstractmethod
    def shown(self, X: np.ndarray, spec, own: np.ndarray | None = None) -> np.ndarray:
        """Return checked rows as M members see them.

        Parameters
        ----------
        X : ndarray of shape (1 or M, n, columns)
        spec : TaskSpec
            What the reader reads.
        own : ndarray of int, shape (1 or M, n), optional
            The places of these rows in the first support, if they are rows of it.
        """

    def scores(self, X: np.ndarray) -> np.ndarray | None:
        """Return what the second opinion says of checked rows, (n, k), if there is one."""
        return None

    @abstractmethod
    def warn_of_later(self, X: np.ndarray) -> None:
        """Warn of rows to learn that are unlike the first."""

    @abstractmethod
    def warn_of_queries(self, X: np.ndarray) -> None:
        """Warn of rows to answer that are unlike the first."""

    def kept(self, X, numbers):
        """Return a copy of rows to read again: as numbers.

        Parameters
        ----------
        X : array-like
            As they came.
        numbers : ndarray or None
            What was made of them, which is all of an array.
        """
        return numbers.copy()

    def settle(self) -> None:  # noqa: B027 - most need nothing
        """Forget what only the rows of the first support need, when they were read."""

    def warn_of_few(self, X: np.ndarray) -> None:  # noqa: B027 - as many as there are will do
        """Warn of too few rows."""

    def deal(self, n_members: int, rng: np.random.RandomState) -> None:  # noqa: B027 - all see all
        """Deal to members what they see."""

    def reader(self, learner: Learner) -> Learner:
        """Return what reads the rows that are shown: the learner."""
        return learner

    def usual_temperature(self, class_count: np.ndarray, n_labels: int) -> float:
        """Return the temperature where the user does not say: logits as they are."""
        return 1.0
