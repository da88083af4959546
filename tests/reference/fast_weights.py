"""Fast weights, one episode, one head and one row at a time, in float64.

Written from I. Schlag, K. Irie, J. Schmidhuber, ICML 2021 (delta rule), and, for least squares,
from ridge regression in closed form over all rows so far. Two tokens of a row go through the
layers: a = E x, which is asked, and b = E x + L y, which is stored. In each layer, for z in {a, b}:

    z~ = g z / rms(z)
    z  = z + R concat_heads(S^T q),   q = W_q z~ / |W_q z~|
    z  = z + B silu(A (g' z / rms(z)) + c)

and then k = W_k b~ / |W_k b~|, v = W_v b~ and the gate w = W_g b~ + c_g go into S. The answer is
made from g'' a / rms(a) of the last layer.
"""

import math

import numpy as np

EPSILON = 1e-6
LEAST_NOISE = 1e-2


def rms_normalized(z):
    return z / math.sqrt(sum(float(v) ** 2 for v in z) / len(z) + EPSILON)


def unit(z):
    return z / math.sqrt(sum(float(v) ** 2 for v in z) + EPSILON)


def delta_rule(rows):
    """S after a list of (key, value, gate), by S = S + beta k (v - S^T k)^T."""
    store = np.zeros((len(rows[0][0]), len(rows[0][1])))
    for key, value, gate in rows:
        beta = 1.0 / (1.0 + math.exp(-gate))
        store = store + beta * np.outer(key, value - store.T @ key)
    return store


def ridge_regression(rows):
    """S = argmin |S|^2 + sum_t |v_t - S^T k_t|^2 / n_t, by its normal equations."""
    normal, weighted, values = _normal_equations(rows)
    return np.linalg.solve(normal, weighted.T @ values)


def variance(rows, query):
    """q^T P q with P the inverse of the normal equations' matrix."""
    if not rows:
        return query @ query
    return query @ np.linalg.solve(_normal_equations(rows)[0], query)


def _normal_equations(rows):
    keys, values = (np.array([row[i] for row in rows]) for i in (0, 1))
    noise = np.array([math.log1p(math.exp(-abs(w))) + max(w, 0) for _, _, w in rows])
    weighted = keys / (noise + LEAST_NOISE)[:, None]
    return np.eye(keys.shape[1]) + weighted.T @ keys, weighted, values


def one_episode(weights, inputs, labels, *, n_layers, n_heads, solve, doubt=None):
    """Outputs (T, D) of one episode.

    ``solve`` turns a head's rows so far into its S; ``doubt``, if any, rows and a query into what
    is found beside S^T q.
    """
    weights = {name: np.asarray(w, float) for name, w in weights.items()}
    n_units = len(weights["output_gain"])
    size = n_units // n_heads
    written = [[[] for _ in range(n_heads)] for _ in range(n_layers)]
    outputs = []
    for x, y in zip(inputs, labels, strict=True):
        a = weights["input_kernel"].T @ x + weights["input_bias"]
        tokens = [a, a + weights["label_kernel"].T @ y]
        for layer in range(n_layers):
            own = {k.removeprefix(f"layer{layer}_"): w for k, w in weights.items()}
            stores = [solve(rows) if rows else np.zeros((size, size)) for rows in written[layer]]
            seen = [own["gain"] * rms_normalized(z) for z in tokens]
            for i, z in enumerate(tokens):
                queries = (own["query_kernel"].T @ seen[i]).reshape(n_heads, size)
                found = [s.T @ unit(q) for s, q in zip(stores, queries, strict=True)]
                if doubt is not None:
                    for head, q in enumerate(queries):
                        unknown = doubt(written[layer][head], unit(q))
                        found[head] = np.append(found[head], unknown)
                z = z + own["read_kernel"].T @ np.concatenate(found)
                hidden = own["hidden_kernel"].T @ (own["hidden_gain"] * rms_normalized(z))
                hidden = hidden + own["hidden_bias"]
                tokens[i] = z + own["back_kernel"].T @ (hidden / (1.0 + np.exp(-hidden)))
            keys = (own["write_kernel"][:, :n_units].T @ seen[1]).reshape(n_heads, size)
            values = (own["write_kernel"][:, n_units:].T @ seen[1]).reshape(n_heads, size)
            gates = own["gate_kernel"].T @ seen[1] + own["gate_bias"]
            for head in range(n_heads):
                written[layer][head].append((unit(keys[head]), values[head], gates[head]))
        outputs.append(weights["output_gain"] * rms_normalized(tokens[0]))
    return np.array(outputs)


def run(weights, inputs, labels, **options):
    """Outputs (B, T, D) of all episodes."""
    episodes = zip(inputs, labels, strict=True)
    return np.array([one_episode(weights, x, y, **options) for x, y in episodes])
