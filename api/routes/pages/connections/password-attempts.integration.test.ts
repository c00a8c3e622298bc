/** Tests that the form for an app-specific password is of no use for guessing passwords. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProviderFault } from '../../../../domain/errors.ts';
import { setUpConnectionFlow } from '../../../../tests/harness/connection-flow.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

interface Submission {
  readonly username?: string;
  readonly server?: string;
  readonly isWrong?: boolean;
  readonly fault?: ProviderFault;
}

const setup = async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const { linkFrom, person, authorizers } = await setUpConnectionFlow(database);
  const open = async (owner: string) => person.open(await linkFrom(`/v1/connections/page?owner=${owner}`));
  type Page = Awaited<ReturnType<typeof open>>;
  const submit = async (
    page: Page,
    { username = 'ann@icloud.com', server = '', isWrong = true, fault }: Submission = {},
  ) => {
    if (fault) authorizers.failNextCall(fault);
    else if (isWrong) authorizers.failNextCall({ kind: 'reconnect' });
    else authorizers.passwords.set(username, 'guess');
    const { status, text } = await person.submit(
      page,
      { to: '/apple' },
      { username, password: 'guess', server },
    );
    return { status, text };
  };
  return { open, submit, database };
};

/** Returns how often the subject that was counted most has been counted. */
const mostAttempts = async ({ pool }: TestDatabase): Promise<number> => {
  const { rows } = await pool.query<{ most: number }>('SELECT max(attempts) AS most FROM sign_in_attempts');
  return rows[0]?.most ?? 0;
};

describe('the form for an app-specific password', () => {
  it('refuses more than ten failures on a link, and does not ask the server', async () => {
    const { open, submit } = await setup();
    const page = await open('ann');
    for (let guess = 0; guess < 10; guess += 1) {
      expect(await submit(page, { username: `person-${guess}@icloud.com` })).toMatchObject({ status: 422 });
    }
    expect(await submit(page, { username: 'other@icloud.com', isWrong: false })).toMatchObject({
      status: 429,
      text: expect.stringContaining('too many failed attempts'),
    });
  });

  it('refuses more than ten failures with a user name, on any link and at any server', async () => {
    const { open, submit } = await setup();
    for (let guess = 0; guess < 10; guess += 1) {
      const page = await open(`owner-${guess}`);
      expect(await submit(page, { server: `p${guess}-caldav.example.com` })).toMatchObject({ status: 422 });
    }
    const last = await open('owner-last');
    expect(await submit(last, { username: ' Ann@iCloud.com ', isWrong: false })).toMatchObject({
      status: 429,
    });
  });

  it('counts no attempt that succeeds', async () => {
    const { open, submit, database } = await setup();
    const page = await open('ann');
    expect((await submit(page, { isWrong: false })).status).toBeLessThan(400);
    const { rows } = await database.pool.query('SELECT DISTINCT attempts FROM sign_in_attempts');
    expect(rows).toEqual([{ attempts: 0 }]);
  });

  it.each([
    { kind: 'outage', effect: 'none' },
    { kind: 'outage', effect: 'unknown' },
    { kind: 'retry_after', delayMs: 1_000 },
    { kind: 'misconfigured' },
    { kind: 'not_found' },
    { kind: 'rejected_input' },
  ] as const)('counts no attempt that ends without a refused password: $kind', async (fault) => {
    const { open, submit, database } = await setup();
    const page = await open('ann');
    expect((await submit(page, { fault })).status).toBeGreaterThanOrEqual(400);
    const { rows } = await database.pool.query('SELECT DISTINCT attempts FROM sign_in_attempts');
    expect(rows).toEqual([{ attempts: 0 }]);
  });

  it.each([
    [
      'host, port, letter case, trailing dot or path',
      [
        'caldav.example.com',
        'CALDAV.Example.COM',
        'https://caldav.example.com/',
        'caldav.example.com:8443',
        'caldav.example.com.',
        'http://p12-caldav.example.com/principals/ann',
        'a.b.c.example.com',
        'caldav.\uff45xample.com',
      ],
    ],
    ['default', ['', 'caldav.icloud.com', 'https://p12-caldav.icloud.com:443', 'ICLOUD.com.']],
    ['script', ['b\u00fccher.example', 'xn--bcher-kva.example', 'dav.BU\u0308CHER.example']],
    ['IP address', ['192.0.2.1', 'http://192.0.2.1:8080', '0xc0.0.2.1', '[::ffff:192.0.2.1]']],
    ['IPv6 address', ['[2001:db8::1]', 'https://[2001:0DB8:0:0::1]:8443']],
  ])('counts one server however its address is written: %s', async (_how, servers) => {
    const { open, submit, database } = await setup();
    for (const [guess, server] of servers.entries()) {
      await submit(await open(`owner-${guess}`), { username: `person-${guess}@icloud.com`, server });
    }
    expect(await mostAttempts(database)).toBe(servers.length);
  });

  it('counts the customers of one host of subdomains apart', async () => {
    const { open, submit, database } = await setup();
    for (const server of ['ann.duckdns.org', 'ben.duckdns.org']) {
      await submit(await open(server), { username: `${server}@icloud.com`, server });
    }
    expect(await mostAttempts(database)).toBe(1);
  });

  it('counts one user name however it is written', async () => {
    const { open, submit, database } = await setup();
    const names = [
      'ann.stra\u00dfe@icloud.com',
      ' ANN.STRASSE@ICLOUD.COM ',
      '\uff41\uff4e\uff4e.strasse@icloud.com',
      'ann.stra\u00ad\u200bsse@icloud.com',
      'ann.\u017ftrasse@icloud.com',
    ];
    for (const [guess, username] of names.entries()) {
      await submit(await open(`owner-${guess}`), { username, server: `caldav-${guess}.example` });
    }
    expect(await mostAttempts(database)).toBe(names.length);
  });

  it('counts a password that the server refuses', async () => {
    const { open, submit, database } = await setup();
    const page = await open('ann');
    await submit(page, { fault: { kind: 'not_permitted' } });
    const { rows } = await database.pool.query('SELECT DISTINCT attempts FROM sign_in_attempts');
    expect(rows).toEqual([{ attempts: 1 }]);
  });
});
