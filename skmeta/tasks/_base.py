"""The contract of a family of tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from operator import index as as_integer

import numpy as np

from skmeta.episodes import EpisodeBatch, TaskSpec


class TaskFamily(ABC):
    """A stream of episodes: batch ``i`` is a function of (seed, i) and of nothing else.

    Subclasses set ``spec`` and write :meth:`draw`. They hold no generator: the
    same seed gives the same batches in any order, on any machine and backend.

    Attributes
    ----------
    spec : TaskSpec
        Kind of target, shape of a row, number of outputs.
    n_steps : int
        Steps T of an episode.
    changes : tuple of int
        Batches from which on episodes may have another length; none here.

    Examples
    --------
    >>> from skmeta.episodes import EpisodeBatch, TaskSpec
    >>> from skmeta.tasks import TaskFamily
    >>> class Lines(TaskFamily):
    ...     spec, n_steps = TaskSpec("regression", (1,), 1), 10
    ...     def draw(self, rng, n_episodes):
    ...         x = rng.normal(size=(n_episodes, self.n_steps, 1))
    ...         return EpisodeBatch(x, rng.normal(size=(n_episodes, 1, 1)) * x)
    >>> Lines().batch(0, 16, seed=0).targets.shape
    (16, 10, 1)
    """

    spec: TaskSpec
    n_steps: int
    changes: tuple[int, ...] = ()

    def __repr__(self):
        spec = self.spec
        answer = f"{spec.n_outputs} classes" if spec.kind == "classification" else spec.kind
        row = f"{spec.n_columns} columns" if spec.table else f"shape {spec.input_shape}"
        return f"<{type(self).__name__}: {answer}, {self.n_steps} rows of {row}>"

    @abstractmethod
    def draw(self, rng: np.random.Generator, n_episodes: int) -> EpisodeBatch:
        """Draw episodes with a generator that is used for nothing else.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of every random choice.
        n_episodes : int
            B, at least 1.

        Returns
        -------
        batch : EpisodeBatch
        """

    def data(self) -> list[np.ndarray]:
        """Return the arrays that episodes are drawn from: a family of a user's data has some.

        A checkpoint belongs to one run, of one seed on the same data.
        """
        return []

    def batch(self, index: int, n_episodes: int, *, seed: int) -> EpisodeBatch:
        """Return batch ``index`` of the stream ``seed``.

        Parameters
        ----------
        index : int
            Position in the stream, from 0.
        n_episodes : int
            B, at least 1.
        seed : int
            Name of the stream, from 0.

        Returns
        -------
        batch : EpisodeBatch

        Raises
        ------
        TypeError
            If ``spec`` is no TaskSpec, or what the family draws no EpisodeBatch.
        ValueError
            If an argument is negative, there is no episode to draw, or what the family draws has
            other shapes than its ``spec`` and ``n_steps`` say.
        """
        if index < 0 or seed < 0 or n_episodes < 1:
            raise ValueError(
                "index and seed must be at least 0 and n_episodes at least 1, "
                f"got {index}, {seed} and {n_episodes}."
            )
        check_description(self)
        batch = self.draw(np.random.default_rng([seed, index]), n_episodes)
        if not isinstance(batch, EpisodeBatch):
            raise TypeError(
                f"{type(self).__name__}.draw must return an EpisodeBatch, got "
                f"{type(batch).__name__}."
            )
        row_shapes = {"inputs": self.spec.input_shape, "targets": self.spec.target_shape}
        for name, row_shape in row_shapes.items():
            found, shape = getattr(batch, name).shape, (n_episodes, self.n_steps, *row_shape)
            if found != shape:
                raise ValueError(
                    f"{type(self).__name__}.draw must return {name} of shape {shape} for "
                    f"{n_episodes} episodes of n_steps={self.n_steps} and its spec, got {found}."
                )
        return batch


def check_description(family: TaskFamily) -> None:
    """See that a family is one, and says what its tasks look like.

    Raises
    ------
    TypeError
        If its ``spec`` is no TaskSpec.
    ValueError
        If it is a class, or has no ``spec`` or no ``n_steps``.
    """
    if isinstance(family, type):
        raise ValueError(f"Expected tasks, {family.__name__}(...), got the class.")
    name = type(family).__name__
    for attribute in ("spec", "n_steps"):
        if not hasattr(family, attribute):
            raise ValueError(f"{name} sets no {attribute}: a TaskFamily has one.")
    if not isinstance(family.spec, TaskSpec):
        raise TypeError(
            f"{name}.spec must be a skmeta.episodes.TaskSpec(kind, input_shape, n_outputs), got "
            f"{type(family.spec).__name__}."
        )


def check_size(name: str, size: int, least: int = 1) -> int:
    """Return a number of steps, classes, columns, ...

    Parameters
    ----------
    name : str
        What to call it.
    size : int
    least : int, default=1

    Returns
    -------
    size : int

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is below the least.
    """
    try:
        size = as_integer(size)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {size!r}.") from None
    if size < least:
        raise ValueError(f"{name} must be at least {least}, got {size}.")
    return size
