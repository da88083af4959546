"""The compiled engine against the learner that it stands for."""

import threading

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.engines.keras_engine import PIECES, KerasEngine, compiled, pieces
from skmeta.engines.keras_loop import flatten_state, restore_state
from skmeta.memory import map_state
from tests.reference.small import NETWORKS, episodes, small_learner

LONGEST = 70
LENGTHS = [*range(1, 8), 15, 16, 17, 23, 40, 63, 64, 65, LONGEST]
CLOSE = {"rtol": 1e-5, "atol": 1e-5}

_pairs = {}


@pytest.fixture(params=["lstm-classes", "mann-vectors", "least-squares-tables"])
def pair(request):
    """A learner and its engine, compiled once for all tests of this file."""
    if request.param not in _pairs:
        learner = small_learner(request.param)
        _pairs[request.param] = learner, KerasEngine(learner.network, learner.weights)
    return _pairs[request.param]


def n_compiled(function):
    """How many shapes a compiled function has been compiled for."""
    if keras.backend.backend() == "tensorflow":
        return function.experimental_get_tracing_count()
    return function._cache_size()


@pytest.mark.parametrize("n_rows", [*range(200), 1000])
def test_pieces_add_up(n_rows):
    lengths = pieces(n_rows)
    assert sum(lengths) == n_rows
    assert set(lengths) <= set(PIECES)
    assert lengths == sorted(lengths, reverse=True)
    assert sum(length < PIECES[0] for length in lengths) <= 9


def test_flat_states_are_restored():
    state = small_learner("mann-vectors").initial_state(3)
    state = map_state(lambda a: np.arange(a.size, dtype=np.float32).reshape(a.shape), state)
    flat = [leaf.reshape(3, -1) for leaf in flatten_state(state)]
    restored = restore_state(state, flat)
    assert type(restored) is type(state)
    for part, expected in zip(flatten_state(restored), flatten_state(state), strict=True):
        assert_allclose(keras.ops.convert_to_numpy(part), expected)


@pytest.mark.usefixtures("in_double")
def test_precision_is_our_own():
    learner = small_learner("mann-vectors")
    engine = KerasEngine(learner.network, learner.weights)
    inputs, _, labels = episodes(learner.spec, 2, 3)
    _, outputs = engine.learn(learner.initial_state(2), inputs, labels)
    assert_allclose(outputs, learner.learn(learner.initial_state(2), inputs, labels)[1], **CLOSE)


def test_learn_agrees_for_supports_of_every_length(pair):
    learner, engine = pair
    inputs, _, labels = episodes(learner.spec, 2, LONGEST)
    for n_rows in LENGTHS:
        rows, told = inputs[:, :n_rows], labels[:, :n_rows]
        state, outputs = learner.learn(learner.initial_state(2), rows, told)
        found, said = engine.learn(learner.initial_state(2), rows, told)
        assert type(found) is type(state)
        assert_allclose(said, outputs, **CLOSE)
        for part, expected in zip(flatten_state(found), flatten_state(state), strict=True):
            assert isinstance(part, np.ndarray)
            assert part.shape == expected.shape
            assert_allclose(part, expected, **CLOSE)


@pytest.mark.parametrize("n_queries", range(1, 10))
def test_read_agrees_for_any_number_of_queries(pair, n_queries):
    learner, engine = pair
    inputs, _, labels = episodes(learner.spec, n_queries, 5)
    state, _ = learner.learn(learner.initial_state(n_queries), inputs[:, :4], labels[:, :4])
    answers = engine.read(state, inputs[:, 4])
    assert_allclose(answers, learner.read(state, inputs[:, 4]), **CLOSE)


def test_a_state_goes_from_one_engine_to_the_other(pair):
    learner, engine = pair
    inputs, _, labels = episodes(learner.spec, 2, 12)
    whole, _ = learner.learn(learner.initial_state(2), inputs[:, :11], labels[:, :11])
    state = learner.initial_state(2)
    for first, runner in ((0, engine), (3, learner), (7, engine)):
        rows = slice(first, first + 4) if first else slice(0, 3)
        state, _ = runner.learn(state, inputs[:, rows], labels[:, rows])
    for runner in (engine, learner):
        answers = runner.read(state, inputs[:, 11])
        assert_allclose(answers, learner.read(whole, inputs[:, 11]), **CLOSE)


