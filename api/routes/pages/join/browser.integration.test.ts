/**
 * Tests the join page in a real browser, which alone decides whether the content security policy permits the redirect to
 * the meeting and whether the meeting's site gets a referrer.
 */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { JoinLinkRequest } from '../../../../db/auditions/join-links.ts';
import { participantIdSchema } from '../../../../domain/ids.ts';
import { apiConfiguration, createTestApi } from '../../../../tests/harness/api.ts';
import { hasChromium, launchChromium } from '../../../../tests/harness/chromium.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { findFreePort } from '../../../../tests/harness/free-port.ts';
import { storeJoinableAudition } from '../../../../tests/harness/joinable-audition.ts';
import { loadLimits } from '../../../access/load-shedding.ts';
import { rateLimits } from '../../../access/rate-limits.ts';

describe.skipIf(!hasChromium)('the join page in a browser', () => {
  let database: TestDatabase;
  let browser: Browser;
  let publicUrl: string;
  beforeAll(async () => {
    const port = await findFreePort();
    publicUrl = `http://127.0.0.1:${port}`;
    [database, browser] = await Promise.all([createTestDatabase(), launchChromium()]);
    const { api } = await createTestApi(database, {
      configuration: { ...apiConfiguration, publicUrl },
      // A starting browser keeps a small machine so busy that the API would shed load.
      limits: { ...rateLimits, ...loadLimits, maxEventLoopDelayMs: 60_000 },
      now: () => '2027-03-01T09:45:00.000Z',
    });
    await api.listen({ port, host: '127.0.0.1' });
  });
  afterAll(async () => {
    await browser.close();
    await database.drop();
  });

  /** Stores a scheduled audition, and returns the address of a link to it. */
  const storeAudition = async (
    link: Partial<JoinLinkRequest> = {},
    recording?: 'by_host',
  ): Promise<string> => {
    const { issue } = await storeJoinableAudition(database, { recording });
    const id = await issue(link);
    return `${publicUrl}/j/${id}`;
  };

  it('leads to the meeting with one button and sends no referrer', async () => {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const reports: string[] = [];
    page.on('console', (message) => reports.push(message.text()));
    const referrers: (string | undefined)[] = [];
    // Stands for the provider's site.
    await context.route('https://zoom.test/**', async (route) => {
      referrers.push(route.request().headers()['referer']);
      await route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>Meeting</h1>' });
    });
    await page.goto(await storeAudition());
    await page.getByRole('button', { name: 'Join the meeting' }).click();
    await page.getByRole('heading', { name: 'Meeting' }).waitFor();
    expect(page.url()).toBe('https://zoom.test/j/1');
    expect(referrers).toEqual([undefined]);
    expect(reports).toEqual([]);
  });

  it.each(['en', 'fr'])(
    'has the answers about the recording apart from each other on a phone, in %s',
    async (locale) => {
      const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(
        await storeAudition({ participant: participantIdSchema.parse('performer-1'), locale }, 'by_host'),
      );
      const [yes, no] = await Promise.all(
        ['given', 'refused'].map((answer) => page.locator(`button[value=${answer}]`).boundingBox()),
      );
      if (!yes || !no) throw new Error('the page has no answers');
      const gap = Math.max(no.y - (yes.y + yes.height), no.x - (yes.x + yes.width));
      expect(gap).toBeGreaterThanOrEqual(8);
    },
  );

  it.each(['en', 'fr'])('fits a phone of 390 pixels, with long titles, in %s', async (locale) => {
    await database.repositories.organizations.put({
      id: 'org_north',
      name: 'Casting office of the North',
      meetingProviders: ['zoom'],
    });
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const titles = {
      project: 'Donaudampfschifffahrtsgesellschaftskapitän – the series',
      role: 'The Captain',
    };
    await page.goto(
      await storeAudition({ participant: participantIdSchema.parse('performer-1'), locale, titles }),
    );
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    const button = await page.getByRole('button').boundingBox();
    // The smallest target for a finger: https://www.w3.org/TR/WCAG22/#target-size-enhanced
    expect(button?.height).toBeGreaterThanOrEqual(44);
    expect((button?.y ?? 844) + (button?.height ?? 0)).toBeLessThanOrEqual(844);
  });
});
