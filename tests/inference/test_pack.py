"""A pack is believed only after every file's hash and shape has been checked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnxruntime
import pytest

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.onnx_header import read_onnx_header
from edgeface.inference.pack import ModelPack
from edgeface.inference.verify import verify_pack
from tests.packs import copied_pack, default_folder, edit_manifest, without_role


def refusal(folder: Path) -> str:
    with pytest.raises(EdgeFaceError) as caught:
        ModelPack.load(folder)
    assert caught.value.code is ErrorCode.PACK_INVALID
    return caught.value.detail


def test_the_default_pack_is_complete_and_runs() -> None:
    folder = default_folder()
    pack = ModelPack.load(folder)
    reports = verify_pack(pack)
    assert {report.role for report in reports} == set(pack.roles)
    assert all(report.used for report in reports)
    assert sum(report.bytes for report in reports) > 0
    for role in pack.roles.values():
        assert role.licence
        assert role.provenance


def test_the_default_pack_has_every_role() -> None:
    pack = ModelPack.load(default_folder("detector", "landmarks", "quality", "embedder"))
    assert pack.missing == ()
    assert pack.dimension >= 128
    assert len(pack.calibration) >= 5
    assert pack.contract_id


def test_the_headers_agree_with_onnx_runtime() -> None:
    pack = ModelPack.load(default_folder())
    for role in pack.roles.values():
        for variant in role.variants.values():
            session = onnxruntime.InferenceSession(str(variant.path), providers=["CPUExecutionProvider"])
            header = read_onnx_header(variant.read())
            for found, known in ((header.inputs, session.get_inputs()), (header.outputs, session.get_outputs())):
                assert [item.name for item in found] == [item.name for item in known]
                assert [item.dimensions for item in found] == [
                    tuple(size if isinstance(size, int) else None for size in item.shape) for item in known
                ]


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    file = next(iter(ModelPack.load(folder).roles["landmarks"].variants.values())).path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert file.name in refusal(folder)


def test_a_byte_changed_after_loading_is_refused_when_the_model_is_opened(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    pack = ModelPack.load(folder)
    file = next(iter(pack.roles["landmarks"].variants.values())).path
    file.write_bytes(file.read_bytes() + b"\x00")
    with pytest.raises(EdgeFaceError) as caught:
        verify_pack(pack)
    assert caught.value.code is ErrorCode.PACK_INVALID


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    (folder / "landmarks.fp32.onnx").unlink()
    assert "landmarks.fp32.onnx" in refusal(folder)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    file = folder / "landmarks.fp32.onnx"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(b"this is no protobuf message")
    edit_manifest(folder, before, hashlib.sha256(file.read_bytes()).hexdigest())
    assert "landmarks.fp32.onnx" in refusal(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("width = 112, height = 112", "width = 128, height = 128"),
        ('names = ["points", "pose"]', 'names = ["pose", "points"]'),
        ('names = ["points", "pose"]', 'names = ["points", "angles"]'),
        ('names = ["points", "pose"]', 'names = ["points"]'),
        ('input = { name = "x"', 'input = { name = "y"'),
        ('file = "landmarks.fp32.onnx"', 'file = "../landmarks.fp32.onnx"'),
        ('file = "landmarks.fp32.onnx"', 'file = "/etc/passwd"'),
        ('format = "points150-pose"', 'format = "points68"'),
        ("format = 1", "format = 2"),
        ('colour = "bgr"', 'colour = "cmyk"'),
        ("[roles.landmarks]", "[roles.landmarks]\nsurprise = 1"),
        ('licence = "Apache-2.0"', 'licence = ""'),
        ("scale = [0.0078125, 0.0078125, 0.0078125]", "scale = [inf, 1.0, 1.0]"),
    ],
    ids=lambda text: text[:34],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    edit_manifest(folder, old, new)
    assert refusal(folder)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    file = folder / "landmarks.fp32.onnx"
    file.rename(tmp_path / "elsewhere.onnx")
    file.symlink_to(tmp_path / "elsewhere.onnx")
    assert "leaves" in refusal(folder)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"not = [toml"])
def test_no_manifest_or_no_toml(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "manifest.toml").write_bytes(content)
    assert refusal(tmp_path)


def test_a_missing_role_is_stated(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    without_role(folder, "landmarks")
    pack = ModelPack.load(folder)
    assert "landmarks" in pack.missing
    assert pack.role("landmarks") is None
    assert "landmarks" in pack.missing_features["landmarks"]


def test_unknown_roles_are_kept(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "landmarks")
    edit_manifest(folder, "[roles.landmarks", "[roles.wrinkles")
    pack = ModelPack.load(folder)
    assert "wrinkles" in pack.roles
    assert "landmarks" in pack.missing
    assert not all(report.used for report in verify_pack(pack))


def test_the_contract_names_model_input_and_alignment(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "embedder")
    pack = ModelPack.load(folder)
    # The other precision of the same model shares the contract.
    other = "int8" if pack.roles["embedder"].reference == "fp32" else "fp32"
    text = (folder / "manifest.toml").read_text()
    line = next(line for line in text.splitlines() if f'file = "embedder.{other}.onnx"' in line)
    edit_manifest(folder, line, "")
    assert ModelPack.load(folder).contract_id == pack.contract_id
    edit_manifest(folder, "[38.2946, 51.6963]", "[38.2946, 51.7963]")
    assert ModelPack.load(folder).contract_id != pack.contract_id


def test_an_embedder_needs_its_calibration(tmp_path: Path) -> None:
    folder = copied_pack(tmp_path / "pack", "embedder")
    path = folder / "manifest.toml"
    path.write_text(path.read_text().partition("[calibration]")[0])
    assert "calibration" in refusal(folder)
