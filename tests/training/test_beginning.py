"""Training goes on from the files that are shipped: the networks of the configurations take their weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.beginning import first_weights  # noqa: E402
from training.detector.model import Detector  # noqa: E402
from training.detector.train import shape_from as detector_shape  # noqa: E402
from training.embedder.train import model_from  # noqa: E402
from training.landmarks.model import LandmarkNet  # noqa: E402
from training.landmarks.train import shape_from as landmarks_shape  # noqa: E402
from training.onnx_export import run_file  # noqa: E402
from training.quality.model import Quality  # noqa: E402
from training.quality.train import shape_from as quality_shape  # noqa: E402
from training.runtime import read_config  # noqa: E402

ROOT = Path(__file__).parents[2]
BUILT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "detector": lambda config: Detector(detector_shape(config)),
    "landmarks": lambda config: LandmarkNet(landmarks_shape(config)),
    "quality": lambda config: Quality(quality_shape(config)),
    "embedder": model_from,
}


def _as_in_the_file(role: str, network: Any, x: Any) -> list[Any]:
    if role == "embedder":  # the file looks at both sides
        return [network(x) + network(x.flip(3))]
    answers = list(network(x))
    if role == "quality":  # the file has shares, the network their logits
        return [answers[0].sigmoid(), answers[1].sigmoid(), answers[2].softmax(dim=1)]
    return answers


@pytest.mark.parametrize("role", BUILT)
def test_a_network_takes_the_weights_of_the_file_that_is_shipped(role: str) -> None:
    torch.manual_seed(0)
    network = BUILT[role](read_config(ROOT / "training" / role / "config.toml"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    inputs = torch.rand(8, 3, 112, 112) * 2 - 1 if role != "detector" else torch.rand(2, 3, 160, 160) * 2 - 1
    shipped = ROOT / "models" / "default" / f"{role}.fp32.onnx"
    weights = first_weights(shipped, network, lambda: inputs)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    network.load_state_dict(weights)
    network.eval()
    with torch.no_grad():
        found = _as_in_the_file(role, network, inputs[:1])
    for ours, theirs in zip(found, run_file(shipped, inputs[:1].numpy()), strict=True):
        assert np.abs(ours.numpy().reshape(theirs.shape) - theirs).max() < 1e-3 * max(1.0, np.abs(theirs).max())


def test_a_file_of_another_network_is_refused() -> None:
    config = read_config(ROOT / "training" / "detector" / "config.toml")
    config["model"]["width"] += 8
    with pytest.raises(ValueError, match="another shape"):
        first_weights(
            ROOT / "models" / "default" / "detector.fp32.onnx",
            Detector(detector_shape(config)),
            lambda: torch.zeros(1, 3, 64, 64),
        )
    with pytest.raises(ValueError, match="quantised"):
        first_weights(
            ROOT / "models" / "default" / "detector.int8.onnx", torch.nn.Linear(1, 1), lambda: torch.zeros(1, 1)
        )
