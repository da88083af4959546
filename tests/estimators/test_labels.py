"""Labels dealt to classes, and probabilities of classes out of those of labels."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax

from skmeta import InContextClassifier
from skmeta.estimators._labels import class_probabilities, deal_labels
from tests.reference.small import small_learner


@pytest.mark.parametrize("n_members", [1, 5])
@pytest.mark.parametrize("n_classes", [1, 3, 4])
def test_enough_labels_are_a_permutation_for_each_member(n_members, n_classes):
    slots = deal_labels(np.random.RandomState(0), n_members, n_classes, 4)
    assert slots.shape == (n_members, n_classes)
    assert_array_equal(slots[0], np.arange(n_classes))
    for line in slots:
        assert len(set(line)) == n_classes


@pytest.mark.parametrize(("n_classes", "n_labels"), [(5, 4), (30, 10), (7, 2), (100, 10)])
def test_classes_that_share_labels_are_all_told_apart(n_classes, n_labels):
    slots = deal_labels(np.random.RandomState(0), 3, n_classes, n_labels)
    assert len(slots) >= max(3, (n_classes - 1) / (n_labels - 1))
    for line in slots:
        counts = np.bincount(line, minlength=n_labels)
        assert counts.max() - counts.min() <= 1
    assert len({tuple(column) for column in slots.T}) == n_classes
    assert len(deal_labels(np.random.RandomState(0), 200, n_classes, n_labels)) == 200


def test_members_are_averaged():
    rng = np.random.default_rng(0)
    logits, slots = rng.normal(size=(3, 5, 4)), deal_labels(np.random.RandomState(1), 3, 2, 4)
    expected = np.mean(
        [softmax(z[:, line], axis=1) for z, line in zip(logits, slots, strict=True)], axis=0
    )
    assert_allclose(class_probabilities(logits, slots), expected)


def test_probabilities_of_shared_labels_lead_back_to_those_of_classes():
    """What exact members say of their labels determines the classes."""
    rng = np.random.default_rng(0)
    slots = deal_labels(np.random.RandomState(0), 12, 6, 4)
    true = rng.dirichlet(np.ones(6), size=8)
    sums = np.stack([true @ np.eye(4)[line] for line in slots])
    found = class_probabilities(np.log(sums), slots)
    assert_allclose(found.sum(axis=1), 1)
    assert_allclose(found, true, atol=0.02)
    assert_array_equal(found.argmax(axis=1), true.argmax(axis=1))


def test_more_classes_than_labels_work_with_one_warning():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(42, 3)), np.arange(42) % 7
    clf = InContextClassifier(small_learner("least-squares-tables"), n_members=2, random_state=0)
    with pytest.warns(UserWarning, match="7 classes, the learner has 3 labels: 6 members") as seen:
        clf.fit(X, y)
    assert len(seen) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        proba = clf.predict_proba(X)
        clf.partial_fit(X[:5], y[:5])
    assert proba.shape == (42, 7) and clf.label_slots_.shape == (6, 7)
    assert_allclose(proba.sum(axis=1), 1)
    assert proba.std(axis=0).min() > 1e-4
    with pytest.warns(UserWarning, match="7 classes"):
        again = InContextClassifier(
            small_learner("least-squares-tables"), n_members=2, random_state=0
        ).fit(X, y)
    assert_array_equal(again.predict_proba(X), proba)
    with pytest.warns(UserWarning, match="7 classes"):
        first = InContextClassifier(small_learner("least-squares-tables"), random_state=0)
        first.partial_fit(X, y, classes=range(7))
    assert first.predict(X).shape == (42,)
