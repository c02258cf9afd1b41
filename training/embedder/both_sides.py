"""Let an exported embedder look at a crop and at its mirror image, and answer the sum of both templates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, helper, numpy_helper

from training.onnx_export import save_model

_WIDTH_AXIS = 3
_BOTH, _EACH = "x_and_mirror_image", "e_of_each"


def see_both_sides(path: Path) -> None:
    """Rewrite the ONNX file `path` (input x, output e, batch first) in place.

    A face and its mirror image are one person, and what the network gets wrong of one is partly another error than
    what it gets wrong of the other. The two go through the network as one batch, which costs less than two runs.
    Afterwards e(x) = e(mirrored x) to rounding. Done after quantisation, so that no scale is shared by both.
    """
    proto = onnx.load(str(path))
    graph = proto.graph
    entry, answer = graph.input[0].name, graph.output[0].name
    for node in graph.node:
        _rename(node, {entry: _BOTH, answer: _EACH})
    backwards = {
        "mirror_start": -1,
        "mirror_end": np.iinfo(np.int32).min,
        "mirror_axis": _WIDTH_AXIS,
        "mirror_step": -1,
    }
    graph.initializer.extend(
        numpy_helper.from_array(np.array([at], np.int64), name) for name, at in backwards.items()
    )
    before = [
        helper.make_node("Slice", [entry, *backwards], ["x_mirrored"], name="mirror"),
        helper.make_node("Concat", [entry, "x_mirrored"], [_BOTH], name="both_sides", axis=0),
    ]
    after = [
        helper.make_node("Split", [_EACH], ["e_of_picture", "e_of_mirror_image"], name="sides", axis=0),
        helper.make_node("Add", ["e_of_picture", "e_of_mirror_image"], [answer], name="sum_of_sides"),
    ]
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]  # their batch sizes no longer hold
    onnx.checker.check_model(proto, full_check=True)
    save_model(proto, path)


def _rename(node: NodeProto, names: dict[str, str]) -> None:
    node.input[:] = [names.get(name, name) for name in node.input]
    node.output[:] = [names.get(name, name) for name in node.output]
