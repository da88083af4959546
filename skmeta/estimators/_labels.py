"""Labels of a learner that stand for classes: dealt to each member, and read back as classes."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from skmeta.engines.threads import one_thread

# Members, as a multiple of those that would tell many classes apart without any noise.
REDUNDANCY = 2
N_ITERATIONS = 100


def deal_labels(rng, n_members: int, n_classes: int, n_labels: int) -> np.ndarray:
    """Deal a learner's labels to classes, anew for each member.

    The first member takes class i as label i. Where there are more classes than labels, classes
    share labels, evenly and at random, and there are more members: so many that each pair of
    classes is told apart by some (error-correcting output codes, Dietterich & Bakiri 1995).

    Parameters
    ----------
    rng : numpy.random.RandomState
    n_members, n_classes, n_labels : int

    Returns
    -------
    slots : ndarray of int, shape (M, n_classes)
        The label of each class; M >= n_members.
    """
    if n_classes <= n_labels:
        slots = [np.arange(n_labels)]
        slots += [rng.permutation(n_labels) for _ in range(n_members - 1)]
        return np.stack(slots)[:, :n_classes]
    n_members = max(n_members, n_codes(n_classes, n_labels))
    return np.stack([rng.permutation(n_classes) % n_labels for _ in range(n_members)])


def n_codes(n_classes: int, n_labels: int) -> int:
    """Return how many members it takes to tell classes apart that share labels.

    Parameters
    ----------
    n_classes, n_labels : int
        More classes than labels.

    Returns
    -------
    n_members : int
        A member that knew its labels' probabilities exactly would give n_labels - 1 equations
        for n_classes - 1 numbers.
    """
    return REDUNDANCY * -(-(n_classes - 1) // max(1, n_labels - 1))


def class_probabilities(logits: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """Return the probabilities of classes that members' logits of labels speak for.

    Parameters
    ----------
    logits : ndarray of shape (M, Q, n_labels)
    slots : ndarray of int, shape (M, n_classes)
        The label of each class.

    Returns
    -------
    probabilities : ndarray of shape (Q, n_classes)
        The members' mean; where classes share labels, those whose sums over shared labels come
        nearest to what the members say (Kullback-Leibler, by expectation maximisation).
    """
    n_members, n_classes = slots.shape
    n_labels = logits.shape[2]
    if n_classes <= n_labels:
        dealt = np.broadcast_to(slots[:, None], (n_members, logits.shape[1], n_classes))
        return softmax(np.take_along_axis(logits, dealt, axis=2), axis=2).mean(axis=0)
    # Members' labels side by side: two products of matrices an iteration.
    said = np.concatenate(softmax(logits, axis=2), axis=1)  # (Q, M * n_labels)
    shares = np.concatenate(np.eye(n_labels)[slots], axis=1)  # (n_classes, M * n_labels)
    p = np.full((len(said), n_classes), 1 / n_classes)
    with one_thread():
        for _ in range(N_ITERATIONS):
            summed = np.maximum(p @ shares, np.finfo(float).tiny)
            p = p * (said / summed @ shares.T) / n_members
    return p / p.sum(axis=1, keepdims=True)
