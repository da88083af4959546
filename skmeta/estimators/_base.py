"""What classifier and regressor share: fit = read the support, predict = answer from the state."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from math import prod
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, check_X_y, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_n_features, check_is_fitted, validate_data

from skmeta.artifacts import ArtifactError, load_learner
from skmeta.estimators._frames import below, of_pandas, refuse_others
from skmeta.estimators._plain_rows import PlainRows
from skmeta.estimators._rows import Rows
from skmeta.estimators._table_rows import TableRows
from skmeta.networks import Learner

# Rows answered at once, by all members: their numbers stay in a core's cache, and the memory that
# predict takes is bounded, whatever the number of queries.
QUERY_CHUNK = 256
# Rows read at once, for the same reason.
SUPPORT_CHUNK = 1024
# So many first rows scale a table for good, of fit and of a stream: fewer are kept, and read anew
# with the next ones. Of fit rows are kept only where they are too few to scale by, of a stream as
# many as the longest tables of meta-training have.
ROWS_OF_FIT, ROWS_OF_STREAM = 10, 128


class Beginning(NamedTuple):
    """The first rows of a table, while they do not scale it for good.

    X : DataFrame or ndarray
        A copy of them: the user's are the user's.
    y : ndarray
    rng : RandomState
        By which members were dealt what they see: they are dealt the same again.
    asked : dict
        How they were to be read: in random orders or not, of which classes.
    """

    X: Any
    y: np.ndarray
    rng: np.random.RandomState
    asked: dict

    def and_then(self, X, y) -> tuple[Beginning, tuple | None]:
        """Return a beginning that goes on with more rows as far as it takes, and what is left."""
        n_more = ROWS_OF_STREAM - len(self.y)
        X, later = X[:n_more], X[n_more:]  # a frame has its rows by slices, too
        longer = self._replace(X=below(self.X, X), y=np.concatenate([self.y, y[:n_more]]))
        return longer, (later, y[n_more:]) if len(later) else None


class InContextEstimator(BaseEstimator, ABC):
    """Base of the estimators that learn by reading.

    A fitted estimator holds the memory's state after the support, one episode
    a member: members read the same rows, in orders of their own if there are
    more than one. Only ``fit`` and ``partial_fit`` change it, but for what was
    warned of.
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
    _rows: Rows
    _beginning: Beginning | None = None
    _n_later: int  # rows read after the first support

    def _checked_learner(self) -> Learner:
        """Load the learner and see that it answers questions of this kind."""
        learner = load_learner(self.learner)
        spec = learner.spec
        n_numbers = prod(spec.target_shape)
        if spec.kind != self._kind or n_numbers != 1:
            raise ValueError(
                f"{type(self).__name__} needs a learner trained on {self._kind} with one label a "
                f"row; {self.learner!r} was trained on {spec.kind} with {n_numbers} a row. "
                "skmeta.describe(learner) prints what a learner is for."
            )
        return learner

    def _learn(self, X, y, *, first, **asked):
        """Read rows, from a fresh memory if they are the first. An error changes nothing.

        Parameters
        ----------
        X, y
            As for ``fit``.
        first : bool
            Whether nothing was read before.
        **asked
            As :meth:`_read_support` has it.

        Returns
        -------
        self
        """
        self._validate_params()
        after = self._as_it_is()
        if first:
            after._begin(X, y, **asked)
        else:
            after._rows = replace(after._rows, warned=set(after._rows.warned))
            if self._beginning is None:
                after._read_support(X, y, first=False, **asked)
            else:
                after._begin_again(self._beginning, X, y)
        self.__dict__ = after.__dict__
        return self

    def _as_it_is(self):
        """Return a shallow copy, which calls of another thread do not change."""
        copy = object.__new__(type(self))  # not copy(): that asks how to pickle
        copy.__dict__ = self.__dict__.copy()
        return copy

    def _begin(self, X, y, **asked):
        """Read the first rows, and keep them while they are too few."""
        self._beginning = None
        rng = check_random_state(self.random_state)
        dealt_by = deepcopy(rng)
        numbers, targets = self._read_support(X, y, first=True, rng=rng, **asked)
        n_scale = ROWS_OF_FIT if asked.get("shuffled") else ROWS_OF_STREAM
        if self._rows.scales and len(targets) < n_scale:
            kept = self._rows.kept(X, numbers), self._kept(targets)
            self._beginning = Beginning(*kept, dealt_by, asked | self._announced())

    def _begin_again(self, beginning, X, y):
        """Read the first rows anew with the next, which scale the table with them."""
        refuse_others(X)
        numbers = None
        frame = self._rows.frame is not None and getattr(X, "ndim", 2) == 2
        y_checks = {"y_numeric": self._kind == "regression"}
        if not frame:
            numbers, y = self._checked(X, y, **y_checks)
        else:  # what cells mean, all rows will tell
            X = of_pandas(X)
            validate_data(self, X, reset=False, skip_check_array=True)
            _, y = check_X_y(np.zeros((len(X), 1)), y, estimator=self, **y_checks)
        kept = self._rows.kept(X, numbers)
        beginning, later = beginning.and_then(kept, self._kept(column_or_1d(y)))
        rng = deepcopy(beginning.rng)
        self._read_support(beginning.X, beginning.y, first=True, rng=rng, **beginning.asked)
        if later is not None:
            self._read_support(*later, first=False)
        self._beginning = beginning if len(beginning.y) < ROWS_OF_STREAM else None

    def _read_support(self, X, y, *, first, rng=None, shuffled=False, **asked):
        """Read rows: members, if there are several, in random orders if they are ``shuffled``.

        ``asked`` is what the user says of the targets. Returns X and y as they were checked.
        """
        if first:
            warned = set()
            if self._beginning is None:
                self.learner_ = self._checked_learner()
            else:  # what the former scale told of later rows holds no more
                warned = {what for what in self._rows.warned if what[0] not in ("far", "new")}
            if self.learner_.spec.table:
                self._rows = TableRows(self.learner_.spec, self.categorical_features, warned)
            else:
                self._rows = PlainRows(self.learner_, self.learner, warned)
        rows = self._rows
        X, y = self._checked(X, y, first=first, y_numeric=self._kind == "regression")
        met = self._met_targets(y, first=first, **asked)
        if first:
            rows.measure(X, met)
            if shuffled:  # all that there are
                rows.warn_of_few(X)
            usual = rows.usual_members if self.n_members == "auto" else int(self.n_members)
            self.n_members_ = self._deal(usual, rng)
            self.state_ = self._reading().initial_state(self.n_members_)
        else:
            rows.warn_of_later(X)
        orders = np.tile(np.arange(len(X)), (self.n_members_, 1))
        if shuffled and self.n_members_ > 1:  # one reads them as they come: they may be sorted
            orders = np.stack([rng.permutation(order) for order in orders])
        self.state_ = self._read(X, self._told(met), orders, first=first)
        if first:
            rows.settle()
        self._n_later = 0 if first else self._n_later + len(X)
        return X, y

    def _checked(self, X, y="no_validation", *, first=False, **y_checks):
        """Check rows, and their targets if there are any: rows as numbers, in an array."""
        refuse_others(X)
        if not first and hasattr(X, "columns"):  # names and width before cells
            if hasattr(self, "feature_names_in_"):
                validate_data(self, X, reset=False, skip_check_array=True)
            _check_n_features(self, X, reset=False)
        rows = self._rows
        checks = {"dtype": rows.dtype, "ensure_all_finite": rows.finite, **y_checks}
        numbers = rows.numbers(X, learnt=not isinstance(y, str))
        return validate_data(self, numbers, y, reset=first, **checks)

    @abstractmethod
    def _met_targets(self, y, *args: Any, **asked: Any):
        """Meet targets, ``first`` ones or later: return real numbers, or the places of classes."""

    @abstractmethod
    def _told(self, met):
        """Return targets that were met as labels of M members, shape (M, S, label_size)."""

    @abstractmethod
    def _kept(self, y):
        """Return a copy of targets to read again, if these rows may have them."""

    def _announced(self):
        """What the first rows said of all targets to come."""
        return {}

    def _deal(self, n_members, rng):
        """Deal to so many members or more what they see: how many there are."""
        self._rows.deal(n_members, rng)
        return n_members

    def _read(self, X, labels, orders, *, first):
        """Let each member read all rows in its own order, ``n_passes`` times.

        Parameters
        ----------
        X : ndarray of shape (S, n_features)
        labels : ndarray of shape (M, S, label_size)
        orders : ndarray of int, shape (M, S)
        first : bool
            Whether these are the first support.

        Returns
        -------
        state : the state after the rows.
        """
        state, runner = self.state_, self._runner()
        members = np.arange(len(orders))[:, None]
        spec, memory = runner.network.spec, runner.network.memory
        chunk = max(1, SUPPORT_CHUNK // len(orders))
        for _ in range(self.n_passes):
            n_read = 0
            while n_read < len(X):
                chosen = orders[:, n_read : n_read + min(chunk, memory.room(state))]
                shown = self._rows.shown(X[chosen], spec, chosen if first else None)
                state = memory.relieved(runner.store(state, shown, labels[members, chosen]))
                n_read += chosen.shape[1]
        return state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        with suppress(ArtifactError, OSError, TypeError):  # fit will say what is wrong
            read = getattr(self, "learner_", None) or load_learner(self.learner)
            tags.input_tags.allow_nan = read.spec.table
            tags.input_tags.three_d_array = len(read.spec.input_shape) > 1
        return tags

    def _answers(self, X):
        """Answer queries from the frozen state.

        Returns
        -------
        answers : ndarray of shape (M, Q, ...)
        scores : ndarray of shape (Q, k), or None
            Those of the second opinion, if there is one.
        """
        check_is_fitted(self)
        self._validate_params()  # some are of the answer, and may be set after fit
        X = self._checked(X)
        rows, state, n_members = self._rows, self.state_, self.n_members_
        rows.warn_of_queries(X)
        runner = self._runner()
        chunk = max(1, QUERY_CHUNK // n_members)
        parts, scores = [], []  # of answers, and of scores if there are any
        for first in range(0, len(X), chunk):
            asked = X[first : first + chunk]
            inputs = rows.shown(asked[None], runner.network.spec)
            inputs = np.broadcast_to(inputs, (n_members, *inputs.shape[1:]))
            answers = runner.read(state, inputs.reshape(-1, *inputs.shape[2:]))
            parts.append(answers.reshape(n_members, -1, *answers.shape[1:]))
            if (said := rows.scores(asked)) is not None:
                scores.append(said)
        answers = np.concatenate(parts, axis=1).astype(np.float64)
        return answers, np.concatenate(scores) if scores else None

    def _runner(self):
        """What runs the learner on such rows: in NumPy, or its twin in Keras."""
        if self.engine == "numpy":
            return self._rows.reader(self._reading())
        from skmeta.engines.keras_engine import compiled

        return compiled(self._reading())

    def _reading(self) -> Learner:
        """Return the learner as the targets need it."""
        return self.learner_
