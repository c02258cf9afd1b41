"""Attributes appear when the active pack has a model for them, and only then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeface.analysis import Analyzer, Wants
from edgeface.attributes import ATTRIBUTES, Attributes, EyeStatus
from edgeface.config import Config, ModelsConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.pack import ModelPack
from edgeface.inference.verify import verify_pack
from edgeface.types import Face, FaceOrder, ImageArray, QualityLevel
from tests import pictures
from tests.attribute_packs import ALL_HEADS, Head, pack_with
from tests.packs import default_folder, edit_manifest

CONFIG = Config(models=ModelsConfig(precision="fp32"))
ALL = Wants(attributes=frozenset(ATTRIBUTES))
Open = Callable[..., Analyzer]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    def with_heads(*heads: Head, one_file: bool = False) -> Analyzer:
        return Analyzer.open(ModelPack.load(pack_with(tmp_path / "pack", *heads, one_file=one_file)), CONFIG)

    return with_heads


def face_of(
    analyzer: Analyzer, image: ImageArray, wants: Wants = ALL, *, liveness: QualityLevel = QualityLevel.NONE
) -> Face:
    (face,) = analyzer.analyze(image, wants, max_faces=1, order=FaceOrder.LARGEST, turned=False, liveness=liveness)
    return face


def shown(analyzer: Analyzer, image: ImageArray, wants: Wants = ALL) -> Attributes:
    attributes = face_of(analyzer, image, wants).attributes
    assert attributes is not None
    return attributes


@pytest.mark.parametrize("one_file", [False, True], ids=["a file each", "one file"])
def test_every_attribute_is_read_in_its_unit(opened: Open, one_file: bool) -> None:
    found = shown(opened(*ALL_HEADS, one_file=one_file), pictures.astronaut())
    assert found.age == pytest.approx(31.0)
    assert found.beauty == pytest.approx(64.5)
    assert found.spoofing == pytest.approx(0.02)
    assert found.liveness == pytest.approx(0.95)
    assert found.eye_status == EyeStatus(pytest.approx(0.9), pytest.approx(0.8))
    best = {
        name: getattr(found, name).best
        for name in ("gender", "glasses", "expression", "emotion", "face_shape", "face_type")
    }
    assert {name: kind for name, (kind, _) in best.items()} == {
        "gender": "male",
        "glasses": "common",
        "expression": "smile",
        "emotion": "happy",
        "face_shape": "oval",
        "face_type": "human",
    }
    assert best["gender"][1] == pytest.approx(0.8)
    assert best["emotion"][1] == pytest.approx(np.exp(3) / (np.exp(3) + 2))  # a softmax over its logits


def test_a_class_that_the_model_does_not_know_has_no_share(opened: Open) -> None:
    emotion = shown(opened(*ALL_HEADS), pictures.astronaut()).emotion
    assert emotion is not None
    assert emotion.of("grimace") == 0.0


def test_the_picture_reaches_the_model(opened: Open) -> None:
    analyzer = opened(Head("age", (0.0,), per_light=(1.0,), factor=100.0))
    image = pictures.astronaut()
    darker = (image * 0.5).astype(np.uint8)
    light, dark = shown(analyzer, image).age, shown(analyzer, darker).age
    assert light is not None
    assert dark is not None
    assert dark == pytest.approx(light / 2, rel=0.05)


def test_only_what_is_asked_for_is_told(opened: Open) -> None:
    found = shown(opened(*ALL_HEADS, one_file=True), pictures.astronaut(), Wants(attributes=frozenset({"age"})))
    assert found == Attributes(age=pytest.approx(31.0))  # type: ignore[arg-type]


def test_an_attribute_without_a_model_stays_away(opened: Open) -> None:
    found = shown(opened(Head("age", (0.4,), factor=100.0)), pictures.astronaut())
    assert found == Attributes(age=pytest.approx(40.0))  # type: ignore[arg-type]


def test_the_default_pack_invents_nothing() -> None:
    analyzer = Analyzer.open(ModelPack.load(default_folder("detector")), CONFIG)
    assert shown(analyzer, pictures.astronaut()) == Attributes()


def test_a_number_out_of_its_range_is_cut(opened: Open) -> None:
    assert shown(opened(Head("age", (7.0,), factor=100.0)), pictures.astronaut()).age == 120.0


def test_liveness_of_two_classes_is_the_share_of_living(opened: Open) -> None:
    analyzer = opened(Head("liveness", (0.0, 2.0), classes=("live", "spoof"), logits=True))
    assert shown(analyzer, pictures.astronaut()).liveness == pytest.approx(1 / (1 + np.exp(2)))


@pytest.mark.parametrize(
    ("level", "passes"), [(QualityLevel.LOW, True), (QualityLevel.NORMAL, True), (QualityLevel.HIGH, False)]
)
def test_liveness_is_judged_by_the_packs_thresholds(opened: Open, level: QualityLevel, passes: bool) -> None:
    verdict = face_of(opened(Head("liveness", (0.4,))), pictures.astronaut(), Wants(), liveness=level).verdict
    assert verdict is not None
    assert verdict.passed is passes
    assert [str(item) for item in verdict.violations] == ([] if passes else ["liveness 0.4 (must be >= 0.9)"])


def test_liveness_without_a_model_is_refused() -> None:
    analyzer = Analyzer.open(ModelPack.load(default_folder("detector")), CONFIG)
    with pytest.raises(EdgeFaceError) as caught:
        face_of(analyzer, pictures.astronaut(), liveness=QualityLevel.LOW)
    assert caught.value.code is ErrorCode.LIVENESS


def test_features_name_the_attributes(opened: Open) -> None:
    features = opened(*ALL_HEADS).features
    assert set(ATTRIBUTES) <= features
    assert "detector" in features


def test_models_verify_runs_attribute_models(tmp_path: Path) -> None:
    reports = verify_pack(ModelPack.load(pack_with(tmp_path / "pack", *ALL_HEADS)))
    assert {report.role for report in reports if report.used} >= set(ATTRIBUTES)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('format = "likelihoods"', 'format = "scalar"', "unknown for this role"),
        ("classes = ['female', 'male']", "classes = ['female', 'other']", "unknown classes other"),
        ("classes = ['female', 'male']", "classes = ['female']", "two classes or more"),
        ("classes = ['female', 'male']", "classes = ['female', 'female']", "each once"),
        ("classes = ['female', 'male']", "classes = ['female', 'male']\nfactor = 2.0", "has a factor"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    folder = pack_with(tmp_path / "pack", Head("gender", (0.2, 0.8), classes=("female", "male")))
    edit_manifest(folder, old, new)
    with pytest.raises(EdgeFaceError, match=told) as caught:
        ModelPack.load(folder)
    assert caught.value.code is ErrorCode.PACK_INVALID


def test_a_liveness_model_needs_its_thresholds(tmp_path: Path) -> None:
    folder = pack_with(tmp_path / "pack", Head("liveness", (0.5,), thresholds=(0.9, 0.5, 0.1)))
    with pytest.raises(EdgeFaceError, match="must not fall"):
        ModelPack.load(folder)


def test_a_file_with_another_number_of_outputs_is_refused(tmp_path: Path) -> None:
    folder = pack_with(tmp_path / "pack", Head("gender", (0.1, 0.2, 0.7), classes=("female", "male")))
    with pytest.raises(EdgeFaceError, match="not 2 components"):
        ModelPack.load(folder)
