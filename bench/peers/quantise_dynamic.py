"""ONNX Runtime's own 8-bit form of a float32 graph: its `quantize_dynamic`, weights by channel."""

import numpy
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from json_lines import serve


def with_plain_products(model):
    """The same graph with each product by a transposed weight as ONNX's own MatMul, which is what is quantised."""
    initializers = {each.name: each for each in model.graph.initializer}
    transposed = set()
    for node in model.graph.node:
        attributes = {each.name: each.i for each in node.attribute}
        weight = initializers.get(node.input[1]) if len(node.input) > 1 else None
        if node.op_type != "FusedMatMul" or weight is None or attributes != {"transB": 1}:
            continue
        if weight.name not in transposed:
            turned = numpy_helper.to_array(weight).T
            weight.CopyFrom(numpy_helper.from_array(numpy.ascontiguousarray(turned), weight.name))
            transposed.add(weight.name)
        node.op_type, node.domain = "MatMul", ""
        del node.attribute[:]
    return model


def quantise(from_path, to_path):
    plain = to_path + ".plain.onnx"
    onnx.save(with_plain_products(onnx.load(from_path)), plain)
    quantize_dynamic(
        plain,
        to_path,
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        # What ONNX Runtime's own operators give is inferred by no rule of ONNX.
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    nodes = onnx.load(to_path, load_external_data=False).graph.node
    return sum(node.op_type == "MatMulInteger" for node in nodes)


serve({"quantise": quantise})
