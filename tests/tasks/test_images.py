"""Omniglot episodes, out of invented pictures; what needs the real ones asks for SKMETA_DATA."""

import os

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Bunch

from skmeta.datasets import fetch_omniglot, load_omniglot_sample
from skmeta.datasets.pictures import PictureBank
from skmeta.tasks import OmniglotTasks, images
from skmeta.tasks.images import split_characters

N_BACKGROUND, N_EVALUATION, N_DRAWINGS, SIDE = 964, 659, 3, 8
ALPHABET = 30  # characters of an invented alphabet
SIZES = {"train": 1140, "validation": 60, "test": 423}
STILL = {"rotations": False, "max_shift": 0.0, "max_angle": 0.0}


@pytest.fixture(scope="module")
def drawings():
    """Pictures that say who they are: (character, drawing) -> picture, all different."""
    n = N_BACKGROUND + N_EVALUATION
    rng = np.random.default_rng(0)
    return (rng.random((n, N_DRAWINGS, SIDE, SIDE)) < 0.4).astype(np.uint8)


@pytest.fixture(autouse=True, scope="module")
def invented(drawings):
    """Put invented pictures in the place of Omniglot."""

    def fetch(*, data_home=None):
        return Bunch(
            images=drawings.reshape(-1, SIDE, SIDE),
            characters=np.array([f"images/{i // ALPHABET}/{i}" for i in range(len(drawings))]),
            n_background=N_BACKGROUND,
        )

    images._omniglot_bank.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "fetch_omniglot", fetch)
        yield
    images._omniglot_bank.cache_clear()


def tasks(**options):
    return OmniglotTasks(**{"n_classes": 4, "n_shots": 3, "size": SIDE, **options})


@pytest.fixture(scope="module")
def who(drawings, invented):
    """Picture of full size -> (character, drawing)."""
    flat = drawings.reshape(-1, SIDE * SIDE)
    names = {row.tobytes(): divmod(i, N_DRAWINGS) for i, row in enumerate(flat)}
    assert len(names) == len(flat)
    return lambda view: names[view.astype(np.uint8).tobytes()]


# Splits


def test_splits_have_the_papers_sizes_and_share_nothing():
    parts = {name: split_characters(name, N_BACKGROUND, N_EVALUATION) for name in SIZES}
    assert {name: len(part) for name, part in parts.items()} == SIZES
    together = np.concatenate(list(parts.values()))
    assert_array_equal(np.sort(together), np.arange(N_BACKGROUND + N_EVALUATION))
    for part in parts.values():
        assert_array_equal(part, np.sort(part))
    background = split_characters("background", N_BACKGROUND, N_EVALUATION)
    assert_array_equal(background, np.intersect1d(parts["train"], np.arange(N_BACKGROUND)))
    evaluation = split_characters("evaluation", N_BACKGROUND, N_EVALUATION)
    assert_array_equal(evaluation, np.arange(N_BACKGROUND, N_BACKGROUND + N_EVALUATION))
    alphabets = split_characters("validation-alphabets", N_BACKGROUND, N_EVALUATION)
    assert_array_equal(alphabets, np.setdiff1d(evaluation, parts["test"]))
    every = split_characters("train+validation", N_BACKGROUND, N_EVALUATION)
    assert_array_equal(every, np.union1d(parts["train"], parts["validation"]))
    every = split_characters("background+validation", N_BACKGROUND, N_EVALUATION)
    assert_array_equal(every, np.arange(N_BACKGROUND))


def test_test_characters_are_evaluation_characters_by_a_fixed_permutation():
    expected = np.random.RandomState(2016).permutation(659)[:423] + 964
    assert_array_equal(split_characters("test", 964, 659), np.sort(expected))


@pytest.mark.parametrize("split", [*SIZES, "validation-alphabets"])
def test_a_family_draws_from_its_split_only(split, who):
    batch = tasks(split=split, **STILL).batch(0, 60, seed=0)
    seen = {who(view)[0] for view in batch.inputs.reshape(-1, SIDE, SIDE)}
    assert seen <= set(split_characters(split, N_BACKGROUND, N_EVALUATION))
    assert len(seen) > 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "dev"}, r"one of \('train', .*'evaluation'\), got 'dev'"),
        ({"max_stretch": 2.0}, "max_stretch and 0.3 of variety must be below 1"),
    ],
)
def test_what_cannot_be_is_seen_before_a_download(monkeypatch, options, message):
    monkeypatch.setattr(images, "fetch_omniglot", lambda **_: pytest.fail("a download"))
    with pytest.raises(ValueError, match=message):
        OmniglotTasks(**options)


