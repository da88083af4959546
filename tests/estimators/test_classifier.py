import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

import skmeta.datasets
from skmeta import InContextClassifier
from skmeta.datasets import load_omniglot_sample
from skmeta.episodes import TaskSpec
from skmeta.estimators._table_rows import ROWS_OF_DOUBT
from skmeta.memory import LSTM, Associative, Prototypes
from skmeta.networks import Learner, Network, TableEncoder
from tests.estimators.states import assert_unchanged, leaves, snapshot
from tests.reference.small import episodes, random_weights, small_learner

MANN = "mann-classes-strength=True-add=False"
NAMES = ["lstm-classes", MANN]


@pytest.fixture(params=NAMES)
def learner(request):
    """Three classes, rows of four features."""
    return small_learner(request.param)


@pytest.fixture
def data():
    """Fourteen rows of three classes, and ten queries."""
    rng = np.random.default_rng(3)
    y = np.array([2, 0, 1, 1, 0, 2, 2, 1, 0, 0, 1, 2, 1, 0])
    return rng.normal(size=(14, 4)), y, rng.normal(size=(10, 4))


# Training equals deployment


def test_fit_then_predict_says_what_training_said(learner):
    """For every k, the answer to row k + 1 after k rows is that of the training network."""
    inputs, targets, labels = episodes(learner.spec, 1, 12)
    X, y = inputs[0], targets[0]
    rehearsed = softmax(learner.rehearse(inputs, labels)[0, :, 0].astype(float), axis=-1)
    first = np.flatnonzero([len(np.unique(y[:k])) == 3 for k in range(12)])[0]
    assert first < 6
    for k in range(first, 12):
        clf = InContextClassifier(learner).fit(X[:k], y[:k])
        assert_allclose(clf.predict_proba(X[k : k + 1])[0], rehearsed[k], atol=1e-6)


def test_the_first_row_too_by_partial_fit(learner):
    """With classes announced the equality holds from the second row on."""
    inputs, targets, labels = episodes(learner.spec, 1, 6)
    X, y = inputs[0], targets[0]
    rehearsed = softmax(learner.rehearse(inputs, labels)[0, :, 0].astype(float), axis=-1)
    clf = InContextClassifier(learner)
    for k in range(5):
        clf.partial_fit(X[k : k + 1], y[k : k + 1], classes=[0, 1, 2])
        assert_allclose(clf.predict_proba(X[k + 1 :][:1])[0], rehearsed[k + 1], atol=1e-6)


# Reading


def test_fit_is_partial_fit_row_by_row(learner, data):
    X, y, queries = data
    at_once = InContextClassifier(learner).fit(X, y)
    rows = InContextClassifier(learner)
    for i in range(len(X)):
        rows.partial_fit(X[i : i + 1], y[i : i + 1], classes=[0, 1, 2] if i == 0 else None)
    assert_allclose(rows.predict_proba(queries), at_once.predict_proba(queries), atol=1e-6)
    halves = InContextClassifier(learner).fit(X[:9], y[:9]).partial_fit(X[9:], y[9:])
    assert_allclose(halves.predict_proba(queries), at_once.predict_proba(queries), atol=1e-6)
    for one, other in zip(leaves(halves.state_), leaves(at_once.state_), strict=True):
        assert_allclose(one, other, atol=1e-6)


def test_each_label_and_row_counts(learner, data):
    X, y, queries = data
    proba = InContextClassifier(learner).fit(X, y).predict_proba(queries)
    other_label = y.copy()
    other_label[7] = 2
    other_row = X.copy()
    other_row[7] += 1
    for changed in ((X, other_label), (other_row, y)):
        found = InContextClassifier(learner).fit(*changed).predict_proba(queries)
        assert np.abs(found - proba).max() > 1e-4


def test_fit_forgets_what_came_before(learner, data):
    X, y, queries = data
    clf = InContextClassifier(learner, n_members=3, random_state=0)
    proba = clf.fit(X, y).predict_proba(queries)
    clf.partial_fit(X[::-1], y[::-1])
    assert not np.allclose(clf.predict_proba(queries), proba)
    assert_array_equal(clf.fit(X, y).predict_proba(queries), proba)


def test_the_support_may_be_read_more_than_once(learner, data):
    X, y, queries = data
    twice = InContextClassifier(learner, n_passes=2).fit(X, y)
    by_hand = InContextClassifier(learner).fit(np.tile(X, (2, 1)), np.tile(y, 2))
    assert_allclose(twice.predict_proba(queries), by_hand.predict_proba(queries), atol=1e-6)


