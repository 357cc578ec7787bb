/**
 * An ONNX file of a graph whose weights lie in a file beside it.
 * Field numbers are those of onnx.proto3 (github.com/onnx/onnx).
 */
import {
  irVersion,
  opsetVersions,
  type Attribute,
  type Constant,
  type OnnxNode,
  type StageModel,
} from './model.ts';
import { ProtobufWriter } from './protobuf.ts';
import { dataTypeCodes, type DataType, type Value } from './value.ts';
import type { Initializer } from './weight.ts';
import type { WeightLayout, WeightPlace } from './weight-layout.ts';
import { initializersOf } from './weight-layout.ts';

const attributeTypeCodes = { float: 1, int: 2, text: 3, graph: 5, ints: 7 } as const;
const externalDataLocation = 1;

/** The bytes of the .onnx file; `weightsFile` is the name, in the same folder, of the weights. */
export function encodeModel(
  model: StageModel,
  layout: WeightLayout,
  weightsFile: string,
  graphName = 'stage',
): Uint8Array {
  const writer = new ProtobufWriter();
  writer.int(1, irVersion).text(2, 'patchbay');
  writer.message(7, (graph) => {
    for (const node of model.nodes) graph.message(1, (message) => writeNode(message, node));
    graph.text(2, graphName);
    for (const constant of model.constants)
      graph.message(5, (message) => writeConstant(message, constant));
    for (const initializer of initializersOf(model)) {
      const place = layout.places.get(initializer.name) as WeightPlace;
      graph.message(5, (message) => writeExternal(message, initializer, place, weightsFile));
    }
    for (const input of model.inputs)
      graph.message(11, (message) => writeValueInfo(message, input));
    for (const output of model.outputs)
      graph.message(12, (message) => writeValueInfo(message, output));
  });
  for (const [domain, version] of Object.entries(opsetVersions)) {
    writer.message(8, (opset) => opset.text(1, domain).int(2, version));
  }
  return writer.finish();
}

function writeNode(message: ProtobufWriter, node: OnnxNode): void {
  for (const input of node.inputs) message.text(1, input);
  for (const output of node.outputs) message.text(2, output?.name ?? '');
  message.text(3, node.name).text(4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message.message(5, (field) => writeAttribute(field.text(1, name), attribute));
  }
  message.text(7, node.domain);
}

function writeAttribute(message: ProtobufWriter, attribute: Attribute): void {
  if ('float' in attribute) message.float(2, attribute.float).int(20, attributeTypeCodes.float);
  else if ('int' in attribute) message.int(3, attribute.int).int(20, attributeTypeCodes.int);
  else if ('text' in attribute) message.text(4, attribute.text).int(20, attributeTypeCodes.text);
  else if ('ints' in attribute) {
    message.packedInts(8, attribute.ints).int(20, attributeTypeCodes.ints);
  } else {
    const { inputs, nodes, outputs } = attribute.graph;
    message.message(6, (graph) => {
      for (const node of nodes) graph.message(1, (inner) => writeNode(inner, node));
      graph.text(2, 'branch');
      for (const input of inputs) graph.message(11, (inner) => writeValueInfo(inner, input));
      for (const output of outputs) graph.message(12, (inner) => writeValueInfo(inner, output));
    });
    message.int(20, attributeTypeCodes.graph);
  }
}

function writeConstant(message: ProtobufWriter, { value, data }: Constant): void {
  message.packedInts(1, value.shape as readonly number[]).int(2, dataTypeCodes[value.type]);
  message.text(8, value.name).bytes(9, constantBytes(value.type, data));
}

function constantBytes(type: DataType, data: readonly number[]): Uint8Array {
  switch (type) {
    case 'float32':
      return new Uint8Array(Float32Array.from(data).buffer);
    case 'int64':
      return new Uint8Array(BigInt64Array.from(data, BigInt).buffer);
    case 'int32':
      return new Uint8Array(Int32Array.from(data).buffer);
    case 'int8':
      return new Uint8Array(Int8Array.from(data).buffer);
    case 'float16':
      throw new Error('A constant is not written in half precision; cast one of float32.');
    case 'uint8':
    case 'bool':
      return Uint8Array.from(data);
  }
}

function writeExternal(
  message: ProtobufWriter,
  initializer: Initializer,
  place: WeightPlace,
  weightsFile: string,
): void {
  message.packedInts(1, initializer.shape).int(2, dataTypeCodes[initializer.type]);
  message.text(8, initializer.name);
  const entries = { location: weightsFile, offset: place.offset, length: place.length };
  for (const [key, value] of Object.entries(entries)) {
    message.message(13, (entry) => entry.text(1, key).text(2, String(value)));
  }
  message.int(14, externalDataLocation);
}

function writeValueInfo(message: ProtobufWriter, { name, type, shape }: Value): void {
  message.text(1, name).message(2, (typeProto) =>
    typeProto.message(1, (tensor) => {
      tensor.int(1, dataTypeCodes[type]).message(2, (shapeProto) => {
        for (const dim of shape) {
          shapeProto.message(1, (field) =>
            typeof dim === 'number' ? field.int(1, dim) : field.text(2, dim),
          );
        }
      });
    }),
  );
}
