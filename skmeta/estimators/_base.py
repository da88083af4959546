"""What classifier and regressor share: fit = read the support, predict = answer from the state."""

from __future__ import annotations

import os
from contextlib import suppress
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_X_y, validate_data

from skmeta.artifacts import ArtifactError, load_learner
from skmeta.estimators._frames import refuse_lazy
from skmeta.estimators._rows import rows_for
from skmeta.memory import count_episodes
from skmeta.networks import Learner

# Rows answered at once, by all members: their numbers stay in a core's cache, and the memory that
# predict takes is bounded, whatever the number of queries.
QUERY_CHUNK = 256
# Rows read at once, for the same reason.
SUPPORT_CHUNK = 1024


class InContextEstimator(BaseEstimator):
    """Base of the estimators that learn by reading.

    A fitted estimator holds the memory's state after the support, one episode
    a member: members read the same rows, in orders of their own if there are
    more than one. Only ``fit`` and ``partial_fit`` change it.
    """

    _parameter_constraints: dict = {
        "learner": [str, os.PathLike, Learner],
        "n_members": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like", None],
        "n_passes": [Interval(Integral, 1, None, closed="left")],
        "engine": [StrOptions({"numpy", "keras"})],
        "random_state": ["random_state"],
    }
    _kind: str  # the kind of task that the learner must have been trained on

    def _checked_learner(self) -> Learner:
        """Load the learner and see that it answers questions of this kind."""
        learner = load_learner(self.learner)
        spec = learner.spec
        n_numbers = spec.n_outputs if spec.kind == "regression" else spec.label_length
        if spec.kind != self._kind or n_numbers != 1:
            raise ValueError(
                f"{type(self).__name__} needs a learner trained on {self._kind} with one label a "
                f"row; {self.learner!r} was trained on {spec.kind} with {n_numbers} a row. "
                "skmeta.describe(learner) prints what a learner is for."
            )
        return learner

    def _fresh_rows(self, learner):
        """What prepares rows for a learner, before any were seen."""
        return rows_for(learner, self.learner, self.categorical_features)

    def _members(self, rows):
        """Return how many members read a support that was measured."""
        return rows.usual_members if self.n_members == "auto" else int(self.n_members)

    def _support(self, rows, X, y, *, first, **y_checks):
        """Check support rows and their targets. Sets nothing on the estimator."""
        refuse_lazy(X)
        checks = {"dtype": rows.dtype, "ensure_all_finite": rows.finite, **y_checks}
        if first:
            return check_X_y(rows.numbers(X), y, estimator=self, **checks)
        return validate_data(self, self._numbers(rows, X), y, reset=False, **checks)

    def _numbers(self, rows, X):
        """Rows as numbers, after a look at the columns of a frame."""
        if hasattr(X, "columns"):
            validate_data(self, X, reset=False, skip_check_array=True)
        return rows.numbers(X)

    def _read(self, learner, rows, state, X, labels, orders):
        """Let each member read all rows in its own order, ``n_passes`` times.

        Parameters
        ----------
        learner : Learner
        rows : PlainRows or TableRows
        state : state of the memory, for M episodes
        X : ndarray of shape (S, n_features)
        labels : ndarray of shape (M, S, label_size)
        orders : ndarray of int, shape (M, S)

        Returns
        -------
        state : the state after the rows. Nothing is set on the estimator.
        """
        members, runner = np.arange(len(orders))[:, None], self._runner(learner, rows)
        spec, memory = runner.network.spec, runner.network.memory
        chunk = max(1, SUPPORT_CHUNK // len(orders))
        for _ in range(self.n_passes):
            first = 0
            while first < len(X):
                chosen = orders[:, first : first + min(chunk, memory.room(state))]
                state = runner.store(state, rows.shown(X[chosen], spec), labels[members, chosen])
                state = memory.relieved(state)
                first += chosen.shape[1]
        return state

    def _remember(self, learner, rows, state, X):
        """Set what a first fit leaves behind: learner, state, width and names of the columns."""
        named = X if hasattr(X, "columns") else rows.numbers(X)
        validate_data(self, named, skip_check_array=True)
        self.learner_, self.rows_, self.state_ = learner, rows, state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        with suppress(ArtifactError, OSError, TypeError):  # fit will say what is wrong
            tags.input_tags.allow_nan = load_learner(self.learner).spec.table
        return tags

    def _orders(self, n_rows, n_members, rng):
        """Orders of rows, shape (M, S): the given one for one member, which may be sorted."""
        if n_members == 1:
            return given_orders(n_rows, 1)
        return np.stack([rng.permutation(n_rows) for _ in range(n_members)])

    def _answers(self, X):
        """Answer queries from the frozen state, shape (M, Q, ...)."""
        check_is_fitted(self)
        self._validate_params()  # some are of the answer, and may be set after fit
        refuse_lazy(X)
        learner, rows = self.learner_, self.rows_
        X = validate_data(
            self,
            self._numbers(rows, X),
            reset=False,
            dtype=rows.dtype,
            ensure_all_finite=rows.finite,
        )
        runner, n_members = self._runner(learner, rows), count_episodes(self.state_)
        chunk = max(1, QUERY_CHUNK // n_members)
        parts = []
        for first in range(0, len(X), chunk):
            inputs = rows.shown(X[None, first : first + chunk], runner.network.spec)
            inputs = np.broadcast_to(inputs, (n_members, *inputs.shape[1:]))
            answers = runner.read(self.state_, inputs.reshape(-1, *inputs.shape[2:]))
            parts.append(answers.reshape(n_members, -1, *answers.shape[1:]))
        return np.concatenate(parts, axis=1).astype(np.float64)

    def _runner(self, learner, rows):
        """What runs the learner on such rows: in NumPy, or its twin in Keras."""
        if self.engine == "numpy":
            return rows.reader(learner)
        from skmeta.engines.keras_engine import compiled

        return compiled(learner)


def given_orders(n_rows, n_members):
    """Return the order in which rows were given, for every member: shape (M, S)."""
    return np.tile(np.arange(n_rows), (n_members, 1))
