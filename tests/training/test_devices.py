"""Several devices train as one does: virtual devices of the CPU, and workers on this machine."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from numpy.testing import assert_allclose

from skmeta import load_learner
from skmeta.training.replicas import ReplicaLoop

# The gradient's norm is above 1 in some of these steps, so that it is clipped.
TRAIN = """
import os

from skmeta import MetaTrainer, save_learner
from skmeta.memory import LSTM
from skmeta.tasks import TableTasks
from skmeta.training.run import Run

drawn = []

class Watched(TableTasks):
    def batch(self, index, n_episodes, *, seed):
        if n_episodes == 4:
            drawn.append(index)
        return super().batch(index, n_episodes, seed=seed)

def train(checkpoint=None):
    settings = dict(n_steps=6, batch_size=4, validate_every=3, learning_rate=0.003)
    settings["optimizer"] = os.environ["OPTIMIZER"]
    tasks = Watched(n_steps=10, n_columns=3, n_classes=2)
    trainer = MetaTrainer(LSTM(8), **settings, checkpoint=checkpoint)
    save_learner(trainer.fit(tasks).learner_, "out.safetensors")

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


WORKER = """
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
assert strategy.num_replicas_in_sync == 2
with strategy.scope():
"""
KILLED = """
import signal

def die(run):
    assert run.step == 3
    os.kill(os.getpid(), signal.SIGKILL)

Run.save = die
"""


WRITES_NOTHING = """
import skmeta.training.run

skmeta.training.run.save_checkpoint = None
"""


def start(folder, backend, code, **environment):
    """Start a script in a process of its own, in a folder."""
    environment = {
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={1 + (backend in code)}",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OPTIMIZER": "adam",
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN + code],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*processes):
    """Wait for scripts to end well."""
    try:
        for process in processes:
            errors = process.communicate(timeout=900)[1]
            assert process.returncode == 0, errors
    finally:
        stop(processes)


def stop(processes):
    for process in processes:
        process.kill()
        process.communicate()


def run(folder, backend, code, **environment):
    """Run a script to its end."""
    finish(start(folder, backend, code, **environment))


def start_workers(folders, codes):
    """Start the workers of a cluster on this machine."""
    with socket.socket() as first, socket.socket() as second:
        for sock in (first, second):
            sock.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{sock.getsockname()[1]}" for sock in (first, second)]
    return [
        start(
            folder,
            "tensorflow",
            code,
            TF_CONFIG=json.dumps(
                {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
            ),
        )
        for index, (folder, code) in enumerate(zip(folders, codes, strict=True))
    ]


@pytest.mark.parametrize(("backend", "devices"), [("tensorflow", TENSORFLOW), ("jax", JAX)])
def test_two_devices_are_one_and_stop_and_go_on_as_one(backend, devices, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    scripts = {
        "one": [ONE],
        "two, then one": [devices + "    stop_at_the_first_checkpoint(); train('run')", RESUMED],
    }
    weights = {}
    for name, codes in scripts.items():
        (tmp_path / name).mkdir()
        for code in codes:
            run(tmp_path / name, backend, code, OPTIMIZER="muon")
        weights[name] = load_learner(tmp_path / name / "out.safetensors").weights
    assert_same(weights["two, then one"], weights["one"])


def assert_same(weights, expected):
    for name, weight in expected.items():
        assert_allclose(weights[name], weight, atol=1e-5)


def test_two_workers_are_one_and_go_on_after_one_was_killed(tmp_path):
    """They share a checkpoint, and each of them has all weights."""
    pytest.importorskip("tensorflow", reason="workers need TensorFlow")
    folders = [tmp_path / "one", tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    run(folders[0], "tensorflow", ONE)
    expected = load_learner(folders[0] / "out.safetensors").weights
    checkpoint = tmp_path / "run"

    train = WORKER + f"    train({str(checkpoint)!r})"
    lost = start_workers(folders[1:], [train, KILLED + train])
    try:
        lost[1].communicate(timeout=900)
        assert lost[1].returncode == -signal.SIGKILL
        deadline = time.monotonic() + 300
        while not checkpoint.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        stop(lost)
    assert checkpoint.exists() and not (folders[1] / "out.safetensors").exists()

    # Workers that do not see the same checkpoint do not start.
    apart = start_workers(folders[1:], [train, WORKER + "    train('another')"])
    try:
        for process in apart:
            assert "would go on from step" in process.communicate(timeout=900)[1]
            assert process.returncode
    finally:
        stop(apart)

    again = train + "; assert min(drawn) == 3"
    finish(*start_workers(folders[1:], [again, WRITES_NOTHING + again]))
    for folder in folders[1:]:
        assert_same(load_learner(folder / "out.safetensors").weights, expected)


def test_a_batch_that_devices_cannot_share(monkeypatch):
    tf = pytest.importorskip("tensorflow", reason="workers need TensorFlow")
    strategy = SimpleNamespace(num_replicas_in_sync=2)
    monkeypatch.setattr(tf.distribute, "get_strategy", lambda: strategy)
    with pytest.raises(ValueError, match="batch_size must be a multiple of the 2 devices, got 3"):
        ReplicaLoop(None, 3)
