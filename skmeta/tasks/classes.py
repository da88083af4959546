"""N-way episodes out of any labelled vectors or pictures."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from skmeta.episodes import EpisodeBatch, TaskSpec
from skmeta.tasks._base import TaskFamily, check_size


class ClassTasks(TaskFamily):
    """Classification episodes of a few classes out of many, under labels that mean nothing.

    ``from_classes`` is another name of it.

    An episode takes ``n_classes`` classes and ``n_shots`` rows of each, both
    without replacement, gives the classes the labels 0 to ``n_classes - 1`` at
    random and shuffles the rows. Values are passed on as they are, as float32.

    Parameters
    ----------
    X : array-like of shape (n_rows, D) or (n_rows, height, width)
        Vectors or pictures. Kept, not copied.
    y : array-like of shape (n_rows,)
        Labels of any type that sorts: integers, strings, ...
    n_classes : int, default=5
        Classes in an episode.
    n_shots : int, default=10
        Rows of each class in an episode.
    n_labels : int or None, default=None
        Labels to deal from; None takes ``n_classes``. Stages of a
        :class:`Curriculum` share the number of labels, not of classes.

    Attributes
    ----------
    classes : ndarray
        The distinct labels, sorted.
    n_steps : int
        Rows of an episode: ``n_classes * n_shots``.

    Raises
    ------
    ValueError
        If the data are not as described or too few for one episode.

    References
    ----------
    Santoro, Bartunov, Botvinick, Wierstra and Lillicrap. One-shot learning with
    memory-augmented neural networks. arXiv 1605.06065, 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmeta.tasks import from_classes
    >>> digits = load_digits()
    >>> tasks = from_classes(digits.images, digits.target, n_classes=3, n_shots=4)
    >>> tasks.batch(0, 2, seed=0).targets
    array([[0, 2, 0, 1, 1, 1, 0, 0, 2, 2, 2, 1],
           [2, 2, 1, 1, 1, 0, 0, 1, 0, 0, 2, 2]])
    """

    def __init__(self, X, y, *, n_classes: int = 5, n_shots: int = 10, n_labels=None):
        self.X = _check_rows(X)
        y = one_a_row(y, len(self.X), "y")
        self.classes, codes, self._counts = distinct_labels(y, "y")
        n_classes, n_shots = check_size("n_classes", n_classes, 2), check_size("n_shots", n_shots)
        _check_enough(self.classes, self._counts, n_classes, n_shots)
        self.n_labels = check_size(
            "n_labels", n_classes if n_labels is None else n_labels, n_classes
        )
        self.spec = TaskSpec("classification", self.X.shape[1:], n_outputs=self.n_labels)
        self.n_classes = n_classes
        self.n_shots = n_shots
        self.n_steps = n_classes * n_shots
        # Rows sorted by class: those of class c are _order[_starts[c] : _starts[c] + _counts[c]].
        self._order = np.argsort(codes, kind="stable")
        self._starts = np.cumsum(self._counts) - self._counts

    def data(self):
        """Return the rows, in order and as they are dealt to classes: see :class:`TaskFamily`."""
        return [self.X, self._order, self._counts]

    def draw(self, rng: np.random.Generator, n_episodes: int) -> EpisodeBatch:
        """Draw classes, their rows, and an order of the rows.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of every random choice.
        n_episodes : int
            B, at least 1.

        Returns
        -------
        batch : EpisodeBatch
            Without an oracle.
        """
        # The order in which classes are drawn is random: it serves as the labels. (B, n_classes)
        classes = draw_distinct(rng, np.full(n_episodes, len(self.classes)), self.n_classes)
        members = draw_distinct(rng, self._counts[classes], self.n_shots)
        rows = self._order[self._starts[classes][..., None] + members]  # (B, n_classes, n_shots)
        steps = np.broadcast_to(np.arange(self.n_steps), (n_episodes, self.n_steps))
        steps = rng.permuted(steps, axis=1)
        rows = np.take_along_axis(rows.reshape(n_episodes, -1), steps, axis=1)
        targets = steps // self.n_shots
        if self.n_labels > self.n_classes:
            dealt = draw_distinct(rng, np.full(n_episodes, self.n_labels), self.n_classes)
            targets = np.take_along_axis(dealt, targets, axis=1)
        return EpisodeBatch(self.X[rows].astype(np.float32), targets)


from_classes = ClassTasks  # what it does, beside what it is


def one_a_row(y, n_rows: int, name: str) -> np.ndarray:
    """Return targets, one a row; a column of them is as good.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, 1)
    n_rows : int
    name : str
        What to call them.

    Returns
    -------
    y : ndarray of shape (n_rows,)

    Raises
    ------
    ValueError
        If there are others.
    """
    y = np.asarray(y)
    if y.shape not in ((n_rows,), (n_rows, 1)):
        raise ValueError(f"{name} must have shape ({n_rows},), got {y.shape}.")
    return y.reshape(n_rows)


def distinct_labels(y: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct labels, sorted, the place of each row's, and the rows of each.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
    name : str
        What to call it.

    Raises
    ------
    ValueError
        If a label is None, NaN or pandas.NA, or labels are of types that do not sort.
    """
    if any(map(_is_missing, y.tolist())):
        raise ValueError(f"{name} holds missing labels. Remove those rows first.")
    try:
        return np.unique(y, return_inverse=True, return_counts=True)
    except TypeError as error:
        raise ValueError(f"Labels in {name} must be of one type that sorts ({error}).") from None


