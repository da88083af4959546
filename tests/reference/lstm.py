"""The LSTM with forget gate, one number at a time, in float64.

Written from S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997,
and F. Gers, J. Schmidhuber, F. Cummins, "Learning to Forget", Neural Computation 12(10), 2000:

    net_gate = sum_i w_gate,i x_i + sum_j v_gate,j r_j + b_gate     r = everything that recurs
    c_t = sigmoid(net_forget) c_{t-1} + sigmoid(net_input) tanh(net_candidate)
    h_t = sigmoid(net_output) tanh(c_t)

Layout of the weights: columns are the units of the input gate, then of the forget gate, of the
candidate and of the output gate. What recurs is (y_{t-1}, h_{t-1}, ...). The bias of the forget
gate counts from 1.
"""

import math

import numpy as np

INPUT, FORGET, CANDIDATE, OUTPUT = range(4)


def sigmoid(a):
    return 1.0 / (1.0 + math.exp(-a))


def net_input(weights, column, x, recurrent):
    net = float(weights["bias"][column])
    for i, value in enumerate(x):
        net += float(weights["kernel"][i, column]) * float(value)
    for j, value in enumerate(recurrent):
        net += float(weights["recurrent_kernel"][j, column]) * float(value)
    return net


def one_episode_step(weights, x, recurrent, cells):
    """One step of one episode: returns (hidden, cells)."""
    n_units = len(cells)
    hidden, new_cells = np.zeros(n_units), np.zeros(n_units)
    for unit in range(n_units):
        net = [net_input(weights, gate * n_units + unit, x, recurrent) for gate in range(4)]
        kept = sigmoid(net[FORGET] + 1.0) * cells[unit]
        added = sigmoid(net[INPUT]) * math.tanh(net[CANDIDATE])
        new_cells[unit] = kept + added
        hidden[unit] = sigmoid(net[OUTPUT]) * math.tanh(new_cells[unit])
    return hidden, new_cells


def run(weights, inputs, labels, hidden, cells):
    """Feed (x_t, y_{t-1}) for all steps of all episodes.

    Parameters
    ----------
    weights : dict with kernel (F, 4U), recurrent_kernel (L + U, 4U), bias (4U,)
    inputs : (B, T, F)
    labels : (B, T, L)
    hidden, cells : (B, U), the state before the first row

    Returns
    -------
    outputs : (B, T, U)
    hidden, cells : (B, T, U), the state after each row
    """
    n_episodes, n_steps, _ = inputs.shape
    all_hidden = np.zeros((n_episodes, n_steps, hidden.shape[1]))
    all_cells = np.zeros_like(all_hidden)
    for b in range(n_episodes):
        h, c = hidden[b], cells[b]
        for t in range(n_steps):
            y_before = labels[b, t - 1] if t else np.zeros(labels.shape[2])
            h, c = one_episode_step(weights, inputs[b, t], [*y_before, *h], c)
            all_hidden[b, t], all_cells[b, t] = h, c
    return all_hidden.copy(), all_hidden, all_cells
