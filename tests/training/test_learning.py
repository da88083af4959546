"""Meta-training as users run it: compiled, on both backends."""

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta.artifacts import dump_learner, parse_learner
from skmeta.memory import LSTM
from skmeta.networks import Learner
from skmeta.tasks import BooleanTasks, Curriculum
from skmeta.training.evaluation import mean_score
from skmeta.training.trainer import MetaTrainer


def test_training_learns_to_learn():
    """60 steps through XLA; without memory of the labels no answer is better than log 2."""
    tasks = BooleanTasks(n_steps=20)
    trainer = MetaTrainer(
        LSTM(16), n_steps=60, batch_size=32, learning_rate=0.03, validate_every=20
    )
    trainer.fit(tasks, validation_tasks=tasks)
    history = trainer.history_
    assert history["step"] == history["validation_step"] == [20, 40, 60]
    assert len(history["loss"]) == len(history["validation_loss"]) == 3
    assert history["loss"][0] > history["loss"][1] > history["loss"][2]
    assert trainer.n_steps_ == 60
    learner = trainer.learner_
    untrained = Learner(learner.network, learner.network.initial_weights(0))
    bound = -0.9 * np.log(2)
    assert (
        mean_score(learner, tasks, 200, seed=1) > bound > mean_score(untrained, tasks, 200, seed=1)
    )
    assert trainer.score(tasks) == pytest.approx(-history["validation_loss"][-1], abs=1e-6)
    assert trainer.score([tasks, tasks]) == pytest.approx(trainer.score(tasks))
    assert learner.card["steps"] == 60 and learner.card["trainer"]["learning_rate"] == 0.03
    assert parse_learner(dump_learner(learner), "").n_weights == learner.n_weights


@pytest.mark.parametrize("memory", ["least-squares", "prototypes"])
def test_a_step_is_traced_for_each_length_of_a_curriculum(memory):
    tasks = Curriculum([(1, BooleanTasks(n_steps=3)), (1, BooleanTasks(n_steps=6))])
    trainer = MetaTrainer(memory, n_units=4, n_steps=2, batch_size=2).fit(tasks)
    assert trainer.history_["step"] == [1, 2]
    assert np.isfinite(trainer.history_["loss"]).all()


FIRST_LOSSES = """
from skmeta.memory import MANN
from skmeta.tasks import BooleanTasks
from skmeta.training.trainer import MetaTrainer

memory = MANN(n_units=5, n_slots=4, slot_width=3, n_reads=2)
trainer = MetaTrainer(memory, n_steps=6, validate_every=1, batch_size=4, learning_rate=0.01)
losses = trainer.fit(BooleanTasks(n_steps=5)).history_["loss"]
"""


def test_backends_take_the_same_steps():
    import keras

    other = {"tensorflow": "jax", "jax": "tensorflow"}.get(keras.backend.backend(), "tensorflow")
    if not find_spec(other):
        pytest.skip(f"{other} is not installed")
    here = {}
    exec(FIRST_LOSSES, here)
    assert len(set(here["losses"])) == 6
    out = subprocess.run(
        [sys.executable, "-c", FIRST_LOSSES + "print('LOSSES', *losses)"],
        env={**os.environ, "KERAS_BACKEND": other, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    there = np.array(out.stdout.split("LOSSES")[1].split(), dtype=float)
    assert_allclose(there, here["losses"], rtol=1e-4)
