"""Several devices train as one does: virtual devices of the CPU, in processes of their own."""

import importlib.util
import os
import subprocess
import sys

import pytest
from numpy.testing import assert_allclose

from skmeta import load_learner

# The gradient's norm is above 1 in some of these steps, so that it is clipped.
TRAIN = """
from skmeta import MetaTrainer, save_learner
from skmeta.memory import LSTM
from skmeta.tasks import QuadraticTasks
from skmeta.training.run import Run

drawn = []

class Watched(QuadraticTasks):
    def batch(self, index, n_episodes, *, seed):
        if n_episodes == 4:
            drawn.append(index)
        return super().batch(index, n_episodes, seed=seed)

def train(checkpoint=None):
    settings = dict(n_steps=6, batch_size=4, validate_every=3, learning_rate=0.01)
    trainer = MetaTrainer(LSTM(8), **settings, checkpoint=checkpoint)
    save_learner(trainer.fit(Watched(n_steps=10)).learner_, "out.safetensors")

def stop_at_the_first_checkpoint():
    save = Run.save

    def saved(run):
        save(run)
        assert run.step == 3
        raise SystemExit

    Run.save = saved
"""
ONE = "train()"
RESUMED = "train('run'); assert min(drawn) == 3"
TENSORFLOW = """
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
with strategy.scope():
"""
JAX = """
import jax
import keras

assert jax.device_count() == 2
keras.distribution.set_distribution(keras.distribution.DataParallel())
if True:
"""


def run(folder, backend, code):
    """Run a script in a process of its own, in a folder."""
    environment = {
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={1 + (backend in code)}",
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


@pytest.mark.parametrize(("backend", "devices"), [("tensorflow", TENSORFLOW), ("jax", JAX)])
def test_two_devices_are_one_and_stop_and_go_on_as_any_number(backend, devices, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    scripts = {
        "one": [ONE],
        "two": [devices + "    train()"],
        "less": [devices + "    stop_at_the_first_checkpoint(); train('run')", RESUMED],
    }
    weights = {}
    for name, codes in scripts.items():
        (tmp_path / name).mkdir()
        for code in codes:
            run(tmp_path / name, backend, code)
        weights[name] = load_learner(tmp_path / name / "out.safetensors").weights
    for name in ("two", "less"):
        for key, expected in weights["one"].items():
            assert_allclose(weights[name][key], expected, atol=1e-5)
