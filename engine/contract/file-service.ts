/** What a page asks of the files on the machine: graphs, unsaved work, pictures, folders, preferences. */
import { z } from 'zod';
import { sizedText } from './sized.ts';
import { documentSchema, type DeepReadonly, type Json } from './document.ts';
import type { Outcome } from './outcome.ts';
import { shownSourceSchema } from './sources.ts';
import type { ConfigFiles } from './config-files.ts';

const path = sizedText(1, 4096);

/** Changes whenever the content of a file does. */
const stamp = sizedText(0, 100);

export const saveRequestSchema = z.object({
  path,
  document: documentSchema,
  /** The file as it was opened or saved last; null where no file is expected to be there. */
  stamp: stamp.nullable(),
  /** Write even where the file is not as expected. */
  overwrite: z.boolean(),
});

/** An open graph as it stands. */
export const draftSchema = z.object({
  id: z.string().regex(/^[a-z0-9-]{1,64}$/),
  /** The window that works on it; a draft whose window is gone is picked up by the next. */
  window: sizedText(0, 64),
  path: path.nullable(),
  stamp: stamp.nullable(),
  document: documentSchema,
  /** Does it hold work that is in no file? */
  unsaved: z.boolean(),
  /** Has a person given it its title? */
  titled: z.boolean().optional(),
});

export const fileLimits = {
  /** A 100-megapixel photograph as JPEG has about 40 MB. */
  pictureBytes: 64 * 1024 * 1024,
  /** A picker shows no more; a folder with more is a data set. */
  folderEntries: 5_000,
  /** The configurations of published models have some kilobytes; one with a thousand labels has a hundred. */
  configBytes: 1024 * 1024,
  /** The preferences of a window have some hundred bytes. */
  preferenceBytes: 64 * 1024,
} as const;

export const pictureUploadSchema = z.object({
  name: sizedText(0, 300),
  base64: sizedText(0, Math.ceil((fileLimits.pictureBytes * 4) / 3) + 4),
});

export const pictureRequestSchema = z.object({
  source: shownSourceSchema,
  baseFolder: path.optional(),
  /** The longer side of the preview, in pixels. */
  maxSide: z.int().min(16).max(2048),
});

/** A file or folder as a graph names it, which its user wants to be read. */
export const placeSchema = z.object({ path, baseFolder: path.optional() });

/** A checkpoint folder as a graph names it. */
export const configRequestSchema = z.object({ folder: path, baseFolder: path.optional() });

export type SaveRequest = DeepReadonly<z.infer<typeof saveRequestSchema>>;
export type Draft = DeepReadonly<z.infer<typeof draftSchema>>;
export type PictureUpload = Readonly<z.infer<typeof pictureUploadSchema>>;
export type PictureRequest = DeepReadonly<z.infer<typeof pictureRequestSchema>>;
export type Place = Readonly<z.infer<typeof placeSchema>>;
export type ConfigRequest = DeepReadonly<z.infer<typeof configRequestSchema>>;

/** The file as text: the page reads it with the same function as an imported or dropped one. */
export interface OpenedFile {
  readonly path: string;
  /** Relative paths in the graph are taken from here. */
  readonly folder: string;
  readonly text: string;
  readonly stamp: string;
}

export type SavedFile = Omit<OpenedFile, 'text'>;

export interface RecentFile {
  readonly path: string;
  readonly title: string;
  /** ISO 8601. */
  readonly usedAt: string;
}

export interface FolderEntry {
  readonly name: string;
  readonly path: string;
  /** A folder with safetensors and a config is a `checkpoint`; one can still look inside. */
  readonly kind: 'folder' | 'checkpoint' | 'graph' | 'picture' | 'file';
  readonly sizeBytes: number;
  /** ISO 8601. */
  readonly modifiedAt: string;
}

export interface FolderListing {
  readonly path: string;
  /** Null at the top. */
  readonly parent: string | null;
  /** From the top to this folder. */
  readonly trail: readonly { readonly name: string; readonly path: string }[];
  /** Folders first, then by name; hidden ones are left out. */
  readonly entries: readonly FolderEntry[];
  /** Were there more entries than are listed? */
  readonly shortened: boolean;
  /** Where people keep files: home, documents, downloads, drives. */
  readonly places: readonly { readonly name: string; readonly path: string }[];
}

export interface Picture {
  /** Of the original, in pixels. */
  readonly width: number;
  readonly height: number;
  /** A preview no larger than was asked for. */
  readonly dataUrl: string;
}

export interface Sample {
  readonly name: string;
  readonly title: string;
}

export interface FileService {
  /** Lets graphs name it, and what is in it: the user chose it. What was not chosen is not looked for. */
  choosePlace(place: Place): Promise<void>;
  /** `path: null` for where one would begin to look. */
  listFolder(path: string | null): Promise<Outcome<FolderListing>>;
  openFile(path: string): Promise<Outcome<OpenedFile>>;
  /** Atomic. Fails with `file-changed` or `file-exists` where the file is not as expected. */
  saveDocument(request: SaveRequest): Promise<Outcome<SavedFile>>;
  /** The last used first. */
  recentFiles(): Promise<readonly RecentFile[]>;
  forgetRecentFile(path: string): Promise<void>;
  /** Kept beside the user's data, never over the file. */
  keepDraft(draft: Draft): Promise<Outcome<null>>;
  dropDraft(id: string): Promise<void>;
  drafts(): Promise<readonly Draft[]>;
  /** What the page asked to be kept, null at first. */
  preferences(): Promise<Json>;
  /** Fails with `file-too-large` where they are longer than any window's. */
  keepPreferences(preferences: Json): Promise<Outcome<null>>;
  /** Keeps a picture that a browser gave without its path; the same picture is kept once. */
  keepPicture(upload: PictureUpload): Promise<Outcome<{ readonly path: string }>>;
  picture(request: PictureRequest): Promise<Outcome<Picture>>;
  samples(): Promise<readonly Sample[]>;
  /** What describes the model of a checkpoint folder. Fails with `file-unreadable` or `file-too-large`. */
  folderConfig(request: ConfigRequest): Promise<Outcome<ConfigFiles>>;
}