@pytest.mark.parametrize("chunk", [1, 4, 14, 15])
def test_a_long_support_is_read_in_pieces(chunk, learner, data, monkeypatch):
    X, y, queries = data
    options = {"n_members": 2, "n_passes": 2, "random_state": 0}
    at_once = InContextClassifier(learner, **options).fit(X, y).predict_proba(queries)
    monkeypatch.setattr("skmeta.estimators._base.SUPPORT_CHUNK", chunk)
    in_pieces = InContextClassifier(learner, **options).fit(X, y).predict_proba(queries)
    assert_allclose(in_pieces, at_once, atol=1e-6)


def test_the_state_is_of_constant_size(learner):
    rng = np.random.default_rng(0)
    clf = InContextClassifier(learner)
    sizes = []
    for n_rows in (10, 990):
        X, y = rng.normal(size=(n_rows, 4)), rng.integers(3, size=n_rows)
        clf.partial_fit(X, y, classes=[0, 1, 2])
        sizes.append([leaf.shape for leaf in leaves(clf.state_)])
        kept = sum(v.nbytes for v in vars(clf).values() if isinstance(v, np.ndarray))
        sizes[-1].append(kept)
    assert sizes[0] == sizes[1]
    assert np.isfinite(clf.predict_proba(X)).all()


# Answering


def test_predict_changes_nothing(learner, data):
    X, y, queries = data
    clf = InContextClassifier(learner, n_members=2, random_state=0).fit(X, y)
    before = snapshot(clf)
    first = clf.predict_proba(queries)
    clf.predict(queries[::-1])
    clf.score(X, y)
    assert_unchanged(clf, before)
    assert_array_equal(clf.predict_proba(queries), first)


def test_each_query_is_answered_on_its_own(learner, data):
    X, y, queries = data
    queries = np.tile(queries, (60, 1)) + np.arange(600)[:, None] / 100  # more than one chunk
    clf = InContextClassifier(learner, n_members=2, random_state=0).fit(X, y)
    proba = clf.predict_proba(queries)
    order = np.random.default_rng(0).permutation(600)
    assert_allclose(clf.predict_proba(queries[order]), proba[order], atol=1e-6)
    for i in (0, 255, 256, 599):
        assert_allclose(clf.predict_proba(queries[i : i + 1]), proba[i : i + 1], atol=1e-6)


def test_probabilities_and_classes(learner, data):
    X, y, queries = data
    clf = InContextClassifier(learner).fit(X, y)
    proba = clf.predict_proba(queries)
    assert proba.shape == (10, 3) and proba.dtype == np.float64
    assert_allclose(proba.sum(axis=1), 1)
    assert_array_equal(clf.classes_, [0, 1, 2])
    assert_array_equal(clf.predict(queries), proba.argmax(axis=1))
    assert clf.n_features_in_ == 4 and clf.label_slots_.tolist() == [[0, 1, 2]]
    assert 0 <= clf.score(X, y) <= 1


def test_log_probabilities_are_finite(learner, data):
    X, y, queries = data
    clf = InContextClassifier(learner, temperature=1.0).fit(X, y)
    assert_array_equal(clf.predict_log_proba(queries), np.log(clf.predict_proba(queries)))
    clf.set_params(temperature=1e-5)
    assert (clf.predict_proba(queries) == 0).any()
    assert np.isfinite(clf.predict_log_proba(queries)).all()


def test_temperature_divides_the_logits(learner, data):
    X, y, queries = data
    proba = InContextClassifier(learner).fit(X, y).predict_proba(queries)
    hot = InContextClassifier(learner, temperature=3.0).fit(X, y).predict_proba(queries)
    assert_allclose(hot, softmax(np.log(proba) / 3.0, axis=1), atol=1e-9)
    assert_array_equal(hot.argmax(axis=1), proba.argmax(axis=1))


def test_members_are_averaged(learner, data):
    """A member is an estimator that reads the rows in its order, under its labels."""
    X, y, queries = data
    clf = InContextClassifier(learner, n_members=4, random_state=5).fit(X, y)
    rng = np.random.RandomState(5)
    slots = [np.arange(3)] + [rng.permutation(3) for _ in range(3)]
    orders = [rng.permutation(14) for _ in range(4)]
    assert_array_equal(clf.label_slots_, slots)
    parts = []
    for slot, order in zip(slots, orders, strict=True):
        member = InContextClassifier(learner).fit(X[order], slot[y[order]])
        parts.append(member.predict_proba(queries)[:, slot])
    assert len({order.tobytes() for order in orders}) == 4
    assert_allclose(clf.predict_proba(queries), np.mean(parts, axis=0), atol=1e-6)


