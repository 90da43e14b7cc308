"""Augmentation: images shifted, mirrored and made noisy, as pure functions of explicit keys."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.data import keys
from microgd.errors import ArgumentError, ShapeError

Array = NDArray[Any]


def augment(
    x: Any,
    shape: tuple[int, ...],
    seed: int = 0,
    epoch: int = 0,
    batch: int = 0,
    *,
    shift: int = 0,
    noise: float = 0.0,
    flip: bool = False,
) -> Array:
    """A minibatch of images, each changed a little: the same key gives the same change.

    Each of the three has random numbers of its own: to add noise does not change the shifts.

    Arguments:
        x: B × features. shape: of an image, height × width or colours × height × width.
        seed, epoch, batch: the key. batch is the number of the minibatch in its epoch.
        shift: each image moves by −shift … shift pixels along both axes; zeros come in.
        noise: σ of the normal noise on each pixel.
        flip: whether each image is mirrored, left to right, with probability ½.

    Raises:
        ShapeError: x does not fit the shape. ArgumentError: an option out of range.

    >>> x = np.arange(8.0).reshape(2, 4)
    >>> augment(x, (2, 2), seed=1, epoch=3, shift=1, flip=True).shape
    (2, 4)
    >>> (augment(x, (2, 2)) == x).all()
    np.True_
    """
    images = _images(x, shape)
    steps = keys.whole(shift, "shift", 0, max(images.shape[-2:]))
    if not (np.isfinite(noise) and noise >= 0):
        raise ArgumentError(f"noise is 0 or a number above it, got {noise!r}")
    key = seed, epoch, batch
    changed = images
    if flip:
        bits = keys.philox(keys.FLIP, *key).random_raw(len(images))
        changed = flip_images(changed, bits >> np.uint64(63) == 1)
    if steps:
        moves = keys.generator(keys.SHIFT, *key).integers(-steps, steps + 1, (2, len(images)))
        changed = shift_images(changed, moves[0], moves[1])
    if noise:
        drawn = keys.generator(keys.NOISE, *key).normal(size=changed.shape)
        changed = changed + (noise * drawn).astype(changed.dtype)
    # A copy, even where nothing changed: who writes into a minibatch must not write into the data.
    return np.array(changed).reshape(len(images), -1)


def shift_images(images: Array, dx: Any, dy: Any) -> Array:
    """Each image moved dx pixels to the right and dy down; zeros come in at the other side.

    Arguments:
        images: B × … × height × width. dx, dy: one whole number, or one for each image.

    >>> shift_images(np.array([[[1, 2], [3, 4]]]), 1, 0).tolist()
    [[[0, 1], [0, 3]]]
    """
    count, (height, width) = len(images), images.shape[-2:]
    right, down = (np.broadcast_to(np.asarray(d), (count,))[:, None] for d in (dx, dy))
    rows, columns = np.arange(height)[None] - down, np.arange(width)[None] - right
    # An index of its own for each image, for all its colours.
    planes = images.reshape(count, -1, height, width)
    taken = planes[
        np.arange(count)[:, None, None, None],
        np.arange(planes.shape[1])[None, :, None, None],
        rows.clip(0, height - 1)[:, None, :, None],
        columns.clip(0, width - 1)[:, None, None, :],
    ]
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & (
        (columns >= 0) & (columns < width)
    )[:, None, None, :]
    moved: Array = np.where(inside, taken, images.dtype.type(0))
    return moved.reshape(images.shape)


def flip_images(images: Array, which: Any) -> Array:
    """The images where `which` is True mirrored, left to right; the others as they are.

    >>> flip_images(np.array([[[1, 2]], [[3, 4]]]), [True, False]).tolist()
    [[[2, 1]], [[3, 4]]]
    """
    chosen = np.asarray(which, dtype=bool).reshape(-1, *[1] * (images.ndim - 1))
    return np.where(chosen, images[..., ::-1], images)


def _images(x: Any, shape: tuple[int, ...]) -> Array:
    rows = np.asarray(x)
    if len(shape) not in (2, 3):
        raise ShapeError(
            f"images are height × width, or colours × height × width; {shape} is no such shape"
        )
    if rows.ndim != 2 or rows.shape[1] != np.prod(shape):
        raise ShapeError(f"x of shape {rows.shape} is no B × {np.prod(shape)}, for images {shape}")
    return rows.reshape(len(rows), *shape)
