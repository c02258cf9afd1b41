from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.config import Config
from edgeface.inference.locate import locate_pack
from tests.cli.conftest import Run
from tests.packs import copied_pack, edit_manifest


@pytest.fixture
def pack(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the default pack under another name."""
    monkeypatch.delenv("EDGEFACE_MODEL_PACK", raising=False)
    folder = copied_pack(tmp_path / "pack", "detector", "embedder")
    edit_manifest(folder, 'name = "edgeface-default"', 'name = "other"')
    return folder


def test_import_then_use_changes_the_active_pack(run: Run, pack: Path, config: Config) -> None:
    assert run("models", "import", pack, "--json").data["name"] == "other"
    listed = {item["name"]: item for item in run("models", "list", "--json").data["packs"]}
    assert listed["edgeface-default"]["active"] is True
    assert listed["other"]["active"] is False
    assert run("models", "use", "other", "--json").code == 0
    listed = {item["name"]: item["active"] for item in run("models", "list", "--json").data["packs"]}
    assert listed == {"edgeface-default": False, "other": True}
    assert locate_pack(None, config.state_dir).parent == config.state_dir / "models"
    assert run("groups", "list", "--json").code == 0
    assert run("models", "use", "edgeface-default", "--json").code == 0
    assert run("models", "use", "nonesuch", "--json").code == 2


def test_a_spoilt_file_is_refused(run: Run, pack: Path, config: Config) -> None:
    model = next(pack.glob("*.onnx"))
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    for command in ("verify", "import"):
        ran = run("models", command, pack, "--json")
        assert ran.code == 6
        assert ran.error["code"] == "pack_invalid"
        assert model.name in ran.error["message"]
    assert not (config.state_dir / "models" / "other").exists()


def test_verify_tells_roles_and_contract(run: Run, pack: Path) -> None:
    data = run("models", "verify", pack, "--json").data
    assert {"detector", "embedder"} <= set(data["roles"])
    assert data["contract_id"].startswith("ef1-")
    assert "✓" in run("models", "verify", pack).out


def test_a_configured_pack_goes_before_use(run: Run, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEFACE_MODEL_PACK", str(pack))
    ran = run("models", "use", "other", "--json")
    assert ran.code == 2
    assert "EDGEFACE_MODEL_PACK" in ran.error["message"]