def test_one_member_reads_rows_as_they_come(learner, data):
    X, y, _ = data
    fitted = InContextClassifier(learner).fit(X, y)
    read_on = InContextClassifier(learner).partial_fit(X, y, classes=np.unique(y))
    for found, expected in zip(leaves(fitted.state_), leaves(read_on.state_), strict=True):
        assert_allclose(found, expected, atol=1e-6)


def test_members_read_on(learner, data):
    X, y, queries = data
    clf = InContextClassifier(learner, n_members=3, random_state=0).fit(X[:9], y[:9])
    slots = clf.label_slots_.copy()
    clf.partial_fit(X[9:], y[9:])
    assert_array_equal(clf.label_slots_, slots)
    assert [len(leaf) for leaf in leaves(clf.state_)] == [3] * len(leaves(clf.state_))
    assert_allclose(clf.predict_proba(queries).sum(axis=1), 1)


def test_random_state(learner, data):
    X, y, queries = data

    def proba(random_state):
        clf = InContextClassifier(learner, n_members=3, random_state=random_state)
        return clf.fit(X, y).predict_proba(queries)

    assert_array_equal(proba(1), proba(1))
    assert not np.array_equal(proba(1), proba(2))
    assert_array_equal(proba(np.random.RandomState(1)), proba(1))


# Labels


@pytest.mark.parametrize(
    "names",
    [
        np.array(["b", "a", "c"]),
        np.array(["b", "a", "c"], dtype=object),
        np.array([30, -5, 100]),
        np.array([1.0, 0.0, 7.0]),
        np.array([True, False, True])[:2],
    ],
    ids=["str", "object", "int", "float", "bool"],
)
def test_labels_of_any_type(names, learner, data):
    X, y, queries = data
    keep = y < len(names)
    X, y = X[keep], y[keep]
    clf = InContextClassifier(learner).fit(X, names[y])
    assert_array_equal(clf.classes_, np.sort(names))
    codes = np.searchsorted(clf.classes_, names[y])
    plain = InContextClassifier(learner).fit(X, codes)
    assert_array_equal(clf.predict_proba(queries), plain.predict_proba(queries))
    found = clf.predict(queries)
    assert found.dtype == names.dtype or found.dtype.kind == names.dtype.kind
    assert set(found) <= set(names)
    again = InContextClassifier(learner).partial_fit(X, names[y], classes=names)
    assert_allclose(again.predict_proba(queries), clf.predict_proba(queries), atol=1e-6)


def test_fewer_classes_than_labels(learner, data):
    X, y, queries = data
    few = y < 2
    clf = InContextClassifier(learner, n_members=3, random_state=0).fit(X[few], y[few])
    proba = clf.predict_proba(queries)
    assert proba.shape == (10, 2)
    assert_allclose(proba.sum(axis=1), 1)
    assert clf.label_slots_.shape == (3, 2)


@pytest.mark.parametrize("n_members", [1, 3])
def test_a_strange_row_has_one_of_the_classes_that_were_announced(n_members):
    """A memory that votes shares the doubt among labels that were dealt, not among all three."""
    learner = small_learner("associative-classes")
    X = np.random.default_rng(0).normal(size=(9, 4))
    two, three = (
        InContextClassifier(learner, n_members=n_members, random_state=0)
        .partial_fit(X[:1], ["a"], classes=classes)
        .predict_proba(X[1:])
        for classes in (["a", "b"], ["a", "b", "c"])
    )
    assert (two[:, 0] > three[:, 0]).all()
    assert_allclose(two[:, 1] / two[:, 0], three[:, 1] / three[:, 0], rtol=1e-3)
    assert_allclose(three[:, 1], three[:, 2], atol=1e-5)
    assert (two[:, 1] > 0.01).all()


def test_one_row_of_each_class_is_no_regression(recwarn):
    network = Network(TaskSpec("classification", (4,), 25), Associative(n_slots=25, n_units=8))
    learner = Learner(network, network.initial_weights(0))
    X = np.random.default_rng(0).normal(size=(25, 4))
    clf = InContextClassifier(learner).fit(X, np.arange(25)).partial_fit(X, np.arange(25))
    assert clf.score(X, np.arange(25)) == 1
    assert [str(warning.message) for warning in recwarn] == []


def test_a_single_class(learner, data):
    X, _, queries = data
    clf = InContextClassifier(learner).fit(X, np.full(14, "only"))
    assert_array_equal(clf.predict(queries), np.full(10, "only"))
    assert_array_equal(clf.predict_proba(queries), np.ones((10, 1)))


def test_one_row_is_enough(learner, data):
    X, y, queries = data
    clf = InContextClassifier(learner).partial_fit(X[:1], y[:1], classes=[0, 1, 2])
    assert_allclose(clf.predict_proba(queries).sum(axis=1), 1)


# Rows


