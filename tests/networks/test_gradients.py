"""Gradients of the training network against central differences of the NumPy engine in float64."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta import losses
from skmeta.engines import numpy_ops
from skmeta.training.network import MetaNetwork, StepLoss
from tests.reference.gradients import loss_and_gradients
from tests.reference.small import MANNS, NETWORKS, STORES, episodes, random_weights

STEP = 1e-5
CHECKED = [
    *("lstm-classes", "lstm-numbers", "mann-strings", "mann-vectors", "conv-pictures"),
    *("associative-classes", "associative-vectors", "prototypes-classes"),
    *(f"mann-classes-{name}" for name in MANNS),
    *(f"{name}-vectors" for name in STORES),
]


def numpy_loss(network, weights, inputs, targets, labels):
    """Mean nats a step, in float64: differences of float32 numbers would be noise."""
    state = network.initial_state(numpy_ops, len(inputs))
    u = network.embed(numpy_ops, weights, inputs.astype(float))
    outputs = []
    for t in range(inputs.shape[1]):
        output, state = network.step(numpy_ops, weights, state, u[:, t], labels[:, t])
        outputs.append(output)
    answers = network.answer(numpy_ops, weights, np.stack(outputs, axis=1))
    assert answers.dtype == np.float64
    if network.spec.kind == "regression":
        return losses.gaussian_nll(numpy_ops, answers, targets).mean()
    if network.spec.label_length == 1:
        targets = targets[..., None]
    return losses.class_nll(numpy_ops, answers, targets).mean()


def slope(network, weights, name, direction, data):
    """Derivative of the loss along a direction of one weight array."""
    sides = []
    for sign in (1, -1):
        moved = {**weights, name: weights[name] + sign * STEP * direction}
        sides.append(numpy_loss(network, moved, *data))
    return (sides[0] - sides[1]) / (2 * STEP)


def keras_loss(network, weights, inputs, targets, labels):
    """The same loss by the training network, and its gradients by weight_specs name."""
    loss = StepLoss(network)
    value, found = loss_and_gradients(
        MetaNetwork(network, weights),
        lambda answers: loss(targets, answers),
        {"inputs": inputs, "labels": labels},
    )
    trainable = [key for key, spec in network.weight_specs().items() if spec.trainable]
    assert sorted(found) == sorted(key.replace("/", "_") for key in trainable)
    return value, {key: found[key.replace("/", "_")].astype(float) for key in trainable}


@pytest.mark.parametrize("name", CHECKED)
def test_gradients_are_slopes(name):
    network = NETWORKS[name]
    weights = random_weights(network.weight_specs(), seed=2)
    data = episodes(network.spec, 2, 8)
    value, gradients = keras_loss(network, weights, *data)
    exact = {key: array.astype(float) for key, array in weights.items()}
    assert_allclose(value, numpy_loss(network, exact, *data), rtol=1e-5)

    rng = np.random.default_rng(3)
    for key, gradient in gradients.items():
        assert np.abs(gradient).max() > 1e-6, f"{key} has no gradient"
        for _ in range(2):
            direction = rng.normal(size=gradient.shape)
            # Along a random direction the slope is about as large as the gradient is long.
            tolerance = 1e-3 * np.linalg.norm(gradient) + 1e-6
            expected = slope(network, exact, key, direction, data)
            assert_allclose(np.sum(gradient * direction), expected, atol=tolerance, err_msg=key)


@pytest.mark.parametrize(
    "name", ["lstm-numbers", "mann-vectors", *CHECKED[4:7], *(f"{name}-vectors" for name in STORES)]
)
def test_the_first_weights_have_finite_gradients_at_empty_rows(name):
    network = NETWORKS[name]
    inputs, targets, labels = episodes(network.spec, 2, 8)
    data = 0 * inputs, targets, 0 * labels
    value, gradients = keras_loss(network, network.initial_weights(0), *data)
    assert np.isfinite(value)
    for gradient in gradients.values():
        assert np.isfinite(gradient).all()


def test_the_training_network_holds_each_weight_once():
    network = NETWORKS["mann-vectors"]
    weights = random_weights(network.weight_specs(), seed=2)
    model = MetaNetwork(network, weights)
    inputs, _, labels = episodes(network.spec, 2, 3)
    model({"inputs": inputs, "labels": labels})
    specs = network.weight_specs()
    assert len(model.variables) == len(specs)
    assert len(model.trainable_variables) == sum(spec.trainable for spec in specs.values())
    values = model.values()
    assert set(values) == set(weights)
    for key, array in weights.items():
        assert_allclose(values[key], array)
