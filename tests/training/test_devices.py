"""Several devices train as one does: virtual devices of the CPU, in processes of their own."""

import importlib.util
import os
import subprocess
import sys

import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta import load_learner

# The gradient's norm is above 1 in some of these steps, so that it is clipped.
TRAIN = """
from skmeta import MetaTrainer, save_learner
from skmeta.memory import LSTM
from skmeta.tasks import QuadraticTasks

def train(out, checkpoint=None):
    settings = dict(n_steps=6, batch_size=4, validate_every=3, learning_rate=0.01)
    trainer = MetaTrainer(LSTM(8), **settings, checkpoint=checkpoint)
    save_learner(trainer.fit(QuadraticTasks(n_steps=10)).learner_, out)
"""
ONE = "train('out.safetensors')"
TENSORFLOW = """
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
with strategy.scope():
    train("out.safetensors", checkpoint="run")
    train("again.safetensors", checkpoint="run")
"""
JAX = """
import jax
import keras

assert jax.device_count() == 2
keras.distribution.set_distribution(keras.distribution.DataParallel())
train("out.safetensors", checkpoint="run")
train("again.safetensors", checkpoint="run")
"""


def weights(folder, backend, code, n_devices=1):
    """Weights of learners that a process of its own leaves in a folder."""
    folder.mkdir()
    environment = {
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={n_devices}",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    subprocess.run(
        [sys.executable, "-c", TRAIN + code],
        cwd=folder,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        timeout=300,
    )
    return [load_learner(path).weights for path in sorted(folder.glob("*.safetensors"))]


@pytest.mark.parametrize(("backend", "code"), [("tensorflow", TENSORFLOW), ("jax", JAX)])
def test_two_devices_are_one(backend, code, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    (one,) = weights(tmp_path / "one", backend, ONE)
    again, two = weights(tmp_path / "two", backend, code, n_devices=2)
    for name, expected in one.items():
        assert_allclose(two[name], expected, atol=1e-5)
        assert_array_equal(again[name], two[name])  # from the checkpoint
