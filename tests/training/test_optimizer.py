"""Muon against its definition, by singular value decomposition."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.training.optimizer import Muon, orthogonal


@pytest.mark.parametrize("shape", [(30, 8), (8, 30), (12, 12)])
def test_orthogonal_keeps_directions_and_levels_sizes(shape):
    left, _, right = np.linalg.svd(np.random.default_rng(0).normal(size=shape), full_matrices=False)
    sizes = np.geomspace(1, 0.05, min(shape))
    for scale in (1e-4, 1.0, 1e4):
        matrix = (scale * (left * sizes) @ right).astype(np.float32)
        found = left.T @ np.asarray(orthogonal(keras.ops.convert_to_tensor(matrix))) @ right.T
        assert_allclose(found, np.diag(np.diag(found)), atol=1e-4)
        assert (np.diag(found) > 0.6).all() and (np.diag(found) < 1.3).all()


def test_orthogonal_of_nothing_is_nothing():
    assert_array_equal(orthogonal(keras.ops.zeros((3, 4))), np.zeros((3, 4)))


def taken(optimizer, gradients, name, shape):
    """What steps with these gradients take from a variable."""
    variable = keras.Variable(np.ones(shape), dtype="float32", name=name)
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)])
    return np.ones(shape) - keras.ops.convert_to_numpy(variable)


def test_a_matrix_takes_steps_along_its_momentum():
    gradients = np.random.default_rng(1).normal(size=(3, 6, 4)).astype(np.float32)
    momentum, expected = np.zeros((6, 4), np.float32), 0.0
    for gradient in gradients:
        momentum = 0.95 * momentum + 0.05 * gradient
        ahead = 0.95 * momentum + 0.05 * gradient
        expected = expected + 5 * 0.01 * np.asarray(orthogonal(keras.ops.convert_to_tensor(ahead)))
    assert_allclose(taken(Muon(0.01), gradients, "cell_kernel", (6, 4)), expected, atol=1e-6)


@pytest.mark.parametrize(("name", "shape"), [("gain", (4,)), ("readout_kernel", (6, 4))])
def test_readouts_and_vectors_take_adams_steps(name, shape):
    gradients = np.random.default_rng(2).normal(size=(3, *shape)).astype(np.float32)
    expected = taken(keras.optimizers.Adam(0.01), gradients, name, shape)
    assert_array_equal(taken(Muon(0.01), gradients, name, shape), expected)
