from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax, softmax
from scipy.stats import norm

from skmeta import InContextClassifier, InContextRegressor
from skmeta.episodes import EpisodeBatch, TaskSpec
from skmeta.memory import Prototypes
from skmeta.networks import Learner, Network
from skmeta.sequences import encode_labels
from skmeta.tasks import (
    BooleanTasks,
    Curriculum,
    QuadraticTasks,
    SemilinearTasks,
    TableTasks,
    TaskFamily,
    from_classes,
    from_tables,
)
from skmeta.training.evaluation import (
    EVALUATION_STREAM,
    _mean_of_members,
    accuracy_by_instance,
    accuracy_by_shots,
    error_by_shots,
    instance_numbers,
    instance_shares,
    mean_score,
    score_by_rows,
    step_log_likelihood,
)
from tests.reference.small import small_learner

STRINGS = TaskSpec("classification", (1,), 3, label_length=2)


class Stub:
    """A learner whose answers are a function of the labels it is asked for."""

    def __init__(self, spec, answer):
        self.spec, self.answer, self.sizes = spec, answer, []

    def for_classes(self, n_classes):
        return self

    def rehearse(self, inputs, labels):
        self.sizes.append(len(inputs))
        spec = self.spec
        truth = labels.reshape(*labels.shape[:2], spec.label_length, spec.n_outputs)
        return self.answer(truth)


class StringTasks(TaskFamily):
    """Strings of two letters that say nothing about their rows."""

    spec, n_steps = STRINGS, 6

    def draw(self, rng, n_episodes):
        targets = rng.integers(3, size=(n_episodes, 6, 2))
        return EpisodeBatch(np.zeros((n_episodes, 6, 1), np.float32), targets)


@pytest.fixture(scope="module")
def tasks():
    X = np.random.default_rng(0).normal(size=(40, 2))
    return from_classes(X, np.repeat(np.arange(8), 5), n_classes=4, n_shots=3)


def one_shot(truth):
    """Right from the second row of a class on, and at the first always another class."""
    number = instance_numbers(truth[:, :, 0].argmax(axis=-1))
    wrong = np.roll(truth, 1, axis=-1)
    return np.where(number[..., None, None] > 0, truth, wrong)


# Shots


@pytest.mark.parametrize("name", ["associative-classes", "lstm-classes"])
def test_accuracy_by_shots_is_that_of_the_estimator(name):
    learner = small_learner(name)
    X, y = np.random.default_rng(0).normal(size=(36, 4)), np.repeat(np.arange(6), 6)
    X[:, :2] += np.random.default_rng(1).normal(size=(6, 2))[y]
    tasks = from_classes(X, y, n_classes=2, n_shots=5, n_labels=3)
    result = accuracy_by_shots(learner, tasks, [3, 1], n_episodes=5, seed=4)
    batch = tasks.batch(0, 5, seed=4 + EVALUATION_STREAM)
    shares = np.empty((5, 2))
    for episode, (rows, labels) in enumerate(zip(batch.inputs, batch.targets, strict=True)):
        number = instance_numbers(labels[None])[0]
        for i, k in enumerate((1, 3)):
            # One label is unused: the estimator is told all three, to keep them in place.
            clf = InContextClassifier(learner, n_members=1)
            clf.partial_fit(rows[number < k], labels[number < k], classes=range(3))
            used = np.unique(labels)
            answers = used[clf.predict_proba(rows[number >= 3])[:, used].argmax(axis=1)]
            shares[episode, i] = (answers == labels[number >= 3]).mean()
    assert_array_equal(result.shots, [1, 3])
    assert_allclose(result.accuracy, shares.mean(axis=0))
    assert_allclose(result.interval, 1.96 * shares.std(axis=0) / np.sqrt(5))
    assert result.accuracy.min() > 0 and result.accuracy.max() < 1


def test_accuracy_by_shots_wants_queries_and_classes_of_one_size(tasks):
    learner = small_learner("associative-classes")
    classes = from_classes(np.ones((12, 4)), np.repeat([0, 1, 2], 4), n_classes=3, n_shots=4)
    for shots in ([0, 1], [4], [], [1.5]):
        with pytest.raises(ValueError, match="shots must be integers of at least 1 and at most 3"):
            accuracy_by_shots(learner, classes, shots)
    with pytest.raises(ValueError, match="episodes of classes"):
        accuracy_by_shots(learner, BooleanTasks(), [1])
    with pytest.raises(ValueError, match="The learner was trained on"):
        accuracy_by_shots(learner, tasks, [1])
    classes.draw = lambda rng, n: EpisodeBatch(
        np.ones((n, 12, 4), np.float32), np.tile([0] * 6 + [1] * 4 + [2] * 2, (n, 1))
    )
    with pytest.raises(ValueError, match="classes of one size"):
        accuracy_by_shots(learner, classes, [3])


