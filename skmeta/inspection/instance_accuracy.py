"""InstanceAccuracyDisplay: how fast a class is learned."""

from __future__ import annotations

import numpy as np

from skmeta.artifacts import load_learner
from skmeta.inspection._axes import draw_curve, show_legend
from skmeta.training.evaluation import (
    accuracy_by_instance,
    instance_shares,
    mean_and_interval,
)


class InstanceAccuracyDisplay:
    """Accuracy at the 1st, 2nd, ... row of a class, each answered before its label is told.

    Make one with :meth:`from_learner` or :meth:`from_predictions`.

    Parameters
    ----------
    accuracy : array-like of shape (n_instances,)
        Share of right answers; the first entry is the 1st row of a class.
    interval : array-like of shape (n_instances,), optional
        Half width of the 95 % interval.
    label : str, optional
        Name of the curve.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D
    band_ : matplotlib PolyCollection or None
        The 95 % interval.
    reference_lines_ : list of matplotlib Line2D

    Raises
    ------
    ValueError
        If ``accuracy`` and ``interval`` differ in length.

    Examples
    --------
    >>> from skmeta.inspection import SANTORO_MANN, InstanceAccuracyDisplay
    >>> display = InstanceAccuracyDisplay([0.4, 0.8, 0.9], label="mine")
    >>> display.plot(references={"MANN, 2016": SANTORO_MANN})  # doctest: +SKIP
    """

    def __init__(self, accuracy, interval=None, *, label=None):
        self.accuracy = np.asarray(accuracy, dtype=float)
        self.interval = None if interval is None else np.asarray(interval, dtype=float)
        self.label = label
        if self.interval is not None and self.interval.shape != self.accuracy.shape:
            raise ValueError(
                "accuracy and interval must have one entry an instance each, "
                f"got {self.accuracy.shape} and {self.interval.shape}."
            )

    @classmethod
    def from_learner(cls, learner, family, *, n_episodes=600, seed=0, label=None):
        """Let a learner answer every row of fresh episodes.

        Parameters
        ----------
        learner : str, path-like or Learner
            Name of a shipped learner, path of a file, or a learner.
        family : TaskFamily
            Classification tasks like those the learner was trained on.
        n_episodes : int, default=600
            How many; the interval shrinks with their square root.
        seed : int, default=0
            Names the episodes.
        label : str, optional
            Name of the curve; by default that of the learner.

        Returns
        -------
        display : InstanceAccuracyDisplay

        Raises
        ------
        ArtifactError
            If the learner cannot be loaded.
        ValueError
            If the tasks are regression, or not like the learner's.
        """
        loaded = load_learner(learner)
        result = accuracy_by_instance(loaded, family, n_episodes=n_episodes, seed=seed)
        return cls(result.accuracy, result.interval, label=label or loaded.name)

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, label=None):
        """Count right answers that were given row by row, by anything.

        Parameters
        ----------
        y_true : array-like of shape (n_episodes, n_rows)
            Classes, in the order in which the rows came.
        y_pred : array-like of shape (n_episodes, n_rows)
            What was answered before the class was told.
        label : str, optional
            Name of the curve.

        Returns
        -------
        display : InstanceAccuracyDisplay

        Raises
        ------
        ValueError
            If the arrays differ in shape or are not two-dimensional.
        """
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                "y_true and y_pred must both have shape (n_episodes, n_rows), "
                f"got {y_true.shape} and {y_pred.shape}."
            )
        shares = instance_shares(y_true == y_pred, y_true)
        return cls(*mean_and_interval(shares), label=label)

    def plot(self, ax=None, *, references=None, **line_kwargs):
        """Draw the curve and its 95 % interval.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        references : mapping of str to mapping, optional
            Name -> {instance: accuracy}, counted from 1, such as
            :data:`skmeta.inspection.SANTORO_MANN`. Drawn with dashes.
        **line_kwargs
            Passed to ``Axes.plot`` for the curve.

        Returns
        -------
        self : InstanceAccuracyDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        band = None
        if self.interval is not None:
            band = self.accuracy - self.interval, self.accuracy + self.interval
        instances = np.arange(1, len(self.accuracy) + 1)
        ax = draw_curve(self, ax, instances, self.accuracy, band, **line_kwargs)
        self.reference_lines_ = [
            ax.plot(list(points), list(points.values()), "--", marker=".", alpha=0.8, label=name)[0]
            for name, points in (references or {}).items()
        ]
        self._decorate(ax)
        return self

    def _decorate(self, ax):
        from matplotlib.ticker import MaxNLocator, PercentFormatter

        ax.set(xlabel="Row of its class", ylabel="Accuracy before the label is told")
        ax.set_ylim(0, 1.02)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.yaxis.set_major_formatter(PercentFormatter(1.0))
        show_legend(ax)