def _is_missing(label) -> bool:
    try:
        return label is None or bool(label != label)  # only NaN != NaN
    except TypeError:  # pandas.NA does not say
        return True


def draw_distinct(rng: np.random.Generator, sizes: np.ndarray, n_draws: int) -> np.ndarray:
    """Draw distinct integers below each of many sizes, every ordered draw equally likely.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every random choice.
    sizes : ndarray of int, of any shape
        Each draw is from ``range(size)``; each size is at least ``n_draws``.
    n_draws : int
        How many from each.

    Returns
    -------
    draws : ndarray of int, of shape (*sizes.shape, n_draws)
    """
    # ranks[..., j] says which of the (size - j) integers still left is drawn j-th.
    ranks = rng.integers(np.asarray(sizes)[..., None] - np.arange(n_draws))
    draws = ranks.copy()
    for j in range(1, n_draws):
        # The integer with that rank has passed one taken integer for each i with
        # taken_i - i <= rank, taken being those drawn before, sorted.
        taken = np.sort(draws[..., :j], axis=-1) - np.arange(j)
        draws[..., j] += (taken <= ranks[..., j, None]).sum(axis=-1)
    return draws


def _check_rows(X) -> np.ndarray:
    X = np.asarray(X)
    if X.ndim not in (2, 3) or 0 in X.shape:
        raise ValueError(
            "X must have shape (n_rows, D) or (n_rows, height, width) and hold something, "
            f"got {X.shape}."
        )
    if X.dtype == object:  # of pandas' own types
        with suppress(TypeError, ValueError):
            X = X.astype(np.float64)
    if X.dtype.kind not in "biuf":
        raise ValueError(f"X must hold numbers, got dtype {X.dtype}. Encode text and dates first.")
    if not np.isfinite(X).all():
        raise ValueError("X holds NaN or infinite values. Impute or remove them first.")
    return X


def _check_enough(classes, counts, n_classes: int, n_shots: int) -> None:
    if len(classes) < n_classes:
        raise ValueError(
            f"An episode needs n_classes={n_classes} different classes, but y has {len(classes)}. "
            "Lower n_classes or add classes."
        )
    smallest = np.argmin(counts)
    if counts[smallest] < n_shots:
        raise ValueError(
            f"Every class needs at least n_shots={n_shots} rows, but class "
            f"{classes.tolist()[smallest]!r} has {counts[smallest]}. Lower n_shots or remove "
            "the small classes."
        )
