"""The detector's loss: a score that foretells the box's overlap, box overlap, and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training.detector.targets import Targets


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weights of the parts. `negative` and `focus` shape the score's loss on background cells."""

    score: float = 2.0
    box: float = 2.0
    size: float = 0.5
    points: float = 1.5
    features: float = 2.0
    negative: float = 1.0
    focus: float = 2.0


@dataclass(frozen=True, slots=True)
class LossParts:
    """Scalars: the loss to go down, and its weighted parts."""

    total: Tensor
    score: Tensor
    box: Tensor
    points: Tensor


# Cells at least this near to a face's centre answer for it; the cells around them may answer or not.
_CENTRAL = 0.7
# Where the labels know of no face, the teacher's score is followed up to this one only.
_LARGEST_BACKGROUND = 0.25


def flatten_maps(maps: Sequence[Tensor]) -> Tensor:
    """Return the maps (each N x 15 x h x w) as N x cells x 15, in the order of the strides."""
    return torch.cat([dense.flatten(2).transpose(1, 2) for dense in maps], dim=1).float()


def generalised_overlap(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Return IoU and generalised IoU of boxes p x 4 given as centre x, y, width, height."""
    low = torch.maximum(one[:, :2] - one[:, 2:] / 2, other[:, :2] - other[:, 2:] / 2)
    high = torch.minimum(one[:, :2] + one[:, 2:] / 2, other[:, :2] + other[:, 2:] / 2)
    shared = (high - low).clamp(min=0).prod(1)
    union = one[:, 2:].prod(1) + other[:, 2:].prod(1) - shared
    iou = shared / union.clamp(min=1e-6)
    low = torch.minimum(one[:, :2] - one[:, 2:] / 2, other[:, :2] - other[:, 2:] / 2)
    high = torch.maximum(one[:, :2] + one[:, 2:] / 2, other[:, :2] + other[:, 2:] / 2)
    hull = (high - low).prod(1)
    return iou, iou - (hull - union) / hull.clamp(min=1e-6)


def detector_loss(
    maps: Sequence[Tensor],
    targets: Targets,
    hints: Tensor | None,
    corners: Tensor,
    strides: Tensor,
    weights: LossWeights,
) -> LossParts:
    """Return the loss of a batch; `corners` (cells x 2, pixels) and `strides` (cells) from `cell_grid`.

    `hints` (N x cells) are the teacher's scores: what a background cell resembles, and the only word on the
    cells of doubtful faces, which count for nothing without it.
    """
    cells = flatten_maps(maps)
    count = cells.shape[1]
    cells = cells.reshape(-1, cells.shape[2])
    chosen = cells[targets.cells]
    place = targets.cells % count
    corner, stride = corners[place], strides[place][:, None]

    centre = corner + chosen[:, 1:3] * stride
    extent = chosen[:, 3:5].clamp(-4, 5).exp() * stride
    iou, generalised = generalised_overlap(torch.cat([centre, extent], dim=1), targets.boxes)
    size_error = F.smooth_l1_loss(
        chosen[:, 3:5], (targets.boxes[:, 2:] / stride).log(), reduction="none", beta=0.1
    ).sum(1)
    scale = targets.boxes[:, 2:].prod(1).sqrt()[:, None]
    pixels = corner.repeat(1, 5) + chosen[:, 5:] * stride
    point_error = F.smooth_l1_loss(pixels / scale, targets.points / scale, reduction="none", beta=0.05).sum(1)

    total_near = targets.near.sum().clamp(min=1.0)
    box = (targets.near * (weights.box * (1 - generalised) + weights.size * size_error)).sum() / total_near
    points = weights.points * (targets.near * targets.pointed * point_error).sum() / total_near

    logits = cells[:, 0]
    wanted = torch.zeros_like(logits)
    if hints is not None:
        wanted = hints.reshape(-1).clamp(max=_LARGEST_BACKGROUND)
        wanted[targets.doubtful] = hints.reshape(-1)[targets.doubtful]
        wanted[targets.inside] = 0
    central = (targets.near >= _CENTRAL).float()
    wanted[targets.cells] = 0.5 + 0.5 * iou.detach()
    weight = weights.negative * (logits.detach().sigmoid() - wanted).abs() ** weights.focus
    weight[targets.cells] = central
    if hints is None:
        weight[targets.doubtful] = 0
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    score = weights.score * (weight * entropy).sum() / central.sum().clamp(min=1.0)
    return LossParts(score + box + points, score.detach(), box.detach(), points.detach())


def feature_loss(ours: Sequence[Tensor], theirs: Sequence[Tensor], spread: Sequence[Tensor]) -> Tensor:
    """Return the mean squared difference of maps, each channel (1 x channels x 1 x 1 `spread`) to its own scale."""
    parts = [
        ((one.float() - other) / scale).square().mean()
        for one, other, scale in zip(ours, theirs, spread, strict=True)
    ]
    return torch.stack(parts).mean()
