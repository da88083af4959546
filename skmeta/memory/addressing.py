"""Where to read and where to write: the addressing of Santoro et al. 2016, section 3.

Pure functions of arrays. Axes: B episodes, R read heads, N slots, W slot width.
"""

from __future__ import annotations

# Inside the square roots: cosines of an empty memory are 0, and their gradients finite.
EPSILON = 1e-8


def cosine_similarity(ops, keys, memory):
    """K(k, M(i)) = k . M(i) / (|k| |M(i)|), paper eq. 2.

    Parameters
    ----------
    keys : array of shape (B, R, W)
    memory : array of shape (B, N, W)

    Returns
    -------
    similarity : array of shape (B, R, N)
        In [-1, 1].
    """
    dots = ops.matmul(keys, ops.transpose(memory, (0, 2, 1)))
    key_norms = ops.sqrt(ops.sum(ops.square(keys), axis=-1) + EPSILON)
    slot_norms = ops.sqrt(ops.sum(ops.square(memory), axis=-1) + EPSILON)
    return dots / (ops.expand_dims(key_norms, 2) * ops.expand_dims(slot_norms, 1))


def read_weights(ops, similarity, strengths=None):
    """w^r(i) = softmax_i K(k, M(i)), paper eq. 3, sharpened by a key strength where given.

    A bare cosine over 128 slots can put at most 5.5 % of its weight on one
    slot. The strength beta of Graves et al. 2014 (eq. 5) lifts that limit.

    Parameters
    ----------
    similarity : array of shape (B, R, N)
    strengths : array of shape (B, R), optional
        Inverse temperatures, positive.

    Returns
    -------
    weights : array of shape (B, R, N)
        Non-negative; each head's sum to 1.
    """
    if strengths is not None:
        similarity = similarity * ops.expand_dims(strengths, 2)
    return ops.softmax(similarity, axis=-1)


def least_used(ops, usage, n_heads):
    """w^lu: one distinct least used slot for each head.

    The paper's eq. 6 marks the n least used slots for all heads together. Here
    the j-th head gets the j-th of them, so that heads do not write over each other.

    Parameters
    ----------
    usage : array of shape (B, N)
    n_heads : int

    Returns
    -------
    weights : array of shape (B, n_heads, N)
        One-hot rows.
    """
    _, slots = ops.top_k(-usage, n_heads)
    return ops.one_hot(slots, usage.shape[-1], dtype="float32")


def write_weights(ops, gates, read_weights_before, least_used_weights):
    """w^w_t = s(a) w^r_{t-1} + (1 - s(a)) w^lu_{t-1}, paper eq. 7.

    Parameters
    ----------
    gates : array of shape (B, R)
        s(a), in (0, 1): how far to write where the head has read before.
    read_weights_before, least_used_weights : arrays of shape (B, R, N)

    Returns
    -------
    weights : array of shape (B, R, N)
    """
    gates = ops.expand_dims(gates, 2)
    return gates * read_weights_before + (1.0 - gates) * least_used_weights


def write(ops, memory, weights, vectors, erased):
    """M_t(i) = M_{t-1}(i) + w^w_t(i) k_t, paper eq. 8, after the least used slots are zeroed.

    Parameters
    ----------
    memory : array of shape (B, N, W)
    weights : array of shape (B, R, N)
        Write weights.
    vectors : array of shape (B, R, W)
        What each head writes.
    erased : array of shape (B, N)
        1 for a slot that is wiped first, else 0.

    Returns
    -------
    memory : array of shape (B, N, W)
    """
    kept = memory * ops.expand_dims(1.0 - erased, 2)
    return kept + ops.matmul(ops.transpose(weights, (0, 2, 1)), vectors)


def update_usage(ops, usage, decay, read_weights, write_weights):
    """w^u_t = gamma w^u_{t-1} + w^r_t + w^w_t, summed over heads, paper eq. 5.

    Only the order of its entries matters, and an order has no gradient.
    """
    used = ops.sum(read_weights + write_weights, axis=1)
    return ops.stop_gradient(decay * usage + used)
