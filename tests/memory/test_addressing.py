"""Planted corner cases of the addressing, in both engines."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.engines import numpy_ops
from skmeta.memory import addressing
from tests.reference.gradients import gradients

ENGINES = {"numpy": numpy_ops, "keras": keras.ops}
B, R, N, W = 2, 3, 5, 4


@pytest.fixture(params=ENGINES)
def ops(request):
    return ENGINES[request.param]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def numpy(array):
    return keras.ops.convert_to_numpy(array)


def normal(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def simplex(rng, *shape):
    powers = np.exp(normal(rng, *shape))
    return powers / powers.sum(axis=-1, keepdims=True)


def tensor(ops, array):
    return array if ops is numpy_ops else ops.convert_to_tensor(array)


def test_cosines_of_parallel_opposite_and_orthogonal_slots(ops):
    key = np.array([[[3.0, 4.0, 0.0, 0.0]]], dtype=np.float32)
    memory = np.array(
        [[[0.3, 0.4, 0, 0], [-30, -40, 0, 0], [0, 0, 7, 0], [4, -3, 0, 0], [1, 0, 0, 0]]],
        dtype=np.float32,
    )
    cosines = numpy(addressing.cosine_similarity(ops, key, memory))
    assert_allclose(cosines, [[[1.0, -1.0, 0.0, 0.0, 0.6]]], atol=1e-6)


def test_cosines_do_not_depend_on_lengths(ops, rng):
    keys, memory = normal(rng, B, R, W), normal(rng, B, N, W)
    factors = rng.uniform(0.5, 20, size=(B, N, 1)).astype(np.float32)
    cosines = numpy(addressing.cosine_similarity(ops, keys, memory))
    scaled = numpy(addressing.cosine_similarity(ops, 3 * keys, factors * memory))
    assert_allclose(cosines, scaled, atol=1e-5)
    assert np.abs(cosines).max() <= 1


@pytest.mark.parametrize("key", [0.0, 1.0])
def test_an_empty_memory_has_cosine_zero(ops, key):
    keys = np.full((B, R, W), key, dtype=np.float32)
    cosines = numpy(addressing.cosine_similarity(ops, keys, np.zeros((B, N, W), np.float32)))
    assert_array_equal(cosines, np.zeros((B, R, N)))


@pytest.mark.parametrize("key", [0.0, 1.0])
def test_gradients_at_an_empty_memory_are_finite(key):
    def loss(keys, memory):
        similarity = addressing.cosine_similarity(keras.ops, keys, memory)
        weights = addressing.read_weights(keras.ops, similarity)
        reads = keras.ops.matmul(weights, memory)
        return keras.ops.sum(similarity) + keras.ops.sum(keras.ops.square(reads))

    keys = np.full((B, R, W), key, dtype=np.float32)
    for gradient in gradients(loss, keys, np.zeros((B, N, W), np.float32)):
        assert np.isfinite(gradient).all()
    # The helper must be able to see a NaN: the same with a bare norm has one.
    (bare,) = gradients(lambda m: keras.ops.sum(keras.ops.sqrt(keras.ops.sum(m * m))), [0.0])
    assert not np.isfinite(bare).all()


def test_read_weights_are_a_distribution_over_slots(ops, rng):
    similarity = normal(rng, B, R, N)
    for strengths in (None, np.exp(normal(rng, B, R))):
        weights = numpy(addressing.read_weights(ops, similarity, strengths))
        assert weights.min() >= 0
        assert_allclose(weights.sum(axis=2), 1, rtol=1e-6)
        assert_array_equal(weights.argmax(axis=2), similarity.argmax(axis=2))


def test_a_strength_of_one_is_the_bare_softmax(ops, rng):
    similarity = normal(rng, B, R, N)
    assert_allclose(
        numpy(addressing.read_weights(ops, similarity, np.ones((B, R), np.float32))),
        numpy(addressing.read_weights(ops, similarity)),
        rtol=1e-6,
    )


def test_full_strength_reads_one_slot_and_none_reads_all(ops):
    similarity = np.array([[[0.1, 0.9, 0.5, 0.89], [0.2, 0.0, -1.0, -0.5]]], dtype=np.float32)
    strengths = np.array([[1e6, 0.0]], dtype=np.float32)
    weights = numpy(addressing.read_weights(ops, similarity, strengths))
    assert_array_equal(weights[0, 0], [0, 1, 0, 0])
    assert_allclose(weights[0, 1], 0.25)


def test_each_head_has_a_least_used_slot_of_its_own(ops):
    usage = np.array([[5, 1, 4, 0.5, 3], [0, 9, 1, 2, 8]], dtype=np.float32)
    weights = numpy(addressing.least_used(ops, tensor(ops, usage), 3))
    assert_array_equal(weights.argmax(axis=2), [[3, 1, 4], [0, 2, 3]])
    assert_array_equal(weights.sum(axis=2), np.ones((2, 3)))
    assert_array_equal(np.unique(weights), [0, 1])


@pytest.mark.parametrize(
    ("usage", "slots"),
    [
        ([0, 0, 0, 0], [0, 1, 2]),
        ([1, 0, 0, 0], [1, 2, 3]),
        ([2, 1, 2, 1], [1, 3, 0]),
        ([3, 3, 0, 3], [2, 0, 1]),
    ],
)
def test_the_lower_index_wins_a_tie_of_usage(ops, usage, slots):
    usage = tensor(ops, np.array([usage], dtype=np.float32))
    weights = numpy(addressing.least_used(ops, usage, 3))
    assert_array_equal(weights.argmax(axis=2), [slots])


def test_an_open_gate_writes_where_was_read_and_a_shut_one_to_the_least_used_slot(ops, rng):
    before = simplex(rng, B, R, N)
    free = np.eye(N, dtype=np.float32)[rng.integers(N, size=(B, R))]
    ones = np.ones((B, R), dtype=np.float32)
    assert_array_equal(numpy(addressing.write_weights(ops, ones, before, free)), before)
    assert_array_equal(numpy(addressing.write_weights(ops, 0 * ones, before, free)), free)
    gates = rng.uniform(size=(B, R)).astype(np.float32)
    weights = numpy(addressing.write_weights(ops, gates, before, free))
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert_allclose(weights.sum(axis=2), 1, rtol=1e-6)
    assert_allclose(weights, gates[..., None] * before + (1 - gates[..., None]) * free, atol=1e-7)


def test_an_erased_slot_holds_what_is_written_and_nothing_else(ops, rng):
    memory, vectors = normal(rng, B, N, W), normal(rng, B, R, W)
    weights = simplex(rng, B, R, N)
    erased = np.zeros((B, N), dtype=np.float32)
    erased[0, 2] = erased[1, 0] = erased[1, 4] = 1
    wiped = memory.copy()
    wiped[0, 2] = wiped[1, 0] = wiped[1, 4] = 0
    nothing = numpy(addressing.write(ops, memory, np.zeros_like(weights), vectors, erased))
    assert_array_equal(nothing, wiped)
    written = numpy(addressing.write(ops, memory, weights, vectors, erased))
    added = np.zeros_like(memory)
    for b in range(B):
        for head in range(R):
            for i in range(N):
                added[b, i] += weights[b, head, i] * vectors[b, head]
    assert_allclose(written, wiped + added, atol=1e-6)
    assert_allclose(written[0, 2], added[0, 2], atol=1e-6)


def test_usage_fades_and_grows_with_reads_and_writes_of_all_heads(ops, rng):
    usage = np.abs(normal(rng, B, N))
    reads, writes = simplex(rng, B, R, N), simplex(rng, B, R, N)
    new = numpy(addressing.update_usage(ops, usage, 0.9, reads, writes))
    assert_allclose(new, 0.9 * usage + reads.sum(1) + writes.sum(1), rtol=1e-5)
    idle = numpy(addressing.update_usage(ops, usage, 0.9, 0 * reads, 0 * writes))
    assert_allclose(idle, 0.9 * usage, rtol=1e-6)


def test_usage_has_no_gradient():
    def loss(reads, writes):
        usage = keras.ops.ones((B, N))
        used = addressing.update_usage(keras.ops, usage, 0.9, reads, writes)
        return keras.ops.sum(used) + 0 * keras.ops.sum(reads + writes)

    for gradient in gradients(loss, np.ones((B, R, N)), np.ones((B, R, N))):
        assert_array_equal(gradient, np.zeros((B, R, N)))
