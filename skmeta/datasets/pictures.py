"""Small views of large pictures: area averages on a shifted, turned and zoomed grid."""

from __future__ import annotations

from operator import index

import numpy as np

# How many points of a bank a pixel of a view is wide: even, so that one is in its middle.
FINENESS = 4


class PictureBank:
    """Pictures, blurred once so that a small view of any of them is a table look-up.

    Each point of the bank is the mean ink in the square that one pixel of the
    view covers, scaled so that the darkest of those half a pixel apart is 1, and what is darker,
    too. Points are a quarter of a pixel of the view apart, and a view takes the nearest to each of
    its pixels: one that is neither moved nor bent holds exact area averages.

    Parameters
    ----------
    pictures : ndarray of shape (n, side, side)
        Square pictures, ink positive and paper 0.
    size : int
        Height and width of a view in pixels, at most ``side``.

    Raises
    ------
    ValueError
        If there are no pictures, or they are not square, smaller than the views, not finite, or
        have negative ink.
    """

    def __init__(self, pictures, size: int):
        shape = pictures.shape
        if len(shape) != 3:
            ways = {2: ": pass pictures[None] for a single one"}
            if shape[3:] == (1,):
                ways[4] = ": pass pictures[..., 0]"
            raise ValueError(
                f"pictures must be of shape (n, side, side), got {shape}{ways.get(len(shape), '')}."
            )
        if shape[1] != shape[2]:
            raise ValueError(f"pictures must be square, got {shape}: pad them with paper first.")
        self.size = size = index(size)
        self.side = pictures.shape[1]
        if not 1 <= size <= self.side:
            raise ValueError(
                f"size must lie in 1..{self.side}, the side of the pictures, got {size}: "
                "pictures are made smaller, not larger."
            )
        if not len(pictures):
            raise ValueError("There are no pictures.")
        least, most = pictures.min(), pictures.max()
        if not (least >= 0 and np.isfinite(most)):
            raise ValueError(
                f"pictures must be finite, ink positive and paper 0, got values from {least:g} to "
                f"{most:g}: of numbers from -1 to 1 make (pictures + 1) / 2."
            )
        shares = _shares(self.side, size)
        self._points = np.stack([_points(picture, shares) for picture in pictures])
        self._columns = self._points.shape[1]
        self._points = self._points.reshape(-1)

    def __len__(self):
        return len(self._points) // self._columns**2

    def views(
        self,
        indices,
        *,
        angle=0.0,
        shift=(0.0, 0.0),
        zoom=1.0,
        stretch=(0.0, 0.0),
        slant=0.0,
        mirrored=False,
        warp=None,
    ):
        """Return small views of the pictures with the given indices.

        Parameters
        ----------
        indices : ndarray of int, shape (n,)
        angle : float or ndarray of shape (n,), default=0
            Anticlockwise turn in radians.
        shift : pair of float or ndarray of shape (n,), default=(0, 0)
            Move down and to the right, in pixels of the view.
        zoom : float or ndarray of shape (n,), default=1
            Size of the drawing, 1 for the original.
        stretch : pair of float or ndarray of shape (n,), default=(0, 0)
            By what share the drawing's height and width grow, before it is turned.
        slant : float or ndarray of shape (n,), default=0
            By what share of its height the drawing's top leans to the left.
        mirrored : bool or ndarray of shape (n,), default=False
            Whether left and right of the drawing are exchanged, before it is turned.
        warp : ndarray of shape (n, 2, K, K), default=None
            Elastic deformation. ``warp[:, 0]`` is down, ``warp[:, 1]`` to the right: coefficients
            (i, j) of cos(pi i u) cos(pi j v), with u and v in 0..1 from the upper left corner. A
            point of the view shows what is so far away from it, in sides of a picture; so
            coefficient (0, 0) moves the drawing up and to the left.

        Returns
        -------
        views : ndarray of shape (n, size, size), float32
            Ink in [0, 1].
        """
        grid = ((np.arange(self.size, dtype=np.float32) + 0.5) / self.size) - 0.5
        row = grid[None, :, None] - _column(shift[0]) / self.size
        column = grid[None, None, :] - _column(shift[1]) / self.size
        if warp is not None:
            waves = np.cos(np.pi * np.outer(grid + 0.5, np.arange(warp.shape[-1])))
            waves = waves.astype(np.float32)
            down, right = np.moveaxis(waves @ warp.astype(np.float32) @ waves.T, 1, 0)
            row, column = row + down, column + right
        cos, sin = _column(np.cos(angle) / zoom), _column(np.sin(angle) / zoom)
        side = np.where(_column(mirrored), np.float32(-1), np.float32(1))
        upright, across = cos * row + sin * column, side * (cos * column - sin * row)
        upright = upright / (1 + _column(stretch[0]))
        across = across / (1 + _column(stretch[1])) - _column(slant) * upright
        source_rows, source_columns = self._nearest(upright), self._nearest(across)
        first = np.asarray(indices, dtype=np.int64) * self._columns**2
        points = first[:, None, None] + source_rows * self._columns + source_columns
        return self._points[points].astype(np.float32) / np.float32(255)

    def _nearest(self, position):
        """Position in [-1/2, 1/2] -> index of the nearest point, the paper's frame outside."""
        points = np.floor((position + np.float32(0.5)) * np.float32(FINENESS * self.size) + 1.5)
        return np.clip(points.astype(np.int32), 0, self._columns - 1)


def _shares(side, size):
    """What part of a square around each point each pixel fills, of shape (points, side).

    Squares are as wide as a pixel of the view.
    """
    window = side / size
    center = np.arange(FINENESS * size + 1)[:, None] * window / FINENESS
    pixel = np.arange(side)
    low, high = np.maximum(center - window / 2, pixel), np.minimum(center + window / 2, pixel + 1)
    return (np.maximum(high - low, 0) / window).astype(np.float32)


def _points(picture, shares):
    """Mean ink around each point, from 0 to 255, and a frame of paper around all."""
    ink = shares @ picture.astype(np.float32) @ shares.T
    darkest = max(ink[:: FINENESS // 2, :: FINENESS // 2].max(), 1e-6)
    return np.pad(np.uint8(255 * np.minimum(ink / darkest, 1) + 0.5), 1)


def _column(values):
    return np.asarray(values, dtype=np.float32).reshape(-1, 1, 1)


def shrink_pictures(pictures, size: int) -> np.ndarray:
    """Make pictures as small as a learner wants them.

    Parameters
    ----------
    pictures : ndarray of shape (n, side, side)
        Ink positive, paper 0.
    size : int
        Height and width wanted, in pixels.

    Returns
    -------
    views : ndarray of shape (n, size, size), float32
        Area averages, over that of the darkest square of a pixel's size in the picture: at most 1.

    Raises
    ------
    ValueError
        If there are no pictures, or they are not square, smaller than ``size``, not finite, or
        have negative ink.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.datasets import shrink_pictures
    >>> shrink_pictures(np.eye(105)[None], 28).shape
    (1, 28, 28)
    """
    bank = PictureBank(np.asarray(pictures), size)
    return bank.views(np.arange(len(bank)))
