/** The one table of messages between the window and its page; both sides take names and types from here. */
import type { Shell } from '#engine/contract/shell.ts';

/** The page asks, the window answers. */
export const requestChannels = {
  chooseFileToOpen: 'shell:choose-file-to-open',
  chooseFolder: 'shell:choose-folder',
  chooseFileToSave: 'shell:choose-file-to-save',
} as const satisfies Partial<Record<keyof Shell, string>>;

/** The page tells, nobody answers. */
export const noticeChannels = {
  setTitle: 'shell:set-title',
  /** The page listens for files to open; those that wait may come. */
  awaitFiles: 'shell:await-files',
  /** An edit command was meant for the text field that has the focus. */
  editText: 'shell:edit-text',
} as const;

/** The window tells. */
export const eventChannels = {
  command: 'shell:command',
  openFile: 'shell:open-file',
} as const;

export type RequestName = keyof typeof requestChannels;
export type NoticeName = keyof typeof noticeChannels;

export interface RequestArguments {
  readonly chooseFileToOpen: Parameters<Shell['chooseFileToOpen']>;
  readonly chooseFolder: Parameters<Shell['chooseFolder']>;
  readonly chooseFileToSave: Parameters<Shell['chooseFileToSave']>;
}

export type RequestAnswer<Name extends RequestName> = Awaited<ReturnType<Shell[Name]>>;

/** The edits that a text field makes itself. */
export const textEdits = [
  'edit.undo',
  'edit.redo',
  'edit.cut',
  'edit.copy',
  'edit.paste',
  'edit.delete',
  'edit.select-all',
] as const;

export type TextEdit = (typeof textEdits)[number];

export interface NoticeArguments {
  readonly setTitle: Parameters<Shell['setTitle']>;
  readonly awaitFiles: [];
  readonly editText: [edit: TextEdit];
}
