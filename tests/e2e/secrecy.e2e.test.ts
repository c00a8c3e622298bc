/**
 * Tests that no personal data and no credential leaks: into Temporal's database (payloads, failures, summaries,
 * details, memo, search attributes), into the output of API and workers at log level trace, or into our database.
 */
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditionView } from '../../domain/audition/view.ts';
import { type ApiClient, createApiClient, day, fullMinute } from '../harness/api-client.ts';
import { dumpPostgres, dumpSqlite } from '../harness/database-dump.ts';
import { eventually } from '../harness/eventually.ts';
import { leaksIn, type Secret } from '../harness/leaks.ts';
import { localDefaults } from '../harness/local-defaults.ts';
import { readMails } from '../harness/mail-server.ts';
import {
  connectedAccounts,
  dataKeys,
  openAccountsPage,
  rotateEndpointSecret,
  storedCredentials,
} from '../harness/secret-accounts.ts';
import { cast, confidentialTexts, personalData, words } from '../harness/secret-cast.ts';
import { keys, organization, type ServiceUnderTest, startService } from '../harness/service.ts';
import { startTemporalServer, type TemporalServer } from '../harness/temporal-server.ts';

let folder: string;
let temporal: TemporalServer;
let service: ServiceUnderTest;
let platform: ApiClient;
const joinLinks = new Set<string>();
/** The credentials that were used during the scenarios. */
const used: Secret[] = [];
const databaseFile = () => join(folder, 'temporal.db');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'castmatch-secrecy-'));
  temporal = await startTemporalServer(databaseFile());
  service = await startService({ temporalAddress: temporal.address, logLevel: 'trace' });
  platform = createApiClient(service);
  await service.startWorker();
  await runScenarios();
});
afterAll(async () => {
  await service.close();
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
});

const slotAt = (epochMs: number) => ({
  start: new Date(epochMs).toISOString(),
  end: new Date(epochMs + 1_800_000).toISOString(),
  zone: 'Europe/Paris',
});

const request = async (startsAt: number, changes: object = {}): Promise<AuditionView> =>
  platform.request({
    project: { id: 'project-1', title: words.project },
    role: { id: 'role-1', name: words.role },
    slot: slotAt(startsAt),
    participants: cast,
    meeting: { providers: ['zoom', 'google_meet'] },
    notes: words.notes,
    ...changes,
  });

/** An SQLSTATE that only this test raises. The SQLSTATE is the part of a database error that may be logged. */
const injectedSqlState = 'CM001';

/** Runs `work` while one table rejects writes, because the rejected values could leak into the errors. */
const whileWritesFail = async (write: string, work: () => Promise<unknown>): Promise<void> => {
  const countRefusals = () => service.printed().split(injectedSqlState).length - 1;
  const before = countRefusals();
  await service.database.pool.query(
    `CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${injectedSqlState}'; END $$;
     CREATE TRIGGER refuse BEFORE ${write} FOR EACH ROW EXECUTE FUNCTION refuse()`,
  );
  const done = work();
  await eventually(() => countRefusals() > before, 20_000);
  await service.database.pool.query(`DROP TRIGGER refuse ON ${write.split(' ').at(-1)}`);
  await done;
};

/** Waits until the participants are notified and the number that Twilio rejects has raised an attention item. */
const untilAttentionRaised = async (id: string): Promise<AuditionView> => {
  const view = await platform.until(
    id,
    ({ state, attention }) => state === 'scheduled' && attention.length > 0,
  );
  if (view.meeting) joinLinks.add(view.meeting.joinUrl);
  const stored = await service.database.repositories.auditions.get(organization, view.id);
  if (stored?.meeting) joinLinks.add(stored.meeting.joinUrl);
  return view;
};

const skipEverything = async (id: string): Promise<void> => {
  for (const item of (await platform.view(id)).attention) await platform.resolve(item.id, { action: 'skip' });
};

