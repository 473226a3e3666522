import type { Browser, Page } from 'playwright-core';
import { isCircuitOpen, ReliabilityControl } from '@marketprism/reliability';
import { describeWithEngines } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { FaultProxy } from '../engines/fault-proxy.js';
import { accessibilityProblems, buildPage, isTooWide, launchBrowser, picture, visit } from './browser.js';
import { breakDown, everything, type Scene, startScene } from './scene.js';

jest.setTimeout(120_000);

const TOKEN = 'a-token-of-enough-length';
const auth = { token: TOKEN };
const THREE = { binance: everything(2), bybit: everything(3), okx: everything(1) };

describeWithEngines(['chromium'], 'the live page in a browser', () => {
  let browser: Browser;
  const scenes: Scene[] = [];
  const start = async (...given: Parameters<typeof startScene>) => {
    const scene = await startScene(...given);
    scenes.push(scene);
    for (const name of Object.keys(given[0].policies ?? {})) {
      await scene.manager.executeWithProtection(name, () => 'answer');
    }
    return scene;
  };

  beforeAll(async () => {
    buildPage();
    browser = await launchBrowser();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await Promise.all(scenes.splice(0).map(({ app }) => app.close()));
  });
  afterAll(() => browser?.close());

  const signIn = async (page: Page, token = TOKEN) => {
    await page.getByLabel('Access token').fill(token);
    await page.keyboard.press('Enter');
  };
  const headline = (page: Page, text: string) => page.getByRole('heading', { level: 1, name: text }).waitFor();
  const giveReason = async (page: Page, reason: string, confirm: string) => {
    await page.getByLabel('Reason').fill(reason);
    await page.getByRole('dialog').getByRole('button', { name: confirm }).click();
  };
  const tell = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text }).waitFor();

  it('says at one glance what is wrong, and goes on saying it without a reload', async () => {
    const { manager, url } = await start({ policies: THREE });
    const { page, outside, errors } = await visit(browser, url);
    await headline(page, 'All is well');
    await page.getByText('Read-only').waitFor();

    await breakDown(manager, 'okx');
    await headline(page, 'okx is down');
    await page.getByRole('img', { name: 'Health score 67 of 100' }).waitFor();
    expect(await page.getByRole('listitem').first().innerText()).toMatch(/^okx[\s\S]*Open[\s\S]*circuit is open/);

    await page.getByRole('link', { name: 'okx, Down' }).click();
    await headline(page, 'okx');
    await page.getByText('Closed → Open').waitFor();
    await page.getByText('Error: connection refused').waitFor();
    expect(await page.getByRole('button', { name: 'Force open' }).count()).toBe(0);
    expect([outside, errors]).toEqual([[], []]);
  });

  it('asks for the token, keeps it for the tab, and takes no other', async () => {
    const { url } = await start({ policies: THREE, dashboard: { auth } });
    const { page, outside, errors } = await visit(browser, url);
    await signIn(page, 'some-other-long-token');
    await page.getByRole('alert').filter({ hasText: 'That token is not accepted.' }).waitFor();
    await signIn(page);
    await headline(page, 'All is well');
    await page.reload();
    await headline(page, 'All is well');
    expect(page.url()).not.toContain(TOKEN);
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.evaluate('Object.keys(localStorage)')).toEqual([]);
    expect([outside, errors]).toEqual([[], []]);
  });

  it('is used by keyboard alone: to find, to open, to force a circuit and to give it back', async () => {
    const { app, manager, url } = await start({ policies: THREE, dashboard: { auth } });
    const { page } = await visit(browser, url);
    await page.locator('input:focus').waitFor();
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await headline(page, 'All is well');

    await page.keyboard.press('/');
    await page.keyboard.type('byb');
    await tell(page, '1 dependency shown');
    await tabTo(page, 'bybit, Well');
    await page.keyboard.press('Enter');
    await headline(page, 'bybit');

    await tabTo(page, 'Force open');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Force the circuit of bybit open?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Force open');

    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('Their maintenance');
    await page.keyboard.press('Enter');
    await tell(page, 'Done: circuit-breaker "bybit" is forced open.');
    const refused = await manager.executeWithProtection('bybit', () => 'answer').catch((error: unknown) => error);
    expect(isCircuitOpen(refused)).toBe(true);
    expect((await app.get(ReliabilityControl).audit())[0]).toMatchObject({
      who: 'token',
      via: 'dashboard 127.0.0.1',
      action: 'force',
      target: 'circuit-breaker "bybit"',
      before: 'closed',
      after: 'forced-open',
      reason: 'Their maintenance',
      outcome: 'done',
    });

    await tabTo(page, 'Back to automatic');
    await page.keyboard.press('Enter');
    await page.keyboard.type('It is over');
    await page.keyboard.press('Enter');
    await page.getByText('Forced open → Closed').waitFor();
    await expect(manager.executeWithProtection('bybit', () => 'answer')).resolves.toBe('answer');
  });

  it('isolates for a while, drains and restores an endpoint, and changes its weight', async () => {
    const { manager, url } = await start({ policies: THREE, dashboard: { auth } });
    const { page } = await visit(browser, `${url}#/policy/bybit`);
    await signIn(page);
    const balancer = () => manager.inspect().find(({ type, name }) => type === 'load-balancer' && name === 'bybit');

    await page.getByRole('button', { name: 'Drain host-2' }).click();
    await giveReason(page, 'New release', 'Drain');
    await page.getByRole('button', { name: 'Restore host-2' }).waitFor();
    expect(balancer()?.['suspended']).toEqual(['host-2']);
    await page.getByRole('button', { name: 'Restore host-2' }).click();
    await giveReason(page, 'Released', 'Restore');
    await page.getByRole('button', { name: 'Drain host-2' }).waitFor();
    expect(balancer()?.['suspended']).toEqual([]);

    await page.getByRole('button', { name: 'Weight of host-3' }).click();
    await page.getByLabel('New weight').fill('5');
    await page.getByRole('button', { name: 'Continue' }).click();
    await giveReason(page, 'A larger machine', 'Change the weight');
    await tell(page, 'Done: weight endpoint "host-3"');
    expect(balancer()?.['endpoints']).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: 'host-3', weight: 5 })]),
    );

    await page.getByRole('button', { name: 'Isolate' }).click();
    await page.getByLabel('For how many minutes').fill('10');
    await giveReason(page, 'To let it rest', 'Isolate');
    await page.getByText(/probes in (10|9) min/).waitFor();
    const breaker = manager.inspect().find(({ type, name }) => type === 'circuit-breaker' && name === 'bybit');
    expect(breaker).toMatchObject({ state: 'open' });
  });

  it('changes a setting while running, and shows why a wrong value is not taken', async () => {
    const { app, manager, url } = await start({ policies: THREE, dashboard: { auth } });
    const { page } = await visit(browser, `${url}#/policy/okx`);
    await signIn(page);
    const change = async (value: string) => {
      await page.getByRole('button', { name: 'Change bulkhead.maxConcurrent' }).click();
      await page.getByLabel('New value').fill(value);
      await page.keyboard.press('Enter');
      await giveReason(page, 'More machines', 'Change the setting');
    };
    await page.getByRole('heading', { name: 'Settings' }).click();
    await page.getByLabel('Find a setting').fill('maxConcurrent');
    await change('-3');
    await page.getByRole('alert').filter({ hasText: 'policies.okx.bulkhead.maxConcurrent' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await change('35');
    await tell(page, 'Done: configuration');
    await page.getByText('0 of 35 places').waitFor();
    expect(manager.inspect().find(({ type, name }) => type === 'bulkhead' && name === 'okx')).toMatchObject({
      limit: 35,
    });
    expect((await app.get(ReliabilityControl).versions())[0]).toMatchObject({ who: 'token', why: 'More machines' });
  });

  it('says that it is cut off, and comes back by itself', async () => {
    const { url } = await start({ policies: THREE });
    const { port, pathname } = new URL(url);
    const proxy = await new FaultProxy(Number(port)).start();
    try {
      const { page } = await visit(browser, `http://127.0.0.1:${proxy.port}${pathname}`);
      await page.getByText('Live', { exact: true }).waitFor();
      proxy.stall();
      proxy.cut();
      await page.getByText('Disconnected').waitFor();
      proxy.flow();
      await page.getByText('Live', { exact: true }).waitFor();
    } finally {
      await proxy.stop();
    }
  });

  it.each([
    ['light', 1_280],
    ['dark', 1_280],
    ['light', 360],
    ['dark', 360],
  ] as const)('is accessible and fits, %s, %i px wide', async (scheme, width) => {
    const { manager, url } = await start({
      policies: { ...THREE, 'CatalogService.priceWithAnExtraordinarilyLongName': everything(1) },
      dashboard: { auth },
    });
    const { page, outside, errors } = await visit(browser, url, { scheme, width, height: 780 });
    const check = async (what: string) => {
      await picture(page, `${what}-${scheme}-${width}`);
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await isTooWide(page)).toBe(false);
    };
    await page.getByLabel('Access token').waitFor();
    await check('sign-in');
    await signIn(page);
    await breakDown(manager, 'okx');
    await headline(page, 'okx is down');
    await check('overview');
    await page.getByRole('link', { name: 'okx, Down' }).click();
    await headline(page, 'okx');
    await page.getByRole('heading', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Change retry.attempts' }).waitFor();
    await check('detail');
    await page.getByRole('button', { name: 'Force open' }).click();
    await page.getByLabel('Reason').waitFor();
    await check('dialog');
    expect([outside, errors]).toEqual([[], []]);
  });

  it('moves nothing for those who asked for that', async () => {
    const { url } = await start({ policies: THREE });
    const { page } = await visit(browser, url, { reducedMotion: 'reduce' });
    await page.getByText('Live', { exact: true }).waitFor();
    const moving = await page.evaluate('document.getAnimations().length');
    expect(moving).toBe(0);
  });

  it('has two hundred dependencies on the page, and touches only what changed', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `service-${String(index).padStart(3, '0')}`);
    const { manager, url } = await start({
      policies: Object.fromEntries(names.map((name) => [name, everything(1)])),
      dashboard: { everyMs: 100 },
    });
    const { page } = await visit(browser, url);
    await page.getByRole('link', { name: 'service-199' }).waitFor();
    expect(await page.locator('li.row').count()).toBe(200);
    // Strips and rates move on with time on every row; names, states and scores do not.
    await page.evaluate(`
      globalThis.touched = new Set();
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const element = target instanceof Element ? target : target.parentElement;
          const steady = element?.closest('.circuit, .score, .name, .why');
          if (steady) touched.add(steady.closest('li.row')?.querySelector('.label').textContent ?? 'the head');
        }
      }).observe(document.querySelector('.list'), { subtree: true, childList: true, characterData: true, attributes: true });
    `);
    await breakDown(manager, 'service-123');
    await headline(page, 'service-123 is down');
    await page.getByRole('listitem').first().getByText('service-123').waitFor();
    await eventually(async () => {
      expect(await page.evaluate('[...touched]')).toEqual(['service-123']);
    });
  });
});

const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(
    "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
  );

/** Presses Tab until what has that name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`"${name}" cannot be reached by Tab; the focus is on "${await focused(page)}"`);
}
