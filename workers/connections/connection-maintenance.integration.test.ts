/** The owner of an account that has to be connected again is told so, once. */
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { eq, like } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReconnectNotice } from '../../activities/connections/reconnect-notice.ts';
import { authorizationRequests } from '../../db/schema/authorization-requests.ts';
import { credentialReads } from '../../db/schema/credential-reads.ts';
import { dataKeys } from '../../db/schema/data-keys.ts';
import { pendingRevocations } from '../../db/schema/pending-revocations.ts';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import { organizationIdSchema } from '../../domain/ids.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import type { EmailMessage, EmailProvider } from '../../providers/ports.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createFakeAuthorizers } from '../../tests/harness/fake-authorizers.ts';
import { createConnectionMaintenanceRound } from './connection-maintenance.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const running = new AbortController().signal;
const lost: ProviderFault = { kind: 'outage', effect: 'unknown' };

/** A mail server that keeps what it takes, and may lose its answer. */
const playEmail = () => {
  const sent: EmailMessage[] = [];
  const faults: { readonly fault: ProviderFault; readonly isTaken: boolean }[] = [];
  let journal: 'sent' | 'not_sent' | 'unknown' | undefined;
  const email: EmailProvider = {
    name: 'smtp',
    find: async (id) => journal ?? (sent.some(({ messageId }) => messageId === id) ? 'sent' : 'not_sent'),
    send: async (message, beforeHandover) => {
      const trouble = faults.shift();
      if (!trouble || trouble.isTaken) {
        await beforeHandover();
        sent.push(message);
      }
      if (trouble)
        throw new ProviderError('smtp', 'email.send', trouble.fault, { status: 451, message: 'played' });
    },
  };
  return {
    email,
    sent,
    fail: (fault: ProviderFault, isTaken = false) => faults.push({ fault, isTaken }),
    answerOfJournal: (answer: typeof journal) => {
      journal = answer;
    },
  };
};

const setup = async (account = 'ann@example.com') => {
  // Each test has the rounds to itself: what others left behind is told already.
  await database.pool.query("UPDATE connections SET status = 'connected'");
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const { repositories } = database;
  await repositories.organizations.put({ id: organization, name: 'North Casting', meetingProviders: [] });
  const connect = async () => {
    const connected = await repositories.connections.connect({
      organization,
      owner: 'ann',
      provider: 'google',
      grant: {
        account: { id: 'id-of-ann', name: account },
        scopes: [],
        credential: { kind: 'oauth', refreshToken: 'r' },
      },
    });
    if (connected.kind !== 'connected') throw new Error('it was not connected');
    return connected.id;
  };
  const id = await connect();
  const fallOut = async () => {
    const connection = await repositories.connections.get(organization, id);
    await repositories.connections.markNeedsReauthorization(id, 'grant_refused', connection?.version ?? 0);
  };
  await fallOut();
  const mail = playEmail();
  const authorizers = createFakeAuthorizers();
  const round = createConnectionMaintenanceRound({
    disconnected: repositories.disconnectedAccounts,
    authorizationRequests: repositories.authorizationRequests,
    revocations: repositories.pendingRevocations,
    authorizers: authorizers.oauth,
    notifyOwner: createReconnectNotice({
      repositories,
      email: mail.email,
      linkTo: ({ id: connection }) => `https://auditions.example.com/connections/of-${connection}`,
    }),
    logger: createLogger({ level: 'silent', process: 'test' }, new Writable()),
  });
  return { ...mail, authorizers, repositories, organization, id, connect, fallOut, round };
};

