"""The student: plain residual convolutions, a flattened 7 x 7 grid, and two linear heads."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.landmarks.frame import SIDE
from training.landmarks.layout import COUNT

# The pose head counts in this many degrees, so that both heads learn at the same pace.
_POSE_UNIT_DEG = 30.0


@dataclass(frozen=True, slots=True)
class NetShape:
    """Channels of the stem (56 x 56) and of the stages at 28, 14 and 7, and residual blocks per stage."""

    stem: int = 16
    stages: tuple[int, ...] = (32, 64, 96)
    blocks: tuple[int, ...] = (1, 1, 1)
    squeeze: int = 48
    hidden: int = 192


def _convolution(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class _Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = _convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(torch.relu(self.first(x))))


class LandmarkNet(nn.Module):
    """x: N x 3 x 112 x 112, BGR, (value - 127.5) / 128.

    Returns points, N x 300 (x and y of 150 points, 0 to 1 of the crop, beyond it for points outside), and pose,
    N x 3 (yaw, pitch and roll in the crop, degrees).
    """

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(3, shape.stem, 2), nn.ReLU()]
        channels = shape.stem
        for width, count in zip(shape.stages, shape.blocks, strict=True):
            layers += [_convolution(channels, width, 2), nn.ReLU()]
            layers += [_Block(width) for _ in range(count)]
            channels = width
        layers += [_convolution(channels, shape.squeeze, kernel=1), nn.ReLU(), nn.Flatten()]
        self.body = nn.Sequential(*layers)
        grid = SIDE // 2 ** (1 + len(shape.stages))
        self.hidden = nn.Sequential(nn.Linear(shape.squeeze * grid * grid, shape.hidden), nn.ReLU())
        self.points = nn.Linear(shape.hidden, 2 * COUNT)
        self.pose = nn.Linear(shape.hidden, 3)

    def start_at(self, mean_points: Tensor) -> None:
        """Let training begin with the mean face (300 values, 0 to 1) looking straight ahead."""
        with torch.no_grad():
            self.points.bias.copy_(mean_points)
            self.points.weight.mul_(0.1)
            self.pose.bias.zero_()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.hidden(self.body(x))
        return self.points(features), self.pose(features) * _POSE_UNIT_DEG