# Episodes


def test_a_batch_depends_on_seed_and_index_only():
    family = tasks()
    first = family.batch(3, 5, seed=1)
    family.batch(0, 2, seed=9)
    again, other = tasks().batch(3, 5, seed=1), family.batch(4, 5, seed=1)
    assert_array_equal(first.inputs, again.inputs)
    assert_array_equal(first.targets, again.targets)
    assert not np.array_equal(first.inputs, other.inputs)
    assert first.inputs.shape == (5, 12, SIDE, SIDE) and first.inputs.dtype == np.float32


def test_an_episode_has_distinct_drawings_under_one_label_a_character(who):
    batch = tasks(**STILL).batch(0, 50, seed=0)
    for views, targets in zip(batch.inputs, batch.targets, strict=True):
        names = [who(view) for view in views]
        assert len(set(names)) == 12
        labels = {(name[0], label) for name, label in zip(names, targets, strict=True)}
        assert len(labels) == 4 == len({character for character, _ in labels})
        assert_array_equal(np.bincount(targets), [3, 3, 3, 3])


def test_labels_and_order_carry_no_information(who):
    batch = tasks(n_classes=2, split="validation", **STILL).batch(0, 3_000, seed=0)
    assert abs(batch.targets.mean(axis=0) - 0.5).max() < 0.05  # at each step
    characters = np.array([who(v)[0] for v in batch.inputs[:, 0]])
    low = characters < np.median(characters)
    assert abs(batch.targets[low, 0].mean() - batch.targets[~low, 0].mean()) < 0.08


def test_classes_of_random_sizes(who):
    """Classes have rates of their own, no drawing comes twice, and a class may be missing."""
    family = tasks(n_shots=1, balanced=False, **STILL)
    batch = family.batch(0, 2_000, seed=0)
    assert batch.targets.shape == (2_000, 4)
    sizes = (batch.targets[..., None] == np.arange(4)).sum(axis=1)
    assert_array_equal(np.unique(sizes), [0, 1, 2, 3])
    assert_allclose(sizes.mean(axis=0), 1, atol=0.1)  # labels mean nothing
    even = 4 * (1 / 4) * (3 / 4) * (12 - 4) / 11  # hypergeometric: 4 of 12 drawings, all alike
    assert sizes.var() > 1.15 * even
    for views, targets in zip(batch.inputs[:50], batch.targets, strict=False):
        names = [who(view) for view in views]
        assert len(set(names)) == 4
        labels = {(name[0], label) for name, label in zip(names, targets, strict=True)}
        assert len(labels) == len({character for character, _ in labels})
    with pytest.raises(ValueError, match=r"1\.\.1 drawings of each"):
        tasks(n_shots=2, balanced=False)


