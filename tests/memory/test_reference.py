"""Every memory against its reference: other code, other precision, the same numbers."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta.engines import numpy_ops
from skmeta.memory import LSTM, MANN, LSTMState, MANNState, PendingLabel, least_squares, map_state
from tests.reference import associative, fast_weights, lstm, mann, prototypes
from tests.reference.small import ASSOCIATIVE, MANNS, PROTOTYPES, STORES, random_weights

N_EPISODES, N_STEPS, N_FEATURES, LABEL_SIZE = 3, 12, 4, 3
ENGINES = {"numpy": numpy_ops, "keras": keras.ops}


@pytest.fixture(params=ENGINES)
def ops(request):
    return ENGINES[request.param]


@pytest.fixture
def rows():
    rng = np.random.default_rng(7)
    inputs = rng.normal(size=(N_EPISODES, N_STEPS, N_FEATURES)).astype(np.float32)
    labels = rng.normal(size=(N_EPISODES, N_STEPS, LABEL_SIZE)).astype(np.float32)
    return inputs, labels


def run(ops, memory, weights, inputs, labels, state):
    """Outputs (B, T, ...), and the state after each row."""
    outputs, states = [], []
    u = memory.embed(ops, weights, inputs)
    for t in range(inputs.shape[1]):
        output, state = memory.step(ops, weights, state, u[:, t], labels[:, t])
        outputs.append(keras.ops.convert_to_numpy(output))
        states.append(map_state(keras.ops.convert_to_numpy, state))
    return np.stack(outputs, axis=1), states


def random_state(rng, memory):
    """A state with different numbers in all slots: no two are equally much used."""

    def normal(*shape):
        return rng.normal(size=(N_EPISODES, *shape)).astype(np.float32)

    reads = np.exp(normal(memory.n_reads, memory.n_slots))
    return MANNState(
        controller=LSTMState(np.tanh(normal(memory.n_units)), normal(memory.n_units)),
        memory=normal(memory.n_slots, memory.slot_width),
        read_weights=reads / reads.sum(axis=2, keepdims=True),
        usage=np.abs(normal(memory.n_slots)),
        reads=normal(memory.n_reads * memory.slot_width),
    )


def as_reference(cell):
    """A MANNState -> the list of dictionaries that the reference speaks."""
    return [
        {
            "hidden": cell.controller.hidden[b],
            "cells": cell.controller.carousel[b],
            "memory": cell.memory[b],
            "read_weights": cell.read_weights[b],
            "usage": cell.usage[b],
            "reads": cell.reads[b],
        }
        for b in range(N_EPISODES)
    ]


def reference_run(memory, weights, inputs, labels, states):
    return mann.run(
        weights,
        inputs,
        labels,
        states,
        n_reads=memory.n_reads,
        decay=memory.usage_decay,
        key_strength=memory.key_strength,
        add_vector=memory.add_vector,
    )


def test_the_lstm_is_that_of_the_papers(ops, rows):
    memory = LSTM(n_units=5)
    weights = random_weights(memory.weight_specs(N_FEATURES, LABEL_SIZE), seed=3)
    fresh = memory.initial_state(ops, N_EPISODES, LABEL_SIZE)
    outputs, states = run(ops, memory, weights, *rows, fresh)
    zeros = np.zeros((N_EPISODES, 5))
    expected, hidden, cells = lstm.run(weights, *rows, zeros, zeros)
    assert_allclose(outputs, expected, atol=2e-6)
    for t, state in enumerate(states):
        assert_allclose(state.cell.hidden, hidden[:, t], atol=2e-6)
        assert_allclose(state.cell.carousel, cells[:, t], atol=5e-6)
        assert_allclose(state.pending, rows[1][:, t])
    assert np.abs(cells).max() > 1  # the carousel has filled, so that every gate matters


@pytest.mark.parametrize("name", MANNS)
def test_the_mann_is_that_of_the_paper_from_a_fresh_memory(ops, rows, name):
    memory = MANNS[name]
    weights = random_weights(memory.weight_specs(N_FEATURES, LABEL_SIZE), seed=3)
    fresh = memory.initial_state(ops, N_EPISODES, LABEL_SIZE)
    outputs, _ = run(ops, memory, weights, *rows, fresh)
    expected, history = reference_run(
        memory, weights, *rows, mann.fresh_state(N_EPISODES, 6, 5, 4, 2)
    )
    assert_allclose(outputs, expected, atol=5e-6)
    for trace in history:
        erased = [i for state in trace for i in state["erased"]]
        assert len(erased) > 2 * memory.n_slots  # slots are used again and again
        assert set(erased) == set(range(memory.n_slots))


@pytest.mark.parametrize("name", MANNS)
def test_each_part_of_the_state_of_the_mann_is_that_of_the_paper(ops, rows, name):
    memory = MANNS[name]
    weights = random_weights(memory.weight_specs(N_FEATURES, LABEL_SIZE), seed=4)
    cell = random_state(np.random.default_rng(5), memory)
    pending = np.zeros((N_EPISODES, LABEL_SIZE), dtype=np.float32)
    start = map_state(ops.convert_to_tensor, cell) if ops is keras.ops else cell
    outputs, states = run(ops, memory, weights, *rows, PendingLabel(pending, start))
    expected, history = reference_run(memory, weights, *rows, as_reference(cell))
    assert_allclose(outputs, expected, atol=1e-5)
    for t, state in enumerate(states):
        for b, reference in enumerate(as_reference(state.cell)):
            for part, value in reference.items():
                assert_allclose(value, history[b][t][part], atol=1e-5, err_msg=f"{part}, {t}")


def test_the_four_options_of_the_mann_differ(rows):
    outputs = []
    for memory in MANNS.values():
        # One draw of all arrays, so that only the equations can make a difference.
        every = MANNS["strength=True-add=True"].weight_specs(N_FEATURES, LABEL_SIZE)
        weights = random_weights(every, seed=3)
        fresh = memory.initial_state(numpy_ops, N_EPISODES, LABEL_SIZE)
        outputs.append(run(numpy_ops, memory, weights, *rows, fresh)[0])
    for i in range(4):
        for j in range(i):
            assert np.abs(outputs[i] - outputs[j]).max() > 1e-3


def test_the_decay_of_usage_decides_what_is_written_over(rows):
    outputs = []
    for decay in (0.2, 0.99):
        memory = MANN(6, 5, 4, 2, usage_decay=decay)
        weights = random_weights(memory.weight_specs(N_FEATURES, LABEL_SIZE), seed=3)
        fresh = memory.initial_state(numpy_ops, N_EPISODES, LABEL_SIZE)
        outputs.append(run(numpy_ops, memory, weights, *rows, fresh)[0])
    assert np.abs(outputs[0] - outputs[1]).max() > 1e-3


SOLVERS = {
    "fast-weights": {"solve": fast_weights.delta_rule},
    "least-squares": {"solve": fast_weights.ridge_regression, "doubt": fast_weights.variance},
}


@pytest.mark.parametrize("name", STORES)
def test_fast_weights_learn_by_their_rule(ops, rows, name):
    memory = STORES[name]
    weights = random_weights(memory.weight_specs(N_FEATURES, LABEL_SIZE), seed=3)
    fresh = memory.initial_state(ops, N_EPISODES, LABEL_SIZE)
    outputs, _ = run(ops, memory, weights, *rows, fresh)
    expected = fast_weights.run(weights, *rows, n_layers=2, n_heads=2, **SOLVERS[name])
    assert_allclose(outputs, expected, atol=2e-5)
    empty = fast_weights.run(
        weights,
        *rows,
        n_layers=2,
        n_heads=2,
        **SOLVERS[name] | {"solve": lambda rows: np.zeros((4, 4))},
    )
    assert np.abs(expected - empty)[:, 1:].max() > 0.1  # what was stored matters


@pytest.mark.parametrize("n_slots", [2, 4, 30])
def test_the_associative_memory_slot_by_slot(ops, rows, n_slots):
    """Labels are one-hot or zero, so that rows join slots; few are soon full, 30 never."""
    memory = replace(ASSOCIATIVE, n_slots=n_slots)
    weights = random_weights(memory.weight_specs(N_FEATURES, LABEL_SIZE), seed=3)
    inputs, labels = rows[0], np.eye(LABEL_SIZE, dtype=np.float32)[rows[1].argmax(axis=2)]
    labels[:, [0, 5]] = 0.0  # an empty slot has no label, not this one
    fresh = memory.initial_state(ops, N_EPISODES, LABEL_SIZE)
    outputs, states = run(ops, memory, weights, inputs, labels, fresh)
    joined = 0
    for b in range(N_EPISODES):
        expected, held, use = associative.one_episode(
            weights,
            inputs[b],
            labels[b],
            n_slots=n_slots,
            decay=memory.usage_decay,
        )
        assert_allclose(outputs[b], expected, atol=1e-5)
        for t, state in enumerate(states):
            filled = state.labels[b][state.filled[b] > 0]
            assert sorted(map(tuple, filled)) == held[t]
        used = states[-1].usage[b][states[-1].filled[b] > 0]
        assert_allclose(sorted(used), use, atol=1e-5)
        joined += (np.linalg.norm(states[-1].keys[b], axis=1) > 1.01).sum()
    assert (joined > 0) == (n_slots < 30)


def test_a_full_associative_memory_makes_room_by_adding_slots_up(ops):
    """Slots of the first labels join: five rows of each of seven labels, in eight slots."""
    memory = replace(ASSOCIATIVE, n_slots=8)
    weights = random_weights(memory.weight_specs(N_FEATURES, 7), seed=3)
    inputs = np.random.default_rng(4).normal(size=(1, 35, N_FEATURES)).astype(np.float32)
    labels = np.repeat(np.eye(7, dtype=np.float32), 5, axis=0)[None]
    _, states = run(ops, memory, weights, inputs, labels, memory.initial_state(ops, 1, 7))
    last = states[-1]
    assert last.labels[0].max(axis=0).tolist() == [1.0] * 7
    rows = labels[0].T @ memory_keys(ops, memory, weights, inputs)
    held = np.asarray(last.labels[0]).T @ np.asarray(last.keys[0])
    assert_allclose(held, rows, atol=1e-5)  # no row is lost: their keys are added


@pytest.mark.parametrize("n_before", [0, 5])
def test_prototypes_class_by_class(ops, rows, n_before):
    """Rows read together and one by one, from a fresh memory and from one that holds some."""
    inputs, labels = rows[0], np.eye(LABEL_SIZE, dtype=np.float32)[rows[1].argmax(axis=2)]
    labels[:, :4, 2], labels[:, :4, 1] = 0.0, labels[:, :4, 1:].sum(axis=2)  # the last comes late
    weights = random_weights(PROTOTYPES.weight_specs(N_FEATURES, LABEL_SIZE), seed=3)
    fresh = PROTOTYPES.initial_state(ops, N_EPISODES, LABEL_SIZE)
    alone, states = run(ops, PROTOTYPES, weights, inputs, labels, fresh)
    state = states[n_before - 1] if n_before else fresh
    u = PROTOTYPES.embed(ops, weights, inputs)
    outputs, last = PROTOTYPES.learn_rows(
        ops, weights, state, u[:, n_before:], labels[:, n_before:]
    )
    for b in range(N_EPISODES):
        expected, keys = prototypes.one_episode(weights, inputs[b], labels[b])
        assert_allclose(alone[b], expected, atol=1e-5)
        assert_allclose(np.asarray(outputs)[b], expected[n_before:], atol=1e-5)
        assert_allclose(np.asarray(last.keys)[b], keys, atol=1e-5)
    assert_allclose(np.asarray(last.counts), labels.sum(axis=1))


def test_prototypes_are_an_associative_memory_with_a_slot_a_class(ops, rows):
    """Rows that all differ in class: a slot each, and a class each."""
    inputs, labels = rows[0], np.eye(N_STEPS, dtype=np.float32)[None].repeat(N_EPISODES, axis=0)
    memories = PROTOTYPES, replace(ASSOCIATIVE, n_slots=N_STEPS)
    weights = random_weights(PROTOTYPES.weight_specs(N_FEATURES, N_STEPS), seed=3)
    one, other = (
        run(ops, m, weights, inputs, labels, m.initial_state(ops, N_EPISODES, N_STEPS))[0]
        for m in memories
    )
    assert_allclose(one, other, atol=1e-5)


def memory_keys(ops, memory, weights, inputs):
    return np.asarray(memory.embed(ops, weights, inputs[0]))


def test_a_full_least_squares_memory_halves_the_weight_of_its_rows(monkeypatch):
    """Half the evidence is that of rows with twice the noise."""
    monkeypatch.setattr(least_squares, "CAPACITY", N_STEPS)
    memory, size = STORES["least-squares"], 4
    rng = np.random.default_rng(5)
    keys = rng.normal(size=(1, 2, N_STEPS, size))
    values = rng.normal(size=(1, 2, N_STEPS, size))
    fresh = memory.initial_state(numpy_ops, 1, LABEL_SIZE)
    store = map_state(lambda array: array[:, 0], fresh)
    changes = memory.changes(numpy_ops, store, keys, values, np.zeros(keys.shape[:3]))
    store = memory.changed(numpy_ops, store, changes)
    state = map_state(lambda array: np.stack([array, array], axis=1), store)
    assert memory.room(fresh) == N_STEPS and memory.room(state) == 0
    assert memory.relieved(fresh) is fresh

    relieved = memory.relieved(state)
    assert memory.room(relieved) == N_STEPS // 2
    noise = np.log(2) + least_squares.LEAST_NOISE
    for head in range(2):
        k, v = keys[0, head], values[0, head]
        covariance = np.linalg.inv(np.eye(size) + k.T @ k / (2 * noise))
        assert_allclose(relieved.covariance[0, 1, head], covariance, atol=1e-6)
        expected = covariance @ k.T @ v / (2 * noise)
        assert_allclose(relieved.values[0, 1, head], expected, atol=1e-6)


def test_a_memory_that_holds_too_much_is_halved_until_there_is_room():
    """As one that was told 600 rows at once."""
    memory = STORES["least-squares"]
    fresh = memory.initial_state(numpy_ops, 1, LABEL_SIZE)
    known = fresh._replace(values=fresh.values + 1, covariance=fresh.covariance / 2)
    for n_rows, n_left in ((600, 300), (1023, 511.5), (1024, 256), (1300, 325)):
        relieved = memory.relieved(known._replace(n_rows=fresh.n_rows + n_rows))
        assert_allclose(relieved.n_rows, n_left)
        assert memory.room(relieved) == 512 - int(n_left)
    # The evidence, P^-1 - I = 1, was halved twice.
    assert_allclose(relieved.covariance, fresh.covariance / 1.25, atol=1e-6)
