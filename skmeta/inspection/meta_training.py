"""MetaTrainingDisplay: the loss of a run of meta-training."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmeta.inspection._axes import one_axes, show_legend


class MetaTrainingDisplay:
    """Loss against steps of meta-training, on training tasks and on held-out ones.

    Make one with :meth:`from_trainer` or :meth:`from_history`.

    Parameters
    ----------
    step : array-like of int
        Steps of gradient descent.
    loss : array-like
        Mean loss since the entry before, nats a row.
    validation_step, validation_loss : array-like, default=()
        The same for held-out tasks.
    label : str, optional
        Name of the run.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D
    validation_line_ : matplotlib Line2D or None
    reference_lines_ : list of matplotlib Line2D

    Raises
    ------
    ValueError
        If steps and losses differ in length.

    Examples
    --------
    >>> from skmeta.inspection import MetaTrainingDisplay
    >>> display = MetaTrainingDisplay([100, 200], [1.6, 1.2], [200], [1.3])
    >>> display.plot()  # doctest: +SKIP
    """

    def __init__(self, step, loss, validation_step=(), validation_loss=(), *, label=None):
        self.step, self.loss = np.asarray(step), np.asarray(loss, dtype=float)
        self.validation_step = np.asarray(validation_step)
        self.validation_loss = np.asarray(validation_loss, dtype=float)
        self.label = label
        for steps, losses in (
            (self.step, self.loss),
            (self.validation_step, self.validation_loss),
        ):
            if steps.shape != losses.shape:
                raise ValueError(
                    f"Every loss needs its step: got {steps.size} steps and {losses.size} losses."
                )

    @classmethod
    def from_trainer(cls, trainer, *, label=None):
        """Take the history of a fitted trainer.

        Parameters
        ----------
        trainer : MetaTrainer
            Fitted.
        label : str, optional
            Name of the run.

        Returns
        -------
        display : MetaTrainingDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the trainer has not been fitted.
        """
        check_is_fitted(trainer, "history_")
        return cls.from_history(trainer.history_, label=label)

    @classmethod
    def from_history(cls, history, *, label=None):
        """Take a history as :class:`skmeta.MetaTrainer` writes it.

        Parameters
        ----------
        history : mapping of str to list
            "step" and "loss", and "validation_step" and "validation_loss"
            where there was validation.
        label : str, optional
            Name of the run.

        Returns
        -------
        display : MetaTrainingDisplay

        Raises
        ------
        ValueError
            If "step" or "loss" is missing.
        """
        missing = {"step", "loss"} - set(history)
        if missing:
            raise ValueError(
                f"The history has no {sorted(missing)}, only {sorted(history)}. "
                "Pass MetaTrainer(...).fit(tasks).history_."
            )
        return cls(
            history["step"],
            history["loss"],
            history.get("validation_step", ()),
            history.get("validation_loss", ()),
            label=label,
        )

    def plot(self, ax=None, *, references=None, **line_kwargs):
        """Draw the loss on training tasks and, with dots, on held-out ones.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        references : mapping of str to float, optional
            Name -> loss to draw as a level, such as ``{"guessing": np.log(5)}``.
        **line_kwargs
            Passed to ``Axes.plot`` for the loss on training tasks.

        Returns
        -------
        self : MetaTrainingDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.ax_ = ax = one_axes(self, ax)
        self.figure_ = ax.figure
        name = f"{self.label}, " if self.label else ""
        style = {"alpha": 0.6, "label": f"{name}training tasks", **line_kwargs}
        (self.line_,) = ax.plot(self.step, self.loss, **style)
        self.validation_line_ = None
        if self.validation_step.size:
            (self.validation_line_,) = ax.plot(
                self.validation_step,
                self.validation_loss,
                "o-",
                color=self.line_.get_color(),
                markersize=4,
                label=f"{name}held-out tasks",
            )
        self.reference_lines_ = [
            ax.axhline(loss, linestyle="--", color=f"C{7 + i}", alpha=0.8, label=reference)
            for i, (reference, loss) in enumerate((references or {}).items())
        ]
        ax.set(xlabel="Steps of meta-training", ylabel="Loss (nats a row)")
        ax.grid(alpha=0.3)
        show_legend(ax)
        return self