# Instances


def test_accuracy_by_instance_is_that_of_an_estimator_that_knows_the_classes():
    """A learner of three labels on episodes of two."""
    learner = small_learner("associative-classes")
    X, y = np.random.default_rng(0).normal(size=(36, 4)), np.repeat(np.arange(6), 6)
    tasks = from_classes(X, y, n_classes=2, n_shots=4, n_labels=3)
    with pytest.raises(ValueError, match="n_members must be at least 1, got 0"):
        accuracy_by_instance(learner, tasks, n_members=0)
    result = accuracy_by_instance(learner, tasks, n_episodes=40, seed=4)
    batch = tasks.batch(0, 40, seed=4 + EVALUATION_STREAM)
    right = np.zeros((40, 8), bool)
    for rows, labels, hits in zip(batch.inputs, batch.targets, right, strict=True):
        clf = InContextClassifier(learner, n_members=1)
        clf.partial_fit(rows[:1], labels[:1], classes=np.unique(labels))
        hits[0] = labels[0] == labels.min()  # nothing is known: the first label that can come
        for t in range(1, 8):
            hits[t] = clf.predict(rows[t : t + 1])[0] == labels[t]
            clf.partial_fit(rows[t : t + 1], labels[t : t + 1])
    assert_allclose(result.accuracy, instance_shares(right, batch.targets).mean(axis=0))
    assert 0.2 < result.accuracy[0] < 1


@pytest.mark.parametrize("length", [None, 1, 2])
def test_instance_numbers_count_earlier_rows_of_the_same_label(length):
    shape = (5, 12) if length is None else (5, 12, length)
    targets = np.random.default_rng(0).integers(2, size=shape)
    expected = np.empty((5, 12), dtype=int)
    for b in range(5):
        for t in range(12):
            expected[b, t] = sum(np.array_equal(targets[b, s], targets[b, t]) for s in range(t))
    assert_array_equal(instance_numbers(targets), expected)


def test_instance_shares_by_hand():
    targets = np.array([[0, 0, 1, 0], [0, 1, 1, 0]])
    right = np.array([[True, False, False, True], [True, True, True, False]])
    shares = instance_shares(right, targets)
    assert_allclose(shares, [[0.5, 0.0, 1.0], [1.0, 0.5, np.nan]])


def test_tasks_of_fewer_labels_are_told_how_to_have_more(tasks):
    def stub(spec, **changes):
        return Stub(replace(spec, **changes), np.zeros_like)

    X, tables = tasks.X, TableTasks(n_steps=5, n_columns=3, n_classes=2)
    own = from_tables([(X, X[:, 0] > 0)], n_steps=5)
    with pytest.raises(ValueError, match=r"Give the tasks n_labels=9\.$"):
        accuracy_by_instance(stub(tasks.spec, n_outputs=9), tasks)
    for family in (tables, own):
        with pytest.raises(ValueError, match=r"Give the tasks n_classes=9\.$"):
            accuracy_by_instance(stub(family.spec, n_outputs=9), family)
    for changes in ({"n_outputs": 3}, {"n_outputs": 9, "input_shape": (3,)}):
        with pytest.raises(ValueError, match="Choose tasks of the learner's kind"):
            accuracy_by_instance(stub(tasks.spec, **changes), tasks)


def test_a_perfect_learner(tasks):
    result = accuracy_by_instance(Stub(tasks.spec, lambda truth: truth), tasks, n_episodes=10)
    assert_array_equal(result.accuracy, [1, 1, 1])
    assert_array_equal(result.interval, [0, 0, 0])
    assert result.n_episodes == 10


def test_a_blind_learner(tasks):
    """It says the same class always; each instance has every class once."""
    result = accuracy_by_instance(Stub(tasks.spec, np.zeros_like), tasks, n_episodes=10)
    assert_allclose(result.accuracy, [0.25, 0.25, 0.25])


def test_a_one_shot_learner(tasks):
    result = accuracy_by_instance(Stub(tasks.spec, one_shot), tasks, n_episodes=10)
    assert_array_equal(result.accuracy, [0, 1, 1])


