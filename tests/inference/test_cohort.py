"""A pack's cohort network: every way to compare two faces takes its offsets off, and a wrong file is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeface.config import Config
from edgeface.engine import Engine, Gate
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.cohort import space_of
from edgeface.inference.locate import import_pack
from edgeface.inference.pack import ModelPack
from edgeface.types import FloatArray, QualityLevel, Template
from tests import pictures
from tests.cohort_packs import network, pack_with_cohort

ANY = Gate(QualityLevel.NONE)


def _weights(dimension: int) -> FloatArray:
    return np.random.default_rng(3).normal(0.0, 0.15, dimension).astype(np.float32)


def _engine(config: Config, folder: Path) -> Engine:
    return Engine.open(config.model_copy(update={"models": config.models.model_copy(update={"pack": folder})}))


def test_comparison_search_and_verification_agree(config: Config, tmp_path: Path) -> None:
    folder = pack_with_cohort(tmp_path / "pack", lambda dimension: network(_weights(dimension)))
    portrait = pictures.encoded(pictures.hopper(), ".jpg")
    probe = pictures.encoded(pictures.moved(pictures.hopper(), scale=0.8, degrees=6), ".jpg")
    with _engine(config, folder) as engine:
        templates = [engine.embed(picture, gate=ANY).template for picture in (portrait, probe)]
        first, second = (template for template in templates if template is not None)
        weights = _weights(len(first.vector))
        true = float(first.vector @ second.vector - weights @ first.vector - weights @ second.vector)
        assert abs(true - float(first.vector @ second.vector)) > 0.01  # else nothing is tested
        score = engine.scale.score(true)
        engine.enrol(portrait, "staff", "ada", gate=ANY)
        assert engine.compare_templates(first, second).score == pytest.approx(score, abs=1e-3)
        assert engine.compare(portrait, probe, gate=ANY).score == pytest.approx(score, abs=1e-3)
        (match,) = engine.identify(probe, ["staff"], threshold=0.0, gate=ANY).matches
        assert match.score == pytest.approx(score, abs=1e-3)
        assert match.fmr == pytest.approx(engine.scale.fmr(true), rel=1e-3)
        assert engine.verify(probe, "staff", "ada", gate=ANY).match.score == pytest.approx(score, abs=1e-3)
        assert engine.face_scores(second, ["staff"], "ada") == pytest.approx((score,), abs=1e-3)


def test_the_best_match_is_who_stands_out_and_not_whose_cosine_is_highest(config: Config, tmp_path: Path) -> None:
    """Of two enrolled people the one in a crowded place loses, though the probe is a little nearer to them."""

    def crowded_along_the_first_axis(dimension: int) -> bytes:
        return network(np.eye(1, dimension, dtype=np.float32)[0] * 0.3)

    folder = pack_with_cohort(tmp_path / "pack", crowded_along_the_first_axis)
    with _engine(config, folder) as engine:

        def template(*components: float) -> Template:
            vector = np.zeros(engine.pack.dimension, np.float32)
            vector[: len(components)] = components
            return Template(vector / np.linalg.norm(vector), engine.pack.contract_id)

        engine.enrol_template(template(0.8, 0.6), "staff", "crowded")
        engine.enrol_template(template(0.0, 0.6, 0.8), "staff", "alone")
        matches = engine.identify_template(template(0.5, 1.0, 0.4), ["staff"], top=2, threshold=0.0)
        assert [match.user_id for match in matches] == ["alone", "crowded"]


def test_nobody_is_too_unlike_to_be_verified(config: Config, tmp_path: Path) -> None:
    """A similarity below -1 is a score of 0, and not a user without a face."""
    crowd = lambda dimension: network(np.eye(1, dimension, dtype=np.float32)[0])  # noqa: E731
    portrait = pictures.encoded(pictures.hopper(), ".jpg")
    with _engine(config, pack_with_cohort(tmp_path / "pack", crowd)) as engine:
        template = engine.embed(portrait, gate=ANY).template
        assert template is not None
        opposite = -template.vector
        opposite[0] = 0.9  # crowded, and so still less like anybody
        opposite /= np.linalg.norm(opposite)
        assert engine.space.similarity(template.vector, opposite) < -1
        engine.enrol_template(Template(opposite, template.contract_id), "staff", "ada")
        answer = engine.verify(portrait, "staff", "ada", gate=ANY)
        assert (answer.match.score, answer.accepted) == (0.0, False)
        assert len(engine.identify(portrait, ["staff"], threshold=0.0, gate=ANY).matches) == 1


def test_without_a_cohort_similarities_are_cosines(tmp_path: Path) -> None:
    pack = ModelPack.load(pack_with_cohort(tmp_path / "pack", None))
    assert pack.cohort is None
    a, b = np.random.default_rng(1).normal(size=(2, pack.dimension)).astype(np.float32)
    assert space_of(pack).similarity(a, b) == pytest.approx(float(a @ b), rel=1e-5)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda dimension: network(_weights(dimension + 1)), "its input is"),
        (lambda dimension: network(_weights(dimension), inputs="x"), "its only input must be 'e'"),
        (lambda dimension: network(_weights(dimension), outputs="y"), "it has no output 'offset'"),
        (lambda _: b"no model", "test-cohort.onnx: "),
    ],
    ids=["dimension", "input", "output", "no model"],
)
def test_a_wrong_network_is_refused(tmp_path: Path, make: object, why: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        ModelPack.load(pack_with_cohort(tmp_path / "pack", make))  # type: ignore[arg-type]
    assert caught.value.code is ErrorCode.PACK_INVALID
    assert why in caught.value.detail


def test_a_network_that_gives_no_numbers_is_refused(tmp_path: Path) -> None:
    pack = ModelPack.load(
        pack_with_cohort(tmp_path / "pack", lambda dimension: network(_weights(dimension) * np.nan))
    )
    with pytest.raises(EdgeFaceError) as caught:
        space_of(pack)
    assert caught.value.code is ErrorCode.PACK_INVALID


def test_an_imported_pack_keeps_its_network(tmp_path: Path) -> None:
    source = pack_with_cohort(tmp_path / "pack", lambda dimension: network(_weights(dimension)))
    cohort = import_pack(source, tmp_path / "state").cohort
    assert cohort is not None
    assert cohort.path.is_relative_to(tmp_path / "state")
    assert cohort.read() == network(_weights(ModelPack.load(source).dimension))


def test_another_file_than_the_table_was_measured_with_is_refused(tmp_path: Path) -> None:
    folder = pack_with_cohort(tmp_path / "pack", lambda dimension: network(_weights(dimension)))
    pack = ModelPack.load(folder)
    assert pack.cohort is not None
    pack.cohort.path.write_bytes(network(_weights(pack.dimension) * 2))
    with pytest.raises(EdgeFaceError) as caught:
        ModelPack.load(folder)
    assert "sha256" in caught.value.detail
