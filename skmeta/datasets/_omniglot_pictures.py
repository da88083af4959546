"""Omniglot's pictures out of an archive or a folder: decoded, and checked for being all there."""

import contextlib
import glob
import io
import os
import re
import struct
import zipfile
import zlib

import numpy as np

from skmeta.datasets._omniglot_sources import URL

N_DRAWERS = 20
SIDE = 105  # pixels
_FILE_NAME = re.compile(r"\d+_(\d+)\.png")  # 0709_01.png: character 709, drawer 1
_DAMAGE = (ValueError, EOFError, OSError, RuntimeError, OverflowError, struct.error, zlib.error)
_ZIP_DAMAGE = (*_DAMAGE, zipfile.BadZipFile)  # RuntimeError: a flag that says "encrypted"
_PNG_DAMAGE = (*_DAMAGE, SyntaxError)  # Pillow's "broken PNG file"


def decode(subsets, sources):
    """Read, check and pack all pictures.

    Parameters
    ----------
    subsets : sequence of Subset
        What is expected.
    sources : sequence of Path
        The zip archive or the unpacked folder of each subset.

    Returns
    -------
    dict of str to ndarray
        packed, the pictures as rows of bits, uint8 (n_pictures, bytes); target and drawer, int64
        (n_pictures,); characters, str (n_characters,).
    """
    packed, drawer, characters = [], [], []
    for subset, source in zip(subsets, sources, strict=True):
        with _opened(source, subset) as (names, read):
            subset_characters, subset_drawer = _check_names(names, source, subset)
            characters += [f"{subset.name}/{alphabet}/{c}" for alphabet, c in subset_characters]
            drawer += subset_drawer
            for name in names:
                picture = _decode_picture(read(name), f"{'/'.join(name)} in {source}")
                packed.append(np.packbits(picture))
    return {
        "packed": np.stack(packed),
        "target": np.repeat(np.arange(len(characters), dtype=np.int64), N_DRAWERS),
        "drawer": np.array(drawer, dtype=np.int64),
        "characters": np.array(characters),
    }


def folder_names(folder):
    """Return the sorted (alphabet, character, file) of the pictures in an unpacked subset."""
    names = glob.glob(os.path.join("*", "*", "*.png"), root_dir=folder)
    return sorted(tuple(name.split(os.sep)) for name in names)


@contextlib.contextmanager
def _opened(source, subset):
    """Give the sorted (alphabet, character, file) of the pictures, and a function to read one."""
    if source.is_dir():
        yield folder_names(source), lambda name: source.joinpath(*name).read_bytes()
        return
    try:
        archive = zipfile.ZipFile(source)
    except _ZIP_DAMAGE as error:
        raise _damaged(source, error) from error

    def read(name):
        try:
            return archive.read("/".join((subset.name, *name)))
        except _ZIP_DAMAGE as error:
            raise _damaged(source, error) from error

    with archive:
        parts = (tuple(name.split("/")) for name in set(archive.namelist()))
        pictures = (p[1:] for p in parts if len(p) == 4 and p[0] == subset.name)
        yield sorted(p for p in pictures if p[2].endswith(".png") and p[2][0] != "."), read


def _damaged(source, error):
    """Return the error for a damaged archive."""
    return ValueError(
        f"{source} is damaged: {error}. Expected a whole zip archive; the file may have been "
        "truncated while it was copied. Delete it and get it again from "
        f"{URL}{source.name}, or let fetch_omniglot download it."
    )


def _check_names(names, source, subset):
    """Return the characters and the drawers of a subset, which must be Omniglot's in number."""
    remedy = f"Get the official archive from {URL}{subset.name}.zip, or another copy of it."
    characters = dict.fromkeys(name[:2] for name in names)
    received = (len({alphabet for alphabet, _ in characters}), len(characters))
    if received != (subset.n_alphabets, subset.n_characters):
        raise ValueError(
            f"{source} is not Omniglot's {subset.name}: expected {subset.n_alphabets} alphabets "
            f"with {subset.n_characters} characters as {subset.name}/ALPHABET/CHARACTER/*.png, "
            f"received {received[0]} alphabets with {received[1]} characters. {remedy}"
        )
    drawers: dict[tuple, list] = {character: [] for character in characters}
    for alphabet, character, file in names:
        match = _FILE_NAME.fullmatch(file)
        drawers[alphabet, character].append(int(match[1]) if match else file)
    for (alphabet, character), drawn_by in drawers.items():
        if len(drawn_by) != N_DRAWERS or set(drawn_by) != set(range(1, N_DRAWERS + 1)):
            raise ValueError(
                f"{source} is not Omniglot's {subset.name}: expected {N_DRAWERS} drawings of "
                f"{alphabet}/{character}, NUMBER_01.png to NUMBER_{N_DRAWERS:02}.png, received "
                f"{len(drawn_by)} by {drawn_by}. {remedy}"
            )
    return list(characters), [drawer for drawn_by in drawers.values() for drawer in drawn_by]


def _decode_picture(content, where):
    """Return one picture as booleans, True for ink."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "Decoding Omniglot's pictures needs Pillow, which is not installed: pip install pillow"
        ) from error
    try:
        with Image.open(io.BytesIO(content)) as image:
            size = image.size
            picture = np.asarray(image.convert("L")) < 128 if size == (SIDE, SIDE) else None
    except _PNG_DAMAGE as error:
        raise ValueError(
            f"The picture {where} is damaged: {error}. Get the archive again from {URL}."
        ) from error
    if picture is None:
        raise ValueError(
            f"The picture {where} has the wrong size: expected {SIDE} x {SIDE} pixels, received "
            f"{size[0]} x {size[1]}. fetch_omniglot reads the original pictures: shrink them after "
            f"loading, and get the archive again from {URL}."
        )
    return picture
