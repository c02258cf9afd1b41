"""Which pack is used, and how another one gets there."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.locate import default_pack, import_pack, list_packs, locate_pack, use_pack
from tests.packs import copied_pack, edit_manifest


def another(folder: Path) -> Path:
    copied_pack(folder, "landmarks")
    edit_manifest(folder, 'name = "edgeface-default"', 'name = "another"')
    return folder


def test_the_configured_pack_wins(tmp_path: Path) -> None:
    assert locate_pack(tmp_path, tmp_path) == tmp_path


def test_import_then_use_then_back(tmp_path: Path) -> None:
    state = tmp_path / "state"
    pack = import_pack(another(tmp_path / "pack"), state)
    assert locate_pack(None, state) == default_pack()
    use_pack("another", state)
    assert locate_pack(None, state) == pack.folder
    assert {(place.name, place.active) for place in list_packs(None, state)} == {
        ("another", True),
        ("edgeface-default", False),
    }
    use_pack("edgeface-default", state)
    assert locate_pack(None, state) == default_pack()


def test_only_named_files_are_taken(tmp_path: Path) -> None:
    source = another(tmp_path / "pack")
    (source / "stowaway.sh").write_text("echo no")
    pack = import_pack(source, tmp_path / "state")
    assert not (pack.folder / "stowaway.sh").exists()
    assert [path.name for path in (tmp_path / "state" / "models").iterdir()] == ["another"]


def test_a_pack_is_replaced_only_on_demand(tmp_path: Path) -> None:
    source = another(tmp_path / "pack")
    import_pack(source, tmp_path / "state")
    with pytest.raises(EdgeFaceError) as caught:
        import_pack(source, tmp_path / "state")
    assert caught.value.code is ErrorCode.INVALID_PARAMETER
    edit_manifest(source, 'version = "', 'version = "9')
    assert import_pack(source, tmp_path / "state", replace=True).version.startswith("9")


def test_a_damaged_pack_is_not_imported(tmp_path: Path) -> None:
    source = another(tmp_path / "pack")
    (source / "landmarks.fp32.onnx").write_bytes(b"damaged")
    with pytest.raises(EdgeFaceError) as caught:
        import_pack(source, tmp_path / "state")
    assert caught.value.code is ErrorCode.PACK_INVALID
    assert not (tmp_path / "state").exists()


def test_an_unknown_pack_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        use_pack("../escape", tmp_path)
    assert caught.value.code is ErrorCode.INVALID_PARAMETER


@pytest.mark.parametrize("mark", ["gone", "../../etc", "", "\x00"])
def test_a_mark_that_leads_nowhere_is_ignored(tmp_path: Path, mark: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "active").write_text(mark)
    assert locate_pack(None, tmp_path) == default_pack()


def test_a_damaged_installed_pack_is_listed_with_its_problem(tmp_path: Path) -> None:
    pack = import_pack(another(tmp_path / "pack"), tmp_path / "state")
    (pack.folder / "landmarks.fp32.onnx").write_bytes(b"damaged")
    place = next(place for place in list_packs(None, tmp_path / "state") if place.folder == pack.folder)
    assert "sha256" in place.problem
