"""The student: a plain residual network of 3x3 convolutions, quick to train on a CPU and easy to quantise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

SIDE = 112
STRIDES = 32  # stem and four stages, each halving the picture
STAGES = 4
CELLS = (-(-SIDE // STRIDES)) ** 2  # of what the last stage answers


def _convolution(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; `silent` blocks begin as the identity."""

    def __init__(self, inputs: int, outputs: int, stride: int, *, silent: bool = False) -> None:
        super().__init__()
        self.first = _convolution(inputs, outputs, 3, stride)
        self.second = _convolution(outputs, outputs, 3, 1)
        plain = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if plain else _convolution(inputs, outputs, 1, stride)
        last = self.second[1]
        if silent and isinstance(last, nn.BatchNorm2d):
            nn.init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        """NxCxHxW to NxC'xH/sxW/s."""
        inner = functional.relu(self.first(x), inplace=True)
        return functional.relu(self.second(inner) + self.shortcut(x), inplace=True)


class Embedder(nn.Module):
    """Nx3x112x112 BGR, (value - 127.5) / 128, to Nx`size` templates that are not normalised.

    widths, blocks: channels and residual blocks of the stages, four of them. added: further blocks at the end of
    each stage that begin as the identity, so that a trained smaller network can grow without losing what it knows.
    early: residual blocks between the stem and the first stage, at half the crop's side; they begin as the identity.
    """

    def __init__(
        self,
        widths: Sequence[int],
        blocks: Sequence[int],
        added: Sequence[int],
        *,
        size: int = 256,
        early: int = 0,
    ) -> None:
        super().__init__()
        self.stem = _convolution(3, widths[0], 3, 2)
        self.early = nn.Sequential(*[ResidualBlock(widths[0], widths[0], 1, silent=True) for _ in range(early)])
        stages = []
        inputs = widths[0]
        for width, count, extra in zip(widths, blocks, added, strict=True):
            stage = [ResidualBlock(inputs, width, 2)]
            stage += [ResidualBlock(width, width, 1, silent=k >= count - 1) for k in range(count - 1 + extra)]
            stages.append(nn.Sequential(*stage))
            inputs = width
        self.stages = nn.Sequential(*stages)
        self.project = nn.Linear(inputs * CELLS, size, bias=False)
        self.norm = nn.BatchNorm1d(size)

    def forward(self, x: Tensor) -> Tensor:
        """The templates of a batch."""
        features = self.stages(self.early(functional.relu(self.stem(x), inplace=True)))
        templates: Tensor = self.norm(self.project(features.flatten(1)))
        return templates


@dataclass(frozen=True, slots=True)
class Shape:
    """Of an `Embedder`: channels and residual blocks of its four stages, and the blocks before them (`early`)."""

    widths: list[int]
    blocks: list[int]
    early: int


def shape_in(kernels: Sequence[Sequence[int]]) -> Shape:
    """The shape of the `Embedder` whose convolutions, in the order of their calls, have these kernels.

    kernels: outputs, inputs, height, width of each. Every block has two 3x3 kernels; a stage's first block alone has
    a 1x1 shortcut, called after them.
    """
    widths: list[int] = []
    kernels_3x3 = [0]  # before each shortcut, and after the last
    for outputs, _, height, _ in kernels[1:]:
        if height == 1:
            widths.append(outputs)
            kernels_3x3.append(0)
        else:
            kernels_3x3[-1] += 1
    counts = [count // 2 for count in kernels_3x3]
    return Shape(widths, [*counts[1:-1], counts[-1] + 1], counts[0] - 1)