def test_a_string_is_right_when_all_of_it_is():
    def one_letter(truth):
        answer = truth.copy()
        answer[:, :, 1] = np.roll(answer[:, :, 1], 1, axis=-1)
        return answer

    whole = accuracy_by_instance(Stub(STRINGS, lambda truth: truth), StringTasks(), n_episodes=20)
    assert np.nanmin(whole.accuracy) == 1
    half = accuracy_by_instance(Stub(STRINGS, one_letter), StringTasks(), n_episodes=20)
    assert np.nanmax(half.accuracy) == 0


def test_the_interval_is_over_episodes(tasks):
    """Every second episode is all right: the spread is between episodes, not within."""

    def every_second(truth):
        answer = np.roll(truth, 1, axis=-1)
        answer[::2] = truth[::2]
        return answer

    result = accuracy_by_instance(Stub(tasks.spec, every_second), tasks, n_episodes=64)
    assert_allclose(result.accuracy, 0.5)
    assert_allclose(result.interval, 1.96 * 0.5 / np.sqrt(64))


def test_instances_that_not_all_episodes_have():
    """Boolean rows are of class 0 or 1 as it comes: up to T rows of a class."""
    tasks, stub = BooleanTasks(n_steps=5), Stub(BooleanTasks().spec, one_shot)
    result = accuracy_by_instance(stub, tasks, n_episodes=100)
    assert_array_equal(result.accuracy, [0, 1, 1, 1, 1])


def test_as_many_episodes_as_asked_for_and_the_same_for_a_seed(tasks):
    stub = Stub(tasks.spec, np.zeros_like)
    accuracy_by_instance(stub, tasks, n_episodes=130)
    assert sum(stub.sizes) == 130
    learner = small_learner("lstm-classes")
    vectors = from_classes(
        np.random.default_rng(0).normal(size=(30, 4)),
        np.repeat(np.arange(6), 5),
        n_classes=3,
        n_shots=4,
    )
    first, again, other = (
        accuracy_by_instance(learner, vectors, n_episodes=30, seed=seed).accuracy
        for seed in (0, 0, 1)
    )
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_no_episode_is_one_of_training(tasks, monkeypatch):
    asked = []

    def spied(index, n_episodes, *, seed):
        asked.append((seed, index))
        return type(tasks).batch(tasks, index, n_episodes, seed=seed)

    monkeypatch.setattr(tasks, "batch", spied)
    mean_score(StubWithLogits(tasks.spec), tasks, 130, seed=5)
    assert len(asked) == 3 and all(seed > 1_000_000 for seed, _ in asked)


def test_a_curriculum_is_judged_by_what_it_leads_to():
    stages = [(3, BooleanTasks(n_steps=2)), (2, BooleanTasks(n_steps=7))]
    stub = Stub(BooleanTasks().spec, lambda truth: truth)
    assert len(accuracy_by_instance(stub, Curriculum(stages), n_episodes=70).accuracy) == 7


# Log-likelihood


class StubWithLogits(Stub):
    def __init__(self, spec):
        super().__init__(spec, lambda truth: truth)


def test_mean_score_of_classes_by_hand():
    tasks = BooleanTasks(n_steps=6)
    stub = Stub(tasks.spec, lambda truth: 2.0 * truth)
    expected = np.log(np.e**2 / (np.e**2 + 1))
    assert mean_score(stub, tasks, 70, seed=0) == pytest.approx(expected, rel=1e-6)
    blind = Stub(tasks.spec, np.zeros_like)
    assert mean_score(blind, tasks, 70, seed=0) == pytest.approx(-np.log(2), rel=1e-6)


def test_likelihood_of_strings_is_summed_over_positions():
    learner, tasks = small_learner("lstm-strings"), StringTasks()
    tasks.spec = TaskSpec("classification", (3,), 3, label_length=2)
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(4, 6, 3)).astype(np.float32)
    batch = EpisodeBatch(inputs, rng.integers(3, size=(4, 6, 2)))
    logits = learner.rehearse(batch.inputs, encode_labels(batch.targets, tasks.spec))
    log_p = log_softmax(logits.astype(float), axis=-1)
    expected = np.take_along_axis(log_p, batch.targets[..., None], axis=-1).sum(axis=(-2, -1))
    assert_allclose(step_log_likelihood(learner, batch, tasks.spec), expected, rtol=1e-4)


