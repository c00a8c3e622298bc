import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { deleteOldSignInAttempts, signInLimits } from './sign-in-attempts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const begin = (
  changes: { link?: string; username?: string; serverOwner?: string } = {},
  organization = 'north',
) =>
  database.repositories.signInAttempts.begin({
    organization: `org_${organization}`,
    link: 'link-1',
    username: 'ann',
    serverOwner: 'caldav.example.com',
    ...changes,
  });

const atMailServer = (person: number, organization: string) =>
  begin(
    { link: `link-${person}`, username: `person-${person}`, serverOwner: 'mail.example.com' },
    organization,
  );

const atSharedServer = (link: string, username: string) =>
  begin({ link, username, serverOwner: 'shared.example.com' }, 'south');

const atBusyServer = (link: string) =>
  begin({ link, username: `${link}-person`, serverOwner: 'busy.example.com' }, 'north');

describe('attempts to sign in', () => {
  it('are limited for a user name when they are simultaneous', async () => {
    const attempts = await Promise.all(
      Array.from({ length: 40 }, (_, link) => begin({ link: `link-s-${link}`, username: 'sue' })),
    );
    const permitted = attempts.filter(({ kind }) => kind === 'permitted');
    expect(permitted).toHaveLength(signInLimits.username);
    expect(attempts.find(({ kind }) => kind === 'refused')).toMatchObject({
      retryAfterSeconds: expect.any(Number),
    });
  });

  it('are limited at a server for each organization', async () => {
    for (let person = 0; person < signInLimits.server; person += 1) await atMailServer(person, 'east');
    expect(await atMailServer(1_000, 'east')).toMatchObject({ kind: 'refused' });
    expect(await atMailServer(1_001, 'west')).toMatchObject({ kind: 'permitted' });
  });

  it('that are refused count against no other link, name or server', async () => {
    for (let attempt = 0; attempt < signInLimits.link; attempt += 1)
      await atSharedServer('link-r', `r-${attempt}`);
    await Promise.all(Array.from({ length: signInLimits.server }, () => atSharedServer('link-r', 'rose')));
    expect(await atSharedServer('link-other', 'rose')).toMatchObject({ kind: 'permitted' });
    expect(await atSharedServer('link-r', 'rose')).toMatchObject({ kind: 'refused' });
  });

  it('that are simultaneous are permitted up to the limit, and count against no other subject beyond it', async () => {
    const attempts = await Promise.all(Array.from({ length: 60 }, () => atBusyServer('link-b')));
    expect(attempts.filter(({ kind }) => kind === 'permitted')).toHaveLength(signInLimits.link);
    const more = await Promise.all(
      Array.from({ length: signInLimits.server }, (_, link) => atBusyServer(`link-b-${link}`)),
    );
    expect(more.filter(({ kind }) => kind === 'permitted')).toHaveLength(
      signInLimits.server - signInLimits.link,
    );
  });

  it('are counted again in the next hour, stored as keyed hashes and deleted after a day', async () => {
    for (let attempt = 0; attempt <= signInLimits.link; attempt += 1)
      await begin({ link: 'link-h', username: `h-${attempt}` });
    expect(await begin({ link: 'link-h', username: 'h-last' })).toMatchObject({ kind: 'refused' });
    await database.pool.query("UPDATE sign_in_attempts SET hour = hour - interval '25 hours'");
    expect(await begin({ link: 'link-h', username: 'h-last' })).toMatchObject({ kind: 'permitted' });
    const { rows } = await database.pool.query<{ subject: string }>('SELECT subject FROM sign_in_attempts');
    expect(rows.every(({ subject }) => /^[^:]+:[A-Za-z0-9_-]{43}$/.test(subject))).toBe(true);
    expect(await deleteOldSignInAttempts(database.db)).toBeGreaterThan(0);
  });
});
