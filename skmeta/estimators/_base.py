"""What classifier and regressor share: fit = read the support, predict = answer from the state."""

from __future__ import annotations

import os
from functools import partial
from math import prod
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_X_y, validate_data

from skmeta.artifacts import load_learner
from skmeta.memory import map_state
from skmeta.networks import Learner

# Rows answered at once: bounds the memory that predict takes, whatever the number of queries.
QUERY_CHUNK = 256
# Rows read at once, for the same reason.
SUPPORT_CHUNK = 1024


class InContextEstimator(BaseEstimator):
    """Base of the estimators that learn by reading.

    A fitted estimator holds the memory's state after the support, one episode
    a member: members read the same rows, the first in the order given, the
    others in orders of their own. Only ``fit`` and ``partial_fit`` change it.
    """

    _parameter_constraints: dict = {
        "learner": [str, os.PathLike, Learner],
        "n_members": [Interval(Integral, 1, None, closed="left")],
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

    def _support(self, learner, X, y, *, reset, **y_checks):
        """Check support rows and their targets. Sets nothing on the estimator."""
        X = _flat_pictures(X, learner)
        if reset:
            X, y = check_X_y(X, y, dtype=np.float32, estimator=self, **y_checks)
            self._check_width(X, learner)
            return X, y
        return validate_data(self, X, y, reset=False, dtype=np.float32, **y_checks)

    def _check_width(self, X, learner):
        shape = learner.spec.input_shape
        if X.shape[1] != prod(shape):
            pictures = f" (pictures of {_times(shape)} pixels)" if len(shape) > 1 else ""
            raise ValueError(
                f"The learner {self.learner!r} reads {prod(shape)} features a row{pictures}, "
                f"got {X.shape[1]}. Choose another learner (skmeta.list_learners()), or "
                "meta-train one on rows like these (skmeta.MetaTrainer)."
            )

    def _read(self, learner, state, X, labels, orders):
        """Let each member read all rows in its own order, ``n_passes`` times.

        Parameters
        ----------
        learner : Learner
        state : state of the memory, for M episodes
        X : ndarray of shape (S, n_features)
        labels : ndarray of shape (M, S, label_size)
        orders : ndarray of int, shape (M, S)

        Returns
        -------
        state : the state after the rows. Nothing is set on the estimator.
        """
        rows = X.reshape(-1, *learner.spec.input_shape)
        members, runner = np.arange(len(orders))[:, None], self._runner(learner)
        for _ in range(self.n_passes):
            for first in range(0, len(X), SUPPORT_CHUNK):
                chosen = orders[:, first : first + SUPPORT_CHUNK]
                state, _ = runner.learn(state, rows[chosen], labels[members, chosen])
        return state

    def _remember(self, learner, state, X):
        """Set what a first fit leaves behind: learner, state, width and names of the columns."""
        validate_data(self, _flat_pictures(X, learner), skip_check_array=True)
        self.learner_, self.state_ = learner, state

    def _orders(self, n_rows, rng):
        """Orders of rows, shape (M, S): the given one, then random ones."""
        orders = [np.arange(n_rows)]
        orders += [rng.permutation(n_rows) for _ in range(self.n_members - 1)]
        return np.stack(orders)

    def _answers(self, X):
        """Answer queries from the frozen state, shape (M, Q, ...)."""
        check_is_fitted(self)
        learner = self.learner_
        X = validate_data(self, _flat_pictures(X, learner), reset=False, dtype=np.float32)
        inputs = X.reshape(-1, *learner.spec.input_shape)
        runner, n_members = self._runner(learner), count_episodes(self.state_)
        chunk = max(1, QUERY_CHUNK // n_members)
        parts = []
        for first in range(0, len(inputs), chunk):
            rows = inputs[first : first + chunk]
            repeat = partial(np.repeat, repeats=len(rows), axis=0)
            state = map_state(repeat, self.state_)
            answers = runner.read(state, np.concatenate([rows] * n_members))
            parts.append(answers.reshape(n_members, len(rows), *answers.shape[1:]))
        return np.concatenate(parts, axis=1).astype(np.float64)

    def _runner(self, learner):
        """What runs the learner: the learner itself in NumPy, or its twin in Keras."""
        if self.engine == "numpy":
            return learner
        from skmeta.engines.keras_engine import compiled

        return compiled(learner)


def count_episodes(state) -> int:
    """Return how many episodes, here members, a state holds."""
    leaves: list = []
    map_state(leaves.append, state)
    return len(leaves[0])


def given_orders(n_rows, n_members):
    """Return the order in which rows were given, for every member: shape (M, S)."""
    return np.tile(np.arange(n_rows), (n_members, 1))


def _times(shape):
    return " x ".join(map(str, shape))


def _flat_pictures(X, learner):
    """Pictures of shape (n, height, width) -> rows of pixels; anything else as it is."""
    shape = learner.spec.input_shape
    if isinstance(X, (list, tuple)):
        X = np.asarray(X)
    if len(shape) == 1 or getattr(X, "ndim", 2) != 1 + len(shape):
        return X
    X = np.asarray(X)
    if X.shape[1:] != shape:
        raise ValueError(
            f"The learner reads pictures of {_times(shape)} pixels, got {_times(X.shape[1:])}. "
            f"skmeta.datasets.shrink_pictures(X, {shape[0]}) makes them."
        )
    return X.reshape(len(X), prod(shape))