def test_the_state_that_is_given_stays_as_it_is(pair):
    learner, engine = pair
    inputs, _, labels = episodes(learner.spec, 2, 5)
    state, _ = engine.learn(learner.initial_state(2), inputs[:, :4], labels[:, :4])
    kept = map_state(np.copy, state)
    engine.read(state, inputs[:, 4])
    engine.learn(state, inputs, labels)
    for part, copied in zip(flatten_state(state), flatten_state(kept), strict=True):
        assert_allclose(part, copied, rtol=0)


def test_new_lengths_compile_nothing_anew(pair):
    learner, engine = pair
    inputs, _, labels = episodes(learner.spec, 2, sum(PIECES))
    fresh = learner.initial_state(2)
    engine.learn(fresh, inputs, labels)
    assert n_compiled(engine._learn) == len(PIECES)
    for n_rows in (3, 9, 22, 51, 66, 81):
        engine.learn(fresh, inputs[:, :n_rows], labels[:, :n_rows])
    assert n_compiled(engine._learn) == len(PIECES)

    def read(n_queries):
        rows = episodes(learner.spec, 2 * n_queries, 1)[0][:, 0]
        engine.read(learner.initial_state(2), rows)

    for n_queries in (1, 2, 4, 8, 16):
        read(n_queries)
    before = n_compiled(engine._read)
    for n_queries in range(1, 17):
        read(n_queries)
    assert n_compiled(engine._read) == before
    read(17)
    assert n_compiled(engine._read) == before + 1


def test_a_learner_has_one_engine_and_takes_it_along():
    learner = small_learner("lstm-numbers")
    engine = compiled(learner)
    assert compiled(learner) is engine
    assert compiled(small_learner("lstm-numbers")) is not engine


def test_threads_do_not_mix_their_rows(pair):
    learner, engine = pair
    inputs, _, labels = episodes(learner.spec, 8, 5)
    answers = [None] * 4

    def work(i):
        rows = slice(2 * i, 2 * i + 2)
        for _ in range(5):
            state, _ = engine.learn(learner.initial_state(2), inputs[rows, :4], labels[rows, :4])
            answers[i] = engine.read(state, inputs[rows, 4])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = learner.rehearse(inputs, labels)[:, 4]
    assert_allclose(np.concatenate(answers), expected, **CLOSE)


@pytest.mark.parametrize("name", ["lstm-pictures", "mann-strings"])
def test_pictures_and_strings_go_through_the_engine(name):
    learner = small_learner(name)
    engine = KerasEngine(NETWORKS[name], learner.weights)
    inputs, _, labels = episodes(learner.spec, 2, 5)
    state, outputs = learner.learn(learner.initial_state(2), inputs[:, :4], labels[:, :4])
    found, said = engine.learn(learner.initial_state(2), inputs[:, :4], labels[:, :4])
    assert_allclose(said, outputs, **CLOSE)
    assert_allclose(engine.read(found, inputs[:, 4]), learner.read(state, inputs[:, 4]), **CLOSE)


@pytest.mark.parametrize("n_queries", [1, 2, 3, 4, 5, 8])
def test_queries_may_share_one_state(pair, n_queries):
    learner, engine = pair
    inputs, _, labels = episodes(learner.spec, 1, 12)
    state, _ = learner.learn(learner.initial_state(1), inputs[:, :4], labels[:, :4])
    rows = inputs[0, 4 : 4 + n_queries]
    assert_allclose(engine.read(state, rows), learner.read(state, rows), **CLOSE)


def test_no_rows_leave_the_state_as_it_was(pair):
    learner, engine = pair
    inputs, _, labels = episodes(learner.spec, 2, 4)
    state, _ = learner.learn(learner.initial_state(2), inputs, labels)
    same, outputs = engine.learn(state, inputs[:, :0], labels[:, :0])
    assert outputs.shape == (2, 0, learner.network.output_size)
    for part, expected in zip(flatten_state(same), flatten_state(state), strict=True):
        assert_array_equal(part, expected.astype(np.float32))
