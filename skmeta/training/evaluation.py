"""How good a learner is: accuracy by instance, error by number of shots, nats a step."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skmeta import losses
from skmeta.engines import numpy_ops
from skmeta.networks import Learner
from skmeta.sequences import encode_labels
from skmeta.tasks import TaskFamily
from skmeta.tasks._base import check_description, check_size
from skmeta.tasks.tables import TableFamily

_BATCH = 64
# Queries of an episode that are answered at once.
QUERIES_TOGETHER = 16
# Episodes of a quick look: held-out tasks during training, and MetaTrainer.score.
QUICK_EPISODES = 128
# Evaluation has streams of its own, also where the family is that of training.
EVALUATION_STREAM = 1_000_003
VALIDATION_STREAM = 2_000_003


class InstanceAccuracy(NamedTuple):
    """Accuracy at the 1st, 2nd, ... row of a class.

    accuracy : ndarray of shape (n_instances,), share of right answers
    interval : ndarray of shape (n_instances,), half width of the 95 % interval,
        episodes taken as independent draws
    n_episodes : int
    """

    accuracy: np.ndarray
    interval: np.ndarray
    n_episodes: int


class ShotAccuracy(NamedTuple):
    """Accuracy of queries after K support rows of each class.

    shots : ndarray of int, K
    accuracy : ndarray, share of right answers
    interval : ndarray, half width of the 95 % interval, episodes taken as independent draws
    """

    shots: np.ndarray
    accuracy: np.ndarray
    interval: np.ndarray


class ShotError(NamedTuple):
    """Mean squared error of queries after a number of support rows.

    shots : ndarray of int
    error : ndarray, mean squared error
    interval : ndarray, half width of the 95 % interval over tasks
    """

    shots: np.ndarray
    error: np.ndarray
    interval: np.ndarray


def _fitting(learner, family):
    """Return the learner with labels for all classes of tasks, which must be like its own."""
    check_description(family)
    learner = learner.for_classes(family.spec.n_outputs)
    spec, found = learner.spec, family.spec
    if spec != found:
        way_out = (
            "Choose tasks of the learner's kind, sizes and number of classes, weighted if it is."
        )
        if found.n_outputs < spec.n_outputs and replace(found, n_outputs=spec.n_outputs) == spec:
            if hasattr(family, "n_labels"):
                way_out = f"Give the tasks n_labels={spec.n_outputs}."
            elif isinstance(family, TableFamily):
                way_out = f"Give the tasks n_classes={spec.n_outputs}."
        raise ValueError(f"The learner was trained on {spec}, the tasks are {found}. {way_out}")
    return learner


def _batches(learner, family, n_episodes, seed):
    _fitting(learner, family)
    if n_episodes < 1:
        raise ValueError(f"n_episodes must be at least 1, got {n_episodes}.")
    first = max(family.changes, default=0)  # of a curriculum, what it leads to
    for index in range(first, first + -(-n_episodes // _BATCH)):
        n = min(_BATCH, n_episodes - (index - first) * _BATCH)
        yield family.batch(index, n, seed=seed + EVALUATION_STREAM)


def regression_problems(family, n_tasks: int, n_rows: int, n_queries: int, seed: int):
    """Return supports and noise-free queries of a family's functions.

    Parameters
    ----------
    family : TaskFamily
    n_tasks, n_rows, n_queries, seed : int

    Returns
    -------
    X, y, X_query, y_query : ndarrays
        Of shapes (n_tasks, n_rows, d), (n_tasks, n_rows), (n_tasks, n_queries, d) and
        (n_tasks, n_queries).

    Raises
    ------
    ValueError
        If the family has no ``evaluation_problems``.
    """
    if not hasattr(family, "evaluation_problems"):
        raise ValueError(
            f"{type(family).__name__} draws no regression problems for evaluation; "
            "QuadraticTasks, SineTasks and GaussianProcessTasks do."
        )
    return family.evaluation_problems(n_tasks, n_rows, n_queries, seed=seed)


def instance_numbers(targets: np.ndarray) -> np.ndarray:
    """Return how many rows of its class came before each row.

    Parameters
    ----------
    targets : ndarray of shape (B, T) or (B, T, L)

    Returns
    -------
    numbers : ndarray of int, shape (B, T)
        0 for the first row of a class.
    """
    labels = targets if targets.ndim == 3 else targets[..., None]
    same = (labels[:, :, None] == labels[:, None, :]).all(axis=-1)
    return np.tril(same, k=-1).sum(axis=2)


def instance_shares(right: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the share of right answers at the 1st, 2nd, ... row of a class, an episode a line.

    Parameters
    ----------
    right : ndarray of bool, shape (B, T)
    targets : ndarray of shape (B, T) or (B, T, L)

    Returns
    -------
    shares : ndarray of shape (B, n_instances)
        NaN where an episode has no such row.
    """
    number = instance_numbers(targets)
    member = number[..., None] == np.arange(number.max() + 1)  # (B, T, n_instances)
    rows = member.sum(axis=1)
    hits = (member & right[..., None]).sum(axis=1)
    return np.where(rows > 0, hits / np.maximum(rows, 1), np.nan)