describe('the owner of an account that fell out', () => {
  it('gets one letter with the link, however many rounds look', async () => {
    const { round, sent, id } = await setup();
    await Promise.all([round(running), round(running)]);
    expect(await round(running)).toBe(false);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      to: { address: 'ann@example.com' },
      subject: expect.stringContaining('Please connect your Google account again'),
      text: expect.stringContaining(`https://auditions.example.com/connections/of-${id}`),
      html: expect.stringContaining(`href="https://auditions.example.com/connections/of-${id}"`),
    });
    expect(sent[0]?.text).toContain('North Casting can no longer use your Google account ann@example.com');
    expect(sent[0]?.text).toContain('Veuillez reconnecter le compte');
  });

  it('gets another one when it falls out another time', async () => {
    const { round, sent, connect, fallOut } = await setup();
    await round(running);
    await connect();
    await fallOut();
    await round(running);
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(2);
  });

  it('is not written to once it is connected again', async () => {
    const { round, sent, connect } = await setup();
    await connect();
    await round(running);
    expect(sent).toEqual([]);
  });

  it.each(['ann', '+33123456789', 'not an @ address'])(
    'named %s is not written to, and not looked at again',
    async (name) => {
      const { round, sent, repositories } = await setup(name);
      await round(running);
      expect(sent).toEqual([]);
      expect(await repositories.disconnectedAccounts.unnotified(10)).toEqual([]);
    },
  );

  it('is written to in a later round when the mail server was away', async () => {
    const { round, sent, fail } = await setup();
    fail({ kind: 'outage', effect: 'none' });
    await expect(round(running)).rejects.toThrow('none of 1 owners');
    expect(sent).toEqual([]);
    await round(running);
    expect(sent).toHaveLength(1);
  });

  it('is not written to twice when the answer of the mail server was lost', async () => {
    const { round, sent, fail } = await setup();
    fail(lost, true);
    await expect(round(running)).rejects.toThrow('none of 1 owners');
    await round(running);
    expect(sent).toHaveLength(1);
  });

  it('is not written to again where nobody can say whether the letter was taken', async () => {
    const { round, sent, fail, answerOfJournal, repositories } = await setup();
    fail(lost, true);
    answerOfJournal('unknown');
    await expect(round(running)).rejects.toThrow('none of 1 owners');
    await expect(round(running)).rejects.toThrow('none of 1 owners');
    expect(await repositories.disconnectedAccounts.unnotified(10)).toEqual([]);
    expect(await round(running)).toBe(false);
    expect(sent).toHaveLength(1);
  });

  it('whose address the mail server refuses is left alone', async () => {
    const { round, sent, fail, repositories } = await setup();
    fail({ kind: 'rejected_input' });
    await round(running);
    expect(sent).toEqual([]);
    expect(await repositories.disconnectedAccounts.unnotified(10)).toEqual([]);
  });
});

const fallDue = () =>
  database.db.update(pendingRevocations).set({ nextAttemptAt: '2020-01-01T00:00:00.000Z' });
const left = async () => (await database.db.select().from(pendingRevocations)).length;

const pending = async () => {
  const test = await setup();
  const { repositories, organization, id } = test;
  const actor = { by: 'owner:ann', role: 'owner', correlationId: 'c' } as const;
  const connection = { organization, id, provider: 'google' } as const;
  const toRevoke = { provider: 'google', refreshToken: 'refresh-token-of-ann' } as const;
  await repositories.accounts.disconnect(connection, actor, toRevoke);
  return test;
};

describe('a grant that a provider did not take back', () => {
  it('is offered again, not at once, until the provider takes it; then nothing of it is left', async () => {
    const { round, authorizers } = await pending();
    await round(running);
    expect(authorizers.revoked).toEqual([]);
    await fallDue();
    authorizers.failNextCall(lost);
    await round(running);
    await round(running);
    expect(authorizers.revoked).toEqual([]);
    await fallDue();
    await round(running);
    expect(authorizers.revoked).toEqual(['refresh-token-of-ann']);
    expect(await left()).toBe(0);
    expect(await database.db.select().from(dataKeys).where(like(dataKeys.id, 'rev%'))).toEqual([]);
  });

  it('lies sealed meanwhile, and each reading of it is noted', async () => {
    const { round, id } = await pending();
    expect(JSON.stringify(await database.db.select().from(pendingRevocations))).not.toContain(
      'refresh-token',
    );
    await fallDue();
    await round(running);
    const reads = await database.db.select().from(credentialReads).where(eq(credentialReads.subject, id));
    expect(reads).toMatchObject([{ secret: 'refresh_token', purpose: 'connections.revoke' }]);
  });

  it('is kept once the account is connected again, since the new one would go with it', async () => {
    const { round, authorizers, connect, id } = await pending();
    expect(await connect()).toBe(id);
    await fallDue();
    await round(running);
    expect(authorizers.revoked).toEqual([]);
    expect(await left()).toBe(0);
  });

  it('is given up after a week', async () => {
    const { round, authorizers } = await pending();
    await fallDue();
    await database.db.update(pendingRevocations).set({ createdAt: new Date('2020-01-01') });
    await round(running);
    expect(authorizers.revoked).toEqual([]);
    expect(await left()).toBe(0);
  });
});

it('what nobody can use any more is cleared away', async () => {
  const { round, repositories, organization } = await setup();
  const request = {
    organization,
    provider: 'google',
    state: 'state',
    browser: 'browser',
    codeVerifier: 'verifier',
    redirectUri: 'https://auditions.example.com',
    scopes: [],
    correlationId: 'c',
  } as const;
  await repositories.authorizationRequests.create(request);
  await database.db.update(authorizationRequests).set({ expiresAt: '2020-01-01T00:00:00.000Z' });
  await round(running);
  const left = await database.db
    .select()
    .from(authorizationRequests)
    .where(eq(authorizationRequests.organization, organization));
  expect(left).toEqual([]);
});
