import { afterAll, beforeAll, expect, it } from 'vitest';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { foldGroups } from './fold-groups.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

it('groups of tokens are folded, token by token or channel by channel', async () => {
  const ran = await bench.run({ tokens: [2, 24, 3] }, (g, { tokens }) => {
    const wide = { rows: 4, columns: 6 };
    return {
      byToken: foldGroups(g, tokens, wide, 2),
      byChannel: foldGroups(g, tokens, wide, 2, 'channel-by-channel'),
    };
  });
  const numbers = ran.numbers('tokens');
  const groups = [0, 1].flatMap((picture) =>
    [0, 2].flatMap((row) =>
      [0, 2, 4].map((column) =>
        [0, 1, 6, 7].map((step) => (picture * 24 + row * 6 + column + step) * 3),
      ),
    ),
  );
  const three = [0, 1, 2];
  const byToken = groups.map((group) => group.map((at) => three.map((c) => numbers[at + c]!)));
  const byChannel = groups.map((group) => three.map((c) => group.map((at) => numbers[at + c]!)));
  expect(ran.shapes).toEqual({ byToken: [2, 6, 12], byChannel: [2, 6, 12] });
  expect(ran.output('byToken')).toEqual(byToken.flat(2));
  expect(ran.output('byChannel')).toEqual(byChannel.flat(2));
});