/** Invites, reminds, collects responses, moves and cancels; a provider or the database fails at each step. */
const inviteMoveAndCancel = async (): Promise<void> => {
  const start = fullMinute(Date.now() + 600_000);
  const reminder = `PT${Math.floor((start - Date.now()) / 1_000) - 12}S`;
  service.sandbox.control.setFault('zoom', { kind: 'lost_answer', times: 1 });
  service.sandbox.control.setFault('google', { kind: 'outage', operation: 'events.insert', times: 2 });
  const { id } = await request(start, { reminders: [reminder], policy: { meetingPatience: 'PT40S' } });
  await untilAttentionRaised(id);
  await platform.until(id, ({ notices }) => notices.some(({ notice }) => notice === 'reminder'));
  await skipEverything(id);
  const mails = await readMails(service.mailServer.apiUrl);
  for (const { text } of mails.filter(({ text }) => text.includes('/r/'))) {
    const link = /https?:\/\/\S+\/r\/\w+/.exec(text)?.[0] ?? '';
    await fetch(link);
    await fetch(link, { method: 'POST', body: new URLSearchParams({ answer: 'accepted' }) });
  }
  await platform.post(
    `/v1/auditions/${id}/reschedule`,
    { slot: slotAt(start + 30 * day), reason: words.moved },
    { idempotencyKey: crypto.randomUUID() },
  );
  await platform.until(id, ({ revision, state }) => revision === 2 && state !== 'scheduling');
  service.mailServer.rejectRecipient(cast[1]?.email ?? '');
  const cancel = () =>
    platform.post(
      `/v1/auditions/${id}/cancel`,
      { reason: words.cancelled },
      { idempotencyKey: crypto.randomUUID() },
    );
  await whileWritesFail('INSERT ON idempotent_requests', cancel);
  await cancel();
  service.mailServer.acceptAllRecipients();
  await skipEverything(id);
  await service.temporal.workflow.getHandle(`audition/${id}`).result();
};

/** Makes the database reject provider results, and then audit events. */
const failDatabaseWrites = async (): Promise<void> => {
  const start = fullMinute(Date.now() + 40 * day);
  await whileWritesFail('UPDATE ON operations', async () => {
    const { id } = await request(start, { policy: { meetingPatience: 'PT40S' } });
    await untilAttentionRaised(id);
  });
  await whileWritesFail('INSERT ON audit_events', async () => {
    const { id } = await request(start + day).catch(() => ({ id: '' }));
    if (id) await untilAttentionRaised(id);
  });
};

const overrideAndCallBack = async (): Promise<void> => {
  const start = fullMinute(Date.now() + 50 * day);
  service.sandbox.control.setFault('zoom', { kind: 'outage' });
  // Not an outage: the workflow would retry the last provider for ten minutes before it asks the operator.
  service.sandbox.control.setFault('google', { kind: 'unauthorized', operation: 'events.insert' });
  const { id } = await request(start, { policy: { meetingPatience: 'PT2S', checkInOpens: 'P60D' } });
  const stuck = await platform.until(id, ({ attention }) => attention.some(({ step }) => step === 'meeting'));
  service.sandbox.control.clearFaults();
  const item = stuck.attention.find(({ step }) => step === 'meeting');
  await platform.resolve(item?.id ?? '', { action: 'override', value: { joinUrl: words.madeByHand } });
  await untilAttentionRaised(id);
  await skipEverything(id);
  await platform.command(id, 'check-in', { participant: 'person-1' });
  const next = { slot: slotAt(start + 10 * day), round: 'callback' };
  const decided = await platform.command(id, 'decide', { decision: 'callback', next });
  await eventually(async () => (await platform.get(`/v1/auditions/${decided.next}`)).status === 200, 10_000);
  await untilAttentionRaised(decided.next ?? '');
};

