import { expect, Page, test as base } from '@playwright/test';

/** The Live page with the errors it threw. Times in the log are the hub's; everything is read from the page's text. */
export class LivePage {
  readonly errors: string[] = [];

  constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && this.errors.push(message.text()));
  }

  readonly legend = () => this.page.getByTestId('legend-bar');
  readonly price = () => this.page.getByTestId('price');
  readonly forecastMade = () => this.page.getByTestId('forecast-made');
  readonly chart = () => this.page.locator('ca-price-chart');

  async open(path = '/live?i=1s'): Promise<void> {
    await this.page.goto(path);
    await expect(this.legend()).toBeVisible();
    await expect(this.chart().locator('canvas').first()).toBeVisible();
  }

  /** What the status line counts, see docs/protocol.md on the log. */
  async log(): Promise<{ seq: number; count: number; holes: number; phase: string }> {
    return this.page.locator('ca-status-line').evaluate((line: HTMLElement) => ({
      seq: Number(line.dataset['seq']),
      count: Number(line.dataset['logCount']),
      holes: Number(line.dataset['logHoles']),
      phase: line.dataset['phase'] ?? '',
    }));
  }
}

export const test = base.extend<{ live: LivePage }>({
  live: async ({ page }, use) => {
    await page.addInitScript(() => localStorage.setItem('scheme', 'dark'));
    await use(new LivePage(page));
  },
});

export { expect };