def test_pictures_or_rows_of_pixels():
    learner = small_learner("lstm-pictures")
    rng = np.random.default_rng(0)
    X, y, queries = rng.random((9, 2, 3)), np.arange(9) % 4, rng.random((5, 2, 3))
    clf = InContextClassifier(learner).fit(X, y)
    flat = InContextClassifier(learner).fit(X.reshape(9, 6), y)
    proba = clf.predict_proba(queries)
    assert_array_equal(flat.predict_proba(queries.reshape(5, 6)), proba)
    assert_array_equal(flat.predict_proba(queries), proba)
    assert_array_equal(clf.predict_proba(queries.tolist()), proba)
    assert clf.n_features_in_ == 6
    with pytest.raises(ValueError, match="X is one picture of 2 x 3 pixels: pass X.None."):
        clf.predict(queries[0])
    more = clf.partial_fit(X, y).predict_proba(queries)
    assert_array_equal(flat.partial_fit(X.reshape(9, 6), y).predict_proba(queries), more)


def test_frames_and_their_names(learner, data):
    X, y, queries = data
    names = ["a", "b", "c", "d"]
    frame = pd.DataFrame(X, columns=names)
    clf = InContextClassifier(learner).fit(frame, pd.Series(y))
    assert_array_equal(clf.feature_names_in_, names)
    plain = InContextClassifier(learner).fit(X, y)
    assert_array_equal(
        clf.predict_proba(pd.DataFrame(queries, columns=names)), plain.predict_proba(queries)
    )
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(pd.DataFrame(queries, columns=names[::-1]))
    with pytest.raises(ValueError, match="feature names should match"):
        clf.partial_fit(pd.DataFrame(X, columns=list("wxyz")), y)
    clf.fit(X, y)
    assert not hasattr(clf, "feature_names_in_")


def test_lists_integers_and_float64_are_rows(learner, data):
    X, y, _ = data
    whole = np.round(X * 3)
    expected = InContextClassifier(learner).fit(whole, y).predict_proba(whole)
    for rows in (whole.tolist(), whole.astype(int), whole.astype(np.float32), np.asfortranarray(X)):
        found = InContextClassifier(learner).fit(rows, y.tolist()).predict_proba(rows)
        if rows is not X and np.array_equal(rows, whole):
            assert_array_equal(found, expected)


def test_rows_and_labels_are_not_written_to(learner, data):
    X, y, queries = (array.copy() for array in data)
    for array in (X, y, queries):
        array.flags.writeable = False
    InContextClassifier(learner, n_members=2).fit(X, y).partial_fit(X, y).predict(queries)


# Bad input


BAD_SUPPORT = {
    "nan": (lambda X, y: (np.where(X[3, 2] == X, np.nan, X), y), "Input X contains NaN"),
    "inf": (lambda X, y: (np.where(X[3, 2] == X, np.inf, X), y), "Input X contains infinity"),
    "huge": (lambda X, y: (X * 1e300, y), "too large for dtype"),
    "no rows": (lambda X, y: (X[:0], y[:0]), r"Found array with 0 sample\(s\)"),
    "no columns": (lambda X, y: (X[:, :0], y), r"Found array with 0 feature\(s\)"),
    "one-dimensional": (lambda X, y: (X[:, 0], y), "Expected 2D array, got 1D array"),
    "cube": (lambda X, y: (X[:, None, None], y), "dim 4"),
    "text": (lambda X, y: (np.full(X.shape, "a"), y), "could not convert string to float"),
    "objects": (lambda X, y: (np.full(X.shape, {}, dtype=object), y), r"float\(\) argument"),
    "lengths": (lambda X, y: (X, y[:-1]), "inconsistent numbers of samples"),
    "nan label": (lambda X, y: (X, np.where(y == 1, np.nan, y)), "Input y contains NaN"),
    "NaT": (
        lambda X, y: (X, np.where(y == 1, np.datetime64("NaT"), y.astype("M8[D]"))),
        "Input y contains NaN",
    ),
    "None label": (lambda X, y: (X, np.where(y == 1, None, y)), "of one type that sorts"),
    "no labels": (lambda X, y: (X, None), "requires y to be passed|y cannot be None"),
    "mixed labels": (lambda X, y: (X, np.array([*"ab", *y[2:]], object)), "of one type that sorts"),
    "numbers for labels": (lambda X, y: (X, X[:, 0]), "Unknown label type: continuous"),
    "two labels a row": (lambda X, y: (X, np.stack([y, y], axis=1)), "y should be a 1d array"),
    "width": (lambda X, y: (X[:, :3], y), None),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the cast to float32
@pytest.mark.parametrize("case", BAD_SUPPORT)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "first partial_fit"])
def test_bad_support_is_refused_and_changes_nothing(case, method, data):
    X, y, _ = data
    make, message = BAD_SUPPORT[case]
    if case == "width":
        message = {
            "fit": r"reads 4 features a row, got 3\. Choose another learner .* or meta-train one",
            "partial_fit": "X has 3 features, but InContextClassifier is expecting 4 features",
            "first partial_fit": "reads 4 features a row, got 3",
        }[method]
    clf = InContextClassifier(small_learner("lstm-classes"), n_members=2, random_state=0)
    options = {"classes": [0, 1, 2]} if method == "first partial_fit" else {}
    if method != "first partial_fit":
        clf.fit(X, y)
    before = snapshot(clf)
    # scikit-learn's own word for objects that are no numbers is a TypeError
    with pytest.raises(TypeError if case == "objects" else ValueError, match=message):
        getattr(clf, method.split()[-1])(*make(X, y), **options)
    assert_unchanged(clf, before)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_kill_while_rows_are_read_changes_nothing(method, data, monkeypatch):
    X, y, _ = data
    clf = InContextClassifier(small_learner("lstm-classes"), n_members=2, random_state=0)
    fresh = InContextClassifier(small_learner("lstm-classes"))
    clf.fit(X, y)

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(Learner, "store", killed)
    for estimator, options in ((clf, {}), (fresh, {} if method == "fit" else {"classes": [0, 1]})):
        before = snapshot(estimator)
        with pytest.raises(KeyboardInterrupt):
            getattr(estimator, method)(X[y < 2], y[y < 2], **options)
        assert_unchanged(estimator, before)


