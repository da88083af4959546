import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmeta.datasets import load_omniglot_sample
from skmeta.datasets.sample import _FILE


def test_the_sample_is_as_described():
    sample = load_omniglot_sample()
    assert sample.images.shape == (800, 20, 20) and sample.images.dtype == np.float32
    assert sample.images.min() == 0 and sample.images.max() <= 1
    assert_array_equal(sample.target, np.repeat(np.arange(40), 20))
    assert sample.characters.shape == (40,) and len(set(sample.characters)) == 40
    assert all(name.count("/") == 1 for name in sample.characters)
    assert "423 test characters" in sample.DESCR


def test_pictures_and_their_characters_alone():
    sample = load_omniglot_sample(28)
    images, target = load_omniglot_sample(28, return_X_y=True)
    assert_array_equal(images, sample.images)
    assert_array_equal(target, sample.target)


def test_drawings_are_drawings():
    """Thin strokes on empty paper, dark in each, no two alike."""
    images = load_omniglot_sample().images
    assert (images.max(axis=(1, 2)) > 0.5).all()
    assert 0.02 < images.mean() < 0.3
    assert len(np.unique(images.reshape(800, -1), axis=0)) == 800


def test_pictures_of_another_size_are_of_the_same_drawings():
    small, large = load_omniglot_sample().images, load_omniglot_sample(60).images
    assert large.shape == (800, 60, 60)
    blocks = large.reshape(800, 20, 3, 20, 3).mean(axis=(2, 4)).reshape(800, -1)
    likeness = np.corrcoef(np.vstack([small.reshape(800, -1), blocks]))[:800, 800:]
    assert_array_equal(likeness.argmax(axis=1), np.arange(800))
    with pytest.raises(ValueError, match=r"size must lie in 1\.\.105"):
        load_omniglot_sample(106)
    with pytest.raises(TypeError, match="'str' object cannot be interpreted as an integer"):
        load_omniglot_sample("28")


def test_the_licence_lies_beside_the_file():
    licence = (_FILE.parent / "LICENSE-omniglot").read_text(encoding="utf-8")
    assert "MIT" in licence and "Brenden" in licence
    assert _FILE.stat().st_size < 150_000


def test_each_call_gives_arrays_of_its_own():
    load_omniglot_sample().images[:] = 0
    assert load_omniglot_sample().images.max() > 0
