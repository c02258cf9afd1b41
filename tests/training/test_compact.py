"""A compacted ONNX file is smaller and computes the same."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnxruntime
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from training.compact import compacted

LONG = "a/name/that/says/where/it/was/among/the/modules/"


def _model() -> ModelProto:
    """y = clip(x * 2 + 2, none, 5); z = x * 3. The input is called as a short name would be."""
    constants = {"two": 2.0, "again": 2.0, "three": 3.0, "five": 5.0}
    nodes = [
        helper.make_node("Mul", ["v0", LONG + "two"], [LONG + "doubled"], name=LONG + "first"),
        helper.make_node("Add", [LONG + "doubled", LONG + "again"], [LONG + "moved"], name=LONG + "second"),
        helper.make_node("Clip", [LONG + "moved", "", LONG + "five"], ["y"], name=LONG + "third"),
        helper.make_node("Mul", ["v0", LONG + "three"], ["z"], name=LONG + "fourth"),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "graph",
        [value("v0", TensorProto.FLOAT, ["batch"])],
        [value("y", TensorProto.FLOAT, ["batch"]), value("z", TensorProto.FLOAT, ["batch"])],
        [numpy_helper.from_array(np.float32(number), LONG + name) for name, number in constants.items()],
        value_info=[value(LONG + "doubled", TensorProto.FLOAT, ["batch"])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _answers(model: ModelProto, x: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert [value.name for value in session.get_outputs()] == ["y", "z"]
    return session.run(None, {"v0": x})


def test_it_computes_the_same_with_short_names_and_each_constant_once() -> None:
    whole = _model()
    before = whole.SerializeToString(deterministic=True)
    short = compacted(whole)
    checker.check_model(short, full_check=True)
    x = np.array([-1.0, 0.5, 9.0], np.float32)
    for expected, found in zip(_answers(whole, x), _answers(short, x), strict=True):
        assert np.array_equal(expected, found)
    assert np.array_equal(_answers(short, x)[0], [0.0, 3.0, 5.0])
    assert LONG.encode() not in short.SerializeToString()
    assert len(short.graph.initializer) == 3
    assert whole.SerializeToString(deterministic=True) == before


def test_a_constant_that_is_an_output_keeps_its_name() -> None:
    model = _model()
    model.graph.initializer.append(numpy_helper.from_array(np.float32(2.0), "answer"))
    model.graph.output.append(helper.make_tensor_value_info("answer", TensorProto.FLOAT, []))
    session = onnxruntime.InferenceSession(compacted(model).SerializeToString(), providers=["CPUExecutionProvider"])
    assert float(session.run(["answer"], {"v0": np.zeros(1, np.float32)})[0]) == 2.0


def test_a_graph_within_a_graph_is_refused() -> None:
    inner = helper.make_graph([], "inner", [], [helper.make_tensor_value_info("two", TensorProto.FLOAT, [])])
    model = _model()
    model.graph.node.append(helper.make_node("If", ["v0"], ["w"], then_branch=inner, else_branch=inner))
    with pytest.raises(ValueError, match="inside"):
        compacted(model)
