"""The quality network: a small plain residual network with three outputs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

COVERINGS = ("none", "glasses", "mask")


@dataclass(frozen=True, slots=True)
class QualityShape:
    """Channels at strides 2, 4, 8 and 16, channels of the last map before it is flattened, hidden units."""

    widths: tuple[int, int, int, int] = (16, 32, 64, 96)
    squeeze: int = 24
    hidden: int = 64


def _step(inputs: int, outputs: int, *, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class _Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _step(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


class Quality(nn.Module):
    """N x 3 x 112 x 112 (BGR, (value - 127.5) / 128) to logits: N x 7 occlusion, N x 1 blur, N x 3 covering."""

    def __init__(self, shape: QualityShape) -> None:
        super().__init__()
        a, b, c, d = shape.widths
        self.body = nn.Sequential(
            _step(3, a, stride=2),
            _step(a, b, stride=2),
            _Residual(b),
            _step(b, c, stride=2),
            _Residual(c),
            _step(c, d, stride=2),
            _Residual(d),
            _step(d, shape.squeeze, kernel=1),
        )
        # The map is flattened, not pooled: on an aligned crop a cell's place says which region it sees.
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(shape.squeeze * 49, shape.hidden), nn.ReLU(inplace=True))
        self.last = nn.Linear(shape.hidden, 11)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits = self.last(self.hidden(self.body(x)))
        return logits[:, :7], logits[:, 7:8], logits[:, 8:]


class QualityForExport(nn.Module):
    """The same network with its outputs as the pack's contract states them: shares, blur, probabilities."""

    def __init__(self, model: Quality) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        occlusion, blur, covering = self.model(x)
        return torch.sigmoid(occlusion), torch.sigmoid(blur), torch.softmax(covering, dim=1)
