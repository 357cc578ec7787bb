/** The one window: its page, its menu, its dialogs, and what it remembers. */
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  nativeTheme,
  screen,
  session,
  shell,
} from 'electron';
import type { ShellCommand } from '#engine/contract/shell.ts';
import { eventChannels } from './channels.ts';
import { Closing, closingAnswers, closingButtons } from './closing.ts';
import { folderDialog, openDialog, saveDialog } from './file-dialogs.ts';
import { menuTemplate } from './menu-template.ts';
import { guardNavigation, isPermitted } from './navigation-guard.ts';
import { PageLine } from './page-line.ts';
import { WaitingFiles } from './opened-files.ts';
import { editTextField } from './text-edits.ts';
import { grounds, visibleBounds, windowOptions } from './window-options.ts';
import { keepWindowState, readWindowState, withRecentPath } from './window-state.ts';

export interface WindowPlaces {
  /** Absolute paths. */
  readonly stateFile: string;
  readonly preload: string;
  readonly icon: string;
}

export class AppWindow {
  readonly #window: BrowserWindow;
  readonly #stateFile: string;
  readonly #files = new WaitingFiles();
  readonly #closing: Closing;
  #state;
  #origin: string | null = null;
  #isShown = false;
  #isQuitting = false;

  /** `shown` is called once, when the page can be seen first. */
  constructor({ stateFile, preload, icon }: WindowPlaces, shown: () => void) {
    this.#stateFile = stateFile;
    this.#state = readWindowState(stateFile);
    const workAreas = screen.getAllDisplays().map(({ workArea }) => workArea);
    const usual = nativeTheme.shouldUseDarkColors ? grounds.dark : grounds.light;
    this.#window = new BrowserWindow(
      windowOptions({
        bounds: visibleBounds(this.#state.bounds, workAreas),
        background: this.#state.background ?? usual,
        preload,
        icon,
      }),
    );
    this.#closing = new Closing({
      ask: (title) => this.#askToClose(title),
      save: () => this.#send('file.save'),
      close: () => this.#closeForGood(),
    });
    this.#guard();
    this.#answerPage();
    this.#followWindow(shown);
    this.#drawMenu();
  }

  /**
   * Shows the page at the server's address, which may be another after the server was started again. The server
   * may have died meanwhile, or another page may have been asked for: the failure tells.
   */
  async load(url: string): Promise<{ readonly failure: string | null }> {
    this.#origin = new URL(url).origin;
    try {
      await this.#window.loadURL(url);
      return { failure: null };
    } catch (cause) {
      return { failure: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  openFile(path: string): void {
    this.#rememberPath(path);
    this.#files.give(path);
    this.focus();
  }

  focus(): void {
    // It may not be shown yet, or be closed while the server still ends.
    if (!this.#isShown || this.#window.isDestroyed()) return;
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.focus();
  }

  /** The app is about to quit; a question that keeps the window open keeps the app from it. */
  prepareToQuit(): void {
    this.#isQuitting = true;
  }

  /** Puts a question over the window; resolves with the number of the button. */
  async ask(message: string, detail: string, buttons: string[]): Promise<number> {
    const options = { type: 'warning', message, detail, buttons, noLink: true } as const;
    const chosen = { ...options, defaultId: 0, cancelId: buttons.length - 1 };
    // A window that is not shown yet, or no longer, would hide the question.
    const { response } =
      this.#isShown && !this.#window.isDestroyed()
        ? await dialog.showMessageBox(this.#window, chosen)
        : await dialog.showMessageBox(chosen);
    return response;
  }

  #send(command: ShellCommand): void {
    this.#window.webContents.send(eventChannels.command, command);
  }

  #guard(): void {
    const { webContents } = this.#window;
    guardNavigation(
      webContents,
      () => this.#origin,
      (url) => void shell.openExternal(url),
    );
    const own = session.defaultSession;
    own.setPermissionRequestHandler((_contents, permission, decide, { requestingUrl }) =>
      decide(isPermitted(permission, requestingUrl, this.#origin)),
    );
    own.setPermissionCheckHandler((_contents, permission, requestingOrigin) =>
      isPermitted(permission, requestingOrigin, this.#origin),
    );
    // A page in a browser holds a tab with unsaved work back; here the window asks by itself.
    webContents.on('will-prevent-unload', (event) => event.preventDefault());
    webContents.on('did-navigate', () => this.#files.pause());
    webContents.on('render-process-gone', (_event, { reason }) => void this.#pageGone(reason));
  }

  async #pageGone(reason: string): Promise<void> {
    this.#files.pause();
    this.#closing.lostPage();
    if (reason === 'clean-exit' || this.#isQuitting) return;
    const answer = await this.ask(
      `The page of Patchbay ended (${reason}).`,
      'Unsaved work is kept as a draft and comes back with the page; runs go on.',
      ['Load it again', 'Close Patchbay'],
    );
    if (answer === 0) this.#window.webContents.reload();
    else this.#window.close();
  }

  #answerPage(): void {
    const page = new PageLine(ipcMain, () => this.#origin);
    page.answer('chooseFileToOpen', async (kind) => {
      const { filePaths } = await dialog.showOpenDialog(this.#window, openDialog(kind));
      const path = filePaths[0] ?? null;
      if (path !== null && kind === 'graph') this.#rememberPath(path);
      return path;
    });
    page.answer('chooseFolder', async (title) => {
      const { filePaths } = await dialog.showOpenDialog(this.#window, folderDialog(title));
      return filePaths[0] ?? null;
    });
    page.answer('chooseFileToSave', async (suggestedName) => {
      const { filePath } = await dialog.showSaveDialog(this.#window, saveDialog(suggestedName));
      if (filePath === '') {
        this.#closing.saveAbandoned();
        return null;
      }
      this.#rememberPath(filePath);
      return filePath;
    });
    page.hear('setTitle', (title, hasUnsavedWork) => {
      this.#window.setTitle(hasUnsavedWork ? `• ${title}` : title);
      if (process.platform === 'darwin') this.#window.setDocumentEdited(hasUnsavedWork);
      this.#closing.setTitle(title, hasUnsavedWork);
    });
    page.hear('awaitFiles', () =>
      this.#files.listen((path) => this.#window.webContents.send(eventChannels.openFile, path)),
    );
    page.hear('editText', (edit) => editTextField(this.#window.webContents, edit));
  }

  #followWindow(shown: () => void): void {
    const window = this.#window;
    window.once('ready-to-show', () => {
      if (this.#state.isMaximised) window.maximize();
      window.show();
      this.#isShown = true;
      shown();
    });
    window.on('page-title-updated', (event) => event.preventDefault());
    window.webContents.on('did-change-theme-color', (_event, colour) => {
      if (colour === null || !/^#[0-9a-f]{6}$/i.test(colour)) return;
      window.setBackgroundColor(colour);
      this.#keep({ background: colour });
    });
    window.on('close', (event) => {
      this.#keep({ bounds: window.getNormalBounds(), isMaximised: window.isMaximized() });
      if (this.#closing.mayClose()) return;
      event.preventDefault();
    });
  }

  async #askToClose(title: string): Promise<(typeof closingAnswers)[number]> {
    const answer = await this.ask(
      `“${title}” has changes that are not in its file.`,
      'Kept as a draft, they come back when Patchbay opens again.',
      [...closingButtons],
    );
    const chosen = closingAnswers[answer] ?? 'stay';
    if (chosen === 'stay') this.#isQuitting = false;
    return chosen;
  }

  #closeForGood(): void {
    if (this.#isQuitting) app.quit();
    else this.#window.close();
  }

  #rememberPath(path: string): void {
    app.addRecentDocument(path);
    this.#keep({ recentPaths: withRecentPath(this.#state, path).recentPaths });
    this.#drawMenu();
  }

  #keep(change: Partial<ReturnType<typeof readWindowState>>): void {
    this.#state = { ...this.#state, ...change };
    keepWindowState(this.#stateFile, this.#state);
  }

  #drawMenu(): void {
    const template = menuTemplate({
      platform: process.platform,
      recentPaths: this.#state.recentPaths,
      send: (command) => this.#send(command),
      openFile: (path) => this.openFile(path),
      clearRecentFiles: () => {
        app.clearRecentDocuments();
        this.#keep({ recentPaths: [] });
        this.#drawMenu();
      },
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  }
}
