"""Easy tasks first: a stream whose family changes with the number of the batch."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from skmeta.tasks._base import TaskFamily, check_description, check_size


class Curriculum(TaskFamily):
    """Families one after the other, each for a number of batches, the last one for ever.

    In-context learners stand on a plateau until they find out that labels can
    be looked up in memory. With two classes an episode that takes hundreds of
    steps, with five it takes thousands.

    Parameters
    ----------
    stages : sequence of (int, TaskFamily)
        How many batches, of which family. All families have one spec; the last
        number does not matter.

    Raises
    ------
    TypeError
        If a number of batches is no integer, or what a family says of its tasks is no TaskSpec.
    ValueError
        If there is no stage, a family is a class or says nothing of its tasks, or families disagree
        on rows and targets.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmeta.tasks import Curriculum, from_classes
    >>> X, y = load_digits(return_X_y=True)
    >>> few, more = (from_classes(X, y, n_classes=n, n_shots=4, n_labels=5) for n in (2, 5))
    >>> tasks = Curriculum([(1000, few), (5000, more)])
    >>> [tasks.batch(i, 16, seed=0).n_steps for i in (0, 999, 1000)]
    [8, 8, 20]
    """

    def __init__(self, stages: Sequence[tuple[int, TaskFamily]]):
        if not stages:
            raise ValueError("A curriculum needs at least one (n_batches, family) stage.")
        self.stages = [(check_size("n_batches", n), family) for n, family in stages]
        for _, family in self.stages:
            check_description(family)
        self.spec = self.stages[-1][1].spec
        for _, family in self.stages:
            if family.spec != self.spec:
                raise ValueError(
                    f"Stages must have one spec: expected {self.spec}, got {family.spec}."
                )
        self.n_steps = self.stages[-1][1].n_steps
        self._ends = list(accumulate(n_batches for n_batches, _ in self.stages[:-1]))
        parts = zip([0, *self._ends], [*self._ends, sys.maxsize], self.stages, strict=True)
        inner = (
            c for a, b, (_, family) in parts for c in getattr(family, "changes", ()) if a < c < b
        )
        self.changes = tuple(sorted([*self._ends, *inner]))

    def data(self):
        """Return what the stages hold: see :class:`TaskFamily`."""
        return [array for _, family in self.stages for array in family.data()]

    def draw(self, rng, n_episodes):
        """Draw from the last family: see :class:`TaskFamily`."""
        return self.stages[-1][1].draw(rng, n_episodes)

    def batch(self, index, n_episodes, *, seed):
        """Return batch ``index`` of the stream ``seed``: see :class:`TaskFamily`."""
        _, family = self.stages[bisect_right(self._ends, index)]
        return family.batch(index, n_episodes, seed=seed)
