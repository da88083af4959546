"""Episodes of Omniglot characters, as in Santoro et al. 2016, section 4.1."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from skmeta.datasets import fetch_omniglot
from skmeta.datasets.pictures import PictureBank
from skmeta.episodes import EpisodeBatch, TaskSpec
from skmeta.tasks._base import TaskFamily, check_size
from skmeta.tasks.classes import draw_distinct

N_TEST_CHARACTERS = 423
N_VALIDATION_CHARACTERS = 60
STRING_LENGTH = 5
STRING_ALPHABET = 5
# Standard deviation of the log of a class's rate, where classes are not balanced.
RATE_SPREAD = 0.5
# Bent pictures: how large the waves of (0..3, 0..3) half periods down and across are, at most.
# There is no constant, and short waves are small.
_PERIODS = np.add.outer(np.arange(4), np.arange(4))
WAVES = np.where((_PERIODS > 0) & (_PERIODS < 4), 1 / np.maximum(_PERIODS, 1), 0)
# By how much a class differs from its character, at most, where variety is 1: its angle in radians,
# height, width and slant; and in sides of a picture, how far a wave moves its points.
CLASS_FORM = np.array([np.pi / 4, 0.3, 0.3, 0.3])
CLASS_WARP = 0.08
# How far from the middle of a picture a composed character is cut, at most, in sides.
MOST_CUT = 0.15
SPLITS = (
    "train",
    "background",
    "validation",
    "validation-alphabets",
    "train+validation",
    "background+validation",
    "test",
    "evaluation",
)


def split_characters(split: str, n_background: int, n_evaluation: int) -> np.ndarray:
    """Return which characters a split holds, as indices into the sorted characters.

    Papers train on 1,200 characters and test on 423. The 423 are drawn from
    the evaluation characters with a fixed seed; of the other 1,200, 60 are
    held out for validation, with a fixed seed too. "background" holds the
    background characters of "train" alone, for tests on the whole new alphabets of
    "evaluation" (Lake et al. 2015), all of it: learners of "train" have seen a third of that.
    "validation-alphabets" is that third, also a part of "train" and "validation": new alphabets for
    a learner of the background, whose choices are then to be tested on "test". All 1,200 are
    "train+validation", all of the background "background+validation": for a last run, when nothing
    is left to be chosen.

    Parameters
    ----------
    split : {"train", "background", "validation", "validation-alphabets", "train+validation", \
            "background+validation", "test", "evaluation"}
    n_background, n_evaluation : int
        Characters in the two sets of Omniglot.

    Returns
    -------
    characters : ndarray of int

    Raises
    ------
    ValueError
        If there is no such split.

    Examples
    --------
    >>> from skmeta.tasks.images import split_characters
    >>> len(split_characters("test", 964, 659))
    423
    """
    _check_split(split)
    order = np.random.RandomState(2016).permutation(n_evaluation) + n_background
    if split == "test":
        return np.sort(order[:N_TEST_CHARACTERS])
    if split == "validation-alphabets":
        return np.sort(order[N_TEST_CHARACTERS:])
    if split == "evaluation":
        return np.sort(order)
    if split == "background+validation":
        return np.arange(n_background)
    rest = np.concatenate([np.arange(n_background), np.sort(order[N_TEST_CHARACTERS:])])
    if split == "train+validation":
        return rest
    held_out = np.random.RandomState(2001).permutation(len(rest))[:N_VALIDATION_CHARACTERS]
    if split == "validation":
        return rest[np.sort(held_out)]
    train = np.delete(rest, held_out)
    return train[train < n_background] if split == "background" else train


def _check_split(split):
    if split not in SPLITS:
        raise ValueError(f"split must be one of {SPLITS}, got {split!r}.")


@lru_cache(maxsize=4)
def _omniglot_bank(split, size, data_home):
    """Views of one split, and the alphabet of each character, as numbers that grow.

    Drawings of a character lie together, and characters of an alphabet.
    """
    omniglot = fetch_omniglot(data_home=data_home)
    n_characters = len(omniglot.characters)
    characters = split_characters(
        split, omniglot.n_background, n_characters - omniglot.n_background
    )
    images = omniglot.images.reshape(n_characters, -1, *omniglot.images.shape[1:])[characters]
    names = [name.rsplit("/", 1)[0] for name in omniglot.characters[characters]]
    alphabets = np.cumsum([0, *(one != other for one, other in pairwise(names))])
    return PictureBank(images.reshape(-1, *images.shape[2:]), size), alphabets


class OmniglotTasks(TaskFamily):
    """N classes of handwritten characters, some drawings of each, in random order.

    Parameters
    ----------
    split : {"train", "background", "validation", "validation-alphabets", "train+validation", \
            "background+validation", "test", "evaluation"}, default="train"
        Which characters: see :func:`split_characters`.
    n_classes : int, default=5
        Characters in an episode, composed ones if they are.
    n_shots : int, default=10
        Drawings of each, at most 20; where classes are not balanced, their mean.
    size : int, default=20
        Height and width of a picture, in pixels.
    labels : {"one-hot", "string"}, default="one-hot"
        Labels dealt anew in each episode: classes, or strings of five
        characters out of five, distinct in an episode.
    n_labels : int or None, default=None
        One-hot labels to deal from; None takes ``n_classes``.
    rotations : bool, default=True
        Whether a character turned by 90, 180 or 270 degrees is a class of its own.
    mirrors : bool, default=False
        Whether the mirror image of a character is a class of its own.
    one_alphabet : bool, default=False
        Whether all characters of an episode are of one alphabet, turned and mirrored as a whole.
        Alphabets with too few characters are left out.
    balanced : bool, default=True
        Whether all characters of an episode have ``n_shots`` drawings. Otherwise each
        has a rate of its own: sizes are random, a character may be missing, and none
        comes to an end at a known number. ``n_shots`` is then at most half of the drawings.
    max_shift : float, default=1.0
        Each drawing is moved by up to so many pixels, down and to the right.
    max_angle : float, default=10.0
        Each drawing is turned by up to so many degrees.
    max_stretch : float, default=0.0
        Each drawing's height and width change by up to this share, each for itself, and it leans
        by as much.
    max_warp : float, default=0.0
        Elastic deformation: each drawing is bent by cosine waves, nine down and nine across,
        the longest of which move its points by up to so many pixels.
    variety : float, default=0.0
        How far a class is from its character, so that there are more classes than characters. At
        1 it is turned by up to 45 degrees, its height and width change by up to 30 %, it leans by
        as much, and it is bent by waves of up to 8 % of the picture (see ``max_warp``): all
        drawings of a class alike, and with ``one_alphabet`` all of an episode.
    composed : bool, default=False
        Whether a class is put together from two characters, in drawings of the same number, which
        are of one person within an alphabet: a straight cut near the middle parts what is seen of
        either. With ``one_alphabet`` a few first parts meet a few second ones, cut alike, so that
        classes differ by parts as the letters of an alphabet do.
    data_home : str, optional
        Where Omniglot is: see :func:`skmeta.datasets.fetch_omniglot`.

    Raises
    ------
    ValueError
        If there are too few characters or drawings for an episode, or nothing could be left of
        a drawing's height or width.

    References
    ----------
    A. Santoro et al., arXiv:1605.06065, 2016, section 4.1.

    Examples
    --------
    >>> from skmeta.tasks import OmniglotTasks
    >>> tasks = OmniglotTasks(n_classes=5, n_shots=10)  # doctest: +SKIP
    >>> tasks.batch(0, 16, seed=0).inputs.shape  # doctest: +SKIP
    (16, 50, 20, 20)
    """

    def __init__(
        self,
        split="train",
        *,
        n_classes=5,
        n_shots=10,
        size=20,
        labels="one-hot",
        n_labels=None,
        rotations=True,
        mirrors=False,
        one_alphabet=False,
        balanced=True,
        max_shift=1.0,
        max_angle=10.0,
        max_stretch=0.0,
        max_warp=0.0,
        variety=0.0,
        composed=False,
        data_home=None,
    ):
        if labels not in ("one-hot", "string"):
            raise ValueError(f"labels must be 'one-hot' or 'string', got {labels!r}.")
        n_classes, n_shots = check_size("n_classes", n_classes), check_size("n_shots", n_shots)
        _check_split(split)  # before a download
        if max_stretch + variety * CLASS_FORM[1:].max() >= 1:
            raise ValueError(
                "max_stretch and 0.3 of variety must be below 1 together, got "
                f"{max_stretch} and {variety}."
            )
        self._bank, alphabets = _omniglot_bank(split, size, data_home)
        n_characters = len(alphabets)
        self.n_drawings = len(self._bank) // n_characters
        most = self.n_drawings if balanced else self.n_drawings // 2
        self.composed = composed
        self.one_alphabet = one_alphabet
        self.n_classes = n_classes
        sizes = np.bincount(alphabets)
        if one_alphabet and self._n_drawn > sizes.max():
            raise ValueError(
                f"No alphabet has the {self._n_drawn} characters that n_classes={n_classes} take, "
                f"the largest has {sizes.max()}."
            )
        if self._n_drawn > n_characters or n_shots > most:
            raise ValueError(
                f"An episode takes 1..{n_characters} characters and 1..{most} "
                f"drawings of each, got n_classes={n_classes} and n_shots={n_shots}."
            )
        self._large = np.flatnonzero(sizes >= self._n_drawn)
        self._starts, self._sizes = np.cumsum(sizes) - sizes, sizes
        self.split = split
        self.n_characters = n_characters
        self.n_shots = n_shots
        self.n_steps = n_classes * n_shots
        self.labels = labels
        self.n_labels = check_size(
            "n_labels", n_classes if n_labels is None else n_labels, n_classes
        )
        self.rotations = rotations
        self.mirrors = mirrors
        self.balanced = balanced
        self.max_shift = max_shift
        self.max_angle = max_angle
        self.max_stretch = max_stretch
        self.max_warp = max_warp
        self.variety = variety
        self.spec = (
            TaskSpec("classification", (size, size), self.n_labels)
            if labels == "one-hot"
            else TaskSpec("classification", (size, size), STRING_ALPHABET, STRING_LENGTH)
        )

    def draw(self, rng, n_episodes) -> EpisodeBatch:
        """Draw characters, drawings, small moves and an order: see :class:`TaskFamily`."""
        characters = self._characters(rng, n_episodes)
        draw_rows = self._balanced_rows if self.balanced else self._random_rows
        position, drawings = draw_rows(rng, n_episodes)
        n_views = position.size
        tilt = np.deg2rad(rng.uniform(-self.max_angle, self.max_angle, n_views))
        shift = rng.uniform(-self.max_shift, self.max_shift, (2, n_views))
        form = np.stack([tilt, *self._stretches(rng, n_views)])
        warp = self._warps(rng, n_views)
        if self.variety:
            form_of_class, warp_of_class = self._varieties(rng, position)
            form = form + form_of_class
            warp = warp_of_class if warp is None else warp + warp_of_class

        def views(characters):
            shown = np.take_along_axis(characters, position, axis=1)
            shown, turns = np.divmod(shown, self._n_turns)
            shown, sides = np.divmod(shown, self._n_sides)
            return self._bank.views(
                (shown * self.n_drawings + drawings).ravel(),
                angle=turns.ravel() * (np.pi / 2) + form[0],
                shift=shift,
                stretch=form[1:3],
                slant=form[3],
                mirrored=sides.ravel() == 1,
                warp=warp,
            )

        if self.composed:
            first, second = self._parts(characters)
            pictures = np.where(self._first_sides(rng, position), views(first), views(second))
        else:
            pictures = views(characters)
        return EpisodeBatch(
            inputs=pictures.reshape(*position.shape, *self.spec.input_shape),
            targets=self._labels(rng, n_episodes, position),
        )

    # What is not asked for is not drawn: streams of old recipes stay what they were.

    def _stretches(self, rng, n_views):
        """By how much each drawing grows in height and in width, and leans: (3, n_views)."""
        if self.max_stretch == 0:
            return np.zeros((3, n_views))
        return rng.uniform(-self.max_stretch, self.max_stretch, (3, n_views))

    def _warps(self, rng, n_views):
        """Waves that bend each drawing, (n_views, 2, 4, 4), in sides of a picture, or None."""
        if self.max_warp == 0:
            return None
        most = self.max_warp / self.spec.input_shape[0]
        return most * WAVES * rng.uniform(-1, 1, (n_views, 2, *WAVES.shape))

    def _varieties(self, rng, position):
        """What all drawings of a class share, by row: their form (4, n_views) and their waves."""
        n_variants = (len(position), 1 if self.one_alphabet else self.n_classes)
        form = rng.uniform(-1, 1, (*n_variants, len(CLASS_FORM))) * CLASS_FORM
        warp = rng.uniform(-1, 1, (*n_variants, 2, *WAVES.shape)) * WAVES * CLASS_WARP
        episode = np.arange(len(position))[:, None]
        variant = episode, 0 * position if self.one_alphabet else position
        form, warp = form[variant].reshape(-1, len(CLASS_FORM)).T, warp[variant]
        return self.variety * form, self.variety * warp.reshape(-1, *warp.shape[2:])

    @property
    def _n_firsts(self):
        """How many characters of one alphabet have a first part in composed ones."""
        return int(np.ceil(np.sqrt(self.n_classes)))

    @property
    def _n_drawn(self):
        """Characters that an episode's classes are made of."""
        if not (self.composed and self.one_alphabet):
            return self.n_classes
        return self._n_firsts + -(-self.n_classes // self._n_firsts)

    def _parts(self, characters):
        """Return the two characters of each composed one, both (B, n_classes)."""
        if not self.one_alphabet:
            return characters, np.roll(characters, 1, axis=1)
        second, first = np.divmod(np.arange(self.n_classes), self._n_firsts)
        return characters[:, first], characters[:, self._n_firsts + second]

    def _first_sides(self, rng, position):
        """Return which pixels are on the first side of a cut, by row: (n_views, size, size)."""
        n_cuts = (len(position), 1 if self.one_alphabet else self.n_classes)
        angle = rng.uniform(0, 2 * np.pi, n_cuts)[..., None, None]
        place = rng.uniform(-MOST_CUT, MOST_CUT, n_cuts)[..., None, None]
        size = self.spec.input_shape[0]
        grid = (np.arange(size) + 0.5) / size - 0.5
        first = np.cos(angle) * grid[:, None] + np.sin(angle) * grid > place
        cut = 0 * position if self.one_alphabet else position
        return first[np.arange(len(position))[:, None], cut].reshape(-1, size, size)

    @property
    def _n_turns(self):
        return 4 if self.rotations else 1

    @property
    def _n_sides(self):
        return 2 if self.mirrors else 1

    def _characters(self, rng, n_episodes):
        """Draw each episode's characters, (B, n): a character, its side and its turn in one."""
        n_views = self._n_sides * self._n_turns
        if not self.one_alphabet:
            every = np.full(n_episodes, self.n_characters * n_views)
            return draw_distinct(rng, every, self._n_drawn)
        share = self._sizes[self._large] / self._sizes[self._large].sum()
        alphabet = rng.choice(self._large, n_episodes, p=share)
        characters = draw_distinct(rng, self._sizes[alphabet], self._n_drawn)
        characters += self._starts[alphabet][:, None]
        return characters * n_views + rng.integers(n_views, size=(n_episodes, 1))

    def _balanced_rows(self, rng, n_episodes):
        """Which of the episode's classes a row is of, and which drawing: both (B, T)."""
        every = np.full((n_episodes, self.n_classes), self.n_drawings)
        drawings = draw_distinct(rng, every, self.n_shots).reshape(n_episodes, -1)
        order = rng.permuted(np.tile(np.arange(self.n_steps), (n_episodes, 1)), axis=1)
        return order // self.n_shots, np.take_along_axis(drawings, order, axis=1)

    def _random_rows(self, rng, n_episodes):
        """As :meth:`_balanced_rows`, with classes of random sizes."""
        rates = rng.normal(0, RATE_SPREAD, (n_episodes, self.n_classes, 1))
        # The largest sums of a log rate and Gumbel noise, in order, are draws by rate without
        # replacement.
        luck = rates + rng.gumbel(size=(n_episodes, self.n_classes, self.n_drawings))
        drawn = np.argsort(-luck.reshape(n_episodes, -1), axis=1)[:, : self.n_steps]
        return np.divmod(drawn, self.n_drawings)

    def _labels(self, rng, n_episodes, position):
        """Labels of rows that belong to the episode's classes ``position``."""
        if self.labels == "one-hot":
            dealt = draw_distinct(rng, np.full(n_episodes, self.n_labels), self.n_classes)
            return np.take_along_axis(dealt, position, axis=1)
        n_strings = np.full(n_episodes, STRING_ALPHABET**STRING_LENGTH)
        strings = draw_distinct(rng, n_strings, self.n_classes)
        digits = strings[..., None] // STRING_ALPHABET ** np.arange(STRING_LENGTH)
        return np.take_along_axis(digits % STRING_ALPHABET, position[..., None], axis=1)
