/**
 * Tests the OAuth flows in a real browser: our page, the consent pages of the sandbox, and the callback. Covers what only
 * a browser decides: cookies across redirects, the content security policy, the Origin header.
 */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Sandbox, startSandbox } from '../../../../infra/sandbox/sandbox.ts';
import { loadConfiguration } from '../../../../providers/configuration.ts';
import { createAccessTokens } from '../../../../providers/oauth/access-tokens.ts';
import { createProviders, type ProviderRegistry } from '../../../../providers/registry.ts';
import { apiConfiguration, createTestApi, type TestApi } from '../../../../tests/harness/api.ts';
import { hasChromium, launchChromium } from '../../../../tests/harness/chromium.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { findFreePort } from '../../../../tests/harness/free-port.ts';
import { connectToSandbox } from '../../../../tests/harness/google-sandbox.ts';
import { localDefaults } from '../../../../tests/harness/local-defaults.ts';
import { useCalendar } from '../../../../tests/harness/used-calendar.ts';
import { loadLimits } from '../../../access/load-shedding.ts';
import { rateLimits } from '../../../access/rate-limits.ts';
import { listCalendarsWith } from '../../../calendars/calendar-lists.ts';

const organization = 'org_browser';
/** The password of every Apple account of the sandbox. */
const appPassword = 'sand-boxx-appl-pass';