def accuracy_by_instance(
    learner: Learner,
    family: TaskFamily,
    *,
    n_episodes: int = 600,
    seed: int = 0,
    n_members: int = 1,
) -> InstanceAccuracy:
    """Return how often the 1st, 2nd, ... row of a class is classified rightly.

    Of tasks that deal a few labels out of more it is known from the start which were dealt. A label
    of several positions is right when all of them are.

    Parameters
    ----------
    learner : Learner
    family : TaskFamily
        Classification tasks.
    n_episodes : int, default=600
    seed : int, default=0
    n_members : int, default=1
        Above 1, each episode is read so many times side by side, in its own order but
        under permuted labels, and the probabilities are averaged.

    Returns
    -------
    result : InstanceAccuracy

    Raises
    ------
    ValueError
        If the tasks are not classification or not like those of the learner.

    References
    ----------
    A. Santoro et al., arXiv:1605.06065, 2016, figure 2 and table 1.

    Examples
    --------
    >>> from skmeta import load_learner
    >>> from skmeta.datasets import load_omniglot_sample
    >>> from skmeta.tasks import from_classes
    >>> from skmeta.training.evaluation import accuracy_by_instance
    >>> sample = load_omniglot_sample()
    >>> tasks = from_classes(sample.images, sample.target, n_classes=5, n_shots=10)
    >>> result = accuracy_by_instance(load_learner("mann-omniglot"), tasks, n_episodes=50)
    >>> bool(result.accuracy[9] > 0.8)
    True
    """
    if family.spec.kind != "classification":
        raise ValueError("accuracy_by_instance needs classification tasks, got regression.")
    check_size("n_members", n_members)
    learner = _fitting(learner, family)
    spare = getattr(family, "n_labels", 0) > getattr(family, "n_classes", 0)
    shares = []
    for batch in _batches(learner, family, n_episodes, seed):
        probabilities = _mean_of_members(learner, batch, n_members, seed, told=spare)
        targets = batch.targets.reshape(*batch.targets.shape[:2], family.spec.label_length)
        right = (probabilities.argmax(axis=-1) == targets).all(axis=-1)
        shares.append(instance_shares(right, batch.targets))
    width = max(share.shape[1] for share in shares)
    shares = [np.pad(s, ((0, 0), (0, width - s.shape[1])), constant_values=np.nan) for s in shares]
    accuracy, interval = mean_and_interval(np.concatenate(shares))
    return InstanceAccuracy(accuracy, interval, n_episodes)


def _mean_of_members(learner, batch, n_members, seed, *, told):
    """Mean probabilities (B, T, L, C) under permutations of the labels, the first as they are.

    Members may be told which labels come.
    """
    spec, rng = learner.spec, np.random.default_rng([seed, n_members])
    labels = encode_labels(batch.targets, spec)
    labels = labels.reshape(*labels.shape[:2], spec.label_length, spec.n_outputs)
    mean = 0.0
    for member in range(n_members):
        order = np.arange(spec.n_outputs) if member == 0 else rng.permutation(spec.n_outputs)
        dealt = labels[..., order].reshape(*labels.shape[:2], spec.label_size)
        logits = learner.rehearse(batch.inputs, dealt)[..., np.argsort(order)]
        if told:
            logits = _among_dealt(logits, labels)
        mean = mean + numpy_ops.softmax(logits, axis=-1) / n_members
    return mean


