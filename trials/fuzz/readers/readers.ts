/** Every reader of bytes that are not Patchbay's own. */
import type { Reader } from './reader.ts';
import {
  configReader,
  safetensorsReader,
  templateReader,
  tokenizerReader,
  tokenListReader,
} from './checkpoints.ts';
import { contractReader } from './contract.ts';
import { editsReader, graphReader } from './documents.ts';
import { cacheReader, draftsReader, preferencesReader, recentReader } from './kept-files.ts';
import { clipReader, pictureReader, pixmapsReader } from './pictures.ts';

export const readers: readonly Reader[] = [
  graphReader,
  editsReader,
  contractReader,
  configReader,
  safetensorsReader,
  tokenizerReader,
  tokenListReader,
  templateReader,
  pictureReader,
  clipReader,
  pixmapsReader,
  draftsReader,
  preferencesReader,
  recentReader,
  cacheReader,
];