describe.skipIf(!hasChromium)('in a browser', () => {
  let database: TestDatabase;
  let sandbox: Sandbox;
  let browser: Browser;
  let test: TestApi;
  let key: string;
  let providers: ProviderRegistry;
  let publicUrl: string;

  beforeAll(async () => {
    const port = await findFreePort();
    publicUrl = `http://127.0.0.1:${port}`;
    [database, sandbox, browser] = await Promise.all([
      createTestDatabase(),
      startSandbox(),
      launchChromium(),
    ]);
    providers = createProviders(
      loadConfiguration({
        CASTMATCH_ENV: 'test',
        DATABASE_URL: database.url,
        GOOGLE_API_URL: sandbox.url,
        GOOGLE_OAUTH_URL: sandbox.url,
        GOOGLE_AUTH_URL: sandbox.url,
        MICROSOFT_GRAPH_URL: sandbox.url,
        MICROSOFT_LOGIN_URL: sandbox.url,
        ZOOM_API_URL: `${sandbox.url}/v2`,
        ZOOM_OAUTH_URL: sandbox.url,
        APPLE_CALDAV_URL: sandbox.url,
      }),
    );
    test = await createTestApi(database, {
      configuration: { ...apiConfiguration, publicUrl },
      // A starting browser keeps a small machine so busy that the API would shed load.
      limits: { ...rateLimits, ...loadLimits, maxEventLoopDelayMs: 60_000 },
      authorizers: providers.authorizers,
      listCalendars: listCalendarsWith(
        createAccessTokens({
          store: database.repositories.connections,
          authorizers: providers.authorizers.oauth,
        }),
        providers,
      ),
    });
    await test.api.listen({ port, host: '127.0.0.1' });
    await database.repositories.organizations.put({
      id: organization,
      name: 'North Casting',
      meetingProviders: [],
    });
    key = await test.keyFor('admin', organization);
  });
  afterAll(async () => {
    await browser.close();
    await test.api.close();
    await providers.close();
    await sandbox.close();
    await database.drop();
  });

  let page: Page;
  /** Violations of the content security policy. */
  let complaints: string[];
  let owner: string;
  beforeEach(async () => {
    owner = `owner-${Math.random().toString(36).slice(2)}`;
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 900, height: 900 } });
    onTestFinished(async () => context.close());
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content Security Policy|refused/i.test(message.text())) {
        complaints.push(message.text());
      }
    });
  });

  const linkFrom = async (path: string): Promise<string> => {
    const { body } = await test.call('GET', path, { key });
    return String(Object(body).url);
  };
  const openPage = async () => page.goto(await linkFrom(`/v1/connections/page?owner=${owner}`));
  const heading = () => page.getByRole('heading', { level: 1 }).textContent();
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
  /** Decides on the consent page of the sandbox. */
  const atProvider = async () => {
    await page.waitForURL(`${sandbox.url}/**`);
    await page.getByLabel('Account').waitFor();
  };
  const allow = async (account: string) => {
    await page.getByLabel('Account').fill(account);
    await press('Allow');
    await page.waitForURL(`${publicUrl}/**`);
  };
  const own = async () => database.repositories.connections.list(organization, { owner });
  /** Takes screenshots with `PICTURES=<folder> npx vitest run …`; one of them is docs/images/connections.png. */
  const pictured = async (name: string) => {
    const folder = process.env['PICTURES'];
    if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  };

  it('an account is connected, shown, reconnected and disconnected', async () => {
    await openPage();
    expect(await heading()).toBe('Connected accounts');
    await pictured('1-empty');
    await press('Connect Google');
    await atProvider();
    await allow('ann@example.com');
    expect(await page.getByRole('status').textContent()).toContain('Your Google account is connected.');
    await pictured('2-connected');
    const [connection] = await own();
    expect(connection).toMatchObject({ account: 'ann@example.com', status: 'connected' });

    const { id, version } = connection ?? { id: 'conn_none', version: 0 };
    await database.repositories.connections.markNeedsReauthorization(id, 'grant_refused', version);
    await page.reload();
    expect(await page.getByText('Needs to be connected again').isVisible()).toBe(true);
    expect(await page.getByRole('status').count()).toBe(0);
    await pictured('3-fallen');
    await press('Connect Google again');
    await atProvider();
    expect(await page.getByLabel('Account').inputValue()).toBe('ann@example.com');
    await allow('ann@example.com');
    expect(await own()).toMatchObject([{ id, status: 'connected' }]);

    const credential = await database.repositories.connections.openCredential(organization, id, {
      purpose: 'test',
      correlationId: 'c',
    });
    await page.getByText('Disconnect', { exact: true }).click();
    await pictured('4-disconnecting');
    await press('Yes, disconnect');
    await page.getByRole('status').waitFor();
    expect(await page.getByRole('status').textContent()).toContain('is disconnected');
    expect(await own()).toMatchObject([{ id, status: 'disconnected' }]);
    const refreshed = await fetch(`${sandbox.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: localDefaults.GOOGLE_CLIENT_ID,
        client_secret: localDefaults.GOOGLE_CLIENT_SECRET,
        refresh_token: credential?.kind === 'oauth' ? credential.refreshToken : '',
      }),
    });
    expect(await refreshed.json()).toMatchObject({ error: 'invalid_grant' });
    expect(complaints).toEqual([]);
  });

  it.each([
    ['Microsoft', 'see, write and delete events in your calendars'],
    ['Zoom', 'make, change and delete video meetings'],
  ])('an account of %s is connected, shown and disconnected', async (name, may) => {
    await openPage();
    await press(`Connect ${name}`);
    await atProvider();
    await allow(`${name.toLowerCase()}@example.com`);
    expect(await page.getByRole('status').textContent()).toContain(`Your ${name} account is connected.`);
    const shown = await page.getByRole('listitem').allTextContents();
    expect(shown).toContain(may);
    // Every requested scope has a description in words.
    expect(shown.filter((text) => !text.includes(' '))).toEqual([]);
    await pictured(name.toLowerCase());
    await page.getByText('Disconnect', { exact: true }).click();
    await press('Yes, disconnect');
    await page.getByRole('status').waitFor();
    expect(await page.getByRole('status').textContent()).toContain('is disconnected');
    expect(await own()).toMatchObject([{ status: 'disconnected' }]);
    expect(complaints).toEqual([]);
  });

  it('a consent without a required scope connects nothing, and shows the missing scope', async () => {
    await openPage();
    await press('Connect Google');
    await atProvider();
    await page.getByRole('checkbox', { name: /calendar\.events/ }).uncheck();
    await allow('pat@example.com');
    expect(await heading()).toBe('Something that is needed was not allowed');
    expect(await page.getByRole('listitem').allTextContents()).toEqual([
      'see, write and delete events in your calendars',
    ]);
    await pictured('5-partial');
    expect(await own()).toEqual([]);
    await page.getByRole('link', { name: 'Try again' }).click();
    expect(await heading()).toBe('Connected accounts');
  });

  it('a denied consent redirects to the platform', async () => {
    const query = new URLSearchParams({ owner, returnTo: `${publicUrl}/healthz` });
    await page.goto(await linkFrom(`/v1/connections/google/authorize?${query.toString()}`));
    expect(await heading()).toBe('Connect your Google account');
    await pictured('6-focused');
    await press('Connect Google');
    await atProvider();
    await press('Deny');
    await page.waitForURL(`${publicUrl}/healthz?status=denied`);
    expect(await own()).toEqual([]);
  });

  it('a granted consent redirects to the platform, also on another origin', async () => {
    const elsewhere = `${sandbox.url}/`.replace('127.0.0.1', 'localhost');
    const query = new URLSearchParams({ owner, returnTo: elsewhere });
    await page.goto(await linkFrom(`/v1/connections/google/authorize?${query.toString()}`));
    await press('Connect Google');
    await atProvider();
    await page.getByLabel('Account').fill('ann@example.com');
    await press('Allow');
    await page.waitForURL((url) => url.hostname === 'localhost', { waitUntil: 'commit' });
    const [connection] = await own();
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      connection: connection?.id,
      status: 'connected',
    });
    expect(complaints).toEqual([]);
  });

  it('an Apple account is connected by a form that shows its errors', async () => {
    await openPage();
    await page.getByText('Connect Apple').first().click();
    await page.getByLabel('Apple Account (email)').fill('ann@icloud.com');
    await page.getByLabel('App-specific password').fill('not the one');
    await press('Connect Apple');
    expect(await page.getByRole('alert').textContent()).toContain('were not accepted');
    expect(await page.getByLabel('Apple Account (email)').inputValue()).toBe('ann@icloud.com');
    expect(await page.getByLabel('App-specific password').inputValue()).toBe('');
    await pictured('7-apple');
    await page.getByLabel('App-specific password').fill(appPassword);
    await press('Connect Apple');
    expect(await page.getByRole('status').textContent()).toContain('Your Apple account is connected.');
    expect(await own()).toMatchObject([
      { provider: 'apple', account: 'ann@icloud.com', status: 'connected' },
    ]);
  });

  it('calendars are chosen on a phone, after a consent to list them', async () => {
    const account = 'montgomeryfeatherstonehaugh.casting@example.com';
    await page.setViewportSize({ width: 360, height: 740 });
    await openPage();
    await press('Connect Google');
    await atProvider();
    await allow(account);
    await page.getByRole('link', { name: 'Choose calendars' }).click();
    expect(await page.getByRole('main').textContent()).toContain('You have not allowed us to see the names');
    await press('Allow it at Google');
    await atProvider();
    await allow(account);
    const { calendar } = connectToSandbox(sandbox.url, account);
    const add = async (summary: string) =>
      (await calendar.calendars.insert({ requestBody: { summary } })).data.id ?? '';
    const [work, family] = [await add('Work'), await add(`Family ${'x'.repeat(80)}`)];
    await page.getByRole('link', { name: 'Choose calendars' }).click();
    expect(await heading()).toBe(`Calendars of ${account}`);
    await page.getByLabel('Work').first().check();
    await page.getByRole('checkbox', { name: /^Family/ }).check();
    await pictured('8-calendars');
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(360);
    await press('Save');
    expect(await page.getByRole('status').textContent()).toContain('Your choice of calendars is saved.');
    await pictured('9-chosen');
    const [connection] = await own();
    const id = connection?.id ?? 'conn_none';
    expect(await database.repositories.connections.getChoice(organization, id)).toMatchObject({
      written: { calendarId: work, name: 'Work' },
      busy: [{ calendarId: 'primary' }, { calendarId: family }],
    });
    expect(complaints).toEqual([]);
  });

  it('shows the problems of an account on a phone, in the language of the browser', async () => {
    const { repositories } = database;
    const connected = await repositories.connections.connect({
      organization,
      owner,
      provider: 'google',
      grant: {
        account: { id: owner, name: `${'casting.director.'.repeat(3)}${owner}@example.com` },
        scopes: [],
        credential: { kind: 'oauth', refreshToken: 'r' },
      },
    });
    if (connected.kind !== 'connected') throw new Error('the account was not connected');
    const { id: connection } = connected;
    const name = `Auditions ${'x'.repeat(60)}`;
    await repositories.connections.putChoice(organization, connection, {
      written: { calendarId: 'work', name },
      busy: [],
    });
    const calendar = await useCalendar(repositories, { organization, connection, calendarId: 'work' });
    await repositories.syncedCalendars.markUnavailable(calendar, 'not_found');
    const faults = ['too_many_occurrences: RRULE'];
    await repositories.unreadableEvents.record({
      connection,
      organization,
      calendarName: 'google/x',
      faults,
    });
    const link = await linkFrom(`/v1/connections/page?owner=${owner}`);
    for (const [locale, words] of [
      ['en-GB', `The calendar “${name}” was deleted, or is no longer shared with this account.`],
      ['fr-FR', `L’agenda «\u00a0${name}\u00a0» a été supprimé ou n’est plus partagé avec ce compte.`],
    ] as const) {
      const context = await browser.newContext({ locale, viewport: { width: 390, height: 844 } });
      onTestFinished(async () => context.close());
      page = await context.newPage();
      await page.goto(link);
      expect(await page.getByText(words).isVisible()).toBe(true);
      await pictured(`10-problems-${locale}`);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    }
  });
});
