"""What holds in every step of every memory, whatever the weights."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.engines import numpy_ops
from skmeta.memory import LSTM, MANN, FastWeights, LeastSquares, PendingLabel, WeightSpec, map_state
from tests.reference.small import ASSOCIATIVE, MANNS, PROTOTYPES, SIZES, STORES, random_weights

MEMORIES = {
    "lstm": LSTM(5),
    **MANNS,
    **STORES,
    "associative": ASSOCIATIVE,
    "prototypes": PROTOTYPES,
}
B, T, F, L = 3, 40, 4, 2


def history(memory, loudness=1.0, seed=0):
    """Outputs and states of a run over random rows."""
    rng = np.random.default_rng(seed)
    weights = random_weights(memory.weight_specs(F, L), seed)
    weights = {name: np.float32(loudness) * array for name, array in weights.items()}
    inputs = rng.normal(size=(B, T, F)).astype(np.float32)
    labels = rng.normal(size=(B, T, L)).astype(np.float32)
    states = [memory.initial_state(numpy_ops, B, L)]
    outputs = []
    u = memory.embed(numpy_ops, weights, inputs)
    for t in range(T):
        output, state = memory.step(numpy_ops, weights, states[-1], u[:, t], labels[:, t])
        outputs.append(output)
        states.append(state)
    return outputs, states


def leaves(state):
    found = []
    map_state(found.append, state)
    return found


@pytest.mark.parametrize("loudness", [0.0, 1.0, 1e4])
@pytest.mark.parametrize("name", MEMORIES)
def test_state_and_outputs_stay_finite_float32_of_the_same_shapes(name, loudness):
    memory = MEMORIES[name]
    outputs, states = history(memory, loudness)
    for output in outputs:
        assert output.shape == (B, memory.output_size(L))
        assert output.dtype == np.float32
        assert np.isfinite(output).all()
    shapes = [leaf.shape for leaf in leaves(states[0])]
    for state in states:
        assert [leaf.shape for leaf in leaves(state)] == shapes
        for leaf in leaves(state):
            assert leaf.dtype == np.float32
            assert np.isfinite(leaf).all()


@pytest.mark.parametrize("loudness", [0.0, 1.0, 1e4])
@pytest.mark.parametrize("name", MANNS)
def test_weights_of_the_heads_are_distributions(name, loudness):
    memory = MANNS[name]
    _, states = history(memory, loudness)
    for before, after in itertools.pairwise(states):
        reads = after.cell.read_weights
        assert reads.min() >= 0
        assert_allclose(reads.sum(axis=2), 1, rtol=1e-5)
        assert after.cell.usage.min() >= 0
        # What the usage gained is the reads and the writes of this step.
        writes = after.cell.usage - memory.usage_decay * before.cell.usage - reads.sum(axis=1)
        assert writes.min() >= -1e-4
        assert writes.max() <= memory.n_reads + 1e-4
        assert_allclose(writes.sum(axis=1), memory.n_reads, rtol=1e-4)
        # A step adds at most one vector of entries in [-1, 1] a head.
        assert np.abs(after.cell.memory).max() <= np.abs(before.cell.memory).max() + 2 + 1e-5


@pytest.mark.parametrize("name", MEMORIES)
def test_read_is_a_step_whose_state_is_thrown_away(name):
    memory = MEMORIES[name]
    weights = random_weights(memory.weight_specs(F, L), 2)
    _, states = history(memory)
    u = memory.embed(numpy_ops, weights, np.ones((B, F), np.float32))
    kept = map_state(np.copy, states[-1])
    told = [memory.step(numpy_ops, weights, states[-1], u, y * np.ones((B, L))) for y in (0, 5)]
    assert_allclose(memory.read(numpy_ops, weights, states[-1], u), told[0][0], atol=1e-6)
    assert_array_equal(told[0][0], told[1][0])  # the label of the row itself is not heard
    for leaf, copy in zip(leaves(states[-1]), leaves(kept), strict=True):
        assert_array_equal(leaf, copy)


@pytest.mark.parametrize(("gate", "written"), [(-1000.0, "least used"), (1000.0, "last read")])
def test_saturated_gates_write_to_one_place(gate, written):
    memory = MANN(**SIZES)
    rng = np.random.default_rng(1)
    weights = random_weights(memory.weight_specs(F, L), 3)
    weights["gates_kernel"][:] = 0
    weights["gates_bias"][:] = gate
    _, states = history(memory)
    cell = states[-1].cell
    # Heads that have read slot 0 and 1 only, which are the most used.
    first = np.zeros((B, 2, 5), np.float32)
    first[:, 0, 0] = first[:, 1, 1] = 1
    usage = np.tile(np.array([9, 8, 1, 0, 2], np.float32), (B, 1))
    cell = cell._replace(read_weights=first, usage=usage)
    u = memory.embed(numpy_ops, weights, rng.normal(size=(B, F)).astype(np.float32))
    state = PendingLabel(np.zeros((B, L), np.float32), cell)
    _, after = memory.step(numpy_ops, weights, state, u, state.pending)
    untouched = [0, 1, 4] if written == "least used" else [4]
    assert_array_equal(after.cell.memory[:, untouched], cell.memory[:, untouched])
    changed = [2, 3] if written == "least used" else [0, 1]
    assert (np.abs(after.cell.memory - cell.memory)[:, changed].max(axis=2) > 1e-3).all()
    if written == "last read":
        assert_array_equal(after.cell.memory[:, [2, 3]], 0)  # erased all the same


def test_glorot_limits_hold_for_each_gate_and_labels_are_louder():
    spec = WeightSpec((6, 40), "glorot_uniform", blocks=4, louder=(2, 9.0))
    value = spec.initialize(np.random.default_rng(0))
    limit = np.sqrt(6.0 / (6 + 10))
    assert value.dtype == np.float32
    assert value.shape == (6, 40)
    assert 0.9 * limit < np.abs(value[2:]).max() <= limit
    assert 0.9 * 9 * limit < np.abs(value[:2]).max() <= 9 * limit
    assert len(np.unique(value)) == value.size  # no gate repeats another


def test_a_number_as_initializer_is_a_constant():
    value = WeightSpec((3, 2), 1.5).initialize(np.random.default_rng(0))
    assert_array_equal(value, np.full((3, 2), 1.5, np.float32))


def test_map_state_keeps_the_names():
    state = MEMORIES["strength=True-add=False"].initial_state(numpy_ops, 2, 3)
    doubled = map_state(lambda a: 2 * a, state)
    assert type(doubled) is type(state)
    assert type(doubled.cell.controller) is type(state.cell.controller)
    assert_array_equal(doubled.cell.usage, 2 * state.cell.usage)
    assert len(leaves(state)) == 7


def test_a_full_write_is_found_again_under_its_key():
    """With beta = 1 the delta rule stores a value exactly, whatever was there before."""
    rng = np.random.default_rng(0)
    memory = STORES["fast-weights"]
    store = memory.initial_state(numpy_ops, B, L)._replace(
        values=rng.normal(size=(B, 2, 4, 4)).astype(np.float32)
    )
    key, value = rng.normal(size=(2, B, 2, 4)).astype(np.float32)
    key /= np.linalg.norm(key, axis=-1, keepdims=True)
    for gate, kept in ((50.0, 0.0), (-50.0, 1.0)):
        gates = np.full((B, 2), gate, np.float32)
        before = np.einsum("bhk,bhkv->bhv", key, store.values)
        after = written(memory, store, key[:, :, None], value[:, :, None], gates[..., None]).values
        found = np.einsum("bhk,bhkv->bhv", key, after)
        assert_allclose(found, kept * before + (1 - kept) * value, atol=1e-5)
        across = np.cross(
            key[..., :3], key[..., 1:]
        )  # what is orthogonal to the key is not touched
        probe = np.concatenate([across, np.zeros((B, 2, 1))], axis=-1)
        probe -= np.sum(probe * key, axis=-1, keepdims=True) * key
        assert_allclose(np.einsum("bhk,bhkv->bhv", probe, after - store.values), 0, atol=1e-5)


def written(memory, store, keys, values, gates):
    return memory.changed(numpy_ops, store, memory.changes(numpy_ops, store, keys, values, gates))


def store_after(name, keys, values, gates, piece):
    """Rows (B, T, H, ...) are written ``piece`` at a time."""
    memory = STORES[name]
    store = map_state(lambda a: a[:, 0], memory.initial_state(numpy_ops, len(keys), L))
    rows = [np.moveaxis(a, 1, 2) for a in (keys, values, gates)]
    for t in range(0, keys.shape[1], piece):
        store = written(memory, store, *(a[:, :, t : t + piece] for a in rows))
    return store


def least_squares_store(keys, values, gates):
    return store_after("least-squares", keys, values, gates, 50)


@pytest.mark.parametrize("name", STORES)
@pytest.mark.parametrize("piece", [2, 7, 30])
def test_rows_written_together_are_rows_written_one_by_one(name, piece):
    rng = np.random.default_rng(0)
    keys, values = rng.normal(size=(2, B, 30, 2, 4)).astype(np.float32)
    keys /= np.linalg.norm(keys, axis=-1, keepdims=True)
    gates = rng.normal(size=(B, 30, 2)).astype(np.float32)
    alone = store_after(name, keys, values, gates, 1)
    for one, other in zip(store_after(name, keys, values, gates, piece), alone, strict=True):
        assert_allclose(one, other, atol=1e-5)


def test_least_squares_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(0)
    keys, values = rng.normal(size=(2, B, 30, 2, 4)).astype(np.float32)
    gates = rng.normal(size=(B, 30, 2)).astype(np.float32)
    order = rng.permutation(30)
    one = least_squares_store(keys, values, gates)
    other = least_squares_store(keys[:, order], values[:, order], gates[:, order])
    assert_allclose(one.values, other.values, atol=1e-5)
    assert_allclose(one.covariance, other.covariance, atol=1e-5)


def test_the_covariance_stays_one_over_ten_thousand_rows():
    """Symmetric, positive definite and never growing, with the least noise a row can have."""
    rng = np.random.default_rng(0)
    keys = rng.normal(size=(1, 10_000, 2, 4)).astype(np.float32)
    keys[:, ::2] = keys[:, :1]  # one key again and again
    keys /= np.linalg.norm(keys, axis=-1, keepdims=True)
    values = rng.normal(size=keys.shape).astype(np.float32)
    store = least_squares_store(keys, values, np.full((1, 10_000, 2), -100, np.float32))
    covariance = store.covariance.astype(float)
    assert_allclose(covariance, np.swapaxes(covariance, 2, 3), atol=1e-7)
    eigenvalues = np.linalg.eigvalsh(covariance)
    assert eigenvalues.min() > -1e-7
    assert eigenvalues.max() < 1e-3
    assert np.isfinite(store.values).all()


@pytest.mark.parametrize("sizes", [(0, 1, 1), (8, 0, 1), (8, 1, 0), (8, 1, 2, 0)])
def test_sizes_of_fast_weights(sizes):
    with pytest.raises(ValueError, match="n_heads and expansion must be at least 1, got"):
        FastWeights(*sizes)


@pytest.mark.parametrize("memory", [FastWeights, LeastSquares])
def test_units_are_shared_out_among_heads(memory):
    for n_units, way_out in ((10, "take 8 or 12, got 10"), (3, "take 4, got 3")):
        with pytest.raises(
            ValueError, match=f"n_units must be a multiple of n_heads=4, .* {way_out}"
        ):
            memory().resized(n_units)


@pytest.mark.parametrize("memory", [FastWeights(6, 2, 2), LeastSquares(6, 2, 2)])
def test_hidden_units_that_move_nothing_are_the_first_to_go(memory):
    weights = random_weights(memory.weight_specs(F, L), 0)
    rng = np.random.default_rng(1)
    for layer in range(2):
        idle = rng.permutation(12)[:6]  # some hear nothing, others say nothing
        weights[f"layer{layer}_hidden_kernel"][:, idle[:3]] = 0
        weights[f"layer{layer}_hidden_bias"][idle[:3]] = 0
        weights[f"layer{layer}_back_kernel"][idle[3:]] = 0
    slim = replace(memory, expansion=1)
    slim_weights = memory.slimmed(weights, 1)
    specs = slim.weight_specs(F, L)
    assert {name: w.shape for name, w in slim_weights.items()} == {
        name: spec.shape for name, spec in specs.items()
    }
    inputs = rng.normal(size=(B, T, F)).astype(np.float32)
    labels = rng.normal(size=(B, T, L)).astype(np.float32)
    outputs = [
        each.learn_rows(
            numpy_ops,
            own,
            each.initial_state(numpy_ops, B, L),
            each.embed(numpy_ops, own, inputs),
            labels,
        )[0]
        for each, own in ((memory, weights), (slim, slim_weights))
    ]
    assert_allclose(outputs[0], outputs[1], atol=1e-4)
