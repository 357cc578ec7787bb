/** The native dialogs a page can ask for, as options. */
import type { OpenDialogOptions, SaveDialogOptions } from 'electron';

const everything = { name: 'All files', extensions: ['*'] };

// Dialogs differ in what they make of an extension with a dot in it, so the last part is asked for.
const graphs = { name: 'Patchbay graphs', extensions: ['json'] };

const pictures = {
  name: 'Pictures',
  extensions: ['png', 'jpg', 'jpeg', 'webp', 'avif', 'gif', 'tif', 'tiff'],
};

const clips = {
  name: 'Clips',
  extensions: ['gif', 'webp', 'mp4', 'm4v', 'mov', 'webm', 'mkv', 'avi', 'mpg', 'mpeg', 'ts'],
};

const opened = {
  graph: { title: 'Open a graph', of: graphs },
  picture: { title: 'Choose a picture', of: pictures },
  clip: { title: 'Choose a clip', of: clips },
} as const;

export function openDialog(kind: keyof typeof opened): OpenDialogOptions {
  const { title, of } = opened[kind];
  return { title, properties: ['openFile'], filters: [of, everything] };
}

export function folderDialog(title: string): OpenDialogOptions {
  return { title, properties: ['openDirectory', 'createDirectory'] };
}

/** The suggestion is a name, never a way out of the folder that the dialog shows. */
export function saveDialog(suggestedName: string): SaveDialogOptions {
  return {
    title: 'Save the graph',
    defaultPath: suggestedName.replaceAll(/[/\\:*?"<>|]/g, '-'),
    filters: [graphs, everything],
    properties: ['createDirectory', 'showOverwriteConfirmation'],
  };
}
