"""Displays hold what was computed, and draw what they hold."""

import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from skmeta.artifacts import ArtifactError, save_learner
from skmeta.engines import numpy_ops
from skmeta.episodes import TaskSpec
from skmeta.estimators import InContextClassifier
from skmeta.inspection import (
    SANTORO_FEEDFORWARD,
    SANTORO_HUMAN,
    SANTORO_LSTM,
    SANTORO_MANN,
    EpisodeDisplay,
    InstanceAccuracyDisplay,
    MemoryAccessDisplay,
    MetaTrainingDisplay,
    ShotErrorDisplay,
    SupportSizeDisplay,
)
from skmeta.memory import LSTM, MANN, addressing
from skmeta.networks import Learner, Network
from skmeta.sequences import encode_labels
from skmeta.tasks import BooleanTasks, GaussianProcessTasks, QuadraticTasks, from_classes
from skmeta.training.evaluation import accuracy_by_instance, error_by_shots

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

SMALL = LSTM(n_units=6)
MANY_HEADS = MANN(n_units=5, n_slots=9, slot_width=4, n_reads=3)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def random_learner(spec, memory=SMALL, seed=0, card=None):
    network = Network(spec, memory)
    return Learner(network, network.initial_weights(seed), card or {})


@pytest.fixture
def class_tasks():
    """Episodes of 3 classes and 4 rows of each, pictures of 3 x 3 pixels."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(5), 6)
    X = rng.normal(size=(5, 3, 3))[y] + 0.1 * rng.normal(size=(30, 3, 3))
    return from_classes(np.abs(X), y, n_classes=3, n_shots=4)


@pytest.fixture
def class_learner(class_tasks):
    return random_learner(class_tasks.spec, MANY_HEADS, card={"name": "tiny"})


@pytest.fixture
def function_learner():
    return random_learner(QuadraticTasks().spec)


def test_importing_displays_and_computing_need_no_matplotlib_and_no_keras():
    code = (
        "import sys; import skmeta.inspection as i; from skmeta.tasks import QuadraticTasks as Q; "
        "from sklearn.linear_model import Ridge; "
        "i.ShotErrorDisplay.from_estimator(Ridge(), Q(), [2], n_tasks=2, n_queries=2); "
        "print({'matplotlib', 'keras', 'tensorflow', 'jax'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "display",
    [
        InstanceAccuracyDisplay([0.5]),
        ShotErrorDisplay([1], [0.5]),
        MetaTrainingDisplay([1], [0.5]),
        MemoryAccessDisplay(np.ones((2, 1, 3)), np.ones((2, 1, 3))),
        EpisodeDisplay(np.ones((1, 2, 2)), ["a"], np.ones((1, 2, 2)), ["a"], [1.0]),
    ],
    ids=lambda display: type(display).__name__,
)
def test_without_matplotlib_plot_says_what_to_install(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=rf"{type(display).__name__}\.plot requires matplotlib"):
        display.plot()


class TestInstanceAccuracy:
    def test_from_learner_is_the_evaluation(self, class_learner, class_tasks):
        display = InstanceAccuracyDisplay.from_learner(
            class_learner, class_tasks, n_episodes=20, seed=3
        )
        expected = accuracy_by_instance(class_learner, class_tasks, n_episodes=20, seed=3)
        assert_array_equal(display.accuracy, expected.accuracy)
        assert_array_equal(display.interval, expected.interval)
        assert display.label == "tiny"

    def test_a_learner_may_be_a_file(self, class_learner, class_tasks, tmp_path):
        path = save_learner(class_learner, tmp_path / "mine.safetensors")
        display = InstanceAccuracyDisplay.from_learner(path, class_tasks, n_episodes=5)
        in_memory = InstanceAccuracyDisplay.from_learner(class_learner, class_tasks, n_episodes=5)
        assert_array_equal(display.accuracy, in_memory.accuracy)
        assert display.label == "tiny"
        with pytest.raises(ArtifactError, match="no learner"):
            InstanceAccuracyDisplay.from_learner("none-such", class_tasks)

    def test_from_predictions_is_the_evaluation_of_the_same_answers(
        self, class_learner, class_tasks
    ):
        from skmeta.training.evaluation import EVALUATION_STREAM

        batch = class_tasks.batch(0, 20, seed=EVALUATION_STREAM)
        answers = class_learner.rehearse(
            batch.inputs, encode_labels(batch.targets, class_tasks.spec)
        )
        display = InstanceAccuracyDisplay.from_predictions(
            batch.targets, answers[:, :, 0].argmax(axis=-1)
        )
        expected = accuracy_by_instance(class_learner, class_tasks, n_episodes=20, seed=0)
        assert_allclose(display.accuracy, expected.accuracy)
        assert_allclose(display.interval, expected.interval)

    def test_from_predictions_counted_by_hand(self):
        y_true = np.array([["a", "b", "a", "a"], ["b", "a", "b", "a"]])
        y_pred = np.array([["a", "a", "a", "b"], ["b", "b", "b", "a"]])
        display = InstanceAccuracyDisplay.from_predictions(y_true, y_pred)
        # 1st: one of two, one of two. 2nd: one of one, two of two. 3rd: in one episode only, wrong.
        assert_allclose(display.accuracy, [0.5, 1.0, 0.0])
        assert_allclose(display.interval, 0.0)

    def test_plot_draws_the_curve_its_band_and_references(self):
        display = InstanceAccuracyDisplay([0.2, 0.5, 0.9], [0.1, 0.05, 0.02], label="mine")
        result = display.plot(references={"theirs": SANTORO_MANN}, color="k")
        assert result is display
        assert_array_equal(display.line_.get_xydata(), [[1, 0.2], [2, 0.5], [3, 0.9]])
        assert display.line_.get_color() == "k"
        vertices = display.band_.get_paths()[0].vertices
        for corner in ([1, 0.1], [1, 0.3], [3, 0.88], [3, 0.92]):
            assert np.isclose(vertices, corner).all(axis=1).any()
        (reference,) = display.reference_lines_
        assert_array_equal(reference.get_xdata(), [1, 2, 3, 4, 5, 10])
        assert_array_equal(reference.get_ydata(), [0.364, 0.828, 0.910, 0.926, 0.949, 0.981])
        assert [t.get_text() for t in display.ax_.get_legend().get_texts()] == ["mine", "theirs"]
        assert "Accuracy" in display.ax_.get_ylabel()
        assert "Row" in display.ax_.get_xlabel()

    def test_without_interval_and_label_there_is_no_band_and_no_legend(self):
        display = InstanceAccuracyDisplay([0.2, 0.5]).plot()
        assert display.band_ is None and display.ax_.get_legend() is None

    def test_published_accuracies(self):
        published = SANTORO_HUMAN, SANTORO_FEEDFORWARD, SANTORO_LSTM, SANTORO_MANN
        for accuracies in published:
            assert list(accuracies) == [1, 2, 3, 4, 5, 10]
            assert all(0 < accuracy < 1 for accuracy in accuracies.values())
        assert [accuracies[10] for accuracies in published] == [0.924, 0.195, 0.625, 0.981]
        with pytest.raises(TypeError):
            SANTORO_MANN[1] = 1.0

    def test_errors(self, class_learner, class_tasks, function_learner):
        with pytest.raises(ValueError, match="needs classification tasks"):
            InstanceAccuracyDisplay.from_learner(function_learner, QuadraticTasks())
        with pytest.raises(ValueError, match=r"was trained on .* the tasks are"):
            InstanceAccuracyDisplay.from_learner(class_learner, BooleanTasks())
        with pytest.raises(ValueError, match="one entry an instance"):
            InstanceAccuracyDisplay([0.1, 0.2], [0.1])
        for y_true, y_pred in (([0, 1], [0, 1]), ([[0, 1]], [[0]])):
            with pytest.raises(ValueError, match=r"shape \(n_episodes, n_rows\)"):
                InstanceAccuracyDisplay.from_predictions(y_true, y_pred)


class TestShotError:
    def test_from_learner_is_the_evaluation(self, function_learner):
        arguments = {"n_tasks": 5, "n_queries": 4, "seed": 2}
        display = ShotErrorDisplay.from_learner(
            function_learner, QuadraticTasks(), [4, 1], **arguments
        )
        expected = error_by_shots(function_learner, QuadraticTasks(), [1, 4], **arguments)
        assert_array_equal(display.shots, [1, 4])
        assert_array_equal(display.error, expected.error)
        assert_array_equal(display.interval, expected.interval)
        assert display.label == "LSTM"

    def test_from_estimator_fits_every_support_anew(self):
        tasks = QuadraticTasks()
        display = ShotErrorDisplay.from_estimator(
            Ridge(alpha=0.3), tasks, [2, 6], n_tasks=7, n_queries=5, seed=1
        )
        X, y, X_query, y_query = tasks.evaluation_problems(7, 6, 5, seed=1)
        for n, error, interval in zip(display.shots, display.error, display.interval, strict=True):
            errors = [
                np.mean((Ridge(alpha=0.3).fit(X[i, :n], y[i, :n]).predict(X_query[i]) - t) ** 2)
                for i, t in enumerate(y_query)
            ]
            assert error == pytest.approx(np.mean(errors))
            assert interval == pytest.approx(1.96 * np.std(errors) / np.sqrt(7))
        assert display.label == "Ridge"

    def test_no_estimator_beats_the_oracle(self):
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF

        tasks = GaussianProcessTasks(noise=0.2)
        arguments = {"n_tasks": 30, "n_queries": 20}
        oracle = ShotErrorDisplay.from_oracle(tasks, [1, 5, 20], **arguments)
        assert (np.diff(oracle.error) < 0).all()
        exact = GaussianProcessRegressor(RBF(1.0), alpha=0.2**2, optimizer=None)
        same = ShotErrorDisplay.from_estimator(exact, tasks, [1, 5, 20], **arguments)
        assert_allclose(same.error, oracle.error, rtol=1e-6)
        worse = ShotErrorDisplay.from_estimator(Ridge(), tasks, [1, 5, 20], **arguments)
        assert (worse.error > oracle.error).all()

    def test_plot_draws_on_a_logarithmic_axis_and_on_given_axes(self):
        display = ShotErrorDisplay([1, 10], [0.5, 0.01], [0.1, 0.02], label="a")
        assert display.plot() is display
        assert display.ax_.get_yscale() == "log"
        assert_array_equal(display.line_.get_xydata(), [[1, 0.5], [10, 0.01]])
        # The interval is wider than the error, and yet the band stays above zero.
        assert display.band_.get_paths()[0].vertices[:, 1].min() > 0
        other = ShotErrorDisplay([1, 10], [0.4, 0.1], label="b").plot(ax=display.ax_)
        assert other.ax_ is display.ax_ and other.figure_ is display.figure_
        assert len(display.ax_.lines) == 2
        assert [t.get_text() for t in display.ax_.get_legend().get_texts()] == ["a", "b"]
        assert "error" in display.ax_.get_ylabel()
        assert "Examples" in display.ax_.get_xlabel()

    def test_an_error_of_zero_can_be_drawn(self):
        display = ShotErrorDisplay([1, 2], [0.5, 0.0], [0.1, 0.0]).plot()
        display.figure_.canvas.draw()

    def test_errors(self, function_learner, class_learner, class_tasks):
        tasks = QuadraticTasks()
        for shots in ([], [0, 1], [1.5]):
            with pytest.raises(ValueError, match="shots must be integers of at least 1"):
                ShotErrorDisplay.from_learner(function_learner, tasks, shots)
        with pytest.raises(ValueError, match="draws no regression problems"):
            ShotErrorDisplay.from_learner(class_learner, class_tasks, [1])
        with pytest.raises(ValueError, match="knows no oracle"):
            ShotErrorDisplay.from_oracle(tasks, [1])
        with pytest.raises(ValueError, match="was trained on"):
            ShotErrorDisplay.from_learner(function_learner, GaussianProcessTasks(), [1])
        with pytest.raises(ValueError, match="one shape"):
            ShotErrorDisplay([1, 2], [0.5])


class Recorder(DummyClassifier):
    """Remembers in the class what every clone was fitted to and asked for."""

    seen: ClassVar = []

    def fit(self, X, y):
        self.seen.append((X[:, 0].tolist(), y.tolist()))
        return super().fit(X, y)


class TestSupportSize:
    X = np.arange(60.0)[:, None]
    y = np.repeat(["a", "b", "c"], [30, 20, 10])

    def measured(self, **options):
        Recorder.seen.clear()
        arguments = {"n_draws": 4, **options}
        return SupportSizeDisplay.from_estimator(Recorder(), self.X, self.y, [2, 12], **arguments)

    def test_supports_are_stratified_where_they_can_be_and_drawn_by_seed(self):
        display = self.measured()
        supports = list(Recorder.seen)
        assert display.scores.shape == (4, 2) and len(supports) == 8
        for rows, labels in supports:
            assert len(rows) in (2, 12) and len(set(rows)) == len(rows)
            assert labels == self.y[np.int_(rows)].tolist()
            if len(rows) == 12:
                assert sorted(labels) == list("aaaaaabbbbcc")
        assert len({tuple(rows) for rows, _ in supports}) == 8
        self.measured()
        assert Recorder.seen == supports  # the same draws for the next estimator
        self.measured(seed=1)
        assert Recorder.seen != supports

    def test_scores_are_those_of_rows_outside_the_support(self):
        display = self.measured(scoring="balanced_accuracy")
        assert_allclose(display.scores[:, 1], 1 / 3)  # always the most frequent class
        assert display.score_name == "Balanced accuracy of new rows"
        assert display.label == "Recorder"
        knn = SupportSizeDisplay.from_estimator(
            KNeighborsClassifier(1), self.X, self.y, [30], n_draws=5, n_queries=10, label="1-nn"
        )
        assert knn.label == "1-nn"
        assert_allclose(knn.scores * 10, np.round(knn.scores * 10))  # ten queries each
        assert 0.7 < knn.scores.mean() <= 1

    @pytest.mark.parametrize(("y", "size"), [(list("ab" * 5 + "c"), 5), (list("abc" * 4), 11)])
    def test_supports_that_cannot_be_stratified(self, y, size):
        X = np.arange(float(len(y)))[:, None]
        display = SupportSizeDisplay.from_estimator(Recorder(), X, np.array(y), [size], n_draws=2)
        assert display.scores.shape == (2, 1)

    def test_regressors_and_frames(self):
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame({"a": self.X[:, 0]})
        display = SupportSizeDisplay.from_estimator(
            Ridge(), frame, 2 * self.X[:, 0], [3, 30], n_draws=3
        )
        assert display.scores[:, 1].min() > 0.99
        for sizes in ([0.1, 0.5], [0, 3], []):
            with pytest.raises(ValueError, match="sizes must be integers of at least 1"):
                SupportSizeDisplay.from_estimator(Ridge(), frame, self.X[:, 0], sizes)
        with pytest.raises(ValueError, match="train_size=60"):
            SupportSizeDisplay.from_estimator(Ridge(), frame, self.X[:, 0], [60])

    def test_plot(self):
        scores = np.array([[0.5, 0.7], [0.6, 0.9], [0.7, 0.8]])
        display = SupportSizeDisplay([5, 50], scores, label="mine").plot()
        assert_allclose(display.line_.get_ydata(), [0.6, 0.8])
        edges = display.band_.get_paths()[0].vertices[:, 1]
        half = 1.96 * scores.std(axis=0)[0] / np.sqrt(3)
        assert edges.min() == pytest.approx(0.6 - half)
        assert display.ax_.get_xscale() == "log"
        assert [t.get_text() for t in display.ax_.get_xticklabels()] == ["5", "50"]
        other = SupportSizeDisplay([5, 50], scores - 0.1, label="b").plot(ax=display.ax_)
        assert other.figure_ is display.figure_
        assert [t.get_text() for t in other.ax_.get_legend().get_texts()] == ["mine", "b"]

    def test_arrays_that_do_not_fit(self):
        with pytest.raises(ValueError, match=r"got \(2,\) and \(3,\)"):
            SupportSizeDisplay([5, 50], [0.1, 0.2, 0.3])


class TestMemoryAccess:
    @pytest.fixture
    def episode(self, class_tasks):
        batch = class_tasks.batch(0, 1, seed=0)
        return batch.inputs[0], batch.targets[0]

    def test_weights_are_those_of_the_network(self, class_learner, episode):
        """With the noted write weights, paper eq. 8 leads from each memory to the next."""
        inputs, targets = episode
        display = MemoryAccessDisplay.from_learner(class_learner, inputs, targets)
        assert display.read_weights.shape == display.write_weights.shape == (12, 3, 9)
        assert_array_equal(display.targets, targets)

        labels = encode_labels(targets, class_learner.spec)[None]
        state = class_learner.initial_state(1)
        kernel, bias = (class_learner.weights[f"memory/keys_{w}"] for w in ("kernel", "bias"))
        for t in range(12):
            before = state.cell
            state, _ = class_learner.learn(state, inputs[None, t : t + 1], labels[:, t : t + 1])
            after = state.cell
            keys = np.tanh(after.controller.hidden @ kernel + bias).reshape(1, 3, 4)
            erased = addressing.least_used(numpy_ops, before.usage, 3).sum(axis=1)
            memory = addressing.write(
                numpy_ops, before.memory, display.write_weights[None, t], keys, erased
            )
            assert_allclose(memory, after.memory, atol=1e-6)
            reads = (display.read_weights[None, t] @ after.memory).reshape(1, -1)
            assert_allclose(reads, after.reads, atol=1e-6)

    def test_weights_of_a_head_sum_to_one(self, class_learner, episode):
        display = MemoryAccessDisplay.from_learner(class_learner, *episode)
        for weights in display.read_weights, display.write_weights:
            assert weights.min() >= 0
            assert_allclose(weights.sum(axis=2), 1.0, atol=1e-5)

    @pytest.mark.parametrize("add_vector", [False, True])
    @pytest.mark.parametrize("key_strength", [False, True])
    def test_every_kind_of_mann_and_of_target(self, key_strength, add_vector):
        memory = MANN(4, 6, 3, 2, key_strength=key_strength, add_vector=add_vector)
        tasks = QuadraticTasks(n_steps=5)
        batch = tasks.batch(0, 1, seed=0)
        learner, inputs, targets = (
            random_learner(tasks.spec, memory),
            batch.inputs[0],
            batch.targets[0],
        )
        display = MemoryAccessDisplay.from_learner(learner, inputs, targets)
        flat = MemoryAccessDisplay.from_learner(learner, inputs, targets[:, 0])
        assert_array_equal(flat.write_weights, display.write_weights)
        assert display.targets is None
        assert_allclose(display.write_weights.sum(axis=2), 1.0, atol=1e-5)
        strings = TaskSpec("classification", (2,), 3, label_length=2)
        display = MemoryAccessDisplay.from_learner(
            random_learner(strings, memory), np.zeros((4, 2)), np.ones((4, 2), dtype=int)
        )
        assert display.read_weights.shape == (4, 2, 6)

    def test_plot_shows_the_largest_weight_of_any_head(self, class_learner, episode):
        display = MemoryAccessDisplay.from_learner(class_learner, *episode)
        assert display.plot(order="slot") is display
        read, write = display.images_[:, 0]
        assert_allclose(read.get_array(), display.read_weights.max(axis=1).T)
        assert_allclose(write.get_array(), display.write_weights.max(axis=1).T)
        assert [t.get_text() for t in display.ax_.texts] == [str(c) for c in episode[1]]
        read_ax, write_ax = display.axes_[:, 0]
        assert read_ax.get_title() == "Read weights" and write_ax.get_title() == "Write weights"
        assert write_ax.get_xlabel() == "Step" and read_ax.get_ylabel() == "Slot"
        display.figure_.canvas.draw()

    def test_plot_each_head_on_given_axes(self, class_learner, episode):
        display = MemoryAccessDisplay.from_learner(class_learner, *episode)
        figure, axes = plt.subplots(2, 3)
        display.plot(ax=axes, heads="each", cmap="Greens", vmin=0, vmax=0.5)
        assert display.figure_ is figure and (display.axes_ == axes).all()
        slots = display.first_writes()
        for head in range(3):
            image = display.images_[1, head]
            assert_allclose(image.get_array(), display.write_weights[:, head][:, slots].T)
            assert image.get_cmap().name == "Greens"
            assert image.get_clim() == (0, 0.5)
            assert axes[0, head].get_title() == f"Read weights, head {head + 1}"

    def test_slots_in_the_order_of_their_first_write(self):
        writes = np.zeros((4, 2, 5))
        writes[0, 0, 3] = writes[1, 1, 0] = writes[2, 0, 4] = writes[3, 1, 3] = 1.0
        writes[0, 1, 0] = 0.2  # not in earnest
        display = MemoryAccessDisplay(np.full((4, 2, 5), 0.2), writes)
        assert_array_equal(display.first_writes(), [3, 0, 4, 1, 2])

    def test_errors(self, class_tasks, class_learner, episode):
        inputs, targets = episode
        lstm = random_learner(class_tasks.spec)
        with pytest.raises(ValueError, match="no slots to look at: its memory is LSTM"):
            MemoryAccessDisplay.from_learner(lstm, inputs, targets)
        for rows in (inputs.reshape(12, 9), inputs[:0], inputs[None]):
            with pytest.raises(ValueError, match=r"shape \(T, 3, 3\), got"):
                MemoryAccessDisplay.from_learner(class_learner, rows, targets)
        with pytest.raises(ValueError, match="Every row needs its target"):
            MemoryAccessDisplay.from_learner(class_learner, inputs, targets[:-1])
        with pytest.raises(ValueError, match="Classes must lie in"):
            MemoryAccessDisplay.from_learner(class_learner, inputs, targets + 1)
        with pytest.raises(ValueError, match=r"shape \(T, R, N\)"):
            MemoryAccessDisplay(np.ones((2, 3)), np.ones((2, 3)))
        with pytest.raises(ValueError, match="targets must have shape"):
            MemoryAccessDisplay(np.ones((2, 1, 3)), np.ones((2, 1, 3)), targets=[1])
        display = MemoryAccessDisplay(np.ones((2, 1, 3)), np.ones((2, 1, 3)))
        with pytest.raises(ValueError, match="heads must be 'max' or 'each'"):
            display.plot(heads="all")
        with pytest.raises(ValueError, match="order 'first_write' or 'slot'"):
            display.plot(order="last")
        with pytest.raises(ValueError, match="needs 2 x 1 Axes, got 1"):
            display.plot(ax=plt.subplots()[1])


class TestMetaTraining:
    HISTORY = {
        "step": [100, 200],
        "loss": [1.5, 1.1],
        "validation_step": [200],
        "validation_loss": [1.2],
    }

    def test_plot_draws_the_history(self):
        display = MetaTrainingDisplay.from_history(self.HISTORY, label="run")
        assert display.plot(references={"guessing": 1.6}) is display
        assert_array_equal(display.line_.get_xydata(), [[100, 1.5], [200, 1.1]])
        assert_array_equal(display.validation_line_.get_xydata(), [[200, 1.2]])
        assert_array_equal(display.reference_lines_[0].get_ydata(), [1.6, 1.6])
        texts = [t.get_text() for t in display.ax_.get_legend().get_texts()]
        assert texts == ["run, training tasks", "run, held-out tasks", "guessing"]
        assert "Steps" in display.ax_.get_xlabel() and "nats" in display.ax_.get_ylabel()

    def test_without_validation_there_is_one_line(self):
        history = {"step": [1, 2], "loss": [3.0, 2.0]}
        display = MetaTrainingDisplay.from_history(history).plot()
        assert display.validation_line_ is None and len(display.ax_.lines) == 1
        both = MetaTrainingDisplay.from_history(self.HISTORY).plot(ax=display.ax_)
        assert both.figure_ is display.figure_ and len(display.ax_.lines) == 3

    def test_from_trainer(self):
        from skmeta import MetaTrainer

        trainer = MetaTrainer()
        with pytest.raises(NotFittedError):
            MetaTrainingDisplay.from_trainer(trainer)
        trainer.history_ = self.HISTORY
        assert_array_equal(MetaTrainingDisplay.from_trainer(trainer).loss, [1.5, 1.1])

    def test_errors(self):
        with pytest.raises(ValueError, match=r"has no \['loss'\], only \['step'\]"):
            MetaTrainingDisplay.from_history({"step": [1]})
        with pytest.raises(ValueError, match="2 steps and 1 losses"):
            MetaTrainingDisplay([1, 2], [0.5])
        with pytest.raises(ValueError, match="1 steps and 0 losses"):
            MetaTrainingDisplay([1], [0.5], [1])


class TestEpisode:
    @pytest.fixture
    def pictures(self, class_tasks):
        batch = class_tasks.batch(0, 1, seed=0)
        return batch.inputs[0], np.array(list("abc"))[batch.targets[0]]

    @pytest.mark.parametrize("kind", ["in context", "scikit-learn"])
    def test_from_estimator_is_the_estimators_answer(self, kind, class_learner, pictures):
        X, y = pictures
        if kind == "in context":
            classifier = InContextClassifier(class_learner).fit(X[:8], y[:8])
        else:
            classifier = KNeighborsClassifier(3).fit(X[:8].reshape(8, -1), y[:8])
        display = EpisodeDisplay.from_estimator(classifier, X[:8], y[:8], X[8:], y[8:])
        rows = X[8:].reshape(4, -1)
        assert_array_equal(display.predictions, classifier.predict(rows))
        assert_allclose(display.probabilities, classifier.predict_proba(rows).max(axis=1))
        assert_array_equal(display.queries, X[8:])
        assert_array_equal(display.query_labels, y[8:])

    def test_plot_puts_a_query_below_the_drawings_of_its_class(self, pictures):
        X, _ = pictures
        display = EpisodeDisplay(
            X[:4], list("baca"), X[4:7], list("bca"), [0.9, 0.5, 0.75], query_labels=list("bba")
        )
        assert display.plot() is display
        columns = [int(image.get_extent()[0]) for image in display.images_]
        assert columns == [1, 0, 2, 0, 1, 1, 0]
        tops = np.array([image.get_extent()[3] for image in display.images_])
        assert tops[4:].min() > tops[:4].max()  # queries below the support (the y axis points down)
        assert tops[5] > tops[4]  # one under the other
        for image, picture in zip(display.images_, X[:7], strict=True):
            assert_allclose(image.get_array(), picture)
        assert [t.get_text() for t in display.texts_] == ["b  90 % ✓", "c  50 % ✗", "a  75 % ✓"]
        right, wrong, also_right = (t.get_color() for t in display.texts_)
        assert right == also_right != wrong
        frames = [patch.get_edgecolor() for patch in display.ax_.patches]
        assert frames[4] == matplotlib.colors.to_rgba(right)
        assert frames[5] == matplotlib.colors.to_rgba(wrong)
        display.figure_.canvas.draw()

    def test_without_labels_nothing_is_right_or_wrong(self, pictures):
        X, _ = pictures
        figure, ax = plt.subplots()
        display = EpisodeDisplay(X[:2], [0, 1], X[2:5], [0, 1, 1], [0.9, 0.5, 0.7]).plot(ax=ax)
        assert display.ax_ is ax and display.figure_ is figure
        assert [t.get_text() for t in display.texts_] == ["0  90 %", "1  50 %", "1  70 %"]
        assert len({t.get_color() for t in display.texts_}) == 1
        assert [int(image.get_extent()[0]) for image in display.images_[2:]] == [0, 1, 0]

    def test_errors(self, class_learner, pictures):
        X, y = pictures
        with pytest.raises(NotFittedError):
            EpisodeDisplay.from_estimator(InContextClassifier(class_learner), X, y, X)
        fitted = InContextClassifier(class_learner).fit(X, y)
        with pytest.raises(ValueError, match="X_query must hold pictures"):
            EpisodeDisplay.from_estimator(fitted, X, y, X.reshape(len(X), -1))
        with pytest.raises(ValueError, match="support must hold pictures"):
            EpisodeDisplay(X[:0], y[:0], X[:1], y[:1], [1.0])
        with pytest.raises(ValueError, match="Each of the 2 pictures in queries needs one label"):
            EpisodeDisplay(X[:2], y[:2], X[:2], y[:2], [1.0])
        with pytest.raises(ValueError, match=r"classes \['z'\] have no column"):
            EpisodeDisplay(X[:1], ["a"], X[:1], ["a"], [1.0], query_labels=["z"])
