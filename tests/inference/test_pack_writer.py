"""The tool that writes manifests: what lies in the folder is what the manifest says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgeface.errors import EdgeFaceError
from edgeface.inference.pack import ModelPack
from tests.packs import copied_pack
from training.pack import DESCRIPTION, build_manifest, read_calibration, to_toml, write_pack

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROLES = tomllib.loads(DESCRIPTION.read_text())


def test_the_default_manifest_is_up_to_date() -> None:
    folder = DESCRIPTION.parents[1] / "models" / "default"
    if not (folder / "manifest.toml").is_file():
        pytest.skip("there is no default pack")
    written = tomllib.loads((folder / "manifest.toml").read_text())
    assert written == tomllib.loads(to_toml(build_manifest(folder, ROLES)))


def test_a_new_model_gets_its_hash(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    file = folder / "landmarks.fp32.onnx"
    file.write_bytes(file.read_bytes() + b"\xfa\x06\x01x")  # an unknown protobuf field: another file, the same model
    with pytest.raises(EdgeFaceError):
        ModelPack.load(folder)
    assert "landmarks" in write_pack(folder, ROLES).roles


def test_roles_without_files_are_left_out(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    for file in folder.glob("landmarks.*.onnx"):
        file.unlink()
    assert "landmarks" in write_pack(folder, ROLES).missing


def test_a_refused_pack_keeps_its_manifest(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    before = (folder / "manifest.toml").read_bytes()
    (folder / "landmarks.fp32.onnx").write_bytes(b"no model")
    with pytest.raises(EdgeFaceError):
        write_pack(folder, ROLES)
    assert (folder / "manifest.toml").read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "# Measured on people.\n\n[[point]]\ncosine = 0.1\nfmr = 0.1\n[[point]]\ncosine = 0.4\nfmr = 1e-4\n",
        'source = "Measured on people."\npoints = [[0.1, 0.1], [0.4, 1e-4]]\n',
    ],
)
def test_calibration_files_of_both_forms(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calibration.toml"
    path.write_text(text)
    assert read_calibration(path) == {"source": "Measured on people.", "points": [[0.1, 0.1], [0.4, 1e-4]]}
