"""Vectors and pictures of the size that a learner was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from skmeta.columns import ColumnStatistics
from skmeta.episodes import TaskSpec
from skmeta.estimators._frames import unmasked
from skmeta.estimators._pictures import range_hint, refuse_odd_pictures, way_out
from skmeta.estimators._rows import Rows
from skmeta.estimators._warnings import warn_once
from skmeta.networks import Learner

# Plain rows and targets are compared with those of meta-training: a mean FAR of its standard
# deviations away (of pictures FAR_INK: theirs hardly varies), or a spread WIDE times its own, is a
# forgotten scaling. Few cells may be so by luck: a larger share of them has to be far away, or they
# are EXTREME.
FAR, FAR_INK, WIDE, SHARE_FAR, EXTREME = 2.0, 1.2, 3.0, 0.1, 100.0


@dataclass
class PlainRows(Rows):
    """Vectors or pictures of the size that the learner was trained on, the same for all members.

    Parameters
    ----------
    learner : Learner
        What reads them.
    name : object
        What the user calls it.
    """

    learner: Learner
    name: object
    warned: set
    finite = True
    dtype = np.float32
    scales = False  # they are read as they are
    usual_members = 1  # others would read the rows in other orders, at a cost

    @property
    def spec(self) -> TaskSpec:
        """What the learner reads."""
        return self.learner.spec

    def numbers(self, X, *, learnt):
        """Pictures of shape (n, height, width) -> rows of pixels; anything else as it is."""
        shape = self.spec.input_shape
        if isinstance(X, (list, tuple)):
            X = np.asarray(X)
        if len(shape) > 1:
            refuse_odd_pictures(X, shape)
        X = unmasked(X)
        if len(shape) == 1 or getattr(X, "ndim", 2) <= 2:
            return X
        X = np.asarray(X)
        if X.shape[1:] != shape:
            raise ValueError(
                f"The learner reads pictures of shape (n, {', '.join(map(str, shape))}) or rows "
                f"of {prod(shape)} pixels, got {X.shape}. {way_out(X.shape, self.spec)}"
            )
        return X.reshape(len(X), prod(shape))

    def measure(self, X, told):
        """See that a support has the learner's width, and looks like what it was trained on."""
        shape = self.spec.input_shape
        if X.shape[1] != prod(shape):
            pictures = ""
            advice = (
                "Choose another learner (skmeta.list_learners()), or meta-train one on rows like "
                "these (skmeta.MetaTrainer)."
            )
            if len(shape) > 1:
                pictures = f" (pictures of {_times(shape)} pixels)"
                advice = way_out(X.shape, self.spec)
            raise ValueError(
                f"The learner {self.name!r} reads {prod(shape)} features a row{pictures}, "
                f"got {X.shape[1]}. {advice}"
            )
        self._compare("X", X, "encoder")

    def warn_of_later(self, X):
        """Warn of later rows as of the first."""
        self._compare("X", X, "encoder")

    warn_of_queries = warn_of_later

    def targets(self, y, found=None):
        """Targets are told as they are: (targets, their scale)."""
        self._compare("y", y[:, None], "readout")
        return y, ColumnStatistics(np.zeros(1), np.ones(1))

    def _compare(self, what, values, part):
        """Warn of values that look nothing like those of meta-training."""
        learner = self.learner
        center, scale = (learner.weights[f"{part}/{name}"] for name in ("center", "scale"))
        drawn = what == "X" and len(self.spec.input_shape) > 1
        if drawn:
            values, center, scale = values.reshape(-1, 1), center[:1], scale[:1]
        mean, spread = values.mean(axis=0), values.std(axis=0)
        luck = 3 / np.sqrt(len(values))  # a mean of few values may be off
        far = FAR_INK if drawn else FAR
        off = np.maximum(np.abs(mean - center) / (far + luck), spread / WIDE) / scale
        if drawn and WIDE * spread[0] < scale[0]:  # divided by 255 twice, cut to integers, empty
            off[0] = np.inf
        elif not drawn:  # few cells far out are luck
            n_far = (np.abs(values - center) > FAR * scale).sum(axis=0)
            few = n_far <= max(SHARE_FAR * len(values), len(values) > 2)  # one of three, too
            off[few & (off < EXTREME)] = 0
        worst = int(np.argmax(off))
        if off[worst] <= 1:
            return
        where = what if drawn or len(off) == 1 else f"Column {worst} of {what}"
        wanted = f" (ink 1 on paper 0, not standardised{range_hint(values)})" if drawn else ""
        warn_once(
            self.warned,
            (what, worst),
            f"{where} looks unlike what the learner {self.name!r} was trained on{wanted}: mean "
            f"{mean[worst]:.3g} and standard deviation {spread[worst]:.3g}, there "
            f"{center[worst]:.3g} and {scale[worst]:.3g}. Its answers may mean nothing unless "
            "values are scaled to that range.",
        )

    def shown(self, X, spec, own=None):
        """Return rows as members see them: (m, n, pixels) -> (m, n, *input_shape)."""
        return X.astype(np.float32).reshape(*X.shape[:2], *spec.input_shape)


def _times(shape):
    return " x ".join(map(str, shape))