def test_sparse_rows_are_refused(data):
    sparse = pytest.importorskip("scipy.sparse")
    X, y, _ = data
    clf = InContextClassifier(small_learner("lstm-classes")).fit(X, y)
    before = snapshot(clf)
    for call in (clf.fit, clf.partial_fit, lambda X, y: clf.predict(X)):
        with pytest.raises(TypeError, match="Sparse data was passed.*dense.*put a TruncatedSVD"):
            call(sparse.csr_matrix(X), y)
        with pytest.raises(TypeError, match="X is a mapping: pass pandas.DataFrame"):
            call(dict(enumerate(X.T)), y)
        assert_unchanged(clf, before)


def test_too_many_classes_are_refused(data):
    X, y, _ = data
    clf = InContextClassifier(small_learner("lstm-classes")).fit(X, y)
    before = snapshot(clf)
    message = "tells 3 classes apart, there are 4. Meta-train one with more .*OneVsRestClassifier"
    with pytest.raises(ValueError, match=message):
        clf.fit(X, np.arange(14) % 4)
    assert_unchanged(clf, before)
    fresh = InContextClassifier(small_learner("lstm-classes"))
    with pytest.raises(ValueError, match=message):
        fresh.partial_fit(X, y, classes=range(4))
    assert not hasattr(fresh, "classes_")


def test_classes_of_partial_fit(data):
    X, y, _ = data
    clf = InContextClassifier(small_learner("lstm-classes"))
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        clf.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"y holds the classes \[2\], which are not among \[0 1\]"):
        clf.partial_fit(X, y, classes=[0, 1])
    for classes in ([0, 1, 2, np.nan], [0, 0.5, 1, 2]):
        with pytest.raises(ValueError, match=r"contains NaN|Unknown label type: continuous"):
            clf.partial_fit(X, y, classes=classes)
    assert not hasattr(clf, "state_") and not hasattr(clf, "n_features_in_")
    clf.partial_fit(X[:2], y[:2], classes=[2, 1, 0])
    assert_array_equal(clf.classes_, [0, 1, 2])
    before = snapshot(clf)
    with pytest.raises(ValueError, match=r"y holds the classes \[9\].*Announce all"):
        clf.partial_fit(X, np.where(y == 1, 9, y))
    with pytest.raises(ValueError, match=r"classes \[0 1\] differ from those of the first call"):
        clf.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"y holds the classes \['a', 'b'\], which are not among"):
        clf.partial_fit(X[:2], np.array(["a", "b"], dtype=object))
    with pytest.raises(ValueError, match="of one type that sorts"):
        clf.partial_fit(X, y, classes=[0, "a", None])
    assert_unchanged(clf, before)
    clf.partial_fit(X, y, classes=[0, 1, 2])  # the same ones may be given again
    clf.fit(X[y < 2], y[y < 2])
    assert_array_equal(clf.classes_, [0, 1])


