"""A learner: what it refuses, what it keeps, and how it reads."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta import describe, load_learner
from skmeta.columns import MISSING, NO_COLUMN
from skmeta.episodes import TaskSpec
from skmeta.memory import Associative, Prototypes, map_state
from skmeta.networks import Learner, Network
from skmeta.sequences import encode_labels
from skmeta.tasks import TableTasks
from tests.reference.small import NETWORKS, episodes, random_weights, small_learner

LEARNERS = [
    "lstm-classes",
    "lstm-numbers",
    "mann-strings",
    "mann-vectors",
    "fast-weights-table-numbers",
    "least-squares-tables",
]


def leaves(state):
    found = []
    map_state(found.append, state)
    return found


@pytest.fixture
def weights():
    return random_weights(NETWORKS["lstm-numbers"].weight_specs(), seed=0)


def test_a_missing_weight_is_named(weights):
    del weights["memory/bias"]
    with pytest.raises(ValueError, match=r"missing \['memory/bias'\], unknown \[\]"):
        Learner(NETWORKS["lstm-numbers"], weights)


def test_an_unknown_weight_is_named(weights):
    weights["memory/keys_kernel"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"missing \[\], unknown \['memory/keys_kernel'\]"):
        Learner(NETWORKS["lstm-numbers"], weights)


def test_a_weight_of_the_wrong_shape_is_named_with_both_shapes(weights):
    weights["memory/kernel"] = weights["memory/kernel"].T
    with pytest.raises(ValueError, match=r"memory/kernel must have shape \(2, 24\), got \(24, 2\)"):
        Learner(NETWORKS["lstm-numbers"], weights)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_not_finite_is_named(weights, value):
    weights["readout/kernel"][1, 0] = value
    with pytest.raises(ValueError, match="readout/kernel holds NaN or infinite"):
        Learner(NETWORKS["lstm-numbers"], weights)


def test_nothing_of_a_learner_can_be_changed(weights):
    learner = Learner(NETWORKS["lstm-numbers"], weights, {"name": "small"})
    with pytest.raises(AttributeError):
        learner.weights = {}
    with pytest.raises(AttributeError):
        learner.network = NETWORKS["lstm-classes"]
    with pytest.raises(TypeError):
        learner.weights["memory/bias"] = np.zeros(24)
    with pytest.raises(TypeError):
        learner.card["name"] = "other"
    for array in (*learner.weights.values(), *learner._weights.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_learner_keeps_weights_of_its_own(weights):
    learner = Learner(NETWORKS["lstm-numbers"], weights)
    before = learner.weights["memory/bias"].copy()
    weights["memory/bias"][:] = 7
    assert_array_equal(learner.weights["memory/bias"], before)
    assert weights["memory/bias"].flags.writeable  # the caller's array stays the caller's


def test_weights_become_float32(weights):
    learner = Learner(NETWORKS["lstm-numbers"], {k: w.astype(float) for k, w in weights.items()})
    for name, array in learner.weights.items():
        assert array.dtype == np.float32
        assert_array_equal(array, weights[name])


def test_copies_are_the_same_object():
    learner = small_learner("mann-vectors")
    assert copy.copy(learner) is learner
    assert copy.deepcopy(learner) is learner
    assert copy.deepcopy({"learner": [learner]})["learner"][0] is learner


def test_a_pickled_learner_answers_the_same():
    learner = small_learner("mann-vectors")
    again = pickle.loads(pickle.dumps(learner))
    assert again.network == learner.network
    assert again.card == learner.card
    inputs, _, labels = episodes(learner.spec, 2, 5)
    assert_array_equal(again.rehearse(inputs, labels), learner.rehearse(inputs, labels))
    with pytest.raises(ValueError, match="read-only"):
        again.weights["memory/bias"][:] = 0


def test_n_weights_counts_what_gradient_descent_sets():
    # LSTM of 6 cells, 2 inputs, 1 label: 24 columns of 2 + 1 + 6 + 1 rows; readout 7 x 2.
    assert small_learner("lstm-numbers").n_weights == 24 * 10 + 14


def test_the_repr_names_the_learner_and_its_memory():
    learner = small_learner("lstm-numbers")
    assert repr(learner) == "<Learner 'lstm-numbers': LSTM(n_units=6), 254 weights>"
    assert "Learner 'LSTM'" in repr(Learner(learner.network, learner.weights))


@pytest.mark.parametrize("name", NETWORKS)
def test_first_weights_are_a_function_of_the_seed(name):
    network = NETWORKS[name]
    first, again, other = (network.initial_weights(seed) for seed in (3, 3, 4))
    specs = network.weight_specs()
    assert list(first) == list(specs)
    for key, spec in specs.items():
        assert first[key].shape == spec.shape
        assert first[key].dtype == np.float32
        assert_array_equal(first[key], again[key])
        assert np.array_equal(first[key], other[key]) == (spec.initializer != "glorot_uniform")
    Learner(network, first)


@pytest.mark.parametrize("name", LEARNERS)
def test_reading_on_is_reading_at_once(name):
    learner = small_learner(name)
    inputs, _, labels = episodes(learner.spec, 3, 9)
    fresh = learner.initial_state(3)
    whole, outputs = learner.learn(fresh, inputs, labels)
    state, first = learner.learn(fresh, inputs[:, :4], labels[:, :4])
    state, nothing = learner.learn(state, inputs[:, 4:4], labels[:, 4:4])
    state, rest = learner.learn(state, inputs[:, 4:], labels[:, 4:])
    assert nothing.shape[1] == 0
    assert_allclose(np.concatenate([first, rest], axis=1), outputs, atol=1e-6)
    for part, expected in zip(leaves(state), leaves(whole), strict=True):
        assert_allclose(part, expected, atol=1e-6)


@pytest.mark.parametrize("name", LEARNERS)
def test_episodes_side_by_side_do_not_see_each_other(name):
    learner = small_learner(name)
    inputs, _, labels = episodes(learner.spec, 4, 8)
    together = learner.rehearse(inputs, labels)
    for b in range(4):
        alone = learner.rehearse(inputs[b : b + 1], labels[b : b + 1])
        assert_allclose(together[b : b + 1], alone, atol=1e-6)


@pytest.mark.parametrize("name", LEARNERS)
def test_queries_may_share_one_state(name):
    learner = small_learner(name)
    inputs, _, labels = episodes(learner.spec, 1, 12)
    state, _ = learner.learn(learner.initial_state(1), inputs[:, :7], labels[:, :7])
    shared = learner.read(state, inputs[0, 7:])
    repeated = learner.read(map_state(lambda a: np.repeat(a, 5, axis=0), state), inputs[0, 7:])
    assert_allclose(shared, repeated, atol=1e-6)
    for q in range(5):
        alone = learner.read(state, inputs[0, 7 + q : 8 + q])
        assert_allclose(shared[q : q + 1], alone, atol=1e-6)


@pytest.mark.parametrize("name", LEARNERS)
def test_queries_of_many_episodes(name):
    """As many rows of each episode, one episode after the other."""
    learner = small_learner(name)
    inputs, _, labels = episodes(learner.spec, 2, 9)
    state, _ = learner.learn(learner.initial_state(2), inputs[:, :6], labels[:, :6])
    answers = learner.read(state, inputs[:, 6:].reshape(6, *learner.spec.input_shape))
    for b in range(2):
        alone = learner.read(map_state(lambda a: a[b : b + 1], state), inputs[b, 6:])  # noqa: B023
        assert_allclose(answers[3 * b : 3 * b + 3], alone, atol=1e-6)


def test_queries_that_cannot_be_shared_out_and_none():
    learner = small_learner("least-squares-tables")
    state = learner.initial_state(2)
    for n_rows in (0, 3):
        with pytest.raises(ValueError, match=f"{n_rows} rows cannot be shared out evenly to 2"):
            learner.read(state, np.zeros((n_rows, 8)))


@pytest.mark.parametrize("name", LEARNERS)
def test_rows_stored_and_rows_answered_leave_one_state(name):
    learner = small_learner(name)
    inputs, _, labels = episodes(learner.spec, 2, 70)  # more than are read together
    answered, _ = learner.learn(learner.initial_state(2), inputs, labels)
    stored = learner.store(learner.initial_state(2), inputs, labels)
    for part, other in zip(leaves(answered), leaves(stored), strict=True):
        assert_allclose(part, other, atol=1e-6)


@pytest.mark.parametrize("name", LEARNERS)
def test_neither_read_nor_learn_changes_the_state_it_is_given(name):
    learner = small_learner(name)
    inputs, _, labels = episodes(learner.spec, 2, 6)
    state, _ = learner.learn(learner.initial_state(2), inputs[:, :4], labels[:, :4])
    kept = map_state(np.copy, state)
    answers = learner.read(state, inputs[:, 4])
    learner.learn(state, inputs[:, 4:], labels[:, 4:])
    for part, copied in zip(leaves(state), leaves(kept), strict=True):
        assert_array_equal(part, copied)
    assert_array_equal(learner.read(state, inputs[:, 4]), answers)


@pytest.mark.parametrize("name", LEARNERS)
def test_the_state_does_not_hang_on_the_arrays_it_was_read_from(name):
    learner = small_learner(name)
    inputs, _, labels = episodes(learner.spec, 2, 6)
    state, _ = learner.learn(learner.initial_state(2), inputs, labels)
    answers = learner.read(state, inputs[:, 0])
    query = inputs[:, 0].copy()
    inputs[:] = 9
    labels[:] = 9
    assert_array_equal(learner.read(state, query), answers)


@pytest.mark.parametrize("name", ["tabular", "tabular-regression"])
def test_a_narrow_learner_answers_alike(name):
    learner = load_learner(name)
    narrow = learner.for_columns(13)
    n_places = narrow.spec.n_columns
    assert 13 <= n_places < learner.spec.n_columns and learner.for_columns(15) is narrow
    assert learner.for_columns(learner.spec.n_columns) is learner
    assert narrow.card == learner.card

    tasks = TableTasks(
        learner.spec.kind, n_columns=n_places, n_steps=30, weighted=learner.spec.weighted
    )
    batch = tasks.batch(0, 8, seed=0)
    labels = encode_labels(batch.targets, narrow.spec)
    cells, marks = np.split(batch.inputs, 2, axis=-1)
    assert (marks >= MISSING).any()
    room = ((0, 0), (0, 0), (0, learner.spec.n_columns - n_places))
    wide = [np.pad(cells, room), np.pad(marks, room, constant_values=NO_COLUMN)]
    assert_allclose(
        narrow.rehearse(batch.inputs, labels),
        learner.rehearse(np.concatenate(wide, axis=-1), labels),
        atol=1e-4,
    )


@pytest.mark.parametrize("memory", [Prototypes(n_units=8), Associative(n_slots=9, n_units=8)])
def test_a_memory_that_votes_has_labels_for_more_classes(memory):
    network = Network(TaskSpec("classification", (4,), 3), memory)
    learner = Learner(network, network.initial_weights(0), {"name": "votes"})
    more = learner.for_classes(9)
    assert more.spec.n_outputs == 9 and more.card == learner.card
    assert learner.for_classes(9) is more and learner.for_classes(3) is learner
    inputs, targets, _ = episodes(learner.spec, 2, 12)
    expected, found = (
        one.rehearse(inputs, encode_labels(targets, one.spec)) for one in (learner, more)
    )
    assert_allclose(found[..., :3], expected, atol=1e-6)
    with_nine = more.rehearse(inputs, encode_labels(targets + 6, more.spec))
    assert_allclose(with_nine[..., 6:], expected, atol=1e-6)
    if isinstance(memory, Associative):  # a slot for each
        assert learner.for_classes(10) is learner


def test_numbers_are_no_labels():
    network = Network(TaskSpec("regression", (4,), 1), Associative(n_slots=9, n_units=8))
    learner = Learner(network, network.initial_weights(0), {"name": "numbers"})
    assert learner.for_classes(2) is learner
    assert "answers a Gaussian\n" in describe(learner)


@pytest.mark.parametrize("name", ["tabular", "mann-omniglot", "lstm-quadratic"])
def test_labels_with_weights_are_as_many_as_they_are(name):
    learner = load_learner(name)
    assert learner.for_classes(200) is learner


@pytest.mark.parametrize("name", ["lstm-tabular", "omniglot"])
def test_other_learners_stay_as_wide_as_they_are(name):
    learner = load_learner(name)
    assert learner.for_columns(1) is learner