def test_episodes_of_one_alphabet(who):
    options = {"n_classes": 25, "n_shots": 2, "split": "train", "one_alphabet": True}
    batch = tasks(**options, **STILL).batch(0, 200, seed=0)
    seen = set()
    for views in batch.inputs:
        characters = {who(view)[0] for view in views}
        assert len(characters) == 25
        alphabets = {character // ALPHABET for character in characters}
        assert len(alphabets) == 1
        seen |= alphabets
    train = split_characters("train", N_BACKGROUND, N_EVALUATION)
    assert seen == set(np.flatnonzero(np.bincount(train // ALPHABET) >= 25))
    with pytest.raises(ValueError, match="No alphabet has the 31 characters"):
        tasks(**{**options, "n_classes": 31})


def test_an_alphabet_is_turned_and_mirrored_as_a_whole(drawings, who):
    family = tasks(one_alphabet=True, mirrors=True, max_shift=0.0, max_angle=0.0)
    ways = set()
    for views in family.batch(0, 60, seed=0).inputs:
        found = []
        for way in range(8):
            turned = np.rot90(views if way < 4 else views[..., ::-1], way % 4, axes=(1, 2))
            try:
                found.append((way, {who(view)[0] // ALPHABET for view in turned}))
            except KeyError:  # no drawing looks like that
                continue
        assert len(found) == 1 and len(found[0][1]) == 1
        ways.add(found[0][0])
    assert ways == set(range(8))


def test_more_labels_than_classes():
    family = tasks(n_classes=2, n_labels=5)
    assert family.spec.n_outputs == 5
    batch = family.batch(0, 400, seed=0)
    assert all(len(np.unique(targets)) == 2 for targets in batch.targets)
    share = np.bincount(batch.targets.ravel(), minlength=5) / batch.targets.size
    assert_allclose(share, 0.2, atol=0.04)


def test_strings_are_distinct_in_an_episode():
    family = tasks(n_classes=15, labels="string")
    assert (family.spec.n_outputs, family.spec.label_length) == (5, 5)
    batch = family.batch(0, 100, seed=0)
    assert batch.targets.shape == (100, 45, 5)
    assert batch.targets.min() == 0 and batch.targets.max() == 4
    for strings in batch.targets:
        found, counts = np.unique(strings, axis=0, return_counts=True)
        assert len(found) == 15 and (counts == 3).all()
    every = np.unique(batch.targets.reshape(-1, 5), axis=0)
    assert len(every) > 1_100  # of 3125, 1500 draws: dealt anew in each episode
    assert_allclose(batch.targets.mean(axis=(0, 1)), 2.0, atol=0.1)  # every position varies


def test_strings_belong_to_characters(who):
    batch = tasks(labels="string", **STILL).batch(0, 20, seed=0)
    for views, strings in zip(batch.inputs, batch.targets, strict=True):
        pairs = {(who(v)[0], tuple(s)) for v, s in zip(views, strings.tolist(), strict=True)}
        assert len(pairs) == 4


@pytest.mark.parametrize("mirrors", [False, True])
def test_a_turned_or_mirrored_character_is_a_class_of_its_own(mirrors, drawings):
    """Every class of an episode has one character and one of four turns and two sides."""
    names = {}
    for character, pictures in enumerate(drawings):
        for picture in pictures:
            for turn in range(4):
                names[np.rot90(picture, turn).tobytes()] = character, turn
                names[np.rot90(picture[:, ::-1], turn).tobytes()] = character, 4 + turn
    family = tasks(split="validation", mirrors=mirrors, max_shift=0.0, max_angle=0.0)
    views_of_a_kind = np.zeros(8)
    batch = family.batch(0, 200, seed=0)
    for views, targets in zip(batch.inputs, batch.targets, strict=True):
        kinds = [names[view.astype(np.uint8).tobytes()] for view in views]
        pairs = {(kind, label) for kind, label in zip(kinds, targets, strict=True)}
        assert len(pairs) == 4 == len({kind for kind, _ in pairs})
        np.add.at(views_of_a_kind, [kind[1] for kind in kinds], 1)
    share = views_of_a_kind / views_of_a_kind.sum()
    expected = np.full(8, 0.125) if mirrors else np.repeat([0.25, 0.0], 4)
    assert_allclose(share, expected, atol=0.05)


def test_each_drawing_is_moved_on_its_own():
    family = tasks(max_shift=2.0, max_angle=20.0, rotations=False)
    still = tasks(**STILL)
    bank = family._bank
    asked = []

    class Spy:
        def views(self, indices, *, angle, shift, **others):
            asked.append((indices, angle, shift))
            return bank.views(indices, angle=angle, shift=shift, **others)

    family._bank = Spy()
    family.batch(0, 50, seed=0)
    ((indices, angle, shift),) = asked
    assert len(np.unique(angle)) == len(np.unique(shift[0])) == len(np.unique(shift[1])) == 600
    assert 19 < np.rad2deg(abs(angle)).max() <= 20 and 1.9 < abs(shift).max() <= 2
    assert abs(angle.mean()) < 0.03 and abs(shift.mean()) < 0.1
    assert len(indices) == 600 and still.batch(0, 50, seed=0).inputs.shape[:2] == (50, 12)


@pytest.fixture
def asked(monkeypatch):
    """Options of the views that tasks ask for."""
    asked = []
    views = PictureBank.views

    def spied(bank, indices, **options):
        asked.append(options)
        return views(bank, indices, **options)

    monkeypatch.setattr(PictureBank, "views", spied)
    return asked


def test_each_drawing_is_stretched_and_slanted_on_its_own(asked):
    tasks(max_stretch=0.3).batch(0, 50, seed=0)
    (options,) = asked
    drawn = np.stack([*options["stretch"], options["slant"]])
    assert drawn.shape == (3, 600) and len(np.unique(drawn)) == 1800
    assert (abs(drawn).max(axis=1) > 0.29).all() and abs(drawn).max() <= 0.3
    assert (abs(drawn.mean(axis=1)) < 0.05).all()


def test_each_drawing_is_bent_on_its_own(asked):
    tasks(max_warp=0.5).batch(0, 50, seed=0)
    warp = asked[0]["warp"] * SIDE
    assert warp.shape == (600, 2, 4, 4) and (warp[:, :, 0, 0] == 0).all()
    for wave, most in (((0, 1), 0.5), ((1, 0), 0.5), ((1, 1), 0.25), ((0, 3), 0.5 / 3)):
        size = abs(warp[:, :, wave[0], wave[1]])
        assert 0.98 * most < size.max() <= most
    assert len(np.unique(warp[:, :, 0, 1])) == 1200


@pytest.mark.parametrize("one_alphabet", [False, True])
def test_variety_is_of_a_class_or_of_an_alphabet(asked, one_alphabet):
    family = tasks(**STILL, variety=0.5, one_alphabet=one_alphabet, n_labels=9)
    batch = family.batch(0, 50, seed=0)
    (options,) = asked
    form = np.stack([options["angle"], *options["stretch"], options["slant"]])
    everything = np.concatenate([form.T, options["warp"].reshape(600, -1)], axis=1)
    alike = {}
    for row, (episode, label) in zip(
        everything, np.ndenumerate(batch.targets.reshape(50, -1)), strict=True
    ):
        variant = episode[0] if one_alphabet else (episode[0], label)
        assert_array_equal(alike.setdefault(variant, row), row)
    variants = np.stack(list(alike.values()))
    assert len(np.unique(variants, axis=0)) == (50 if one_alphabet else 200)
    most = np.array([np.pi / 8, 0.15, 0.15, 0.15])
    assert (abs(variants[:, :4]).max(axis=0) > 0.85 * most).all()
    assert (abs(variants[:, :4]) <= most).all()
    assert 0.03 < abs(variants[:, 4:]).max() <= 0.04


@pytest.fixture
def shown(monkeypatch):
    """Indices of the pictures that tasks ask for, and their views."""
    shown = []
    views = PictureBank.views

    def spied(bank, indices, **options):
        shown.append((indices, views(bank, indices, **options)))
        return shown[-1][1]

    monkeypatch.setattr(PictureBank, "views", spied)
    return shown


@pytest.mark.parametrize("one_alphabet", [False, True])
def test_composed_characters_have_one_part_of_each_of_two(shown, one_alphabet):
    options = {"n_classes": 25, "n_shots": 2, "one_alphabet": one_alphabet, "composed": True}
    batch = tasks(**options, **STILL).batch(0, 4, seed=0)
    (first, first_views), (second, second_views) = shown
    assert_array_equal(first % N_DRAWINGS, second % N_DRAWINGS)  # the same of both
    pairs = np.stack([first, second], axis=-1).reshape(4, 50, 2) // N_DRAWINGS
    shape = (4, 50, SIDE, SIDE)
    first_views, second_views = first_views.reshape(shape), second_views.reshape(shape)
    assert ((batch.inputs == first_views) | (batch.inputs == second_views)).all()
    told = first_views != second_views  # where a pixel says which of the two it is of
    pixels = np.stack(np.mgrid[:SIDE, :SIDE], axis=-1)
    cuts = []
    for episode in range(4):
        labels = batch.targets[episode].ravel()
        for label in range(25):
            rows = np.flatnonzero(labels == label)
            assert len(np.unique(pairs[episode, rows], axis=0)) == 1  # a class is one pair
            if not one_alphabet or label == 0:
                mine = rows if not one_alphabet else np.arange(50)
                where = told[episode, mine]
                is_first = (batch.inputs == first_views)[episode, mine][where]
                points = np.broadcast_to(pixels, (*where.shape, 2))[where]
                line = LogisticRegression(C=1e6, max_iter=10_000).fit(points, is_first)
                assert line.score(points, is_first) == 1  # one straight cut
                cuts.append((is_first.mean(), *abs(line.coef_[0] / np.linalg.norm(line.coef_))))
        classes = np.unique(pairs[episode], axis=0)
        assert len(classes) == 25
        if one_alphabet:  # each of five first parts meets each of five second ones
            assert all(len(np.unique(part)) == 5 for part in classes.T)
            assert len(np.unique(classes)) == 10
        else:
            assert_array_equal(np.sort(classes[:, 0]), np.sort(classes[:, 1]))
            assert (classes[:, 0] != classes[:, 1]).all()
    (share, down, right) = np.transpose(cuts)
    assert 0.15 < min(share) < 0.45 and 0.55 < max(share) < 0.85
    assert max(down) > 0.8 and max(right) > 0.8  # in all directions


def test_composed_characters_of_one_alphabet_need_fewer_characters(shown):
    family = tasks(n_classes=60, n_shots=2, one_alphabet=True, composed=True, **STILL)
    batch = family.batch(0, 1, seed=0)
    assert len(np.unique(batch.targets)) == 60
    (first, _), (second, _) = shown
    classes = np.unique(np.stack([first, second], axis=1) // N_DRAWINGS, axis=0)
    assert len(classes) == 60 and [len(np.unique(part)) for part in classes.T] == [8, 8]
    tasks(n_classes=225, n_shots=2, one_alphabet=True, composed=True)  # 15 and 15 of 30
    with pytest.raises(ValueError, match="No alphabet has the 31 characters that n_classes=226"):
        tasks(n_classes=226, n_shots=2, one_alphabet=True, composed=True)


def test_views_are_of_the_size_asked_for():
    assert tasks(size=4).batch(0, 2, seed=0).inputs.shape == (2, 12, 4, 4)
    assert tasks(size=4).spec.input_shape == (4, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "words"}, "labels must be 'one-hot' or 'string', got 'words'"),
        ({"n_shots": 4}, r"1\.\.3 drawings of each, got n_classes=4 and n_shots=4"),
        ({"n_shots": 0}, "n_shots must be at least 1, got 0"),
        ({"n_classes": 0}, "n_classes must be at least 1, got 0"),
        ({"split": "validation", "n_classes": 61}, r"takes 1\.\.60 characters .* n_classes=61"),
        ({"n_labels": 3}, "n_labels must be at least 4, got 3"),
        ({"size": 9}, r"size must lie in 1\.\.8"),
        ({"max_stretch": 0.4, "variety": 2.0}, "below 1 together, got 0.4 and 2.0"),
    ],
)
def test_episodes_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        tasks(**options)


# The real characters


@pytest.fixture(scope="module")
def omniglot():
    if not os.environ.get("SKMETA_DATA"):
        pytest.skip("SKMETA_DATA names no folder with Omniglot")
    return fetch_omniglot(download_if_missing=False)


def test_real_splits(omniglot):
    """The 423 test characters, by their names, are in no other split and all of evaluation."""
    evaluation = np.array(sorted(n for n in omniglot.characters if "images_evaluation/" in n))
    assert len(evaluation) == 659
    test = set(evaluation[np.random.RandomState(2016).permutation(659)[:423]])
    found = {
        name: set(omniglot.characters[split_characters(name, omniglot.n_background, 659)])
        for name in SIZES
    }
    assert found["test"] == test
    assert not found["train"] & test and not found["validation"] & test
    assert not found["train"] & found["validation"]


def test_the_packaged_sample_holds_test_characters_only(omniglot):
    test = omniglot.characters[split_characters("test", omniglot.n_background, 659)]
    sample = load_omniglot_sample()
    names = {name.split("/", 1)[1]: name for name in test}
    assert set(sample.characters) <= set(names)
    # and they are the drawings that it says they are
    for i in (0, 39):
        number = np.flatnonzero(omniglot.characters == names[sample.characters[i]])[0]
        drawings = omniglot.images[omniglot.target == number]
        views = PictureBank(drawings, 20).views(np.arange(20))
        assert_allclose(sample.images[sample.target == i], views, atol=0.5 / 255 + 1e-6)
