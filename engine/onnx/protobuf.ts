/** The wire format of protocol buffers, as much of it as ONNX files need. */

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const textEncoder = new TextEncoder();

/** Appends fields to one message; nested messages are writers of their own. */
export class ProtobufWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** A 64-bit integer field; negative numbers take their two's complement, as int64 does. */
  int(field: number, value: number | bigint): this {
    this.#tag(field, wireTypes.varint);
    this.#varint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  /** A repeated int64 field in its packed form. */
  packedInts(field: number, values: readonly number[]): this {
    const packed = new ProtobufWriter();
    for (const value of values) packed.#varint(BigInt.asUintN(64, BigInt(value)));
    return this.bytes(field, packed.finish());
  }

  float(field: number, value: number): this {
    this.#tag(field, wireTypes.fixed32);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, textEncoder.encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, wireTypes.bytes);
    this.#varint(BigInt(value.length));
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  message(field: number, write: (message: ProtobufWriter) => void): this {
    const message = new ProtobufWriter();
    write(message);
    return this.bytes(field, message.finish());
  }

  /** A field as it was read, with its tag. */
  field({ raw }: ProtobufField): this {
    this.#reserve(raw.length);
    this.#bytes.set(raw, this.#length);
    this.#length += raw.length;
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #tag(field: number, wireType: number): void {
    this.#varint(BigInt((field << 3) | wireType));
  }

  #varint(value: bigint): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

export interface ProtobufField {
  readonly number: number;
  /** With its tag. */
  readonly raw: Uint8Array;
  /** A text, bytes or a message; empty where the field is a number. */
  readonly content: Uint8Array;
}

/** The fields of one message, in order, as views of its bytes. Throws where the bytes are no message. */
export function* fieldsOf(message: Uint8Array): Generator<ProtobufField> {
  let place = 0;
  const varint = (): number => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = message[place++];
      if (byte === undefined) throw new Error('A protocol buffer ends within a number.');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (place < message.length) {
    const start = place;
    const tag = varint();
    const wireType = tag & 7;
    let length = 0;
    if (wireType === wireTypes.varint) varint();
    else if (wireType === wireTypes.fixed32) place += 4;
    else if (wireType === wireTypes.fixed64) place += 8;
    else if (wireType === wireTypes.bytes) length = varint();
    else throw new Error(`A protocol buffer has no wire type ${wireType}.`);
    place += length;
    if (place > message.length) throw new Error('A protocol buffer ends within a field.');
    const content = message.subarray(place - length, place);
    yield { number: Math.floor(tag / 8), raw: message.subarray(start, place), content };
  }
}
