import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import gaussian_filter

from skmeta.datasets import shrink_pictures
from skmeta.datasets.pictures import PictureBank


def block_means(pictures, size):
    """Area averages of square blocks; the side must be a multiple of size."""
    n, side, _ = pictures.shape
    block = side // size
    return pictures.reshape(n, size, block, size, block).mean(axis=(2, 4))


def darkest_square(pictures, size):
    """Mean ink of the darkest of squares as large as a block, half a block apart."""
    block = 2 * pictures.shape[1] // size
    fine = np.pad(np.kron(pictures, np.ones((1, 2, 2))), ((0, 0), *[(block // 2,) * 2] * 2))
    squares = np.lib.stride_tricks.sliding_window_view(fine, (block, block), axis=(1, 2))
    half = block // 2
    return squares[:, ::half, ::half].mean(axis=(3, 4)).max(axis=(1, 2))[:, None, None]


@pytest.fixture
def pictures():
    return (np.random.default_rng(0).random((4, 15, 15)) < 0.3).astype(np.uint8)


def blob(side, row, column, width):
    """One picture: a square of ink."""
    picture = np.zeros((1, side, side), np.uint8)
    picture[0, row : row + width, column : column + width] = 1
    return picture


def center(view):
    """Row and column of the middle of the ink."""
    grid = np.arange(view.shape[-1])
    return np.array([(view.sum(axis=1) * grid).sum(), (view.sum(axis=0) * grid).sum()]) / view.sum()


def test_views_of_the_same_size_are_the_pictures(pictures):
    assert_array_equal(PictureBank(pictures, 15).views(np.arange(4)), pictures)


def test_a_view_is_the_area_average(pictures):
    """Blocks of 3 x 3, over the darkest square of this size."""
    views = PictureBank(pictures, 5).views(np.arange(4))
    expected = block_means(pictures, 5) / darkest_square(pictures, 5)
    assert_allclose(views, expected, atol=0.5 / 255 + 1e-6)
    assert views.dtype == np.float32 and views.shape == (4, 5, 5)


@pytest.mark.parametrize("size", [20, 28])
def test_a_view_of_omniglots_size_is_the_area_average(size):
    """No whole number of pixels to a block; 420 is one to both sizes."""
    pictures = (np.random.default_rng(0).random((5, 105, 105)) < 0.1).astype(float)
    fine = np.kron(pictures, np.ones((1, 4, 4)))
    expected = block_means(fine, size) / darkest_square(fine, size)
    views = PictureBank(pictures, size).views(np.arange(5))
    assert_allclose(views, expected, atol=0.5 / 255 + 1e-6)
    turned = PictureBank(pictures, size).views(np.arange(5), angle=np.pi / 2)
    assert_allclose(turned, np.rot90(expected, axes=(1, 2)), atol=0.5 / 255 + 1e-6)


def test_views_lie_between_paper_and_ink(pictures):
    bank = PictureBank(pictures, 5)
    views = bank.views(np.arange(4), angle=0.3, shift=(0.4, -0.7), zoom=1.2)
    assert views.min() >= 0 and views.max() <= 1
    empty = PictureBank(np.zeros((2, 9, 9)), 3)
    assert_array_equal(empty.views([0, 1]), np.zeros((2, 3, 3)))
    assert len(bank) == 4 and len(empty) == 2


def test_only_the_shape_of_the_ink_counts(pictures):
    dark = PictureBank(pictures * 200.0, 5).views(np.arange(4))
    assert_array_equal(dark, PictureBank(pictures, 5).views(np.arange(4)))


@pytest.mark.parametrize("size", [5, 15])
def test_a_mirrored_drawing_is_turned_afterwards(size, pictures):
    bank = PictureBank(pictures, size)
    mirrored = np.array([True, False, True, False])
    views = bank.views(np.arange(4), angle=np.pi / 2, mirrored=mirrored)
    straight = bank.views(np.arange(4))
    straight[mirrored] = straight[mirrored, :, ::-1]
    assert_allclose(views, np.rot90(straight, axes=(1, 2)), atol=1e-6)


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("size", [5, 15])
def test_a_turn_is_anticlockwise(quarters, size, pictures):
    bank = PictureBank(pictures, size)
    straight = bank.views(np.arange(4))
    turned = bank.views(np.arange(4), angle=quarters * np.pi / 2)
    assert_allclose(turned, np.rot90(straight, quarters, axes=(1, 2)), atol=1e-6)


def test_a_quarter_of_a_pixel_is_a_move_and_ink_is_never_more_than_all():
    """Squares of ten over one of nine: 8 x 8 of a hundred at most, half a pixel apart."""
    bank = PictureBank(blob(40, 2, 2, 9), 4)
    still, away, over = (bank.views([0], shift=(s, s))[0, 0, 0] for s in (0, 0.25, -0.25))
    assert still == 1  # from 0 to 10
    assert away == pytest.approx(5.5**2 / 8**2, abs=0.5 / 255)  # from -2.5 to 7.5
    assert over == 1  # from 2.5 to 12.5, 8.5 x 8.5


def test_a_small_turn_is_anticlockwise_too():
    bank = PictureBank(blob(105, 48, 85, 9), 20)  # to the right of the middle
    row, column = center(bank.views([0], angle=np.deg2rad(15))[0]) - 9.5
    straight = center(bank.views([0])[0]) - 9.5
    assert row < straight[0] - 1 and column > 0  # upwards


@pytest.mark.parametrize("shift", [(1.0, 0.0), (0.0, 1.0), (2.0, -1.0)])
def test_a_shift_moves_the_ink_down_and_to_the_right(shift, pictures):
    bank = PictureBank(blob(15, 6, 6, 3), 5)
    straight, moved = bank.views([0])[0], bank.views([0], shift=shift)[0]
    assert_array_equal(moved, np.roll(straight, np.int64(shift), axis=(0, 1)))
    bank = PictureBank(gaussian_filter(1.0 * blob(105, 45, 55, 9), (0, 6, 6)), 20)
    moved = center(bank.views([0], shift=shift)[0]) - center(bank.views([0])[0])
    assert_allclose(moved, shift, atol=0.1)


def test_half_a_pixel_is_a_shift_too():
    bank = PictureBank(gaussian_filter(1.0 * blob(105, 45, 55, 9), (0, 6, 6)), 20)
    moved = center(bank.views([0], shift=(0.5, 0))[0]) - center(bank.views([0])[0])
    assert_allclose(moved, (0.5, 0), atol=0.1)


def test_outside_a_picture_is_paper():
    bank = PictureBank(np.ones((1, 15, 15)), 5)
    shifted = bank.views([0], shift=(2.0, 0.0))[0]
    assert_array_equal(shifted[:2], np.zeros((2, 5)))
    assert (shifted[2:] > 0).all()
    assert_array_equal(bank.views([0], shift=(50.0, 50.0)), np.zeros((1, 5, 5)))


def test_zoom_is_the_size_of_the_drawing():
    bank = PictureBank(blob(105, 37, 37, 31), 21)
    ink = [bank.views([0], zoom=zoom).sum() for zoom in (0.5, 1.0, 2.0)]
    assert_allclose(ink[0] / ink[1], 0.25, rtol=0.25)
    assert_allclose(ink[2] / ink[1], 4.0, rtol=0.25)


def test_stretch_is_of_height_and_of_width():
    bank = PictureBank(blob(105, 37, 37, 31), 21)
    plain, tall, wide = (bank.views([0], stretch=s)[0] for s in ((0, 0), (0.5, 0), (0, 0.5)))
    for view, sides in ((plain, (6, 6)), (tall, (9, 6)), (wide, (6, 9))):
        assert_allclose((view.sum(axis=0).max(), view.sum(axis=1).max()), sides, atol=0.7)


def test_a_slant_leans_to_the_left_and_is_turned_with_the_drawing():
    bank = PictureBank(blob(105, 12, 47, 11) + blob(105, 82, 47, 11), 21)
    leaning = bank.views([0], slant=0.5)[0]
    above, below = (
        center(leaning * (np.arange(21) < 10)[:, None]),
        center(leaning * (np.arange(21) > 10)[:, None]),
    )
    assert_allclose(below[1] - above[1], 0.5 * (below[0] - above[0]), atol=0.5)
    assert below[1] - above[1] > 5
    turned = bank.views([0], slant=0.5, angle=np.pi / 2)[0]
    assert_allclose(turned, np.rot90(leaning), atol=1e-6)


def test_waves_bend_a_view():
    """One drawing is moved by a constant wave, the other is pulled apart by half a period."""
    bank = PictureBank(blob(105, 12, 47, 11) + blob(105, 82, 47, 11), 21)
    warp = np.zeros((2, 2, 2, 2))
    warp[0, 1, 0, 0], warp[1, 1, 1, 0] = 3 / 21, 3 / 21
    moved, sheared = bank.views([0, 0], warp=warp)
    assert_allclose(moved, bank.views([0], shift=(0.0, -3.0))[0], atol=1e-6)
    above = (np.arange(21) < 10)[:, None]
    across = [center(sheared * half)[1] - center(bank.views([0])[0])[1] for half in (above, ~above)]
    assert_allclose(across, [-2.6, 2.6], atol=0.4)  # 3 pixels times cos(pi / 6)
    warp = np.zeros((1, 2, 2, 2))
    warp[0, 0, 0, 0] = 2 / 21
    assert_allclose(bank.views([0], warp=warp), bank.views([0], shift=(-2.0, 0.0)), atol=1e-6)


def test_each_view_has_its_own_angle_and_shift(pictures):
    bank = PictureBank(pictures, 5)
    angles, shifts = np.array([0.0, 0.5, 1.0]), np.array([[0.0, 1.0, 0.3], [0.0, -1.0, 0.2]])
    indices = np.array([3, 0, 0])
    together = bank.views(indices, angle=angles, shift=shifts)
    for i in range(3):
        alone = bank.views(indices[i : i + 1], angle=angles[i], shift=shifts[:, i])
        assert_array_equal(together[i], alone[0])


def test_shrink_pictures(pictures):
    expected = PictureBank(pictures, 5).views(np.arange(4))
    assert_array_equal(shrink_pictures(pictures, 5), expected)
    assert_array_equal(shrink_pictures(pictures.tolist(), 5), expected)


@pytest.mark.parametrize(
    ("shape", "size", "message"),
    [
        ((8,), 4, r"must be of shape \(n, side, side\), got \(8,\)\."),
        ((8, 8), 4, r"got \(8, 8\): pass pictures\[None\] for a single one"),
        ((3, 8, 8, 1), 4, r"got \(3, 8, 8, 1\): pass pictures\[\.\.\., 0\]"),
        ((3, 8, 8, 3), 4, r"got \(3, 8, 8, 3\)\."),
        ((3, 8, 9), 4, r"must be square, got \(3, 8, 9\): pad them"),
        ((0, 8, 8), 4, "There are no pictures"),
        ((3, 8, 8), 9, r"size must lie in 1\.\.8, .* got 9: .* not larger"),
        ((3, 8, 8), 0, r"size must lie in 1\.\.8, the side of the pictures, got 0"),
    ],
)
def test_pictures_that_cannot_be_shrunk(shape, size, message):
    with pytest.raises(ValueError, match=message):
        shrink_pictures(np.zeros(shape), size)


@pytest.mark.parametrize(("ink", "least"), [(-1.0, "-1"), (np.nan, "nan"), (np.inf, "0")])
def test_ink_that_is_none(ink, least):
    pictures = np.zeros((2, 8, 8))
    pictures[1, 3, 3] = ink
    with pytest.raises(ValueError, match=f"ink positive and paper 0, got values from {least} to"):
        shrink_pictures(pictures, 4)