@pytest.mark.parametrize(
    ("shape", "passed"),
    [
        ((28, 28), "skmeta.datasets.shrink_pictures(X, 20)"),
        ((784,), "skmeta.datasets.shrink_pictures(numpy.asarray(X).reshape(-1, 28, 28), 20)"),
        ((20, 20, 1), "X[..., 0]"),
        ((1, 20, 20), "X[:, 0]"),
        ((20, 20, 3), "X.mean(axis=-1)"),
        ((20, 20, 4), "X[..., :3].mean(axis=-1)"),
        ((4, 20, 20), "X[:, :3].mean(axis=1)"),
        ((3, 30, 30), "skmeta.datasets.shrink_pictures(X.mean(axis=1), 20)"),
    ],
    ids=str,
)
def test_the_way_out_for_other_pictures_works(shape, passed):
    X = np.random.default_rng(0).random((4, *shape))
    with pytest.raises(ValueError, match=re.escape(f"Pass {passed}.")) as refused:
        InContextClassifier("mann-omniglot").fit(X, [0, 1, 0, 1])
    assert ("'omniglot'" in str(refused.value)) == (28 in shape or 784 in shape)
    pictures = eval(passed, {"skmeta": skmeta, "numpy": np, "X": X})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # noise
        InContextClassifier("mann-omniglot").fit(pictures, [0, 1, 0, 1])


@pytest.mark.parametrize("shape", [(8, 8), (30, 20), (65,), (2, 20, 20), (20, 20, 3, 1)], ids=str)
def test_pictures_that_nothing_makes_fit(shape):
    with pytest.raises(ValueError, match="Cut or resize them first, one number a pixel: ink 1"):
        InContextClassifier("mann-omniglot").fit(np.zeros((4, *shape)), [0, 1, 0, 1])


def test_the_learner_that_fits_is_named():
    small, large = load_omniglot_sample().images[:6], load_omniglot_sample(28).images[:6]
    clf = InContextClassifier("omniglot")
    with pytest.raises(ValueError, match=r"Or pass X to the learner 'omniglot-eye', which reads"):
        clf.fit(small, range(6))
    message = "The learner 'omniglot-eye' reads such rows, and has labels enough"
    for n_classes in (6, 200):
        with pytest.raises(ValueError, match=f"5 classes apart, there are {n_classes}. {message}"):
            InContextClassifier("mann-omniglot").partial_fit(small, range(6), range(n_classes))
    assert clf.fit(large, range(6)).score(large, range(6)) == 1


@pytest.mark.parametrize("engine", ["numpy", "keras"])
@pytest.mark.parametrize("n_members", [1, 2])
def test_classes_beyond_the_labels_of_meta_training(engine, n_members, recwarn):
    """No weight of a memory that votes belongs to a label."""
    few, many = (
        Learner(network, network.initial_weights(0), {"name": "prototypes"})
        for network in (
            Network(TaskSpec("classification", (4,), n_labels), Prototypes(n_units=8))
            for n_labels in (3, 20)
        )
    )
    X = np.random.default_rng(0).normal(size=(40, 4))
    y, classes = np.arange(40) % 10, np.arange(20)
    found, expected = (
        InContextClassifier(learner, n_members=n_members, engine=engine, random_state=0)
        .partial_fit(X[:20], y[:20], classes=classes)
        .partial_fit(X[20:30], y[20:30])
        for learner in (few, many)
    )
    assert found.learner_ is few and found.n_members_ == n_members
    assert_allclose(found.predict_proba(X), expected.predict_proba(X), atol=1e-6)
    again = pickle.loads(pickle.dumps(found)).partial_fit(X[30:], y[30:])
    assert_allclose(
        again.predict_proba(X), expected.partial_fit(X[30:], y[30:]).predict_proba(X), atol=1e-6
    )
    assert [str(warning.message) for warning in recwarn if warning.category is UserWarning] == []


def test_a_table_of_more_classes_than_a_memory_that_votes_was_trained_on(recwarn):
    spec = TaskSpec("classification", (10,), 3, table=True)
    network = Network(spec, Prototypes(n_units=8), TableEncoder())
    learner = Learner(network, network.initial_weights(0), {"name": "prototypes"})
    X = np.random.default_rng(0).normal(size=(40, 4))
    clf = InContextClassifier(learner, random_state=0).fit(X, np.arange(40) % 8)
    assert clf.label_slots_.max() == 7 and (np.diff(np.sort(clf.label_slots_)) == 1).all()
    assert clf.temperature_ == pytest.approx(5 / (5 + ROWS_OF_DOUBT))
    assert clf.predict_proba(X).shape == (40, 8)
    assert [str(warning.message) for warning in recwarn] == []


