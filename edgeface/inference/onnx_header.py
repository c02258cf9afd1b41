"""The inputs and outputs of an ONNX file, read without ONNX Runtime.

A pack is checked when it is loaded, before any session is opened: shapes must fit the role, and no weight may lie
in another file, because a path inside a model is a way out of the pack's folder. Only the few protobuf fields that
say so are read (onnx.proto3; field numbers beside each use).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_FLOAT = 1  # TensorProto.DataType.FLOAT
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_EXTERNAL = 1  # TensorProto.DataLocation.EXTERNAL


@dataclass(frozen=True, slots=True)
class TensorShape:
    """A named float32 tensor; ``None`` for a dimension that varies."""

    name: str
    dimensions: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class OnnxHeader:
    """What goes in and comes out of a model."""

    inputs: tuple[TensorShape, ...]
    outputs: tuple[TensorShape, ...]


def read_onnx_header(data: bytes) -> OnnxHeader:
    """Inputs and outputs of an ONNX model. ValueError (safe to show) where it is none, or not self-contained."""
    try:
        graphs = [value for field, value in _fields(memoryview(data)) if field == 7]  # ModelProto.graph
        if len(graphs) != 1:
            raise ValueError("it is no ONNX model")
        inputs: list[TensorShape] = []
        outputs: list[TensorShape] = []
        initialised: set[str] = set()
        for field, value in _fields(_message(graphs[0])):
            if field == 11:  # GraphProto.input
                inputs.append(_tensor(_message(value)))
            elif field == 12:  # GraphProto.output
                outputs.append(_tensor(_message(value)))
            elif field == 5:  # GraphProto.initializer
                initialised.add(_initializer_name(_message(value)))
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("it is no ONNX model") from error
    return OnnxHeader(tuple(item for item in inputs if item.name not in initialised), tuple(outputs))


def _tensor(value: memoryview) -> TensorShape:
    name, kind = "", 0
    dimensions: tuple[int | None, ...] = ()
    for field, part in _fields(value):
        if field == 1:  # ValueInfoProto.name
            name = bytes(_message(part)).decode()
        elif field == 2:  # ValueInfoProto.type
            for type_field, tensor in _fields(_message(part)):
                if type_field == 1:  # TypeProto.tensor_type
                    kind, dimensions = _tensor_type(_message(tensor))
    if kind != _FLOAT:
        raise ValueError(f"its tensor '{name}' is not float32")
    return TensorShape(name, dimensions)


def _tensor_type(value: memoryview) -> tuple[int, tuple[int | None, ...]]:
    kind, dimensions = 0, []
    for field, part in _fields(value):
        if field == 1 and isinstance(part, int):  # TypeProto.Tensor.elem_type
            kind = part
        elif field == 2:  # TypeProto.Tensor.shape
            for shape_field, dimension in _fields(_message(part)):
                if shape_field == 1:  # TensorShapeProto.dim
                    sizes = [size for key, size in _fields(_message(dimension)) if key == 1]  # dim_value
                    size = sizes[0] if sizes else None
                    dimensions.append(size if isinstance(size, int) and size > 0 else None)
    return kind, tuple(dimensions)


def _initializer_name(value: memoryview) -> str:
    name = ""
    for field, part in _fields(value):
        if field == 8:  # TensorProto.name
            name = bytes(_message(part)).decode()
        elif field == 13 or (field == 14 and part == _EXTERNAL):  # TensorProto.external_data, data_location
            raise ValueError("its weights lie in another file")
    return name


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("it is no ONNX model")
    return value


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Field number and value (an integer, or the bytes of a length-delimited field) of a protobuf message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            number, at = _varint(data, at)
            yield key >> 3, number
        elif kind == _BYTES:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise ValueError("it is cut off")
            yield key >> 3, data[at : at + length]
            at += length
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("it is no ONNX model")


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("it is no ONNX model")
