"""Muon against its definition, by singular value decomposition, and on the weights of a network."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.training.network import MetaNetwork
from skmeta.training.optimizer import Muon, make_optimizer, orthogonal
from tests.reference.small import small_learner


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


def test_matrices_of_a_network_but_its_readout_are_muons():
    learner, moved = small_learner("lstm-classes"), {}
    rng = np.random.default_rng(3)
    gradients = {k: rng.normal(size=w.shape) / 99 for k, w in learner.weights.items()}
    for name in ("adam", "muon"):
        model = MetaNetwork(learner.network, learner.weights)
        optimizer = make_optimizer(name, 0.01)
        assert optimizer.global_clipnorm == 1.0
        pairs = [
            (keras.ops.convert_to_tensor(gradients[k], "float32"), v)
            for k, v in model.named_weights.items()
            if v.trainable
        ]
        optimizer.apply(*zip(*pairs, strict=True))
        moved[name] = {k: learner.weights[k] - w for k, w in model.values().items()}
    matrices = {k for k, gradient in gradients.items() if gradient.ndim == 2}
    for name, found in moved["muon"].items():
        if name in matrices - {"readout/kernel"}:
            sizes = np.linalg.svd(found, compute_uv=False) / (5 * 0.01)
            assert (sizes > 0.6).all() and (sizes < 1.3).all()
        else:
            assert_array_equal(found, moved["adam"][name])
    assert len(matrices) > 2
