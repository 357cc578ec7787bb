/** The app as a person uses it: by what is read on the screen. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import type { CalibrationRequest } from '#engine/contract/calibration.ts';
import type { NumberedEvent } from '#engine/contract/host-service.ts';
import type { Report } from '#engine/contract/report.ts';
import { foldReport } from '#engine/profile/report.ts';
import { EngineHold } from '#host/engine/engine-hold.testing.ts';
import type { Face } from './faces.ts';
import { toldMessages } from './messages.ts';
import { engineOf } from './served-app.ts';

type Box = NonNullable<Awaited<ReturnType<Locator['boundingBox']>>>;

export class App {
  readonly page: Page;
  /** Where the user's data lies: drafts, preferences, recent files. */
  readonly dataFolder: string;
  /** Keeps a run in its middle, for as long as a person may take. */
  readonly hold: EngineHold;
  readonly #window: Face;

  constructor(page: Page, window: Face, dataFolder: string) {
    this.page = page;
    this.#window = window;
    this.dataFolder = dataFolder;
    this.hold = new EngineHold(dataFolder);
  }

  /** The page has come up, with the gallery or with what was open. */
  async isReady(): Promise<void> {
    await expect(this.page.getByRole('button', { name: 'File', exact: true })).toBeVisible();
    await expect(this.page.getByRole('main')).not.toBeEmpty();
  }

  /** The app after everything ended at once. */
  async crash(): Promise<App> {
    const app = new App(await this.#window.crash(), this.#window, this.dataFolder);
    await app.isReady();
    return app;
  }

  /** The process that runs graphs. */
  engineProcessId(): Promise<number> {
    return engineOf(this.dataFolder);
  }

  get canvas(): Locator {
    return this.page.getByRole('region', { name: 'Canvas', exact: true });
  }

  get inspector(): Locator {
    return this.page.getByRole('region', { name: 'Inspector', exact: true });
  }

  get results(): Locator {
    return this.page.getByRole('region', { name: 'Results', exact: true });
  }

  /** The window has said this, be it gone again or not. */
  async hasTold(sentence: string | RegExp): Promise<void> {
    await expect.poll(() => toldMessages(this.page)).toMatch(sentence);
  }

  /** What the graph at the front is estimated to cost, in the bar above it. */
  get totals(): Locator {
    return this.page.getByRole('banner').getByRole('button', { name: /Limits and machine$/ });
  }

  /** The panel of limits and machines. */
  async openLimits(): Promise<Locator> {
    await this.totals.click();
    const panel = this.page.getByRole('dialog', { name: 'Limits and machine' });
    await expect(panel).toBeVisible();
    return panel;
  }

  get answer(): Locator {
    return this.page.getByRole('group', { name: 'Text of the answer' });
  }

  /** One of several language models among the answers, by its title. */
  answerOf(title: string): Locator {
    return this.page
      .getByRole('group', { name: 'Answers of the language models' })
      .getByRole('region', { name: title, exact: true });
  }

  /** "running", "streaming", "done" … */
  get answerState(): Locator {
    return this.page
      .getByRole('complementary', { name: 'Answer and headline figures' })
      .getByRole('heading', { name: /^Answers?$/ })
      .locator('+ span');
  }

  get cancelButton(): Locator {
    return this.page.getByRole('banner').getByRole('button', { name: 'Cancel' });
  }

  get runButton(): Locator {
    return this.page.getByRole('banner').getByRole('button', { name: /^Run/ });
  }

  /** A node's card, by its title. */
  card(title: string): Locator {
    return this.canvas.getByRole('group', { name: new RegExp(`^${title}(,|$)`) });
  }

  port(name: string): Locator {
    return this.canvas.getByRole('button', { name, exact: true });
  }

  async openPreset(title: string): Promise<void> {
    await this.page.getByRole('button', { name: `Open ${title}`, exact: true }).click();
    await expect(this.canvas).toBeVisible();
  }

  /** Imports a graph file as the File menu does. */
  async importFile(
    file: string | { name: string; mimeType: string; buffer: Buffer },
  ): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.command('Import JSON…');
    await (await chooser).setFiles(file);
  }

  /** Chooses an item of the File menu. */
  async command(title: string): Promise<void> {
    await this.page.getByRole('button', { name: 'File', exact: true }).click();
    // Its keys stand beside its title, and other titles begin with it.
    const titled = this.page.getByText(title, { exact: true });
    await this.page.getByRole('menuitem').filter({ has: titled }).click();
  }

  /** Null for as many as make the figures steady. */
  async setPasses(count: number | null): Promise<void> {
    const field = this.inspector.getByLabel('Timed passes of a run');
    await field.fill(count === null ? '' : String(count));
    await field.press('Enter');
  }

  /** Runs the graph at the front to its end; a small one is over before its Cancel button can be seen. */
  async run(): Promise<void> {
    // The page that follows the new run shows the end of the last one no more.
    const followed = this.page.waitForRequest(/\/rpc\/runEvents/);
    await this.runButton.click();
    await followed;
    await expect(this.answerState).toHaveText('done');
    await expect(this.runButton).toBeVisible();
  }

  /** Runs it and then, from the tab Operators, under the profiler, to its end. */
  async profile(): Promise<void> {
    await this.run();
    await this.results.getByRole('tab', { name: 'Operators' }).click();
    await this.results.getByRole('button', { name: 'Run with the profiler' }).click();
    await expect(this.results.getByRole('group', { name: /^Flame chart of/ })).toBeVisible();
    await expect(this.answerState).toHaveText('done');
  }

  /** Starts a run and holds it where its second timed pass begins. */
  async runIntoSecondPass(passes: number): Promise<void> {
    await this.setPasses(passes);
    this.hold.at({ type: 'stage-progress', run: 2 });
    await this.runButton.click();
    await this.hold.isHeld();
    await expect(this.results.getByText(`pass 2 of ${passes}`)).toBeVisible();
  }

  /** Has the machine measured in a second or two, however much the tests beside this one take of it. */
  async calibrate(): Promise<void> {
    await this.measuringFor({ secondsAtMost: 1, othersShareAtMost: 1 });
    await this.results.getByRole('button', { name: /^Measure this machine/ }).click();
    await expect(this.results.getByText(/^This machine, measured/)).toBeVisible();
  }

  /** From now on a measurement is asked for so, whatever the page asks for. */
  async measuringFor(request: CalibrationRequest): Promise<void> {
    const called = /\/rpc\/startCalibration/;
    await this.page.unroute(called);
    await this.page.route(called, (route) => route.continue({ postData: JSON.stringify(request) }));
  }

  /** Makes the results higher by so much, as a hand does at their edge. */
  async raiseResults(byPx: number): Promise<void> {
    const divider = this.page.getByRole('separator', { name: 'Height of the results' });
    const { x, y } = middleOf(await this.placeOf(divider));
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x, y - byPx, { steps: 5 });
    await this.page.mouse.up();
  }

  /** Where something is, once it keeps still. */
  async placeOf(thing: Locator): Promise<Box> {
    await thing.scrollIntoViewIfNeeded();
    const box = await thing.boundingBox();
    if (!box) throw new Error('There is nothing to be seen.');
    return box;
  }

  /** The unsaved work on the disk has come to hold this text. */
  async hasDraft(text: string): Promise<void> {
    const folder = join(this.dataFolder, 'drafts');
    await expect
      .poll(async () => {
        const names = await readdir(folder).catch(() => []);
        const drafts = names.map((name) => readFile(join(folder, name), 'utf8').catch(() => ''));
        return (await Promise.all(drafts)).join();
      })
      .toContain(text);
  }

  /** What the window keeps between launches has come to hold this text. */
  async hasKept(text: string): Promise<void> {
    const path = join(this.dataFolder, 'preferences.json');
    await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toContain(text);
  }

  /** Drags by pointer from the middle of one place to the middle of another, as a hand does. */
  async drag(from: Locator, to: Locator): Promise<void> {
    const [start, end] = [middleOf(await this.placeOf(from)), middleOf(await this.placeOf(to))];
    await this.page.mouse.move(start.x, start.y);
    await this.page.mouse.down();
    await this.page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 5 });
    await this.page.mouse.move(end.x, end.y, { steps: 5 });
  }

  /** The report of the last run, from the events that the server keeps. */
  async report(): Promise<Report> {
    const events = await this.page.evaluate(async () => {
      const session = sessionStorage.getItem('patchbay-session') ?? '';
      const headers = { authorization: `Bearer ${session}` };
      const runs = (await (await fetch('/rpc/runs', { headers })).json()) as {
        result: { data: { runId: string }[] };
      };
      const input = JSON.stringify({ runId: runs.result.data[0]?.runId, after: -1 });
      const stream = await fetch(`/rpc/runEvents?input=${encodeURIComponent(input)}`, { headers });
      const messages = (await stream.text())
        .split('\n')
        .filter((line) => line.startsWith('data: {"number"'));
      return messages.map((line) => JSON.parse(line.slice('data: '.length)) as NumberedEvent);
    });
    return foldReport(
      '',
      events.map(({ event }) => event),
    );
  }
}

function middleOf({ x, y, width, height }: Box): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}
