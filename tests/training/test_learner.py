"""What every role's training does alike: batches ahead, steps to the end, checkpoints that continue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from training.ahead import ahead  # noqa: E402
from training.learner import Learner, Schedule, averaged_in, run  # noqa: E402

SCHEDULE = Schedule(steps=120, peak_rate=0.05, weight_decay=0.0, average_decay=0.5)


def _learner() -> Learner[torch.nn.Linear]:
    torch.manual_seed(0)
    return Learner(torch.nn.Linear(2, 1), SCHEDULE, torch.device("cpu"))


def _step(learner: Learner[torch.nn.Linear]) -> dict[str, float]:
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    loss = (learner.model(x) - torch.tensor([[1.0], [2.0]])).square().mean()
    learner.learn(loss)
    return {"loss": float(loss.detach())}


def test_items_come_in_order_and_one_is_drawn_ahead() -> None:
    drawn: list[int] = []

    def source() -> Iterator[int]:
        for number in range(4):
            drawn.append(number)
            yield number

    items = ahead(source())
    assert next(items) == 0
    assert list(items) == [1, 2, 3]
    assert drawn == [0, 1, 2, 3]


def test_what_the_source_raises_comes_after_what_it_gave() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise OSError("no more pictures")

    items = ahead(source())
    assert next(items) == 1
    with pytest.raises(OSError, match="no more pictures"):
        next(items)


def test_a_run_goes_to_its_last_step_and_says_how_it_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learner = _learner()
    run(learner, lambda: _step(learner), tmp_path / "c.pt", checkpoint_every=50, at_checkpoint=lambda: {"far": 1.5})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [50, 100]
    assert [line["step"] for line in lines if "far" in line] == [50, 100, 120]
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[-1] < losses[0]
    assert learner.step == 120


def test_a_checkpoint_continues_and_gives_its_weights(tmp_path: Path) -> None:
    whole, first, second = _learner(), _learner(), _learner()
    for _ in range(10):
        _step(whole)
    for _ in range(4):
        _step(first)
    first.save(tmp_path / "c.pt")
    assert not second.resume(tmp_path / "none.pt")
    assert second.resume(tmp_path / "c.pt")
    for _ in range(6):
        _step(second)
    assert torch.equal(whole.model.weight, second.model.weight)
    assert torch.equal(whole.average.model.weight, second.average.model.weight)
    other = _learner()
    assert other.begin_with(averaged_in(tmp_path / "c.pt")) == []
    assert torch.equal(other.model.weight, first.average.model.weight)
    assert other.step == 0


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1, 2), "stranger": torch.zeros(1)}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match="stranger"):
        _learner().begin_with(averaged_in(tmp_path / "w.pt"))
    with pytest.raises(ValueError, match="bias"):
        _learner().begin_with({"weight": torch.zeros(1, 2)})
    assert _learner().begin_with({"weight": torch.zeros(1, 2)}, strict=False) == ["bias"]
