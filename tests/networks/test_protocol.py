"""The two properties that hold the library together, on every network of the property list.

No leak: an answer depends on the rows up to its own and on the labels before its own. Training
equals deployment: reading k rows and asking for the next one gives what the training network says
at step k.
"""

import functools

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta.training.network import MetaNetwork
from tests.reference.small import NETWORKS, episodes, small_learner

T = 7
HEARD = 1e-4  # least change that counts as one


def planted(spec):
    """One episode; its copies with another label in row 0, 1, ...; those with another row."""
    inputs, _, labels = episodes(spec, 1, T)
    inputs, labels = (np.repeat(array, 1 + 2 * T, axis=0) for array in (inputs, labels))
    for t in range(T):
        labels[1 + t, t] = np.roll(labels[1 + t, t], 1) + (spec.kind == "regression")
        inputs[1 + T + t, t] += 1
    return inputs, labels


@functools.cache
def answers(name, runner):
    """Answers to the planted episodes, by the learner or by the training network."""
    learner = small_learner(name)
    inputs, labels = planted(learner.spec)
    if runner == "learner":
        return learner.rehearse(inputs, labels)
    model = MetaNetwork(learner.network, learner.weights)
    return keras.ops.convert_to_numpy(model({"inputs": inputs, "labels": labels}))


def changes(name, runner, what):
    """Largest change of each answer: row t of the result is for a change in row t."""
    said = answers(name, runner)
    others = said[1 : 1 + T] if what == "label" else said[1 + T :]
    return np.abs(others - said[:1]).reshape(T, T, -1).max(axis=2)


@pytest.mark.parametrize("runner", ["learner", "meta-network"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_label_changes_later_answers_only(name, runner):
    changed = changes(name, runner, "label")
    for t in range(T):
        assert changed[t, : t + 1].max() < 1e-6, f"the answer to row {t} knows its label"
        assert t + 1 == T or changed[t, t + 1] > HEARD, f"the label of row {t} is not heard"


@pytest.mark.parametrize("runner", ["learner", "meta-network"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_changes_its_own_and_later_answers_only(name, runner):
    changed = changes(name, runner, "row")
    for t in range(T):
        assert t == 0 or changed[t, :t].max() < 1e-6, f"an answer before row {t} knows the row"
        # A memory that votes has one answer for all rows while it is empty.
        nothing_to_say = t == 0 and NETWORKS[name].memory.votes
        assert nothing_to_say or changed[t, t] > HEARD, f"row {t} does not change its answer"
        assert t + 1 == T or changed[t, t + 1 :].max() > HEARD, f"row {t} leaves no trace"


@pytest.mark.parametrize("name", NETWORKS)
def test_training_equals_deployment(name):
    learner = small_learner(name)
    inputs, labels = planted(learner.spec)
    rehearsed, trained = answers(name, "learner"), answers(name, "meta-network")
    for k in range(T):
        fresh = learner.initial_state(len(inputs))
        state, _ = learner.learn(fresh, inputs[:, :k], labels[:, :k])
        deployed = learner.read(state, inputs[:, k])
        assert_allclose(deployed, rehearsed[:, k], rtol=1e-6, atol=1e-6)
        assert_allclose(deployed, trained[:, k], rtol=1e-5, atol=1e-5)