def test_pictures_that_are_no_array_of_numbers():
    pictures = load_omniglot_sample(28).images[:6]
    clf, masked = InContextClassifier("omniglot"), np.ma.masked_greater(pictures, 0.5)
    column = pd.Series(list(pictures))
    odd = {
        "Pixels of X are masked: pass X.filled(0) if they are paper": masked,
        "Cells of X are arrays: pass numpy.stack(list(X))": column,
        "Cells of X are arrays: pass numpy.stack(list(X)).": column.to_numpy(),
        "Cells of X are arrays: pass numpy.stack(list(X.iloc[:, 0]))": column.to_frame(),
        "X is one picture of 28 x 28 pixels: pass X[None]": pictures[0],
        "X is one picture of 28 x 28 pixels: pass X[None].": pictures[0][..., None],
    }
    for message, X in odd.items():
        with pytest.raises(ValueError, match=re.escape(message)):
            clf.fit(X, range(6))
    clf.fit(masked.filled(0), range(6))
    with pytest.raises(ValueError, match=r"got \(6, 0, 0\). Cut or resize them"):
        clf.fit(pictures[:, :0, :0], range(6))
    vectors = InContextClassifier(small_learner("lstm-classes"))
    with pytest.raises(ValueError, match="Input X contains NaN"):
        vectors.fit(np.ma.masked_less(np.zeros((6, 4)), 1), [0, 1, 2] * 2)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_pixels_in_frames(library):
    frames = pytest.importorskip(library, reason=f"frames of {library} need {library}")
    pixels = load_omniglot_sample(28).images[:6].reshape(6, -1)
    clf = InContextClassifier("omniglot").fit(frames.DataFrame(pixels), range(6))
    plain = InContextClassifier("omniglot").fit(pixels, range(6))
    assert_array_equal(clf.predict_proba(frames.DataFrame(pixels)), plain.predict_proba(pixels))


def test_which_learners_read_arrays_of_three_axes():
    tags = [get_tags(InContextClassifier(name)).input_tags for name in ("omniglot", "tabular")]
    assert [tag.three_d_array for tag in tags] == [True, False]


@pytest.mark.parametrize(
    ("change", "warns"),
    [
        (lambda X: X, False),
        (lambda X: 0.6 * X, False),
        (lambda X: 255 * X, True),
        (lambda X: 1 - X, True),
        (lambda X: (X - X.mean()) / X.std(), True),
        (lambda X: X / 255, True),
        (lambda X: (0.9 * X).astype(int), True),
        (lambda X: np.random.default_rng(0).random(X.shape), True),
    ],
    ids=[
        *("as is", "pale", "0..255", "inverted", "standardised", "0..1/255", "cut to integers"),
        "grey",
    ],
)
def test_pictures_in_another_range_are_answered_with_a_warning(change, warns):
    sample = load_omniglot_sample()
    X, y = change(sample.images[:60:4]), sample.target[:60:4]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        InContextClassifier("mann-omniglot").fit(X, y)
        InContextClassifier("mann-omniglot").fit(sample.images[:60:4], y).predict(X)
    assert ["X looks unlike" in str(w.message) for w in caught] == [True, True] * warns


def test_a_way_out_for_pictures_in_another_range():
    sample = load_omniglot_sample()
    X, y = sample.images[:60:4], sample.target[:60:4]
    made = {
        "X / 255": (255 * X).astype(np.uint8),
        "1 - X / 255": 255 - 255 * X,
        "X / 65535": 65535 * X,
        "X / 16": 16 * X,
        "1 - X": 1 - X,
        "(X + 1) / 2": 2 * X - 1,
        "(1 - X) / 2": 1 - 2 * X,
    }
    for way, pictures in made.items():
        message = rf"\(ink 1 on paper 0, not standardised; is it {re.escape(way)}.\): mean"
        with pytest.warns(UserWarning, match=message):
            InContextClassifier("mann-omniglot").fit(pictures, y)
    with pytest.warns(UserWarning, match="not standardised[)]"):
        InContextClassifier("mann-omniglot").fit((X - X.mean()) / X.std(), y)


