"""Small networks with random numbers in every weight, and episodes for them.

``NETWORKS`` is the property list: what holds for every learner is tested on each of its rows, so a
new memory, encoder or kind of task is one row here.
"""

import numpy as np

from skmeta.episodes import TaskSpec
from skmeta.memory import LSTM, MANN, Associative, FastWeights, LeastSquares, Prototypes
from skmeta.networks import ConvEncoder, DenseEncoder, Learner, Network, TableEncoder
from skmeta.sequences import encode_labels

CLASSES = TaskSpec("classification", (4,), 3)
STRINGS = TaskSpec("classification", (3,), 3, label_length=2)
PICTURES = TaskSpec("classification", (2, 3), 4)
LARGE_PICTURES = TaskSpec("classification", (5, 9), 4)
NUMBERS = TaskSpec("regression", (2,), 1)
VECTORS = TaskSpec("regression", (3,), 2)
TABLES = TaskSpec("classification", (8,), 3, table=True)
NUMBERS_OF_TABLES = TaskSpec("regression", (8,), 1, table=True)

SIZES = {"n_units": 6, "n_slots": 5, "slot_width": 4, "n_reads": 2}
MANNS = {
    f"strength={strength}-add={add}": MANN(**SIZES, key_strength=strength, add_vector=add)
    for strength in (False, True)
    for add in (False, True)
}

STORES = {"fast-weights": FastWeights(8, 2, 2), "least-squares": LeastSquares(8, 2, 2)}
ASSOCIATIVE = Associative(n_slots=4, n_units=3)
PROTOTYPES = Prototypes(n_units=3)

NETWORKS = {
    "lstm-classes": Network(CLASSES, LSTM(6)),
    "lstm-strings": Network(STRINGS, LSTM(5)),
    "lstm-pictures": Network(PICTURES, LSTM(5)),
    "lstm-numbers": Network(NUMBERS, LSTM(6)),
    "lstm-vectors": Network(VECTORS, LSTM(5)),
    **{f"mann-classes-{name}": Network(CLASSES, mann) for name, mann in MANNS.items()},
    "mann-strings": Network(STRINGS, MANN(**SIZES)),
    "mann-pictures": Network(PICTURES, MANN(**SIZES)),
    "mann-numbers": Network(NUMBERS, MANN(**SIZES)),
    "mann-vectors": Network(VECTORS, MANN(**SIZES, add_vector=True)),
    **{f"{name}-classes": Network(CLASSES, memory) for name, memory in STORES.items()},
    **{f"{name}-vectors": Network(VECTORS, memory) for name, memory in STORES.items()},
    "fast-weights-strings": Network(STRINGS, STORES["fast-weights"]),
    "least-squares-pictures": Network(PICTURES, STORES["least-squares"]),
    "associative-classes": Network(CLASSES, ASSOCIATIVE),
    "associative-strings": Network(STRINGS, ASSOCIATIVE),
    "associative-vectors": Network(VECTORS, ASSOCIATIVE),
    "prototypes-classes": Network(CLASSES, PROTOTYPES),
    "prototypes-strings": Network(STRINGS, PROTOTYPES),
    "prototypes-conv-pictures": Network(LARGE_PICTURES, PROTOTYPES, ConvEncoder((3, 3))),
    "two-grids-pictures": Network(LARGE_PICTURES, PROTOTYPES, ConvEncoder((3, 3), True)),
    "residual-pictures": Network(
        LARGE_PICTURES, STORES["least-squares"], ConvEncoder((3, 3), residuals=(0, 1))
    ),
    "conv-pictures": Network(LARGE_PICTURES, STORES["fast-weights"], ConvEncoder((3, 4))),
    "least-squares-tables": Network(TABLES, STORES["least-squares"], TableEncoder()),
    "dense-pictures": Network(PICTURES, MANN(**SIZES), DenseEncoder((5, 4))),
    "dense-vectors": Network(VECTORS, LSTM(6), DenseEncoder((5,))),
    "lstm-tables": Network(TABLES, LSTM(6), TableEncoder(steps=())),
    "fast-weights-table-numbers": Network(
        NUMBERS_OF_TABLES, STORES["fast-weights"], TableEncoder(steps=[0.5])
    ),
}


def random_weights(specs, seed):
    """Normal numbers for every array of the specs; positive ones for a scale."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.uniform(0.5, 2.0, spec.shape).astype(np.float32)
        if name.endswith("scale")
        else rng.normal(0.0, 0.6, spec.shape).astype(np.float32)
        for name, spec in specs.items()
    }


def small_learner(name, seed=0):
    network = NETWORKS[name]
    return Learner(network, random_weights(network.weight_specs(), seed), {"name": name})


def random_targets(rng, spec, n_episodes, n_steps):
    shape = (n_episodes, n_steps)
    if spec.kind == "regression":
        return rng.normal(size=(*shape, spec.n_outputs)).astype(np.float32)
    if spec.label_length > 1:
        shape = (*shape, spec.label_length)
    return rng.integers(spec.n_outputs, size=shape)


def episodes(spec, n_episodes, n_steps, seed=1):
    """Random rows, their targets, and the targets as labels."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n_episodes, n_steps, *spec.input_shape)).astype(np.float32)
    targets = random_targets(rng, spec, n_episodes, n_steps)
    return inputs, targets, encode_labels(targets, spec)
