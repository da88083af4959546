"""Least recently used access, one head and one slot at a time, in float64.

Written from A. Santoro et al., "One-shot Learning with Memory-Augmented Neural Networks",
arXiv:1605.06065, 2016, section 3.2 and 3.3. In one step, with h the controller's output:

    k       = tanh(W_k h + b_k), one key a head                     sigma = sigmoid(W_a h + b_a)
    w^w(i)  = sigma w^r_{t-1}(i) + (1 - sigma) w^lu_{t-1}(i)
    M_t(i)  = M_{t-1}(i), zeroed if slot i is least used, + sum over heads of w^w(i) k
    w^r(i)  = softmax_i (beta K(k, M_t(i))),  K(k, m) = k.m / (|k| |m|)
    r       = sum_i w^r(i) M_t(i)
    w^u_t   = gamma w^u_{t-1} + sum over heads of (w^r + w^w)

Where the paper is silent or an option departs from it: head j writes to the j-th least used slot
(the lower index wins a tie); beta is 1, or 1 + softplus(W_b h + b_b) with the option of a key
strength; with the option of an add vector, tanh(W_v h + b_v) is written where k stands above;
1e-8 is added to the squared norms of K. The controller is told (x_t, y_{t-1}, h_{t-1}, r_{t-1}).
"""

import math

import numpy as np

from tests.reference.lstm import one_episode_step, sigmoid

FRESH = 1e-6
TINY = 1e-8


def fresh_state(n_episodes, n_units, n_slots, slot_width, n_reads):
    """A list of one dictionary an episode: the state before the first row."""
    first_slot = np.zeros(n_slots)
    first_slot[0] = 1.0
    return [
        {
            "hidden": np.zeros(n_units),
            "cells": np.zeros(n_units),
            "memory": np.full((n_slots, slot_width), FRESH),
            "read_weights": np.array([first_slot] * n_reads),
            "usage": first_slot.copy(),
            "reads": np.zeros(n_reads * slot_width),
        }
        for _ in range(n_episodes)
    ]


def affine(weights, name, hidden):
    return np.asarray(weights[f"{name}_kernel"], float).T @ hidden + weights[f"{name}_bias"]


def cosine(key, slot):
    dot = sum(a * b for a, b in zip(key, slot, strict=True))
    key_square = sum(a * a for a in key) + TINY
    slot_square = sum(b * b for b in slot) + TINY
    return dot / math.sqrt(key_square * slot_square)


def least_used_slots(usage, n_reads):
    """The n_reads slots of least usage, least first; the lower index wins a tie."""
    taken = []
    for _ in range(n_reads):
        best = None
        for i in range(len(usage)):
            if i not in taken and (best is None or usage[i] < usage[best]):
                best = i
        taken.append(best)
    return taken


def one_episode_access(weights, state, hidden, *, n_reads, decay, key_strength, add_vector):
    """Write, then read: returns the new parts of the state, and which slots were erased."""
    n_slots, width = state["memory"].shape
    keys = np.tanh(affine(weights, "keys", hidden)).reshape(n_reads, width)
    vectors = keys
    if add_vector:
        vectors = np.tanh(affine(weights, "vectors", hidden)).reshape(n_reads, width)
    gates = affine(weights, "gates", hidden)
    strengths = np.ones(n_reads)
    if key_strength:
        for head, number in enumerate(affine(weights, "strengths", hidden)):
            strengths[head] = 1.0 + math.log1p(math.exp(number))

    slots = least_used_slots(state["usage"], n_reads)
    write_weights = np.zeros((n_reads, n_slots))
    for head in range(n_reads):
        gate = sigmoid(gates[head])
        for i in range(n_slots):
            least_used = 1.0 if i == slots[head] else 0.0
            before = state["read_weights"][head, i]
            write_weights[head, i] = gate * before + (1.0 - gate) * least_used

    memory = np.array(state["memory"], float)
    for i in slots:
        memory[i] = 0.0
    for i in range(n_slots):
        for head in range(n_reads):
            memory[i] += write_weights[head, i] * vectors[head]

    read_weights = np.zeros((n_reads, n_slots))
    reads = np.zeros((n_reads, width))
    for head in range(n_reads):
        scores = [strengths[head] * cosine(keys[head], memory[i]) for i in range(n_slots)]
        powers = [math.exp(score - max(scores)) for score in scores]
        for i in range(n_slots):
            read_weights[head, i] = powers[i] / sum(powers)
            reads[head] += read_weights[head, i] * memory[i]

    usage = np.zeros(n_slots)
    for i in range(n_slots):
        usage[i] = decay * state["usage"][i]
        for head in range(n_reads):
            usage[i] += read_weights[head, i] + write_weights[head, i]
    return {
        "memory": memory,
        "read_weights": read_weights,
        "write_weights": write_weights,
        "usage": usage,
        "reads": reads.reshape(-1),
        "erased": slots,
    }


def run(weights, inputs, labels, states, **options):
    """Feed (x_t, y_{t-1}) for all steps of all episodes.

    Parameters
    ----------
    weights : dict of arrays, as skmeta names them
    inputs : (B, T, F)
    labels : (B, T, L)
    states : list of B dictionaries, as :func:`fresh_state` makes them
    options : n_reads, decay, key_strength, add_vector

    Returns
    -------
    outputs : (B, T, U + R * W), (h_t, r_t)
    history : list of B lists of T dictionaries, the state after each row
    """
    outputs, history = [], []
    for b, state in enumerate(states):
        said, trace = [], []
        for t in range(inputs.shape[1]):
            y_before = labels[b, t - 1] if t else np.zeros(labels.shape[2])
            recurrent = [*y_before, *state["hidden"], *state["reads"]]
            hidden, cells = one_episode_step(weights, inputs[b, t], recurrent, state["cells"])
            state = one_episode_access(weights, state, hidden, **options)
            state |= {"hidden": hidden, "cells": cells}
            said.append(np.concatenate([hidden, state["reads"]]))
            trace.append(state)
        outputs.append(said)
        history.append(trace)
    return np.array(outputs), history
