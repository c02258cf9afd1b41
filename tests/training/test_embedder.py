"""The embedder on generated pictures: it learns, continues, grows, exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from embedder_samples import SETTINGS, face  # noqa: E402

from training.augment.geometry import centre_crop  # noqa: E402
from training.embedder.beginning import embedder_weights  # noqa: E402
from training.embedder.damage import as_input, damage_from, damaged  # noqa: E402
from training.embedder.export import write_models  # noqa: E402
from training.embedder.inputs import calibration_batches  # noqa: E402
from training.embedder.model import Embedder  # noqa: E402
from training.embedder.targets import shown_in, targets  # noqa: E402
from training.embedder.train import loss_of, schedule_from, train  # noqa: E402
from training.learner import Learner  # noqa: E402
from training.onnx_export import run_file  # noqa: E402
from training.quantise import QuantisePlan  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


def _wanted(work: Path) -> np.ndarray:
    return targets(shown_in(work, SETTINGS), work, size=16, person_share=0.3)


def _distance(model: Embedder, work: Path, wanted: np.ndarray) -> float:
    shown = shown_in(work, SETTINGS)
    crops = np.stack([centre_crop(shown.canvas(k), 112) for k in range(len(wanted))])
    with torch.no_grad():
        templates = model.eval()(torch.from_numpy(as_input(crops)))
        return float(loss_of(templates, torch.from_numpy(wanted), relation_weight=0.0)[1])


def test_only_the_wanted_share_of_pictures_is_damaged() -> None:
    canvas = face(3)
    still = {"rotation_deg": 0.0, "scale": 0.0, "shift_px": 0.0, "mirror_share": 0.0, "noise_share": 1.0}
    settings = {"damage": {**SETTINGS["damage"], **still, "clean_share": 0.25}}
    rng = np.random.default_rng(0)
    crops = [damaged(canvas, damage_from(settings), rng) for _ in range(200)]
    clean = sum(np.array_equal(crop, centre_crop(canvas, 112)) for crop in crops)
    assert 35 <= clean <= 65


def test_training_brings_templates_nearer_to_the_teachers(work: Path) -> None:
    wanted = _wanted(work)
    torch.manual_seed(0)
    untrained = Embedder([8, 8, 16, 16], [1, 1, 1, 1], [0, 0, 0, 0], size=16)
    before = _distance(untrained, work, wanted)
    trained = train(SETTINGS, shown_in(work, SETTINGS), wanted, work, resume=False, device="cpu")
    assert _distance(trained, work, wanted) < before - 0.08


def test_a_stopped_run_continues_where_it_was(work: Path) -> None:
    wanted, shown = _wanted(work), shown_in(work, SETTINGS)
    whole = train(SETTINGS, shown, wanted, work, resume=False, device="cpu").state_dict()

    class Stop(Exception):
        pass

    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(shown, name)

        def canvas(self, index: int) -> np.ndarray:
            self.count = getattr(self, "count", 0) + 1
            if self.count > 8 * 10:  # one batch is drawn ahead
                raise Stop
            return shown.canvas(index)

    (work / "checkpoint.pt").unlink()
    with pytest.raises(Stop):
        train(SETTINGS, Failing(), wanted, work, resume=False, device="cpu")  # type: ignore[arg-type]
    continued = train(SETTINGS, shown, wanted, work, resume=True, device="cpu").state_dict()
    for name, value in whole.items():
        assert torch.allclose(value.float(), continued[name].float(), atol=1e-3), name


def test_a_grown_network_starts_as_the_smaller_one() -> None:
    torch.manual_seed(1)
    small = Embedder([16, 16, 16, 16], [1, 1, 1, 1], [0, 0, 0, 0], size=16).eval()
    grown = Embedder([16, 16, 16, 16], [1, 1, 1, 1], [1, 1, 0, 1], size=16, early=1).eval()
    schedule, cpu = schedule_from(SETTINGS), torch.device("cpu")
    assert Learner(grown, schedule, cpu).begin_with(small.state_dict(), strict=False)
    x = torch.randn(2, 3, 112, 112)
    assert torch.allclose(small(x), grown(x), atol=1e-5)
    loss_of(grown(x), torch.eye(2, 16), relation_weight=1.0)[0].backward()
    assert all(bool((block.second[1].weight.grad != 0).any()) for block in (grown.early[0], grown.stages[3][1]))
    with pytest.raises(ValueError, match="another network"):
        Learner(small, schedule, cpu).begin_with(grown.state_dict(), strict=False)


def test_a_widened_network_starts_as_the_narrower_one_and_its_new_channels_learn(work: Path) -> None:
    torch.manual_seed(1)
    narrow = Embedder([8, 8, 16, 16], [1, 1, 1, 1], [0, 0, 0, 0], size=16).eval()
    wide = Embedder([16, 16, 16, 32], [1, 1, 1, 1], [0, 1, 0, 0], size=16).eval()
    Learner(wide, schedule_from(SETTINGS), torch.device("cpu")).begin_with(narrow.state_dict(), strict=False)
    x = torch.randn(2, 3, 112, 112)
    assert torch.allclose(narrow(x), wide(x), atol=1e-5)
    loss_of(wide(x), torch.eye(2, 16), relation_weight=1.0)[0].backward()
    assert all(bool((wide.stages[0][0].first[0].weight.grad[:, new] != 0).any()) for new in range(8, 16))
    assert bool((wide.project.weight.grad[:, 16 * 16 :] != 0).any())


def test_training_continues_from_the_file_that_was_shipped(work: Path, tmp_path: Path) -> None:
    shown = shown_in(work, SETTINGS)
    model = Embedder([8, 8, 16, 16], [1, 2, 1, 2], [0, 0, 0, 0], size=16, early=2)
    batches = calibration_batches(shown, damage_from(SETTINGS), crops=32, seed=1)
    for _ in range(5):  # statistics of its own
        model(torch.from_numpy(batches[0]) + 0.5)
    model.eval()
    write_models(model, batches, tmp_path, QuantisePlan(), both_sides=True)
    weights = embedder_weights(tmp_path / "embedder.fp32.onnx", shown, SETTINGS)
    continued = Embedder([8, 8, 16, 16], [1, 2, 1, 2], [0, 0, 0, 0], size=16, early=2)
    continued.load_state_dict(weights)
    x = torch.from_numpy(batches[0])
    with torch.no_grad():
        expected, found = model(x), continued.eval()(x)
        assert torch.allclose(expected, found, atol=0.02 * float(expected.abs().max()))
        # Its statistics are those of what training shows: it begins there as what was shipped, too.
        crops = calibration_batches(shown, damage_from(SETTINGS), crops=512, seed=SETTINGS["seed"])
        mean = continued.stem[0](torch.from_numpy(np.concatenate(crops))).mean(dim=(0, 2, 3))
    assert torch.allclose(continued.stem[1].running_mean, mean, atol=1e-4)
    with pytest.raises(ValueError, match="quantised"):
        embedder_weights(tmp_path / "embedder.int8.onnx", shown, SETTINGS)


@pytest.mark.parametrize("name", ["detector.fp32", "landmarks.fp32", "quality.fp32", "cohort"])
def test_a_file_of_another_role_is_refused(work: Path, name: str) -> None:
    path = Path(__file__).parents[2] / "models" / "default" / f"{name}.onnx"
    with pytest.raises(ValueError, match="no embedder"):
        embedder_weights(path, shown_in(work, SETTINGS), SETTINGS)


def test_exported_files_compute_what_pytorch_does(work: Path, tmp_path: Path) -> None:
    model = Embedder([8, 8, 16, 16], [1, 1, 1, 1], [1, 0, 0, 0], size=16).eval()
    shown = shown_in(work, SETTINGS)
    batches = calibration_batches(shown, damage_from(SETTINGS), crops=32, seed=1)
    sizes = write_models(model, batches, tmp_path, QuantisePlan())
    assert sizes["int8_bytes"] == (tmp_path / "embedder.int8.onnx").stat().st_size
    crops = np.stack([centre_crop(shown.canvas(k), 112) for k in range(3)])
    with torch.no_grad():
        expected = model(torch.from_numpy(as_input(crops))).numpy()
    full = run_file(tmp_path / "embedder.fp32.onnx", as_input(crops))[0]
    assert full.shape == (3, 16)
    assert np.abs(full - expected).max() < 0.02 * np.abs(expected).max()
    small = run_file(tmp_path / "embedder.int8.onnx", as_input(crops))[0]
    cosines = (small * expected).sum(1) / np.linalg.norm(small, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.95


def test_a_network_that_sees_both_sides_gives_a_mirrored_face_the_same_template(work: Path, tmp_path: Path) -> None:
    model = Embedder([8, 8, 16, 16], [1, 1, 1, 1], [0, 0, 0, 0], size=16).eval()
    shown = shown_in(work, SETTINGS)
    batches = calibration_batches(shown, damage_from(SETTINGS), crops=32, seed=1)
    write_models(model, batches, tmp_path, QuantisePlan(), both_sides=True)
    x = as_input(np.stack([centre_crop(shown.canvas(k), 112) for k in range(3)]))
    mirrored = np.ascontiguousarray(x[..., ::-1])
    with torch.no_grad():
        apart = model(torch.from_numpy(x)).numpy(), model(torch.from_numpy(mirrored)).numpy()
    assert np.abs(apart[0] - apart[1]).max() > 1e-3
    for precision in ("fp32", "int8"):
        straight, turned, alone = (
            run_file(tmp_path / f"embedder.{precision}.onnx", batch)[0] for batch in (x, mirrored, x[1:2])
        )
        assert np.allclose(straight, turned, atol=1e-4)
        assert np.allclose(straight[1:2], alone, atol=1e-4)
        expected = apart[0] + apart[1]
        cosines = (straight * expected).sum(1) / np.linalg.norm(straight, axis=1) / np.linalg.norm(expected, axis=1)
        assert cosines.min() > (0.999 if precision == "fp32" else 0.95)
