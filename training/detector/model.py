"""The face detector network: a small anchor-free detector with three strides."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

STRIDES = (8, 16, 32)
OUTPUT_NAMES = ("s8", "s16", "s32")
# logit of the face score, box centre (2), log box size (2), five points (10)
CHANNELS_OUT = 15
# A cell is a face with this probability before any training: keeps the first steps calm.
PRIOR_LOGIT = -4.0


@dataclass(frozen=True, slots=True)
class DetectorShape:
    """Widths and depths of the network.

    `stem` is the channels of the stride 2 stage, `early` of stride 4, `width` of strides 8 to 32 and of the
    feature pyramid. `blocks` counts the separable units of strides 4, 8, 16 and 32 (the first of each stage
    halves the resolution). `added` counts further units at the end of each stage that begin as the identity, so that
    a trained smaller network can grow without losing what it knows.
    """

    stem: int = 16
    early: int = 32
    width: int = 64
    blocks: tuple[int, int, int, int] = (2, 3, 3, 2)
    added: tuple[int, int, int, int] = (0, 0, 0, 0)


def _conv_unit(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class SeparableUnit(nn.Module):
    """Depthwise 3x3 and pointwise convolution, both normalised; a shortcut where the shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
        self.depthwise_norm = nn.BatchNorm2d(inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.pointwise_norm = nn.BatchNorm2d(outputs)
        self.shortcut = stride == 1 and inputs == outputs

    def begin_silent(self) -> SeparableUnit:
        """Let a unit with a shortcut begin as the identity (what comes in is never negative); returns the unit."""
        nn.init.zeros_(self.pointwise_norm.weight)
        return self

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.depthwise_norm(self.depthwise(x)))
        y = self.pointwise_norm(self.pointwise(y))
        return torch.relu(y + x if self.shortcut else y)


def _stage(inputs: int, outputs: int, count: int, added: int) -> nn.Sequential:
    units = [SeparableUnit(inputs, outputs, 2)]
    units += [SeparableUnit(outputs, outputs) for _ in range(count - 1)]
    units += [SeparableUnit(outputs, outputs).begin_silent() for _ in range(added)]
    return nn.Sequential(*units)


class Detector(nn.Module):
    """Maps a picture to three dense maps of faces.

    Input: float32 N x 3 x H x W, blue-green-red, (value - 127.5) / 128, H and W multiples of 32.
    Output: for strides 8, 16, 32 a tensor N x 15 x H/stride x W/stride: channel 0 logit of the face score,
    1-2 box centre minus the cell's top-left corner in strides, 3-4 log(width/stride) and log(height/stride),
    5-14 the five points minus the cell's top-left corner in strides (x0, y0, x1, ...).
    """

    def __init__(self, shape: DetectorShape | None = None) -> None:
        super().__init__()
        shape = shape or DetectorShape()
        width = shape.width
        self.stem = _conv_unit(3, shape.stem, 2)
        self.stage4 = _stage(shape.stem, shape.early, shape.blocks[0], shape.added[0])
        self.stage8 = _stage(shape.early, width, shape.blocks[1], shape.added[1])
        self.stage16 = _stage(width, width, shape.blocks[2], shape.added[2])
        self.stage32 = _stage(width, width, shape.blocks[3], shape.added[3])
        self.neck = nn.ModuleList(SeparableUnit(width, width) for _ in STRIDES)
        self.tower = nn.ModuleList(SeparableUnit(width, width) for _ in STRIDES)
        self.heads = nn.ModuleList(nn.Conv2d(width, CHANNELS_OUT, 1) for _ in STRIDES)
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        self._reset()

    def _reset(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for head in self.heads:
            assert isinstance(head, nn.Conv2d) and head.bias is not None
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
            with torch.no_grad():
                head.bias[0] = PRIOR_LOGIT
                head.bias[1:3] = 0.5
                head.bias[3:5] = 1.0
                head.bias[5:] = 0.5

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the pyramid's maps for strides 8, 16, 32, each N x width x H/stride x W/stride."""
        c8 = self.stage8(self.stage4(self.stem(x)))
        c16 = self.stage16(c8)
        c32 = self.stage32(c16)
        p32 = self.neck[2](c32)
        p16 = self.neck[1](c16 + self.upsample(p32))
        p8 = self.neck[0](c8 + self.upsample(p16))
        return p8, p16, p32

    def answer(self, features: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the output maps for the pyramid's maps."""
        levels = zip(self.heads, self.tower, features, strict=True)
        return tuple(head(tower(feature)) for head, tower, feature in levels)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.answer(self.features(x))
