"""The quality role on generated pictures: labels mean what they say, it learns, exports and quantises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
cv2 = pytest.importorskip("cv2")

from training.augment.geometry import NO_JITTER, TEMPLATE_112, Jitter  # noqa: E402
from training.landmarks.frame import SIDE  # noqa: E402
from training.onnx_export import run_file  # noqa: E402
from training.quality import coverings, sharpness  # noqa: E402
from training.quality.evaluate import answers_of, untouched  # noqa: E402
from training.quality.examples import MASK, NOT_KNOWN, Damage, network_input  # noqa: E402
from training.quality.export import write_pack  # noqa: E402
from training.quality.model import Quality, QualityForExport, QualityShape  # noqa: E402
from training.quality.regions import (  # noqa: E402
    LIMITS,
    POINTS,
    REGIONS,
    shares_covered,
    template_regions,
)
from training.quality.separation import MEASURES, separate  # noqa: E402
from training.quality.sharpness import BLUR_LIMIT, blur_of, blurred, sigma_of  # noqa: E402
from training.quality.stock import Stock, batches, collate, open_stock  # noqa: E402
from training.quality.train import Trainer, TrainSettings, verdict_loss, within_bounds  # noqa: E402

SMALL = QualityShape(widths=(8, 8, 16, 16), squeeze=4, hidden=16)
DAMAGE = Damage(
    covered_share=0.7,
    second_share=0.0,
    blur_share=0.5,
    dark_share=0.1,
    noise_share=0.1,
    jpeg_share=0.1,
    shadow_share=0.1,
    light_share=0.2,
    largest_blur=0.9,
    jitter=Jitter(rotation_deg=2.0, scale=0.02, shift_px=1.0, mirror_share=0.5),
)
STILL = np.hstack([np.eye(2), np.zeros((2, 1))])


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks are slower on many threads than on one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def drawn_face(rng: np.random.Generator) -> np.ndarray:
    """A cartoon face on the stored crop's alignment, 128 x 128 x 3."""
    places = TEMPLATE_112 + 8
    image = np.full((128, 128, 3), rng.integers(0, 120, 3), np.uint8)
    cv2.ellipse(image, (64, 72), (40, 54), 0, 0, 360, (150, 180, 230), -1)
    for eye in places[:2]:
        cv2.circle(image, tuple(eye.round().astype(int).tolist()), 5, (40, 30, 20), -1)
    left, right = places[3].round().astype(int).tolist(), places[4].round().astype(int).tolist()
    cv2.line(image, left, right, (60, 40, 180), 4)
    noise = rng.normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Crops as anybody might keep them: faces, and a few masked ones."""
    rng = np.random.default_rng(1)
    for kind, count in (("faces", 16), ("masks", 12)):
        (tmp_path / kind).mkdir()
        for number in range(count):
            face = drawn_face(rng)
            if kind == "masks":
                face[80:] = (230, 220, 180)
            cv2.imwrite(str(tmp_path / kind / f"{number:02}.png"), face)
    return tmp_path


def stock_of(folder: Path, damage: Damage = DAMAGE) -> Stock:
    return open_stock(folder, None, folder / "work", damage, landmarks=None, kept_out=False)


def trainer(steps: int) -> Trainer:
    settings = TrainSettings(
        batch=16,
        steps=steps,
        peak_rate=5e-3,
        warm_share=0.1,
        weight_decay=1e-3,
        average_decay=0.9,
        masked_share=0.2,
        covering_weight=0.5,
        blur_weight=1.0,
        verdict_weight=0.2,
        refusal_weights=(2.0,) * 8,
        checkpoint_every=10,
    )
    torch.manual_seed(0)
    return Trainer(SMALL, settings, torch.device("cpu"))


def test_share_is_covered_area_over_area_of_the_region() -> None:
    masks = template_regions().masks()
    left_half = np.zeros((SIDE, SIDE), np.float32)
    left_half[:, : SIDE // 2] = 1
    shares, areas = shares_covered(masks, left_half)
    found = dict(zip(REGIONS, shares.tolist(), strict=True))
    assert found["left_eye"] == 1 and found["left_cheek"] == 1
    assert found["right_eye"] == 0 and found["right_cheek"] == 0
    for region in ("nose", "mouth", "chin"):
        assert found[region] == pytest.approx(0.5, abs=0.06)
    assert areas.min() > 50


def test_mirroring_swaps_left_and_right() -> None:
    regions = template_regions()
    turned = regions.moved(STILL, mirrored=True)
    centre = [outline[:, 0].mean() for outline in turned.outlines]
    assert centre[REGIONS.index("left_eye")] < SIDE / 2 < centre[REGIONS.index("right_eye")]
    assert centre[REGIONS.index("left_cheek")] < SIDE / 2 < centre[REGIONS.index("right_cheek")]
    there_and_back = turned.moved(STILL, mirrored=True)
    for before, after in zip(regions.outlines, there_and_back.outlines, strict=True):
        assert np.allclose(before, after)


@pytest.mark.parametrize("seed", range(12))
def test_blur_of_any_kind_has_the_promised_variance(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharpness, "sensor_noise", lambda picture, **_: picture)
    rng = np.random.default_rng(seed)
    line = np.zeros((SIDE, SIDE, 3), np.uint8)
    cv2.circle(line, (SIDE // 2, SIDE // 2), 12, (255, 255, 255), -1)
    sigma = 3.0
    after = blurred(line, sigma, rng)

    def spread(picture: np.ndarray) -> np.ndarray:
        weight = picture[..., 1].astype(np.float64)
        ys, xs = np.mgrid[:SIDE, :SIDE]
        places = np.stack([xs.ravel(), ys.ravel()])
        return np.asarray(np.cov(places, aweights=weight.ravel()))

    widened = np.linalg.eigvalsh(spread(after) - spread(line)).max()
    assert widened == pytest.approx(sigma**2, rel=0.25)


def test_blur_scale_runs_from_sharp_to_smeared_through_the_documented_limit() -> None:
    assert blur_of(0) == 0
    assert blur_of(20) > 0.99
    assert sigma_of(BLUR_LIMIT) == pytest.approx(2.408, abs=1e-3)
    assert blur_of(sigma_of(0.42)) == pytest.approx(0.42)


def test_a_mask_hides_the_mouth_and_clear_glasses_hide_nothing() -> None:
    masks = template_regions().masks()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        mask = coverings.face_mask((SIDE, SIDE), POINTS, rng)
        shares, _ = shares_covered(masks, coverings.hidden(mask))
        assert shares[REGIONS.index("mouth")] > 0.9
        assert shares[:2].max() < 0.1
        spectacles = coverings.glasses((SIDE, SIDE), POINTS, rng)
        assert spectacles.alpha.max() > 0.9
        assert coverings.hidden(spectacles).max() == 0
        dark = coverings.sunglasses((SIDE, SIDE), POINTS, rng)
        shares, _ = shares_covered(masks, coverings.hidden(dark))
        assert shares[:2].min() > 0.6


def test_untouched_pictures_have_nothing_covered_and_masked_ones_have(folder: Path) -> None:
    stock = stock_of(folder, untouched(DAMAGE))
    rng = np.random.default_rng(0)
    plain = collate([stock.plain.maker.make(int(row), rng) for row in stock.plain.rows])
    assert plain.high[:, :7].max() < 0.01
    assert set(plain.covering.tolist()) == {NOT_KNOWN}  # no teacher said whether glasses are worn
    assert stock.masked is not None
    masked = collate([stock.masked.maker.make(int(row), rng) for row in stock.masked.rows])
    assert masked.low[:, REGIONS.index("mouth")].min() > LIMITS[REGIONS.index("mouth")]
    assert set(masked.covering.tolist()) == {MASK}
    assert NO_JITTER.mirror_share == 0


def test_kept_out_pictures_are_the_same_every_time(folder: Path) -> None:
    first = stock_of(folder)
    again = open_stock(folder, None, folder / "other", DAMAGE, landmarks=None, kept_out=True)
    assert first.masked is not None
    kept = set() if again.masked is None else set(again.masked.rows.tolist())
    assert not kept & set(first.masked.rows.tolist())
    assert len(kept) + len(first.masked.rows) == 12


def test_answers_within_their_bounds_cost_nothing() -> None:
    logits = torch.tensor([[0.0, 0.0, 3.0]], requires_grad=True)
    low, high = torch.tensor([[0.2, 0.9, 0.1]]), torch.tensor([[0.8, 1.0, 0.1]])
    loss = within_bounds(logits, low, high, torch.ones(1, 3))
    assert float(loss.detach()[0, 0]) == pytest.approx(0, abs=1e-6)
    loss.sum().backward()
    assert logits.grad is not None
    assert float(logits.grad[0, 0]) == pytest.approx(0, abs=1e-6)
    assert float(logits.grad[0, 1]) < 0 < float(logits.grad[0, 2])


def test_verdict_weighs_wrong_acceptance_more_and_skips_the_unknown() -> None:
    wrong = torch.tensor([[-3.0] * 8, [3.0] * 8])
    low = torch.stack([torch.ones(8), torch.zeros(8)])
    loss = verdict_loss(wrong, low, low, torch.ones(2, 8), [4.0] * 8)
    alike = verdict_loss(wrong, low, low, torch.ones(2, 8), [1.0] * 8)
    assert torch.allclose(loss[0], 4 * alike[0], rtol=1e-3)
    assert torch.allclose(loss[1], alike[1])
    open_bounds = verdict_loss(wrong, torch.zeros(2, 8), torch.ones(2, 8), torch.ones(2, 8), [4.0] * 8)
    assert float(open_bounds.abs().max()) == 0


def test_separation_counts_both_sides_and_leaves_out_what_is_not_known() -> None:
    truth = np.zeros((4, len(MEASURES)), np.float32)
    truth[2:, 0] = 1
    high = truth.copy()
    high[0, 0] = 1  # may be anything
    answers = np.zeros_like(truth)
    answers[3, 0] = 0.9
    row = separate(answers, truth, high, np.ones_like(truth))[0]
    assert (row.acceptable, row.unacceptable) == (1, 2)
    assert (row.accepted, row.refused) == (1.0, 0.5)
    assert row.right == pytest.approx(2 / 3)
    assert row.error == pytest.approx((0 + 1 + 0.1) / 3, abs=1e-6)


def test_learns_exports_and_quantises(folder: Path) -> None:
    run = trainer(steps=60)
    source = batches(stock_of(folder), 16, 0.2, seed=3)
    losses = [float(run.train_step(next(source)).total.detach()) for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])

    pictures = [network_input(next(source).pictures) for _ in range(4)]
    exact, halved = write_pack(run.average.model, folder / "pack", pictures, "minmax")
    assert exact < 1e-4
    assert halved < 0.02
    batch = next(source).pictures
    with torch.no_grad():
        wanted = QualityForExport(run.average.model).eval()(torch.from_numpy(network_input(batch)))
    for variant, allowed in (("fp32", 0.02), ("int8", 0.15)):
        found = run_file(folder / "pack" / f"quality.{variant}.onnx", network_input(batch))
        assert [part.shape for part in found] == [(16, 7), (16, 1), (16, 3)]
        assert found[2].sum(axis=1) == pytest.approx(1, abs=1e-5)
        for ours, theirs in zip(found, wanted, strict=True):
            assert np.abs(ours - theirs.numpy()).max() < allowed


def test_a_stopped_run_goes_on_where_it_was(folder: Path) -> None:
    source = batches(stock_of(folder), 16, 0.2, seed=5)
    made = [next(source) for _ in range(6)]
    whole = trainer(steps=6)
    for batch in made:
        whole.train_step(batch)
    first, second = trainer(steps=6), trainer(steps=6)
    for batch in made[:3]:
        first.train_step(batch)
    first.save(folder / "checkpoint.pt")
    assert second.resume(folder / "checkpoint.pt")
    assert second.step == 3
    for batch in made[3:]:
        second.train_step(batch)
    for ours, theirs in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_answers_come_in_the_order_of_the_measures(folder: Path) -> None:
    from training.onnx_export import open_session

    model = Quality(SMALL)
    with torch.no_grad():
        model.last.weight.zero_()
        model.last.bias.copy_(torch.arange(11) - 5.0)
    pictures = [np.zeros((2, 3, SIDE, SIDE), np.float32)]
    write_pack(model, folder / "pack", pictures, "minmax")
    answers = answers_of(open_session(folder / "pack" / "quality.fp32.onnx"), np.zeros((3, SIDE, SIDE, 3), np.uint8))
    assert answers.values.shape == (3, len(MEASURES))
    assert (np.diff(answers.values, axis=1) > 0).all()
    assert answers.covering.argmax(axis=1).tolist() == [2, 2, 2]
