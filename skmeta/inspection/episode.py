"""EpisodeDisplay: the drawings that were shown, and what is said of new ones."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmeta.inspection._axes import one_axes
from skmeta.training.evaluation import instance_numbers

_RIGHT, _WRONG, _NEUTRAL, _QUIET = "#1a7f37", "#cf222e", "#57606a", "#d0d7de"
# Sizes in widths of a cell; a picture is 1 - _GAP wide.
_GAP = 0.14
_QUERY_HEIGHT = 1.34
_HEADING = 0.46


class EpisodeDisplay:
    """Pictures of one episode: the support by class above, the answered queries below.

    Each class has a column. A query stands in the column of its true class, in
    a green frame if it was recognised and a red one if not, above a bar as long
    as the probability of the answer.

    Parameters
    ----------
    support : array-like of shape (S, height, width)
        Pictures, ink positive and paper 0.
    support_labels : array-like of shape (S,)
        Their classes.
    queries : array-like of shape (Q, height, width)
        New pictures.
    predictions : array-like of shape (Q,)
        The classes that were answered.
    probabilities : array-like of shape (Q,)
        How sure the answers were.
    query_labels : array-like of shape (Q,), optional
        True classes of the queries. Without them nothing is right or wrong,
        and queries stand in the order given.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    images_ : list of matplotlib AxesImage
        Support, then queries, in the order given.
    texts_ : list of matplotlib Text
        The answers, in the order of the queries.

    Raises
    ------
    ValueError
        If there are no pictures, or shapes or classes do not fit together.

    Examples
    --------
    >>> from skmeta import InContextClassifier
    >>> from skmeta.datasets import load_omniglot_sample
    >>> from skmeta.inspection import EpisodeDisplay
    >>> sample = load_omniglot_sample()
    >>> X, y = sample.images[:100], sample.target[:100]
    >>> clf = InContextClassifier("mann-omniglot").fit(X[::20], y[::20])  # doctest: +SKIP
    >>> EpisodeDisplay.from_estimator(
    ...     clf, X[::20], y[::20], X[1::10], y[1::10]
    ... ).plot()  # doctest: +SKIP
    """

    def __init__(
        self, support, support_labels, queries, predictions, probabilities, *, query_labels=None
    ):
        self.support, self.queries = np.asarray(support), np.asarray(queries)
        self.support_labels = np.asarray(support_labels)
        self.predictions = np.asarray(predictions)
        self.probabilities = np.asarray(probabilities, dtype=float)
        self.query_labels = None if query_labels is None else np.asarray(query_labels)
        self._check()

    @classmethod
    def from_estimator(cls, estimator, X_support, y_support, X_query, y_query=None):
        """Ask a fitted classifier about new pictures.

        Parameters
        ----------
        estimator : classifier with ``predict_proba``
            Fitted on the support. It is given pictures as rows of pixels.
        X_support : array-like of shape (S, height, width)
            The support, to be drawn.
        y_support : array-like of shape (S,)
            Its classes.
        X_query : array-like of shape (Q, height, width)
            New pictures.
        y_query : array-like of shape (Q,), optional
            Their classes.

        Returns
        -------
        display : EpisodeDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the classifier has not been fitted.
        ValueError
            If shapes or classes do not fit together.
        """
        check_is_fitted(estimator)
        queries = np.asarray(X_query)
        if queries.ndim != 3:
            raise ValueError(f"X_query must hold pictures (Q, height, width), got {queries.shape}.")
        probabilities = estimator.predict_proba(queries.reshape(len(queries), -1))
        predictions = estimator.classes_[probabilities.argmax(axis=1)]
        sure = probabilities.max(axis=1)
        return cls(X_support, y_support, queries, predictions, sure, query_labels=y_query)

    def plot(self, ax=None, *, cmap="gray_r"):
        """Draw the episode.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure of fitting size by default.
        cmap : str or Colormap, default="gray_r"
            Colours of the pictures: black ink on white paper.

        Returns
        -------
        self : EpisodeDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        classes = np.unique(self.support_labels)
        support_columns = np.searchsorted(classes, self.support_labels)
        support_rows = instance_numbers(support_columns[None])[0]
        if self.query_labels is None:
            query_rows, query_columns = np.divmod(np.arange(len(self.queries)), len(classes))
        else:
            query_columns = np.searchsorted(classes, self.query_labels)
            query_rows = instance_numbers(query_columns[None])[0]
        first_support = 2 * _HEADING
        first_query = first_support + support_rows.max() + 1 + _HEADING + 0.2
        width = float(len(classes))
        height = first_query + _QUERY_HEIGHT * (query_rows.max() + 1)

        self.ax_ = ax = one_axes(self, ax, figsize=(1.15 * width, 1.15 * height))
        self.figure_ = ax.figure
        self.images_, self.texts_ = [], []
        _heading(ax, 0.0, "Shown, with its label")
        _heading(ax, first_query - _HEADING, "New drawings, and what it says")
        for column, name in enumerate(classes):
            ax.text(
                column + 0.5, first_support - 0.1, str(name), ha="center", va="bottom",
                fontsize=15, weight="bold", color="#1f2328",
            )  # fmt: skip
        for picture, row, column in zip(self.support, support_rows, support_columns, strict=True):
            self._draw(picture, column, first_support + row, cmap, _QUIET, 1.2)
        for i, (row, column) in enumerate(zip(query_rows, query_columns, strict=True)):
            self._draw_query(i, column, first_query + _QUERY_HEIGHT * row, cmap)
        ax.set(xlim=(-0.05, width + 0.05), ylim=(height, -0.1), aspect="equal")
        ax.set_axis_off()
        return self

    def _draw_query(self, i, column, top, cmap):
        color, mark = _NEUTRAL, ""
        if self.query_labels is not None:
            right = self.predictions[i] == self.query_labels[i]
            color, mark = (_RIGHT, " ✓") if right else (_WRONG, " ✗")
        self._draw(self.queries[i], column, top, cmap, color, 2.2)
        left, length, below = column + _GAP / 2, 1 - _GAP, top + 1 - _GAP / 2 + 0.06
        bar = {"linewidth": 4, "solid_capstyle": "butt"}
        self.ax_.plot([left, left + length], [below, below], color="#eaeef2", **bar)
        share = length * self.probabilities[i]
        self.ax_.plot([left, left + share], [below, below], color=color, **bar)
        answer = f"{self.predictions[i]}  {100 * self.probabilities[i]:.0f} %{mark}"
        self.texts_.append(
            self.ax_.text(
                column + 0.5, below + 0.06, answer, color=color, ha="center", va="top", fontsize=10
            )
        )

    def _draw(self, picture, column, top, cmap, frame, line_width):
        """Draw a picture and its frame into the cell with this left and upper edge."""
        from matplotlib.patches import Rectangle

        left, upper, side = column + _GAP / 2, top + _GAP / 2, 1 - _GAP
        extent = (left, left + side, upper + side, upper)
        self.images_.append(
            self.ax_.imshow(picture, cmap=cmap, vmin=0, extent=extent, interpolation="bicubic")
        )
        self.ax_.add_patch(
            Rectangle((left, upper), side, side, fill=False, edgecolor=frame, linewidth=line_width)
        )

    def _check(self):
        for name, pictures, labels in (
            ("support", self.support, self.support_labels),
            ("queries", self.queries, self.predictions),
            ("queries", self.queries, self.probabilities),
            ("queries", self.queries, self.query_labels),
        ):
            if pictures.ndim != 3 or not len(pictures):
                raise ValueError(
                    f"{name} must hold pictures of shape (n, height, width), got {pictures.shape}."
                )
            if labels is not None and labels.shape != pictures.shape[:1]:
                raise ValueError(
                    f"Each of the {len(pictures)} pictures in {name} needs one label, prediction "
                    f"and probability, got an array of shape {labels.shape}."
                )
        if self.query_labels is not None:
            strange = np.setdiff1d(self.query_labels, self.support_labels)
            if len(strange):
                raise ValueError(
                    f"Queries of the classes {strange} have no column: the support has "
                    f"{np.unique(self.support_labels)}."
                )


def _heading(ax, top, words):
    ax.text(_GAP / 2, top + 0.12, words, color=_NEUTRAL, fontsize=11, va="top", ha="left")
