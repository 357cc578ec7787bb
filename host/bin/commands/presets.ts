import { formatBytes, formatCount } from '#engine/contract/format.ts';
import { visualTokensText } from '#engine/contract/preset-summary.ts';
import { exitStatus } from './exit-status.ts';
import { formatTable } from '../terminal/table.ts';
import { parseOptions, type Command } from './command.ts';

export const presetsCommand: Command = {
  name: 'presets',
  synopsis: 'presets [--json]',
  about: 'Lists the preset graphs.',
  async run(args, caller) {
    const { values } = parseOptions(
      this,
      args,
      { json: { type: 'boolean' } },
      { least: 0, most: 0 },
    );
    const presets = await caller.presets();
    if (values.json === true) {
      console.log(JSON.stringify({ presets }));
      return exitStatus.done;
    }
    const table = formatTable(
      [
        { title: 'preset', align: 'left', text: ({ id }) => id },
        { title: 'parameters', align: 'right', text: ({ parameters }) => formatCount(parameters) },
        {
          title: 'visual tokens',
          align: 'right',
          text: visualTokensText,
        },
        { title: 'memory, est.', align: 'right', text: ({ peakBytes }) => formatBytes(peakBytes) },
        { title: 'weights', align: 'left', text: ({ random }) => (random ? 'random' : 'trained') },
        { title: 'title', align: 'left', text: ({ title }) => title },
      ],
      presets,
    );
    console.log(table);
    return exitStatus.done;
  },
};
