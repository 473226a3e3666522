import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axeCore from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findEngine } from '../engines/engine.js';

const root = process.cwd();
/** Where pictures go, to be looked at. */
const PICTURES = join(root, 'reports/dashboard');

/** Bundles the page as the build does, for sources that run without one. */
export function buildPage(): void {
  execFileSync(process.execPath, [join(root, 'libs/reliability/dashboard-ui/build.js')], { stdio: 'inherit' });
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findEngine('chromium'),
    // Containers have no user namespaces and little shared memory; only loopback is visited.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Addresses that were asked for elsewhere than at the page's own origin. */
  readonly outside: string[];
  /** Errors that the page made or the browser reported. */
  readonly errors: string[];
}

export interface VisitOptions {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: 'reduce';
}

/** Opens an address in a browser that has never been there. */
export async function visit(
  browser: Browser,
  url: string,
  { scheme = 'light', width = 1_280, height = 900, reducedMotion }: VisitOptions = {},
): Promise<Visit> {
  const phone = width < 500;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    hasTouch: phone,
    ...(reducedMotion !== undefined && { reducedMotion }),
  });
  context.setDefaultTimeout(30_000);
  const outside: string[] = [];
  const errors: string[] = [];
  const { origin } = new URL(url);
  context.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith('data:') && new URL(asked).origin !== origin) outside.push(asked);
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // Refused actions and missing tokens are answers that belong to the steps.
    if (message.type() === 'error' && !/status of (400|401|403)/.test(message.text())) errors.push(message.text());
  });
  await page.goto(url);
  return { page, context, outside, errors };
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly where: readonly string[];
}

/** What a person with assistive technology would stumble over, by axe-core. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // What runs in the page is given as text: the tests know no browser's types.
  await page.evaluate(axeCore.source);
  const violations = await page.evaluate<Violation[]>(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) =>
      violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html.slice(0, 160)) })))`,
  );
  return violations.map(({ id, help, where }) => `${id}: ${help}\n  ${where.slice(0, 5).join('\n  ')}`);
}

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

/** Whether anything is wider than the window. */
export const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth');
