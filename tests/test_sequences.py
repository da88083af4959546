import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmeta.episodes import TaskSpec
from skmeta.sequences import encode_labels

CLASSES = TaskSpec("classification", (2,), 3)
STRINGS = TaskSpec("classification", (2,), 3, label_length=2)
NUMBERS = TaskSpec("regression", (2,), 2)


def test_classes_become_one_hot_vectors():
    labels = encode_labels(np.array([[0, 2], [1, 1]]), CLASSES)
    assert labels.dtype == np.float32
    assert_array_equal(labels, [[[1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 1, 0]]])


def test_strings_become_one_hot_vectors_side_by_side():
    targets = np.array([[[2, 0], [1, 1], [0, 2]]])
    labels = encode_labels(targets, STRINGS)
    assert labels.shape == (1, 3, STRINGS.label_size)
    assert labels.dtype == np.float32
    assert_array_equal(labels, [[[0, 0, 1, 1, 0, 0], [0, 1, 0, 0, 1, 0], [1, 0, 0, 0, 0, 1]]])


def test_strings_can_be_read_back():
    targets = np.random.default_rng(0).integers(3, size=(4, 7, 2))
    labels = encode_labels(targets, STRINGS)
    assert_array_equal(labels.reshape(4, 7, 2, 3).argmax(axis=-1), targets)


def test_numbers_stay_numbers():
    targets = np.array([[[0.25, -3.0], [4.0, 1e6]]])
    labels = encode_labels(targets, NUMBERS)
    assert labels.dtype == np.float32
    assert_array_equal(labels, targets)


@pytest.mark.parametrize("spec", [CLASSES, STRINGS], ids=["classes", "strings"])
@pytest.mark.parametrize(("wrong", "received"), [(3, "0..3"), (-1, "-1..1")])
def test_an_unknown_class_is_refused(spec, wrong, received):
    with pytest.raises(ValueError, match=f"Classes must lie in 0..2, got {received}"):
        encode_labels(np.array([[0, 1], [1, wrong]]), spec)


@pytest.mark.parametrize("n_rows", [0, 1])
def test_no_rows_and_one_row(n_rows):
    assert encode_labels(np.zeros((2, n_rows), int), CLASSES).shape == (2, n_rows, 3)
    assert encode_labels(np.zeros((2, n_rows, 2), int), STRINGS).shape == (2, n_rows, 6)
    assert encode_labels(np.zeros((2, n_rows, 2)), NUMBERS).shape == (2, n_rows, 2)


def test_rows_have_a_shape():
    for shape in (2, (), (0,), (3, -1)):
        with pytest.raises(ValueError, match="input_shape must be a tuple of positive sizes, got"):
            TaskSpec("regression", shape, 1)
