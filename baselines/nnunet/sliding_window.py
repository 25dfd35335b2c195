"""Predicts logits window by window, and lets each plane go as soon as no later window touches it.

nnU-Net holds the logits of the whole volume, twice with several folds. Its windows walk along z outermost: when all
windows of one z are done, the planes below the next z are final. So the planes of one window's depth are all that has
to be held. Every sum is made in nnU-Net's order and precision: the logits are nnU-Net's own, bit for bit.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from acvl_utils.cropping_and_padding.padding import pad_nd_image
from nnunetv2.inference.sliding_window_prediction import compute_gaussian, compute_steps_for_sliding_window
from numpy.typing import NDArray

from .fold_networks import FoldNetworks

_STEP = 0.5
"""From one window to the next, in windows: nnU-Net's default."""


class SlidingWindow:
    """The logits of one image, by one network or the mean of several folds' networks, plane after plane."""

    def __init__(self, networks: FoldNetworks, image: NDArray[np.float32]) -> None:
        """`image` is (channel, z, y, x) on the network's grid; `networks` were planned for it."""
        self._networks = networks
        self._patch = tuple(networks.configuration.patch_size)
        padded, within = pad_nd_image(torch.from_numpy(image), self._patch, "constant", {"value": 0}, True, None)
        self._image = padded
        self._within = within[1:]
        self._starts = compute_steps_for_sliding_window(padded.shape[1:], self._patch, _STEP)
        self._next_row = 0
        self._first, self._final_until = 0, 0
        """The plane that the sums begin with, and the first one that later windows touch. Both count padding."""
        self._is_on_host = False
        """Whether the sums had to leave the device."""
        networks.network = networks.network.to(networks.device).eval()
        try:
            # As nnU-Net: on a GPU of NVIDIA alone.
            self._make_sums(networks.device if networks.device.type == "cuda" else torch.device("cpu"))
        except torch.OutOfMemoryError:
            self._is_on_host = True
            self._make_sums(torch.device("cpu"))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(class, z, y, x), without padding."""
        z, y, x = (part.stop - part.start for part in self._within)
        return self._networks.labels.num_segmentation_heads, z, y, x

    def plane(self, z: int) -> NDArray[np.float16]:
        """The logits (class, y, x) of a plane. Planes can be had in rising order alone."""
        of_z, *in_plane = self._within
        z += of_z.start
        while z >= self._final_until:
            self._predict_row()
        at = z - self._first
        if at < 0:
            raise IndexError(f"plane {z - of_z.start} was let go before it was asked for")
        # As nnU-Net: each fold's mean in half precision, their sum, then the mean of the folds.
        mean = torch.div(self._sums[0][:, at], self._weights[at])
        for of_fold in self._sums[1:]:
            mean += torch.div(of_fold[:, at], self._weights[at])
        if len(self._sums) > 1:
            mean /= len(self._sums)
        logits: NDArray[np.float16] = mean[:, *in_plane].contiguous().cpu().numpy()
        return logits

    def _make_sums(self, device: torch.device) -> None:
        """Empty ones, of every fold's logits and of the weights."""
        planes = (self._patch[0], *self._image.shape[2:])
        logits = (self._networks.labels.num_segmentation_heads, *planes)
        self._sums = [torch.zeros(logits, dtype=torch.half, device=device) for _ in self._networks.weights]
        self._weights = torch.zeros(planes, dtype=torch.half, device=device)
        self._gaussian = compute_gaussian(self._patch, sigma_scale=1.0 / 8, value_scaling_factor=10, device=device)

    @torch.inference_mode()
    def _predict_row(self) -> None:
        """All windows of the next z start, by every fold."""
        starts_z = self._starts[0]
        start, depth = starts_z[self._next_row], self._patch[0]
        if self._next_row:
            self._move_to(start)
        self._first = start
        if self._next_row or self._is_on_host:
            self._sum_windows(start)
        else:
            try:
                self._sum_windows(start)
            except torch.OutOfMemoryError:
                # As in nnU-Net, a network that has no room beside the sums gets it.
                self._is_on_host = True
            if self._is_on_host:
                self._make_sums(torch.device("cpu"))
                torch.cuda.empty_cache()
                self._sum_windows(start)
        self._next_row += 1
        last = self._next_row == len(starts_z)
        self._final_until = start + depth if last else starts_z[self._next_row]

    def _sum_windows(self, start: int) -> None:
        """Adds all windows that begin at a plane, of every fold."""
        _, starts_y, starts_x = self._starts
        for fold, weights in enumerate(self._networks.weights):
            self._load(weights)
            for y in starts_y:
                for x in starts_x:
                    in_plane = slice(y, y + self._patch[1]), slice(x, x + self._patch[2])
                    window = self._image[:, start : start + self._patch[0], *in_plane][None]
                    logits = self._networks.logits(window).to(self._gaussian.device)
                    logits *= self._gaussian
                    self._sums[fold][:, :, *in_plane] += logits
                    if fold == 0:
                        self._weights[:, *in_plane] += self._gaussian

    def _move_to(self, start: int) -> None:
        """Lets the planes below `start` go; those that stay move to the front, the new ones are empty."""
        passed = start - self._first
        for sums in (*self._sums, self._weights[None]):
            # Plane by plane, for source and target overlap.
            for at in range(self._patch[0] - passed):
                sums[:, at] = sums[:, at + passed]
            sums[:, self._patch[0] - passed :] = 0

    def _load(self, weights: Mapping[str, Any]) -> None:
        if len(self._networks.weights) > 1 or self._next_row == 0:
            self._networks.network.load_state_dict(weights)