def checked_sizes(name: str, sizes, least: int = 1, most: int | None = None) -> np.ndarray:
    """Return the distinct numbers of a list, sorted.

    Parameters
    ----------
    name : str
        What to call them.
    sizes : sequence of int
    least : int, default=1
    most : int, optional
        The smallest and the largest that may be.

    Raises
    ------
    ValueError
        If there is none, or one is no integer or out of range.
    """
    found = np.unique(np.asarray(sizes))
    whole = found.size and found.dtype.kind in "iu" and found[0] >= least
    if not whole or (most is not None and found[-1] > most):
        up_to = "" if most is None else f" and at most {most}"
        raise ValueError(
            f"{name} must be integers of at least {least}{up_to}, got {found.tolist()}."
        )
    return found


def accuracy_by_shots(
    learner: Learner, family, shots, *, n_episodes: int = 600, seed: int = 0
) -> ShotAccuracy:
    """Return how often queries are classified rightly after K support rows of each class.

    The protocol of N ways and K shots: the support is read once, in mixed order, queries are
    answered from the frozen state, and only classes of the episode are answers.

    Parameters
    ----------
    learner : Learner
    family : TaskFamily
        Classification tasks of ``n_classes`` classes of ``n_shots`` rows each. Rows beyond the
        largest K are the queries, the same for each K.
    shots : sequence of int
        Numbers K, each below ``family.n_shots``.
    n_episodes : int, default=600
    seed : int, default=0

    Returns
    -------
    result : ShotAccuracy

    Raises
    ------
    ValueError
        If there are no queries left, classes have not as many rows each, labels are strings, or
        the tasks are not like those of the learner.

    References
    ----------
    O. Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016.

    Examples
    --------
    >>> from skmeta import load_learner
    >>> from skmeta.datasets import load_omniglot_sample
    >>> from skmeta.tasks import from_classes
    >>> from skmeta.training.evaluation import accuracy_by_shots
    >>> sample = load_omniglot_sample(28)
    >>> tasks = from_classes(sample.images, sample.target, n_shots=6, n_labels=100)
    >>> result = accuracy_by_shots(load_learner("omniglot"), tasks, (1, 5), n_episodes=10)
    >>> result.shots, bool(result.accuracy.min() > 0.9)
    (array([1, 5]), True)
    """
    if not hasattr(family, "n_shots") or family.spec.label_length > 1:
        raise ValueError("accuracy_by_shots needs episodes of classes, with one label a row.")
    shots = checked_sizes("shots", shots, most=family.n_shots - 1)
    learner = _fitting(learner, family)
    right: list[list[np.ndarray]] = []
    for batch in _batches(learner, family, n_episodes, seed):
        number = instance_numbers(batch.targets)
        last = (number == family.n_shots - 1).sum(axis=1)
        if (last * family.n_shots != number.shape[1]).any():
            raise ValueError("accuracy_by_shots needs classes of one size.")
        labels = encode_labels(batch.targets, family.spec)
        queries = _rows_where(number >= shots[-1])
        rows = _taken(batch.inputs, queries)
        right.append([])
        for k in shots:
            support = _rows_where(number < k)
            state = learner.initial_state(len(number))
            state = learner.store(state, _taken(batch.inputs, support), _taken(labels, support))
            logits = _answers(learner, state, rows)[:, :, 0]
            logits = _among_dealt(logits, labels)
            found = logits.argmax(axis=-1) == np.take_along_axis(batch.targets, queries, axis=1)
            right[-1].append(found.mean(axis=1))
    accuracy, interval = mean_and_interval(np.concatenate(right, axis=1).T)
    return ShotAccuracy(shots, accuracy, interval)


def _answers(learner, state, queries):
    """Answers (B, Q, ...) to queries (B, Q, ...) from the states of B episodes, some at a time."""
    parts = []
    for first in range(0, queries.shape[1], QUERIES_TOGETHER):
        piece = queries[:, first : first + QUERIES_TOGETHER]
        answers = learner.read(state, piece.reshape(-1, *piece.shape[2:]))
        parts.append(answers.reshape(*piece.shape[:2], *answers.shape[1:]))
    return np.concatenate(parts, axis=1)


