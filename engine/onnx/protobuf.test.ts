import { describe, expect, it } from 'vitest';
import { fieldsOf, ProtobufWriter } from './protobuf.ts';

const hex = (writer: ProtobufWriter): string => Buffer.from(writer.finish()).toString('hex');

/** The first four are the examples of protobuf.dev/programming-guides/encoding. */
describe('the wire format', () => {
  it.each<[string, ProtobufWriter, string]>([
    ['an integer', new ProtobufWriter().int(1, 150), '089601'],
    ['a text', new ProtobufWriter().text(2, 'testing'), '120774657374696e67'],
    [
      'a message in a message',
      new ProtobufWriter().message(3, (inner) => inner.int(1, 150)),
      '1a03089601',
    ],
    ['packed integers', new ProtobufWriter().packedInts(6, [3, 270, 86_942]), '3206038e029ea705'],
    ['a negative integer', new ProtobufWriter().int(1, -2), '08feffffffffffffffff01'],
    [
      'the largest integer',
      new ProtobufWriter().int(1, 9_223_372_036_854_775_807n),
      '08ffffffffffffffff7f',
    ],
    ['a float', new ProtobufWriter().float(2, -0.5), '15000000bf'],
    ['a field above fifteen', new ProtobufWriter().int(20, 7), 'a00107'],
    ['nothing', new ProtobufWriter().text(1, '').packedInts(2, []), '0a001200'],
    ['letters of more than one byte', new ProtobufWriter().text(1, 'é√'), '0a05c3a9e2889a'],
  ])('of %s is as the specification has it', (_, writer, expected) => {
    expect(hex(writer)).toBe(expected);
  });

  it('grows with what is written', () => {
    const large = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
    const writer = new ProtobufWriter().int(1, 1).message(2, (inner) => inner.bytes(3, large));
    const bytes = writer.int(4, 2).finish();
    // 100,000 takes three bytes as a varint, and so does the message around it.
    expect(bytes.length).toBe(2 + (1 + 3) + (1 + 3) + large.length + 2);
    expect(Buffer.compare(bytes.subarray(10, -2), large)).toBe(0);
    expect([...bytes.subarray(-2)]).toEqual([0x20, 2]);
  });

  it('is read back field by field, and written again as it was', () => {
    const inner = new ProtobufWriter().text(1, 'testing').int(2, 2 ** 40);
    const bytes = new ProtobufWriter().float(3, 1.5).bytes(20, inner.finish()).int(4, -1).finish();
    const fields = [...fieldsOf(bytes)];
    expect(fields.map(({ number }) => number)).toEqual([3, 20, 4]);
    const nested = [...fieldsOf(fields[1]?.content ?? bytes)];
    expect(Buffer.from(nested[0]?.content ?? bytes).toString()).toBe('testing');
    const again = fields.reduce((writer, field) => writer.field(field), new ProtobufWriter());
    expect(again.finish()).toEqual(bytes);
  });

  it.each(['08', '0a05c3', '0f'])('of %s is refused: it is no message', (hexed) => {
    expect(() => [...fieldsOf(Buffer.from(hexed, 'hex'))]).toThrow('A protocol buffer');
  });
});
