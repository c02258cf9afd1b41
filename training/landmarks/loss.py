"""What training minimises."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.landmarks.frame import SIDE
from training.landmarks.layout import COUNT, OUTER_EYE_CORNERS

# The eyes' distance shrinks in profile; below this (pixels of the crop) errors are not magnified further.
_SMALLEST_INTEROCULAR = 25.0


@dataclass(frozen=True, slots=True)
class LossPlan:
    """The [loss] table of the config.

    wing_width, wing_bend: width and curvature of the wing loss in percent of the interocular distance (Feng
    et al. 2018): steep near zero, so that small errors count. pose_weight: one degree against one percent.
    """

    wing_width: float = 8.0
    wing_bend: float = 2.0
    pose_weight: float = 0.5


def interocular(points: Tensor) -> Tensor:
    """(N,) distance of the outer eye corners of N x 150 x 2 points, in the points' unit."""
    first, second = OUTER_EYE_CORNERS
    between: Tensor = torch.linalg.vector_norm(points[:, first] - points[:, second], dim=1)
    return between


def wing(error: Tensor, width: float, bend: float) -> Tensor:
    """Elementwise wing loss of absolute errors."""
    offset = width - width * math.log(1 + width / bend)
    return torch.where(error < width, width * torch.log1p(error / bend), error - offset)


def landmark_loss(
    outputs: tuple[Tensor, Tensor], points: Tensor, pose: Tensor, plan: LossPlan
) -> tuple[Tensor, Tensor]:
    """Losses of points and pose. points: N x 150 x 2 pixels of the crop; pose: N x 3 degrees."""
    found, angles = outputs[0].float().view(-1, COUNT, 2) * SIDE, outputs[1].float()
    percent = 100.0 / interocular(points).clamp_min(_SMALLEST_INTEROCULAR)
    apart = (found - points).abs() * percent[:, None, None]
    of_points = wing(apart, plan.wing_width, plan.wing_bend).mean()
    of_pose = plan.pose_weight * functional.smooth_l1_loss(angles, pose, beta=2.0)
    return of_points, of_pose
