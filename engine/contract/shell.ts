/** What the window around the page can do for it: native dialogs, the title, menu commands, files to open. */

/** Every command a menu item can send; the page's own table of commands has these and more. */
export const shellCommands = [
  'file.new',
  'file.open',
  'file.save',
  'file.save-as',
  'file.export',
  'file.export-onnx',
  'file.import',
  'edit.undo',
  'edit.redo',
  'edit.cut',
  'edit.copy',
  'edit.paste',
  'edit.duplicate',
  'edit.delete',
  'edit.select-all',
  'view.fit',
  'view.zoom-in',
  'view.zoom-out',
  'view.toggle-theme',
  'view.command-palette',
  'run.start',
  'run.cancel',
  'help.licences',
] as const;

export type ShellCommand = (typeof shellCommands)[number];

/** Ends a subscription. */
export type Unsubscribe = () => void;

/**
 * The one object the window gives its page, as `globalThis.patchbayShell`; in a browser there is none, and
 * the page uses its own dialogs. Paths are absolute. A dialog that is closed without a choice gives null.
 */
export interface Shell {
  chooseFileToOpen(kind: 'graph' | 'picture' | 'clip'): Promise<string | null>;
  chooseFolder(title: string): Promise<string | null>;
  chooseFileToSave(suggestedName: string): Promise<string | null>;
  /** The path of a DOM `File` that was dropped or picked; empty where it lies in no folder. The engine knows no DOM. */
  pathOf(file: unknown): string;
  /** What the title bar says; with unsaved work the window asks once before it closes. */
  setTitle(title: string, hasUnsavedWork: boolean): void;
  /** Menu items, by command. */
  onCommand(listener: (command: ShellCommand) => void): Unsubscribe;
  /** Files that the system hands over; those that came before the page listened come first. */
  onOpenFile(listener: (path: string) => void): Unsubscribe;
}