def test_mean_score_of_numbers_by_hand():
    learner, tasks = small_learner("lstm-numbers"), QuadraticTasks(n_steps=5)
    batch = tasks.batch(0, 30, seed=1_000_003)
    answers = learner.rehearse(batch.inputs, batch.targets)[..., 0].astype(float)
    expected = norm.logpdf(batch.targets[..., 0], answers[..., 0], np.exp(answers[..., 1]))
    assert_allclose(step_log_likelihood(learner, batch, tasks.spec), expected, rtol=1e-4)
    assert mean_score(learner, tasks, 30, seed=0) == pytest.approx(expected.mean(), rel=1e-5)


# Shots


@pytest.mark.parametrize("name", ["lstm-numbers", "mann-numbers"])
def test_error_by_shots_against_a_loop_over_estimators(name):
    learner, tasks, shots = small_learner(name), QuadraticTasks(), [1, 3, 7]
    found = error_by_shots(learner, tasks, shots, n_tasks=5, n_queries=6, seed=2)
    X, y, X_query, y_query = tasks.evaluation_problems(5, 7, 6, seed=2)
    errors = np.empty((5, 3))
    for task in range(5):
        for column, k in enumerate(shots):
            reg = InContextRegressor(learner).fit(X[task, :k], y[task, :k])
            errors[task, column] = np.mean((reg.predict(X_query[task]) - y_query[task]) ** 2)
    assert_array_equal(found.shots, shots)
    assert_allclose(found.error, errors.mean(axis=0), rtol=1e-4)
    assert_allclose(found.interval, 1.96 * errors.std(axis=0) / np.sqrt(5), rtol=1e-3)


def test_shots_are_sorted_and_may_begin_with_none():
    learner, tasks = small_learner("lstm-numbers"), QuadraticTasks()
    found = error_by_shots(learner, tasks, [4, 0, 4, 2], n_tasks=3, n_queries=4)
    assert_array_equal(found.shots, [0, 2, 4])
    assert_allclose(
        found.error[1:], error_by_shots(learner, tasks, [2, 4], n_tasks=3, n_queries=4).error
    )
    none = error_by_shots(learner, tasks, [0], n_tasks=3, n_queries=4)
    assert_allclose(none.error, found.error[:1])


# Bad input


def test_tasks_that_are_not_like_the_learner(tasks):
    learner = small_learner("lstm-classes")
    with pytest.raises(ValueError, match=r"was trained on TaskSpec\(.*\(4,\), n_outputs=3.*\(2,\)"):
        accuracy_by_instance(learner, tasks)
    with pytest.raises(ValueError, match="Choose tasks of the learner's kind"):
        mean_score(learner, tasks, 10, seed=0)
    with pytest.raises(ValueError, match="needs classification tasks, got regression"):
        accuracy_by_instance(learner, QuadraticTasks())
    with pytest.raises(ValueError, match="was trained on .* the tasks are"):
        error_by_shots(small_learner("lstm-vectors"), SemilinearTasks(), [1])
    with pytest.raises(ValueError, match="Expected tasks, QuadraticTasks.*, got the class"):
        error_by_shots(small_learner("lstm-vectors"), QuadraticTasks, [1])
    with pytest.raises(ValueError, match="ClassTasks draws no regression problems"):
        error_by_shots(Stub(tasks.spec, None), tasks, [1])


def test_no_episodes_is_no_evaluation(tasks):
    stub = Stub(tasks.spec, np.zeros_like)
    for call in (
        lambda: accuracy_by_instance(stub, tasks, n_episodes=0),
        lambda: mean_score(stub, tasks, 0, seed=0),
    ):
        with pytest.raises(ValueError, match="n_episodes must be at least 1, got 0"):
            call()


