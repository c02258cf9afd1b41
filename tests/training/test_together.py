"""Several processes that train one network: they see different batches and keep the same weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

_WORKER = """
import sys
import torch
from training.together import join

together = join()
if "fail" in sys.argv and together.rank == 1:
    sys.exit(3)
model = torch.nn.Linear(2, 1, bias=False)
torch.nn.init.ones_(model.weight)
model(torch.tensor([[1.0 + together.rank, 4.0]])).sum().backward()
together.average_gradients(model)
together.wait()
torch.nn.init.constant_(model.weight, 1.0 + together.rank)
together.agree(model)
with open(f"{sys.argv[1]}/{together.rank}", "w") as stream:
    stream.write(str((model.weight.grad.tolist(), model.weight.tolist(), together.size, together.leads)))
"""


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "worker.py").write_text(_WORKER)
    command = [sys.executable, "-m", "training.together", "2", "worker", str(folder), *arguments]
    root = Path(__file__).parents[2]
    path = {"PYTHONPATH": f"{folder}:{root}", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=path, cwd=root, capture_output=True, text=True, timeout=120, check=False)


def test_gradients_and_weights_are_the_mean_of_all_processes(tmp_path: Path) -> None:
    done = _run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "0").read_text() == "([[1.5, 4.0]], [[1.5, 1.5]], 2, True)"
    assert (tmp_path / "1").read_text() == "([[1.5, 4.0]], [[1.5, 1.5]], 2, False)"


def test_one_that_fails_ends_the_others(tmp_path: Path) -> None:
    assert _run(tmp_path, "fail").returncode == 1


def test_without_a_number_of_processes_it_says_how(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.together", "two", "worker"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 2
    assert "usage" in done.stderr
