/** The file service on this machine, with what it keeps in the data folder of this user. */
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Json } from '#engine/contract/document.ts';
import {
  fileLimits,
  type ConfigRequest,
  type Draft,
  type FileService,
  type FolderListing,
  type OpenedFile,
  type Picture,
  type PictureRequest,
  type PictureUpload,
  type Place,
  type RecentFile,
  type Sample,
  type SavedFile,
  type SaveRequest,
} from '#engine/contract/file-service.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { fail, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { presetsFolder } from '../system/package-root.ts';
import { removeUnfinishedFiles } from '../system/unfinished-files.ts';
import { checkpointFolder } from '../weights/checkpoint-folder.ts';
import { ChosenPlaces, unchosen } from './chosen-places.ts';
import { dataFolder } from './data-folder.ts';
import { Drafts } from './drafts.ts';
import { readFolderConfig } from './folder-config.ts';
import { GraphFiles } from './graph-files.ts';
import { readKept, writeKept } from './kept-json.ts';
import { listFolder } from './list-folder.ts';
import { Pictures } from './pictures.ts';
import { RecentFiles } from './recent-files.ts';
import { Turns } from './turns.ts';

const samplesSchema = z.array(z.object({ name: z.string(), title: z.string() }));

export class LocalFiles implements FileService {
  readonly #folder: string;
  readonly #chosen: ChosenPlaces;
  readonly #recent: RecentFiles;
  readonly #graphs: GraphFiles;
  readonly #drafts: Drafts;
  readonly #pictures: Pictures;
  readonly #preferencesPath: string;
  readonly #preferenceTurns = new Turns();

  /** `folder` is made when there is something to keep in it. */
  constructor(folder = dataFolder(), chosen = new ChosenPlaces(folder)) {
    this.#folder = folder;
    this.#chosen = chosen;
    this.#recent = new RecentFiles(folder);
    this.#graphs = new GraphFiles(this.#recent, chosen, join(folder, 'saving'));
    this.#drafts = new Drafts(folder);
    this.#pictures = new Pictures(folder);
    this.#preferencesPath = join(folder, 'preferences.json');
  }

  choosePlace({ path, baseFolder = process.cwd() }: Place): Promise<void> {
    return this.#chosen.choose(checkpointFolder(path, baseFolder));
  }

  /** One begins to look beside the graph that was used last. */
  async listFolder(path: string | null): Promise<Outcome<FolderListing>> {
    if (path !== null) return listFolder(path);
    const [last] = await this.#recent.list();
    const beside = last ? await listFolder(dirname(last.path)) : null;
    return beside?.ok === true ? beside : listFolder(os.homedir());
  }

  openFile(path: string): Promise<Outcome<OpenedFile>> {
    return this.#graphs.open(path);
  }

  saveDocument(request: SaveRequest): Promise<Outcome<SavedFile>> {
    return this.#graphs.save(request);
  }

  recentFiles(): Promise<readonly RecentFile[]> {
    return this.#recent.list();
  }

  forgetRecentFile(path: string): Promise<void> {
    return this.#recent.forget(path);
  }

  keepDraft(draft: Draft): Promise<Outcome<null>> {
    return this.#drafts.keep(draft);
  }

  dropDraft(id: string): Promise<void> {
    return this.#drafts.drop(id);
  }

  /** A page asks once, at its start: what was left half-written before goes then. */
  async drafts(): Promise<readonly Draft[]> {
    for (const folder of ['.', 'drafts', 'pictures', 'saving'])
      await removeUnfinishedFiles(join(this.#folder, folder));
    return this.#drafts.list();
  }

  preferences(): Promise<Json> {
    return this.#preferenceTurns.take(() =>
      readKept<Json>(this.#preferencesPath, (value) => z.json().parse(value)),
    );
  }

  async keepPreferences(preferences: Json): Promise<Outcome<null>> {
    const sizeBytes = Buffer.byteLength(JSON.stringify(preferences));
    if (sizeBytes > fileLimits.preferenceBytes) {
      const [size, limit] = [sizeBytes, fileLimits.preferenceBytes].map(formatBytes);
      const message = `The preferences have ${size}, at most ${limit} are kept; keep only how the window looks.`;
      return fail(error('file-too-large', message));
    }
    return this.#preferenceTurns.take(() => writeKept(this.#preferencesPath, preferences));
  }

  keepPicture(upload: PictureUpload): Promise<Outcome<{ readonly path: string }>> {
    return this.#pictures.keep(upload);
  }

  async picture(request: PictureRequest): Promise<Outcome<Picture>> {
    const { source, baseFolder = process.cwd() } = request;
    if (source.kind !== 'file' && source.kind !== 'clip') return this.#pictures.preview(request);
    const place = resolve(baseFolder, source.path);
    const what = source.kind === 'clip' ? 'clip' : 'picture';
    if (!(await this.#chosen.isChosen(place))) return fail(unchosen(what, place));
    return this.#pictures.preview(request);
  }

  async folderConfig({ folder, baseFolder }: ConfigRequest): Promise<Outcome<ConfigFiles>> {
    const place = checkpointFolder(folder, baseFolder ?? process.cwd());
    if (!(await this.#chosen.isChosen(place))) return fail(unchosen('folder', place));
    return readFolderConfig(place);
  }

  /** Resolves when all that was to be written is; for the end of a process that takes no more calls. */
  async close(): Promise<void> {
    for (const writer of [this.#graphs, this.#drafts, this.#recent, this.#chosen])
      await writer.rest();
    await this.#preferenceTurns.rest();
  }

  async samples(): Promise<readonly Sample[]> {
    const list = await readFile(join(presetsFolder, 'samples', 'samples.json'), 'utf8');
    return samplesSchema.parse(JSON.parse(list));
  }
}