@pytest.mark.parametrize("name", ["least-squares-tables", "fast-weights-table-numbers"])
def test_scores_by_rows(name):
    """The answer to row k, in tables that are scaled by the k rows before it."""
    learner = small_learner(name)
    kind, rows = learner.spec.kind, [1, 3, 7]
    family = TableTasks(kind, n_steps=9, n_columns=4, n_classes=3, weighted=False)
    found = score_by_rows(learner, family, rows, n_episodes=70, seed=5)
    nats, errors = np.zeros((70, 3)), np.zeros((70, 3))
    for index, n in ((0, 64), (1, 6)):
        for column, k in enumerate(rows):
            batch = family.scaled_by(k).batch(index, n, seed=5 + EVALUATION_STREAM)
            labels = encode_labels(batch.targets, learner.spec)
            state, _ = learner.learn(learner.initial_state(n), batch.inputs[:, :k], labels[:, :k])
            said = learner.read(state, batch.inputs[:, k])
            where = slice(64 * index, 64 * index + n), column
            if kind == "classification":
                said, y = said[:, 0].astype(float), batch.targets[:, k]
                nats[where] = log_softmax(said, axis=1)[np.arange(n), y]
                errors[where] = said.argmax(axis=1) != y
            else:
                (mean, log_std), y = said[..., 0].T, batch.targets[:, k, 0]
                nats[where] = norm.logpdf(y, mean, np.exp(log_std))
                errors[where] = (mean - y) ** 2
    assert_array_equal(found.rows, rows)
    assert_allclose(found.log_likelihood, nats.mean(axis=0), rtol=1e-4)
    assert_allclose(found.error, errors.mean(axis=0), rtol=1e-4)
    half = 1.96 * np.stack([nats.std(axis=0), errors.std(axis=0)]) / np.sqrt(70)
    assert_allclose(found.interval, half, rtol=1e-3)
    with pytest.raises(ValueError, match="needs tables, got QuadraticTasks"):
        score_by_rows(learner, QuadraticTasks(), [1])
    for wrong in ([0], [-1], [9], [], [1.5]):
        with pytest.raises(ValueError, match="rows must be integers of at least 1 and at most 8"):
            score_by_rows(learner, family, wrong)


def test_the_mean_score_counts_by_the_weights():
    learner = small_learner("least-squares-tables")
    family = TableTasks(n_steps=9, n_columns=4, n_classes=3, weighted=False)
    batch = family.batch(0, 40, seed=2 + EVALUATION_STREAM)
    nats = step_log_likelihood(learner, batch, family.spec)
    counted = batch.weights > 0
    assert 0.2 < counted.mean() < 0.8
    assert mean_score(learner, family, 40, seed=2) == pytest.approx(nats[counted].mean(), rel=1e-5)
    assert mean_score(learner, family, 40, seed=2) != pytest.approx(nats.mean(), rel=1e-3)


@pytest.mark.parametrize("name", ["mann-strings", "lstm-classes"])
def test_members_of_the_online_protocol_are_told_permuted_labels(name):
    """Equal to relabelled episodes, their answers relabelled back and averaged."""
    learner = small_learner(name)
    spec = learner.spec
    rng = np.random.default_rng(0)
    shape = (3, 8, spec.label_length) if spec.label_length > 1 else (3, 8)
    targets = rng.integers(spec.n_outputs, size=shape)
    inputs = rng.normal(size=(3, 8, *spec.input_shape)).astype(np.float32)
    batch = EpisodeBatch(inputs, targets)
    found = _mean_of_members(learner, batch, 3, seed=4, told=False)
    orders = np.random.default_rng([4, 3])
    orders = [np.arange(3), orders.permutation(3), orders.permutation(3)]
    expected = np.zeros_like(found)
    for order in orders:
        renamed = np.argsort(order)[targets]  # class order[i] is told as i
        said = softmax(learner.rehearse(inputs, encode_labels(renamed, spec)), axis=-1)
        for told, true in enumerate(order):
            expected[..., true] += said[..., told] / 3
    assert_allclose(found, expected, atol=1e-6)
    assert np.abs(found - _mean_of_members(learner, batch, 1, seed=4, told=False)).max() > 1e-3


def test_a_memory_that_votes_is_evaluated_on_more_classes_than_in_meta_training():
    network = Network(TaskSpec("classification", (2,), 3), Prototypes(n_units=8))
    learner = Learner(network, network.initial_weights(0))
    classes = np.arange(24) // 3
    rows = np.stack([np.cos(classes * np.pi / 4), np.sin(classes * np.pi / 4)], axis=1)
    tasks = from_classes(rows, classes, n_classes=8, n_shots=3)
    assert accuracy_by_shots(learner, tasks, [1], n_episodes=2).accuracy > 0.5
    assert accuracy_by_instance(learner, tasks, n_episodes=2).accuracy[1] > 0.5
    assert np.isfinite(mean_score(learner, tasks, 2, seed=0))
    with pytest.raises(ValueError, match="Choose tasks of the learner's kind"):
        mean_score(small_learner("lstm-classes"), tasks, 2, seed=0)