@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict", "predict_proba"])
def test_pictures_of_another_size_are_refused(method):
    learner = small_learner("lstm-pictures")
    clf = InContextClassifier(learner).fit(np.zeros((4, 2, 3)), range(4))
    before = snapshot(clf)
    arguments = () if method.startswith("predict") else ([0, 1],)
    message = r"pictures of shape \(n, 2, 3\) or rows of 6 pixels, got \(2, 5, 5\)\. Cut or resize"
    with pytest.raises(ValueError, match=message):
        getattr(clf, method)(np.zeros((2, 5, 5)), *arguments)
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        getattr(clf, method)(np.zeros((0, 2, 3)), *[a[:0] for a in arguments])
    message = r"reads 6 features a row \(pictures of 2 x 3 pixels\), got 25|X has 25 features"
    with pytest.raises(ValueError, match=message):
        getattr(clf, method)(np.zeros((2, 25)), *arguments)
    assert_unchanged(clf, before)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (np.full((2, 4), np.nan), "Input X contains NaN"),
        (np.full((2, 4), -np.inf), "Input X contains infinity"),
        (np.zeros((2, 5)), "X has 5 features, but InContextClassifier is expecting 4"),
        (np.zeros((0, 4)), r"0 sample\(s\)"),
        (np.zeros(4), "Expected 2D array"),
        (np.full((2, 4), "a"), "could not convert string"),
    ],
)
def test_bad_queries_are_refused_and_change_nothing(queries, message, data):
    X, y, _ = data
    clf = InContextClassifier(small_learner("lstm-classes")).fit(X, y)
    before = snapshot(clf)
    for method in (clf.predict, clf.predict_proba):
        with pytest.raises(ValueError, match=message):
            method(queries)
    assert_unchanged(clf, before)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_not_fitted(method):
    clf = InContextClassifier(small_learner("lstm-classes"))
    with pytest.raises(NotFittedError):
        getattr(clf, method)(np.zeros((2, 4)))
    with pytest.raises(NotFittedError):
        clf.score(np.zeros((2, 4)), [0, 1])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learner", 3),
        ("learner", None),
        ("n_members", 0),
        ("n_members", 1.5),
        ("n_passes", 0),
        ("temperature", 0.0),
        ("temperature", -1),
        ("engine", "torch"),
        ("random_state", "seed"),
    ],
)
def test_parameters_out_of_range(name, value, data):
    X, y, _ = data
    clf = InContextClassifier(small_learner("lstm-classes")).fit(X, y).set_params(**{name: value})
    before = snapshot(clf)
    message = f"The '{name}' parameter of InContextClassifier must be"
    for method in (clf.fit, clf.partial_fit):
        with pytest.raises(ValueError, match=message):
            method(X, y)
    assert_unchanged(clf, before)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstm-strings", "was trained on classification with 2 a row"),
        ("lstm-numbers", "needs a learner trained on classification .* was trained on regression"),
    ],
)
def test_a_learner_for_other_tasks_is_refused(name, message, data):
    X, y, _ = data
    clf = InContextClassifier(small_learner("lstm-classes")).fit(X, y)
    clf.set_params(learner=small_learner(name))
    before = snapshot(clf)
    with pytest.raises(ValueError, match=message):
        clf.fit(X[:, :3], y)
    assert_unchanged(clf, before)


def test_a_missing_learner_is_named(data):
    X, y, _ = data
    with pytest.raises(ValueError, match="There is no learner 'nothing': shipped are"):
        InContextClassifier("nothing").fit(X, y)


def test_numpy_numbers_are_parameters(learner, data):
    X, y, _ = data
    clf = InContextClassifier(learner, n_members=np.int64(2), temperature=np.float32(2))
    clf.set_params(n_passes=np.int32(1), random_state=np.int64(0)).fit(X, y)


def test_a_learner_that_learns_is_a_good_classifier():
    """A memory written by hand that answers with the label before: the estimator's only skill."""
    spec = TaskSpec("classification", (1,), 2)
    network = Network(spec, LSTM(2))
    weights = {k: np.zeros_like(w) for k, w in network.initial_weights(0).items()}
    weights["encoder/scale"] += 1
    # gates i, f, g, o of two units: i and o open, f shut, g = the pending label
    weights["memory/bias"] += np.repeat([9.0, -9.0, 0.0, 9.0], 2).astype(np.float32)
    weights["memory/recurrent_kernel"][:2, 4:6] = 5 * np.eye(2)
    weights["readout/kernel"] += 9 * np.eye(2, dtype=np.float32)
    learner = Learner(network, weights)
    X = np.zeros((4, 1))
    assert InContextClassifier(learner).fit(X, [0, 0, 1, 1]).predict(X[:1]) == [1]
    assert InContextClassifier(learner).fit(X, [1, 1, 1, 0]).predict(X[:1]) == [0]
    both = InContextClassifier(learner, n_members=2, random_state=0).fit(X, ["b", "b", "b", "b"])
    assert both.predict(X[:1]) == ["b"]
    assert random_weights(network.weight_specs(), 0).keys() == weights.keys()


def test_each_column_that_looks_unlike_is_told_of():
    learner = small_learner("lstm-classes")
    X = np.random.default_rng(0).normal(size=(20, 4))
    clf = InContextClassifier(learner).fit(X, np.arange(20) % 3)
    for column in (0, 2):
        with pytest.warns(UserWarning, match=f"Column {column} of X looks unlike"):
            clf.predict(X + 1e4 * (np.arange(4) == column))
