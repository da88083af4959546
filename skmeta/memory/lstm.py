"""The long short-term memory as a learning algorithm (Hochreiter et al. 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from skmeta.memory._base import ShiftedMemory, WeightSpec


class LSTMState(NamedTuple):
    """State of the cell between two rows.

    hidden : (B, U), h_{t-1}, the output of the step before
    carousel : (B, U), c_{t-1}, the constant error carousel
    """

    hidden: Any
    carousel: Any


# Labels are few numbers among hundreds of features: their first weights are larger, so that
# they are heard from the start.
LABEL_GAIN = 9.0


def lstm_specs(n_inputs, n_recurrent, n_units, label_size) -> dict[str, WeightSpec]:
    """Return the weights of an LSTM: u = x @ kernel + bias, and a kernel for what recurs.

    The first ``label_size`` rows of the recurrent kernel take the label.
    """
    louder = (label_size, LABEL_GAIN)
    return {
        "kernel": WeightSpec((n_inputs, 4 * n_units), "glorot_uniform", blocks=4),
        "recurrent_kernel": WeightSpec(
            (n_recurrent, 4 * n_units), "glorot_uniform", blocks=4, louder=louder
        ),
        "bias": WeightSpec((4 * n_units,), 0.0),
    }


def lstm_step(ops, weights, carousel, u, recurrent):
    """One step of an LSTM with forget gate (Gers et al. 2000).

    Parameters
    ----------
    carousel : array of shape (B, U)
        The cells c_{t-1}.
    u : array of shape (B, 4 * U)
        Input part of the gates.
    recurrent : array of shape (B, n_recurrent)
        Everything that came out of the step before.

    Returns
    -------
    hidden, carousel : arrays of shape (B, U)
    """
    gates = u + ops.matmul(recurrent, weights["recurrent_kernel"])
    i, f, g, o = ops.split(gates, 4, axis=-1)
    # The forget gate starts open: its bias counts from 1 (Gers et al. 2000).
    carousel = ops.sigmoid(f + 1.0) * carousel + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(carousel), carousel


@dataclass(frozen=True)
class LSTM(ShiftedMemory):
    """LSTM that is given x_t and y_{t-1} and answers y_t.

    Parameters
    ----------
    n_units : int, default=200
        Memory cells U.

    Raises
    ------
    ValueError
        If there is no unit.

    References
    ----------
    S. Hochreiter, A. S. Younger, P. R. Conwell, "Learning to Learn Using
    Gradient Descent", ICANN 2001.

    Examples
    --------
    >>> from skmeta import MetaTrainer
    >>> from skmeta.memory import LSTM
    >>> MetaTrainer(memory=LSTM(n_units=32)).memory.n_units
    32
    """

    n_units: int = 200

    def __post_init__(self):
        if self.n_units < 1:
            raise ValueError(f"n_units must be at least 1, got {self.n_units}.")

    def weight_specs(self, n_features, label_size):  # noqa: D102 - inherited
        return lstm_specs(n_features, label_size + self.n_units, self.n_units, label_size)

    def output_size(self, label_size):  # noqa: D102 - inherited
        return self.n_units

    def initial_cell(self, ops, n_episodes):  # noqa: D102 - inherited
        zeros = ops.zeros((n_episodes, self.n_units), dtype="float32")
        return LSTMState(hidden=zeros, carousel=zeros)

    def cell(self, ops, weights, state, u, y_before):  # noqa: D102 - inherited
        recurrent = ops.concatenate([y_before, state.hidden], axis=-1)
        hidden, carousel = lstm_step(ops, weights, state.carousel, u, recurrent)
        return hidden, LSTMState(hidden, carousel)
