/** Opens every page of the service and of the provider sandbox in a headless browser, while an audition is running. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { hasChromium, launchChromium } from '../harness/chromium.ts';
import { readMails } from '../harness/mail-server.ts';
import { keys, type ServiceUnderTest, startService } from '../harness/service.ts';

describe.skipIf(!hasChromium)('pages in a browser', () => {
  let service: ServiceUnderTest;
  let platform: ApiClient;
  let browser: Browser;
  /** The address of the response page in the performer's invitation. */
  let responsePage: string;
  beforeAll(async () => {
    [service, browser] = await Promise.all([startService(), launchChromium()]);
    platform = createApiClient(service);
    await service.startWorker();
    const { id } = await platform.request(requestBody(1, 10 * day));
    await platform.untilNotified(id);
    const mails = await readMails(service.mailServer.apiUrl);
    const invitation = mails.find(({ to }) => to[0]?.address === 'ada.1@performers.example');
    responsePage = /https?:\/\/\S+\/r\/\w+/.exec(invitation?.text ?? '')?.[0] ?? '';
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  /** Opens a page and collects everything that the browser reports about it. */
  const open = async (address: string) => {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 900, height: 900 } });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const reports: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) reports.push(message.text());
    });
    page.on('pageerror', (error) => reports.push(String(error)));
    page.on('requestfailed', (request) => reports.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on('response', (response) => {
      if (response.status() >= 400 && response.url() !== address) {
        reports.push(`${response.url()}: ${response.status()}`);
      }
    });
    const answer = await page.goto(address);
    return { page, reports, status: answer?.status() };
  };

  it('shows the API reference with its operations', async () => {
    const { page, reports } = await open(`${service.url}/docs`);
    expect(await page.title()).toBe('CastMatch API');
    await page.getByRole('heading', { name: 'Request an audition' }).waitFor();
    // The vendor's buttons would send the document to its services.
    const text = `${await page.locator('body').innerText()} ${(await page.getByRole('button').allTextContents()).join(' ')}`;
    expect(text).not.toMatch(/ask ai|mcp|deploy|\bshare\b|open api client/i);
    expect(reports).toEqual([]);
  });

  it('shows the invitation to the performer', async () => {
    const { page, reports } = await open(responsePage);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Your audition');
    expect(await page.locator('body').innerText()).toContain('(Europe/Paris)');
    expect(await page.getByRole('button').allTextContents()).toEqual([
      'Yes, I will be there',
      'No, I cannot',
    ]);
    expect(reports).toEqual([]);
  });

  it('shows what to do when a link is not valid', async () => {
    for (const path of ['/r/unknown', '/respond/not-a-token', '/connections/not-a-token']) {
      const { page, reports } = await open(`${service.url}${path}`);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toMatch(/link/i);
      // The browser reports the status of the page itself, and nothing else.
      expect(reports.map((text) => /the server responded with a status of 40\d/.test(text))).toEqual([true]);
    }
  });

  it('shows the accounts that can be connected', async () => {
    const answer = await platform.get('/v1/connections/page?owner=carl', keys.operator);
    const { url } = z.object({ url: z.string() }).parse(answer.body);
    const { page, reports } = await open(url);
    await page.getByRole('button', { name: 'Connect Google' }).waitFor();
    expect(reports).toEqual([]);
  });

  it('shows the calendars, meetings and messages of the sandbox', async () => {
    const { page, reports } = await open(service.sandbox.url);
    await page.getByText('Night Ferry').first().waitFor();
    expect(reports).toEqual([]);
  });
});
