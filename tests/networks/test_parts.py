"""Encoder and readout: shapes and units."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import correlate2d
from scipy.special import log_softmax

from skmeta.engines import numpy_ops
from skmeta.memory import LeastSquares
from skmeta.networks import (
    ClassReadout,
    ConvEncoder,
    DenseEncoder,
    FlatEncoder,
    GaussianReadout,
    Learner,
    Network,
    TableEncoder,
    VoteReadout,
)
from tests.reference.small import (
    LARGE_PICTURES,
    NETWORKS,
    PICTURES,
    PROTOTYPES,
    STRINGS,
    TABLES,
    VECTORS,
    episodes,
    random_weights,
    small_learner,
)


def test_the_encoder_shifts_and_scales_each_pixel():
    encoder = FlatEncoder()
    weights = random_weights(encoder.weight_specs(PICTURES.input_shape), seed=0)
    x = np.random.default_rng(1).normal(size=(2, 7, 2, 3)).astype(np.float32)
    features = encoder.encode(numpy_ops, weights, x, PICTURES.input_shape)
    assert features.shape == (2, 7, encoder.output_size(PICTURES.input_shape))
    for pixel in range(6):
        expected = x[:, :, pixel // 3, pixel % 3] - weights["center"][pixel]
        assert_allclose(features[:, :, pixel], expected / weights["scale"][pixel], rtol=1e-6)


def test_the_encoder_of_tables_cell_by_cell():
    """Tables of four columns, of three with a cell missing, and of one."""
    encoder = TableEncoder(steps=[-1, 0.5])
    cells = np.array([[0.5, -2, 3, 0], [0, 1, -1, 0], [4, 0, 0, 0]])
    marks = np.array([[0, 0, 0, 0], [1, 0, 0, -1], [0, -1, -1, -1]])
    x = np.concatenate([cells, marks], axis=1).astype(np.float32)
    features = encoder.encode(numpy_ops, {}, x, TABLES.input_shape)
    assert features.shape == (3, encoder.output_size(TABLES.input_shape)) == (3, 16)
    for row, n_columns in enumerate((4, 3, 1)):
        for place in range(4):
            cell, mark = cells[row, place], marks[row, place]
            steps = np.tanh(4 * (cell - np.array([-1, 0.5]))) if mark == 0 else np.zeros(2)
            expected = np.array([cell, *steps]) * np.sqrt(4 / n_columns)
            assert_allclose(features[row, [place, 8 + place, 12 + place]], expected, rtol=1e-5)
            assert features[row, 4 + place] == (mark == 1)


def test_features_of_a_column_are_multiplied_by_its_weight():
    encoder = TableEncoder(steps=[0.5])
    weights = np.array([0.25, 1, 0.5])
    x = np.array([[3, -2, 0, 0, 0.75, 0, 1.5, -1]], dtype=np.float32)  # the third is missing
    found = encoder.encode(numpy_ops, {}, x, TABLES.input_shape)[0].reshape(3, 4)
    loud = weights * np.sqrt(4 / np.square(weights).sum())
    assert_allclose(found[0], [3 * loud[0], -2 * loud[1], 0, 0], rtol=1e-6)
    assert_array_equal(found[1], [0, 0, 0.5, 0])
    step = np.tanh(4 * (np.array([3, -2]) - 0.5))
    assert_allclose(found[2], [*(loud[:2] * step), 0, 0], rtol=1e-6)


def test_what_an_encoder_of_tables_refuses():
    with pytest.raises(ValueError, match="Steps must be finite"):
        TableEncoder(steps=[0.5, np.nan])
    with pytest.raises(ValueError, match="A TableEncoder reads tables, and the tasks are none"):
        Network(VECTORS, LeastSquares(8, 1, 2), TableEncoder())


def test_an_encoder_of_tables_without_steps_shows_cells_alone():
    x = np.array([[1, -1, 0, 0, 0, 0, -1, -1]], dtype=np.float32)
    features = TableEncoder(steps=()).encode(numpy_ops, {}, x, TABLES.input_shape)
    assert_allclose(features, [[2**0.5, -(2**0.5), 0, 0, 0, 0, 0, 0]])


@pytest.mark.parametrize("units", [(4,), (6, 4), (6, 3, 4)], ids=str)
def test_the_dense_encoder_row_by_row(units):
    """Written again with loops over rows and layers, in float64."""
    shape, encoder = (2, 5), DenseEncoder(units)
    weights = random_weights(encoder.weight_specs(shape), seed=0)
    x = np.random.default_rng(1).normal(size=(2, 3, *shape))
    features = encoder.encode(numpy_ops, weights, x, shape)
    assert features.shape == (2, 3, encoder.output_size(shape)) == (2, 3, 4)
    for row, found in zip(x.reshape(6, 10), features.reshape(6, 4), strict=True):
        seen = (row - weights["center"]) / weights["scale"]
        for layer in range(len(units)):
            seen = seen if layer == 0 else np.maximum(seen, 0)
            product = [seen @ unit for unit in weights[f"kernel{layer}"].T]
            seen = product / np.sqrt(np.mean(np.square(product)) + 1e-6)
            seen = seen * weights[f"gain{layer}"] + weights[f"bias{layer}"]
        assert_allclose(found, seen, atol=1e-5)


def test_layers_without_units():
    for units in ((), (8, 0)):
        with pytest.raises(ValueError, match="units must hold numbers from 1 on"):
            DenseEncoder(units)
    with pytest.raises(TypeError, match="'float' object cannot be interpreted as an integer"):
        DenseEncoder((8.5,))


@pytest.mark.parametrize("residuals", [(), (0, 2), (1,)], ids=str)
def test_the_convolutional_encoder_point_by_point(residuals):
    """Written again with loops over points and filters, in float64."""
    shape, encoder = (5, 9), ConvEncoder((3, 4), residuals=residuals)
    weights = random_weights(encoder.weight_specs(shape), seed=0)
    x = np.random.default_rng(1).normal(size=(2, *shape))
    features = encoder.encode(numpy_ops, weights, x, shape)
    assert features.shape == (2, encoder.output_size(shape)) == (2, 2 * 3 * 4)
    for picture, found in zip(x, features, strict=True):
        scaled = (picture.ravel() - weights["center"]) / weights["scale"]
        maps = [scaled.reshape(shape)]
        for block in range(len(encoder.filters)):
            new = correlated(maps, weights[f"kernel{block}"])
            half = [(side + 1) // 2 for side in new[0].shape]
            new = [
                np.reshape(
                    [old[2 * i :, 2 * j :][:2, :2].max() for i, j in np.ndindex(*half)], half
                )
                for old in new
            ]
            maps = np.maximum(scaled_maps(new, weights, block), 0)
            for place in range(dict(enumerate(residuals)).get(block, 0)):
                name = f"{block}_{place}"
                added = correlated(maps, weights[f"kernel{name}"])
                maps = np.maximum(maps + scaled_maps(added, weights, name), 0)
        assert_allclose(found, np.stack(maps, axis=-1).ravel(), atol=1e-5)


def correlated(maps, kernel):
    kernel = kernel.reshape(3, 3, len(maps), -1)
    return [
        sum(correlate2d(old, kernel[:, :, c, f], mode="same") for c, old in enumerate(maps))
        for f in range(kernel.shape[3])
    ]


def scaled_maps(maps, weights, name):
    maps = np.array(maps) / np.sqrt(np.mean(np.square(maps)) + 1e-6)
    return maps * weights[f"gain{name}"][:, None, None] + weights[f"bias{name}"][:, None, None]


def test_residual_convolutions_begin_as_nothing():
    plain, deep = (
        Network(LARGE_PICTURES, PROTOTYPES, ConvEncoder((3, 4), residuals=counts))
        for counts in ((), (1, 2))
    )
    first, second = plain.initial_weights(0), deep.initial_weights(0)
    assert len(second) == len(first) + 3 * 3
    x = np.random.default_rng(1).random((2, 3, *LARGE_PICTURES.input_shape), dtype=np.float32)
    assert_allclose(
        deep.embed(numpy_ops, {**second, **first}, x), plain.embed(numpy_ops, first, x), atol=1e-6
    )


def test_which_encoders_are_deeper():
    old = ConvEncoder((3, 4), residuals=(1,))
    cases = {(1,): True, (1, 2): True, (2, 0): True, (0, 3): False, (): False}
    for counts, deeper in cases.items():
        assert ConvEncoder((3, 4), residuals=counts).deepens(old) is deeper, counts
    assert not ConvEncoder((3, 5), residuals=(1,)).deepens(old)
    assert not ConvEncoder((3, 4), residuals=(1,), two_grids=True).deepens(old)
    assert not ConvEncoder((3, 4)).deepens(FlatEncoder())


def test_with_two_grids_the_features_are_means():
    shape, once, twice = (6, 9), ConvEncoder((3, 4)), ConvEncoder((3, 4), two_grids=True)
    weights = random_weights(once.weight_specs(shape), seed=0)
    x = np.random.default_rng(1).random((2, 3, *shape), dtype=np.float32)
    moved = np.zeros_like(x)
    moved[..., 1:, 1:] = x[..., :-1, :-1]
    first, second = (once.encode(numpy_ops, weights, view, shape) for view in (x, moved))
    found = twice.encode(numpy_ops, weights, x, shape)
    assert_allclose(found, (first + second) / 2, atol=1e-6)
    assert np.abs(found - first).max() > 0.1
    assert twice.in_training() == once


@pytest.mark.parametrize("shape", [(400,), (15, 20), (16, 16, 3)])
def test_rows_that_are_no_pictures_for_four_blocks(shape):
    with pytest.raises(ValueError, match="4 blocks need pictures of 16 x 16 pixels"):
        ConvEncoder().weight_specs(shape)


def test_sizes_of_the_convolutional_encoder():
    assert ConvEncoder().output_size((28, 28)) == 2 * 2 * 64
    assert ConvEncoder((8, 16)).output_size((32, 29)) == 8 * 8 * 16
    for filters in ((), (8, 0)):
        with pytest.raises(ValueError, match="filters must hold numbers from 1 on"):
            ConvEncoder(filters)
    with pytest.raises(TypeError, match="'float' object cannot be interpreted as an integer"):
        ConvEncoder((8.5,))
    for residuals in ((0, 0, 1), (-1,)):
        with pytest.raises(ValueError, match="residuals must hold numbers from 0 on"):
            ConvEncoder((8, 8), residuals=residuals)


def test_center_and_scale_are_not_for_gradient_descent():
    for network in NETWORKS.values():
        for name, spec in network.weight_specs().items():
            assert spec.trainable == (name.split("/")[1] not in ("center", "scale"))


def test_a_vote_goes_to_what_was_found_or_to_what_is_new():
    """Two positions of three letters, of which one, two or all are new."""
    doubt = [0, 0, 0.2, 0.2, 0, 0.2]
    output = np.array([[0.75, 0.25, 0, 0, 1, 0, *doubt, 0.8], [0] * 6 + [1] * 6 + [0.0]])
    logits = VoteReadout().answer(numpy_ops, {}, output.astype(np.float32), STRINGS)
    expected = np.array([[[0.6, 0.2, 0.2], [0.2, 0.8, 0.2]], np.ones((2, 3))])
    assert_allclose(np.exp(logits), expected, atol=3e-6)
    output[0, 6:12] = 0  # none is new
    logits = VoteReadout().answer(numpy_ops, {}, output.astype(np.float32), STRINGS)
    assert_allclose(np.exp(logits[0, 0]), 0.8 * np.array([0.75, 0.25, 0]), atol=3e-6)


def test_class_readout_has_one_row_of_logits_a_position():
    readout = ClassReadout()
    weights = random_weights(readout.weight_specs(5, STRINGS), seed=0)
    output = np.random.default_rng(1).normal(size=(4, 3, 5)).astype(np.float32)
    logits = readout.answer(numpy_ops, weights, output, STRINGS)
    assert logits.shape == (4, 3, 2, 3)
    for position in range(2):
        for c in range(3):
            column = 3 * position + c
            expected = output @ weights["kernel"][:, column] + weights["bias"][column]
            assert_allclose(logits[:, :, position, c], expected, atol=1e-6)


def gaussian(spread, scale, n=4):
    """Answers of a readout whose kernel is 0, so that its bias alone speaks."""
    readout = GaussianReadout()
    weights = {
        name: s.initialize(np.random.default_rng(0))
        for name, s in readout.weight_specs(n, VECTORS).items()
    }
    weights["kernel"][:] = 0
    weights["bias"][:] = [0.5, -2.0, spread, spread]
    weights["center"] = np.array([10.0, -3.0], np.float32)
    weights["scale"] = np.array(scale, np.float32)
    return readout.answer(numpy_ops, weights, np.ones((6, n), np.float32), VECTORS)


@pytest.mark.parametrize("spread", [-1e4, -100.0, -5.0, 0.0, 5.0, 1e4])
def test_a_standard_deviation_is_positive_and_has_a_floor(spread):
    answers = gaussian(spread, [2.0, 0.01])
    assert answers.shape == (6, 2, 2)
    assert np.isfinite(answers).all()
    std = np.exp(answers[:, 1].astype(float))
    assert (std >= 0.999e-3 * np.array([2.0, 0.01])).all()


def test_moments_are_in_the_units_of_the_target():
    small, large = gaussian(0.0, [1.0, 1.0]), gaussian(0.0, [3.0, 7.0])
    assert_allclose(small[0, 0], [10.5, -5.0], rtol=1e-6)
    assert_allclose(large[0, 0], [10 + 3 * 0.5, -3 - 7 * 2.0], rtol=1e-6)
    assert_allclose(np.exp(large[0, 1]) / np.exp(small[0, 1]), [3.0, 7.0], rtol=1e-5)
    # An untrained answer has the spread of the targets.
    assert_allclose(np.exp(small[0, 1]), 1, atol=0.01)


def test_a_learner_of_shifted_and_scaled_targets_gives_shifted_and_scaled_answers():
    learner = small_learner("mann-vectors")
    plain = {**learner.weights, "readout/center": np.zeros(2), "readout/scale": np.ones(2)}
    center, scale = learner.weights["readout/center"], learner.weights["readout/scale"]
    inputs, targets, _ = episodes(learner.spec, 3, 8)
    answers = learner.rehearse(inputs, scale * targets + center)
    expected = Learner(learner.network, plain).rehearse(inputs, targets)
    assert_allclose(answers[:, :, 0], scale * expected[:, :, 0] + center, atol=1e-5)
    assert_allclose(answers[:, :, 1], expected[:, :, 1] + np.log(scale), atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_have_the_shape_of_the_task(name):
    learner = small_learner(name)
    spec = learner.spec
    inputs, _, labels = episodes(spec, 3, 4)
    answers = learner.rehearse(inputs, labels)
    exact = learner.network.memory.in_double
    assert answers.dtype == (np.float64 if exact else np.float32)
    if spec.kind == "regression":
        assert answers.shape == (3, 4, 2, spec.n_outputs)
    else:
        assert answers.shape == (3, 4, spec.label_length, spec.n_outputs)
        assert_allclose(np.exp(log_softmax(answers, axis=-1)).sum(axis=-1), 1, rtol=1e-5)


def test_prototypes_are_of_classes():
    with pytest.raises(ValueError, match="Prototypes learns classes, and the targets are numbers"):
        Network(VECTORS, PROTOTYPES)
    with pytest.raises(ValueError, match="n_units must be at least 1"):
        PROTOTYPES.resized(0)
