import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import log_softmax
from scipy.stats import norm

from skmeta import losses
from skmeta.engines import numpy_ops
from skmeta.episodes import TaskSpec
from skmeta.memory import LSTM
from skmeta.networks import Network
from skmeta.training.network import StepLoss
from tests.reference.gradients import gradients

ENGINES = {"numpy": numpy_ops, "keras": keras.ops}


@pytest.fixture(params=ENGINES)
def ops(request):
    return ENGINES[request.param]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def numpy(array):
    return keras.ops.convert_to_numpy(array)


@pytest.mark.parametrize("length", [1, 3])
def test_class_nll_is_minus_the_log_softmax_of_the_target(ops, rng, length):
    logits = rng.normal(scale=3, size=(2, 5, length, 4)).astype(np.float32)
    targets = rng.integers(4, size=(2, 5, length))
    log_p = np.take_along_axis(log_softmax(logits.astype(float), axis=-1), targets[..., None], -1)
    nll = numpy(losses.class_nll(ops, logits, targets))
    assert nll.shape == (2, 5)
    assert_allclose(nll, -log_p[..., 0].sum(axis=-1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_gaussian_nll_is_minus_the_log_density(ops, rng, n_outputs):
    moments = rng.normal(scale=2, size=(2, 5, 2, n_outputs)).astype(np.float32)
    targets = rng.normal(size=(2, 5, n_outputs)).astype(np.float32)
    mean, std = moments[:, :, 0].astype(float), np.exp(moments[:, :, 1].astype(float))
    nll = numpy(losses.gaussian_nll(ops, moments, targets))
    assert nll.shape == (2, 5)
    assert_allclose(nll, -norm.logpdf(targets, mean, std).sum(axis=-1), rtol=1e-5, atol=1e-5)


def test_even_logits_cost_the_logarithm_of_the_number_of_classes(ops):
    nll = numpy(losses.class_nll(ops, np.full((3, 2, 5), 7.0, np.float32), np.zeros((3, 2), int)))
    assert_allclose(nll, 2 * np.log(5), rtol=1e-6)


def test_huge_logits_neither_overflow_nor_lose_their_gradient(ops):
    logits = np.array([[[1e4, -1e4, 0.0]]], dtype=np.float32)
    for target, expected in enumerate([0, 2e4, 1e4]):
        assert_allclose(numpy(losses.class_nll(ops, logits, np.array([[target]]))), expected)
    (gradient,) = gradients(
        lambda z: keras.ops.sum(losses.class_nll(keras.ops, z, np.array([[1]]))), logits
    )
    assert_allclose(gradient, [[[1, -1, 0]]], atol=1e-6)


def test_the_gradient_of_class_nll_is_probability_minus_target(rng):
    logits = rng.normal(size=(4, 2, 3)).astype(np.float32)
    targets = rng.integers(3, size=(4, 2))
    (gradient,) = gradients(
        lambda z: keras.ops.sum(losses.class_nll(keras.ops, z, targets)), logits
    )
    expected = np.exp(log_softmax(logits, axis=-1)) - np.eye(3)[targets]
    assert_allclose(gradient, expected, atol=1e-6)


def test_the_training_loss_is_the_mean_over_episodes_and_steps(rng):
    logits = rng.normal(size=(2, 5, 1, 4)).astype(np.float32)
    targets = rng.integers(4, size=(2, 5))
    loss = StepLoss(Network(TaskSpec("classification", (2,), 4), LSTM(3)))
    expected = numpy(losses.class_nll(numpy_ops, logits, targets[..., None]))
    assert_allclose(float(loss(targets, logits)), expected.mean(), rtol=1e-5)

    moments = rng.normal(size=(2, 5, 2, 3)).astype(np.float32)
    numbers = rng.normal(size=(2, 5, 3)).astype(np.float32)
    loss = StepLoss(Network(TaskSpec("regression", (2,), 3), LSTM(3)))
    expected = losses.gaussian_nll(numpy_ops, moments, numbers)
    assert_allclose(float(loss(numbers, moments)), expected.mean(), rtol=1e-5)
