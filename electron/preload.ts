/** Runs before the page, in its sandbox: gives it the one frozen object that reaches the window. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { Shell, ShellCommand, Unsubscribe } from '#engine/contract/shell.ts';
import {
  eventChannels,
  noticeChannels,
  requestChannels,
  textEdits,
  type NoticeArguments,
  type NoticeName,
  type RequestAnswer,
  type RequestArguments,
  type RequestName,
} from './channels.ts';

const commandListeners = new Set<(command: ShellCommand) => void>();
const fileListeners = new Set<(path: string) => void>();
/** Files that came while the page was between two listeners. */
const waitingFiles: string[] = [];

const shell: Shell = {
  chooseFileToOpen: (kind) => ask('chooseFileToOpen', kind),
  chooseFolder: (title) => ask('chooseFolder', title),
  chooseFileToSave: (suggestedName) => ask('chooseFileToSave', suggestedName),
  // The bridge hands a File over as one of this world; anything else is a mistake of the page, told by a throw.
  pathOf: (file) => webUtils.getPathForFile(file as File),
  setTitle: (title, hasUnsavedWork) => tell('setTitle', title, hasUnsavedWork),
  onCommand: (listener) => subscribe(commandListeners, listener),
  onOpenFile: (listener) => {
    const unsubscribe = subscribe(fileListeners, listener);
    for (const path of waitingFiles.splice(0)) listener(path);
    tell('awaitFiles');
    return unsubscribe;
  },
};

ipcRenderer.on(eventChannels.command, (_event, command: ShellCommand) => {
  const edit = textEdits.find((name) => name === command);
  if (edit && isTextField(document.activeElement)) tell('editText', edit);
  else for (const listener of commandListeners) listener(command);
});

ipcRenderer.on(eventChannels.openFile, (_event, path: string) => {
  if (fileListeners.size === 0) waitingFiles.push(path);
  else for (const listener of fileListeners) listener(path);
});

contextBridge.exposeInMainWorld('patchbayShell', Object.freeze(shell));

function ask<Name extends RequestName>(
  name: Name,
  ...args: RequestArguments[Name]
): Promise<RequestAnswer<Name>> {
  return ipcRenderer.invoke(requestChannels[name], ...args) as Promise<RequestAnswer<Name>>;
}

function tell<Name extends NoticeName>(name: Name, ...args: NoticeArguments[Name]): void {
  ipcRenderer.send(noticeChannels[name], ...args);
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): Unsubscribe {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function isTextField(element: Element | null): boolean {
  if (element instanceof HTMLInputElement) {
    return !['button', 'checkbox', 'radio', 'range', 'color', 'file'].includes(element.type);
  }
  if (element instanceof HTMLTextAreaElement) return true;
  return element instanceof HTMLElement && element.isContentEditable;
}
