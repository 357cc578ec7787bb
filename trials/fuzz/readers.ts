/** Every reader of bytes that are not Patchbay's own. */
import type { Reader } from './reader.ts';
import {
  configReader,
  safetensorsReader,
  templateReader,
  tokenizerReader,
} from './readers/checkpoints.ts';
import { contractReader } from './readers/contract.ts';
import { editsReader, graphReader } from './readers/documents.ts';
import {
  cacheReader,
  draftsReader,
  preferencesReader,
  recentReader,
} from './readers/kept-files.ts';
import { clipReader, pictureReader, pixmapsReader } from './readers/pictures.ts';

export const readers: readonly Reader[] = [
  graphReader,
  editsReader,
  contractReader,
  configReader,
  safetensorsReader,
  tokenizerReader,
  templateReader,
  pictureReader,
  clipReader,
  pixmapsReader,
  draftsReader,
  preferencesReader,
  recentReader,
  cacheReader,
];