def _among_dealt(logits, labels):
    """Logits (B, Q, ...) without the labels that none of the rows (B, T, ...) has."""
    return np.where(labels.max(axis=1, keepdims=True) > 0, logits, -np.inf)


def _rows_where(chosen):
    """Indices (B, n) of the rows chosen in (B, T): as many in each episode."""
    return np.argsort(~chosen, axis=1, kind="stable")[:, : chosen[0].sum()]


def _taken(rows, places):
    """Rows (B, T, ...) at places (B, n): shape (B, n, ...)."""
    return rows[np.arange(len(rows))[:, None], places]


def error_by_shots(
    learner: Learner, family, shots, *, n_tasks: int = 200, n_queries: int = 200, seed: int = 0
) -> ShotError:
    """Return the mean squared error of noise-free queries after 1, 2, ... support rows.

    Parameters
    ----------
    learner : Learner
    family : TaskFamily
        Regression tasks with ``evaluation_problems``.
    shots : sequence of int
        Numbers of support rows.
    n_tasks, n_queries : int, default=200
    seed : int, default=0

    Returns
    -------
    result : ShotError

    Raises
    ------
    ValueError
        If the tasks have no evaluation problems or are not like those of the learner, or shots
        are no integers from 0 on.

    Examples
    --------
    >>> from skmeta import load_learner
    >>> from skmeta.tasks import QuadraticTasks
    >>> from skmeta.training.evaluation import error_by_shots
    >>> learner = load_learner("lstm-quadratic")
    >>> result = error_by_shots(learner, QuadraticTasks(), (5, 35), n_tasks=50)
    >>> bool(result.error[0] > 10 * result.error[1])
    True
    """
    _fitting(learner, family)
    shots = checked_sizes("shots", shots, least=0)
    X, y, X_query, y_query = regression_problems(
        family, n_tasks, max(int(shots[-1]), 1), n_queries, seed
    )
    labels = np.asarray(y, dtype=np.float32)[..., None]
    state = learner.initial_state(n_tasks)
    errors, read = [], 0
    for n_rows in shots:
        state = learner.store(state, X[:, read:n_rows], labels[:, read:n_rows])
        read = n_rows
        mean = _answers(learner, state, X_query)[:, :, 0, 0]
        errors.append(((mean - y_query) ** 2).mean(axis=1))
    error, interval = mean_and_interval(np.stack(errors, axis=1))
    return ShotError(shots, error, interval)


def step_log_likelihood(learner: Learner, batch, spec) -> np.ndarray:
    """Return the log-likelihood of each label before it was shown, shape (B, T), in nats."""
    answers = learner.rehearse(batch.inputs, encode_labels(batch.targets, spec))
    return _log_likelihood(answers, batch.targets, spec)


def _log_likelihood(answers, targets, spec):
    if spec.kind == "regression":
        return -losses.gaussian_nll(numpy_ops, answers, targets)
    targets = targets.reshape(*targets.shape[:2], spec.label_length)
    return -losses.class_nll(numpy_ops, answers, targets)


def mean_score(learner: Learner, family: TaskFamily, n_episodes: int, *, seed: int) -> float:
    """Return the mean log-likelihood of labels, nats a step, on a stream of its own.

    Examples
    --------
    >>> from skmeta import load_learner
    >>> from skmeta.tasks import QuadraticTasks
    >>> from skmeta.training.evaluation import mean_score
    >>> mean_score(load_learner("lstm-quadratic"), QuadraticTasks(), 50, seed=0) > 0
    True
    """
    learner = _fitting(learner, family)
    parts, weights = [], []
    for batch in _batches(learner, family, n_episodes, seed):
        parts.append(step_log_likelihood(learner, batch, family.spec))
        weights.append(np.ones_like(parts[-1]) if batch.weights is None else batch.weights)
    return float(np.average(np.concatenate(parts), weights=np.concatenate(weights)))


