/** The app as a person uses it: by what is read on the screen. */
import { expect, type Locator, type Page } from '@playwright/test';
import type { ServedApp } from './served-app.ts';

export class App {
  readonly page: Page;
  readonly server: ServedApp;

  constructor(page: Page, server: ServedApp) {
    this.page = page;
    this.server = server;
  }

  async openPreset(title: string): Promise<void> {
    await this.page
      .getByRole('button', { name: new RegExp(`^(Open )?${title}`) })
      .first()
      .click();
    await expect(this.canvas).toBeVisible();
  }

  get canvas(): Locator {
    return this.page.getByRole('region', { name: 'Canvas' });
  }
}