/** Sends invalid requests. Only the response may contain their values, not the log. */
const sendInvalidRequests = async (): Promise<void> => {
  const [performer] = cast;
  for (const invalid of [
    { email: words.notes },
    { phone: '+331' },
    { nickname: performer?.name },
    { zone: 'Zoë' },
  ]) {
    await platform.post(
      '/v1/auditions',
      { project: { id: 'p' }, participants: [{ ...performer, ...invalid }] },
      { idempotencyKey: crypto.randomUUID() },
    );
  }
  await fetch(`${service.url}/v1/auditions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys.backend}`, 'content-type': 'application/json' },
    body: `{"name": "${performer?.name}", `,
  });
};

/** Sends a webhook with a valid and one with a forged signature. Neither signature may be logged. */
const sendZoomWebhooks = async (): Promise<void> => {
  const body = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken: 'plain' } });
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const hash = createHmac('sha256', localDefaults.ZOOM_WEBHOOK_SECRET).update(`v0:${timestamp}:${body}`);
  const signed = `v0=${hash.digest('hex')}`;
  const statuses: number[] = [];
  for (const signature of [signed, signed.replace(/.$/, signed.endsWith('0') ? '1' : '0')]) {
    used.push({ what: "Zoom's signature", text: signature.slice('v0='.length) });
    const headers = {
      'content-type': 'application/json',
      'x-zm-request-timestamp': timestamp,
      'x-zm-signature': signature,
    };
    statuses.push((await fetch(`${service.url}/v1/webhooks/zoom`, { method: 'POST', headers, body })).status);
  }
  expect(statuses).toEqual([200, 401]);
};

/**
 * Connects accounts on our page, once while the database rejects the write. Uses one in an audition after its tokens
 * have expired. Then revokes the Google account at Google, and disconnects the Zoom account during an outage of Zoom.
 */
const connectAndRevoke = async (): Promise<void> => {
  const { connections } = service.database.repositories;
  const page = await openAccountsPage(service, platform);
  const statuses: number[] = [];
  await whileWritesFail('INSERT ON connections', async () => {
    statuses.push(await page.connect('google'));
  });
  for (const provider of ['google', 'microsoft', 'zoom'] as const)
    statuses.push(await page.connect(provider));
  expect([...statuses, ...(await page.connectApple())]).toEqual([500, 303, 303, 303, 422, 303]);
  expect(await page.connectFeed()).toBe(303);
  used.push(...(await storedCredentials(service)));

  const own = await connections.list(organization, { owner: 'person-1' });
  const idOf = (provider: string) =>
    own.find((connection) => connection.provider === provider)?.id ?? 'conn_none';
  const calendar = { provider: 'google', connection: idOf('google'), calendarId: 'primary' };
  const [performer, ...others] = cast;
  const participants = [{ ...performer, calendar }, ...others];
  service.sandbox.control.expireTokens('google');
  const { id } = await request(fullMinute(Date.now() + 70 * day), { participants });
  await untilAttentionRaised(id);
  used.push(...(await storedCredentials(service)));

  service.sandbox.control.expireTokens('google');
  expect(service.sandbox.control.revokeGrants('google', connectedAccounts.google)).toBeGreaterThan(0);
  await platform.command(id, 'cancel', { reason: words.cancelled });
  await eventually(
    async () => (await connections.get(organization, idOf('google')))?.status !== 'connected',
    30_000,
  );
  const isOwnerNotified = async () =>
    (await readMails(service.mailServer.apiUrl)).some(({ text }) => text.includes('/connections/'));
  await eventually(isOwnerNotified, 60_000);

  service.sandbox.control.setFault('zoom', { kind: 'outage' });
  expect(await page.disconnect(idOf('zoom'))).toBe(303);
  service.sandbox.control.clearFaults();
  const { rows } = await service.database.pool.query(
    'SELECT FROM pending_revocations WHERE revoked_at IS NULL',
  );
  expect(rows).toHaveLength(1);
  used.push(...page.used, ...(await rotateEndpointSecret(platform)));
};

const runScenarios = async (): Promise<void> => {
  await inviteMoveAndCancel();
  await failDatabaseWrites();
  await overrideAndCallBack();
  await sendInvalidRequests();
  await connectAndRevoke();
  await sendZoomWebhooks();
};