class RowScore(NamedTuple):
    """Scores of a learner after it has read some rows of a table.

    rows : ndarray of int
    log_likelihood : ndarray, mean nats of the next row's target
    error : ndarray, share of wrong answers; mean squared error for regression
    interval : ndarray of shape (2, n), half widths of the two 95 % intervals
    """

    rows: np.ndarray
    log_likelihood: np.ndarray
    error: np.ndarray
    interval: np.ndarray


def score_by_rows(
    learner: Learner, family: TableFamily, rows, *, n_episodes: int = 600, seed: int = 0
) -> RowScore:
    """Return how good the answer to the next row of a table is after 5, 10, ... rows.

    Tables are scaled by the rows that were read, as an estimator scales them.

    Parameters
    ----------
    learner : Learner
    family : TableFamily
    rows : sequence of int
        Numbers of rows read, each in 1 to ``family.n_steps - 1``.
    n_episodes : int, default=600
    seed : int, default=0

    Returns
    -------
    result : RowScore

    Raises
    ------
    ValueError
        If the tasks are no tables, not like those of the learner, or have too few rows, or a number
        of rows is none.
    """
    if not isinstance(family, TableFamily):
        raise ValueError(f"score_by_rows needs tables, got {type(family).__name__}.")
    rows = checked_sizes("rows", rows, most=family.n_steps - 1)
    nats, errors = np.empty((2, n_episodes, len(rows)))
    for column, n_rows in enumerate(rows):
        batches = _batches(learner, family.scaled_by(int(n_rows)), n_episodes, seed)
        first = 0
        for batch in batches:
            inputs, targets = batch.inputs[:, : n_rows + 1], batch.targets[:, : n_rows + 1]
            answers = learner.rehearse(inputs, encode_labels(targets, family.spec))[:, -1:]
            target, where = targets[:, -1:], slice(first, first + len(inputs))
            nats[where, column] = _log_likelihood(answers, target, family.spec)[:, 0]
            if family.spec.kind == "regression":
                errors[where, column] = np.square(answers[:, 0, 0, 0] - target[:, 0, 0])
            else:
                errors[where, column] = answers[:, 0, 0].argmax(axis=-1) != target[:, 0]
            first += len(inputs)
    log_likelihood, nats_interval = mean_and_interval(nats)
    error, error_interval = mean_and_interval(errors)
    return RowScore(rows, log_likelihood, error, np.stack([nats_interval, error_interval]))


def gap_to_oracle(
    learner: Learner, family: TaskFamily, n_episodes: int, *, seed: int
) -> float | None:
    """Return how far a learner is below the best possible learner, on a stream of its own.

    Parameters
    ----------
    learner : Learner
    family : TaskFamily
    n_episodes, seed : int

    Returns
    -------
    gap : float or None
        Mean log-likelihood of the oracle less that of the learner, nats a step;
        None if the family knows no oracle.

    Examples
    --------
    >>> from skmeta import load_learner
    >>> from skmeta.tasks import GaussianProcessTasks
    >>> from skmeta.training.evaluation import gap_to_oracle
    >>> 0 < gap_to_oracle(load_learner("mann-gp"), GaussianProcessTasks(), 50, seed=0) < 1
    True
    """
    learner, gaps = _fitting(learner, family), []
    for batch in _batches(learner, family, n_episodes, seed):
        if batch.oracle is None:
            return None
        gaps.append((batch.oracle - step_log_likelihood(learner, batch, family.spec)).ravel())
    return float(np.concatenate(gaps).mean())


def mean_of_scores(learner: Learner, families, seed: int) -> float:
    """Return the mean of :func:`mean_score` over families, on a few episodes each."""
    seed = seed + VALIDATION_STREAM - EVALUATION_STREAM  # not the episodes of the tests
    scores = [mean_score(learner, family, QUICK_EPISODES, seed=seed) for family in families]
    return float(np.mean(scores))


def mean_and_interval(values):
    """Return the mean over the first axis and the half width of its 95 % interval.

    Parameters
    ----------
    values : ndarray of shape (n, ...)
        Independent draws; NaN entries are left out.

    Returns
    -------
    mean, interval : ndarrays of shape (...)
    """
    n = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    return np.nanmean(values, axis=0), 1.96 * np.nanstd(values, axis=0) / np.sqrt(n)
