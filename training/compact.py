"""Make an ONNX file smaller without changing what it computes."""

from __future__ import annotations

from itertools import count

from onnx import AttributeProto, ModelProto


def compacted(proto: ModelProto) -> ModelProto:
    """The same graph with short names, equal constants kept once, and no shapes of what is between its nodes.

    Exporters name every value by its place among the modules, and each has a zero point: of the detector's INT8 file
    that was a third. Inputs and outputs keep their names.
    Raises ValueError for a graph with another inside (of an If or a Loop), which could use any of the names.
    """
    short = ModelProto()
    short.CopyFrom(proto)
    graph = short.graph
    nested = (AttributeProto.GRAPH, AttributeProto.GRAPHS)
    if any(attribute.type in nested for node in graph.node for attribute in node.attribute):
        raise ValueError("a graph with another inside cannot be renamed")
    public = {value.name for value in [*graph.input, *graph.output]}
    names = {name: name for name in public | {""}}  # an input that is left out has the empty name
    fresh = (name for number in count() if (name := f"v{number}") not in public)

    def renamed(name: str) -> str:
        if name not in names:
            names[name] = next(fresh)
        return names[name]

    first_of: dict[bytes, str] = {}
    constants = list(graph.initializer)
    del graph.initializer[:]
    for constant in constants:
        name, constant.name = constant.name, ""
        first = first_of.setdefault(constant.SerializeToString(deterministic=True), name)
        if first != name and name not in public:
            names[name] = renamed(first)
            continue
        constant.name = renamed(name)
        graph.initializer.append(constant)
    for number, node in enumerate(graph.node):
        node.name = f"n{number}"
        node.doc_string = ""
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
    del graph.value_info[:]
    return short