const owners: readonly Secret[] = Object.entries(connectedAccounts).map(([provider, text]) => ({
  what: `the account of ${provider}`,
  text,
}));

/** Returns all credentials: those of the service, of its users and of the providers. */
const credentials = async (): Promise<readonly Secret[]> => {
  const mails = await readMails(service.mailServer.apiUrl);
  const tokens = mails.flatMap(({ text }) => /\/r\/(\w+)/.exec(text)?.[1] ?? []);
  expect(tokens.length).toBeGreaterThan(5);
  const accountLinks = mails.flatMap(({ text }) => /\/connections\/([\w.-]+)/.exec(text)?.[1] ?? []);
  expect(accountLinks.length).toBeGreaterThan(0);
  expect(used.length).toBeGreaterThan(25);
  return [
    ...used,
    ...(await storedCredentials(service)),
    ...(await dataKeys(service)),
    ...accountLinks.map((text) => ({ what: 'a link to connect an account again', text })),
    ...tokens.map((text) => ({ what: 'a response link', text })),
    ...Object.entries(keys).map(([who, text]) => ({ what: `the API key of ${who}`, text })),
    ...service.configuration.masterKeys.flatMap(({ key }) => [
      { what: 'a master key', text: Buffer.from(key).toString('base64') },
      { what: 'a master key in hex', text: Buffer.from(key).toString('hex') },
    ]),
    { what: 'a refresh token', text: 'sandbox-refresh-' },
    { what: 'an access token', text: 'ya29.' },
    { what: 'the secret for Google', text: localDefaults.GOOGLE_CLIENT_SECRET },
    { what: 'the secret for Zoom', text: localDefaults.ZOOM_CLIENT_SECRET },
    { what: "the secret for Zoom's users", text: localDefaults.ZOOM_OAUTH_CLIENT_SECRET },
    { what: "the secret of Zoom's webhooks", text: localDefaults.ZOOM_WEBHOOK_SECRET },
    { what: 'the secret for Microsoft', text: localDefaults.MICROSOFT_CLIENT_SECRET },
    { what: 'the token for Twilio', text: localDefaults.TWILIO_AUTH_TOKEN },
    { what: "the database's password", text: new URL(service.database.url).password },
  ];
};

const links = (): readonly Secret[] => [...joinLinks].map((text) => ({ what: 'a join link', text }));

it("the service leaves no personal data and no credential readable in Temporal's database", async () => {
  const stored = await dumpSqlite(databaseFile());
  for (const expected of [
    organization,
    'project-1',
    'CastMatchState',
    'binary/encrypted',
    'rejected_input',
  ]) {
    expect(stored.includes(expected), expected).toBe(true);
  }
  expect(links().length).toBeGreaterThan(2);
  const secrets = [...personalData, ...owners, ...confidentialTexts, ...links(), ...(await credentials())];
  expect(leaksIn(stored, secrets)).toEqual([]);
});

it('the API and the workers print no personal data and no credential', async () => {
  const printed = service.printed();
  for (const expected of ['"process":"api"', '"process":"worker"', '"level":"error"', injectedSqlState]) {
    expect(printed).toContain(expected);
  }
  const secrets = [...personalData, ...owners, ...confidentialTexts, ...links(), ...(await credentials())];
  expect(leaksIn(Buffer.from(printed), secrets)).toEqual([]);
});

it('the service stores no personal data and no readable credential in its own database', async () => {
  const stored = await dumpPostgres(service.database.pool);
  for (const expected of ['meeting_created', 'person-1', 'conn_performer']) {
    expect(stored.includes(expected), expected).toBe(true);
  }
  const { notes, project, role } = words;
  const notStored = Object.entries({ notes, project, role }).map(([what, text]) => ({ what, text }));
  expect(leaksIn(stored, [...personalData, ...owners, ...notStored, ...(await credentials())])).toEqual([]);
});
