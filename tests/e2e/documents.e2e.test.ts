/**
 * Runs the commands of all documents against a service that has something to show: open, stuck, failed and closed
 * auditions, a parked webhook, a disabled endpoint. A block that cannot run here says why in a comment above it.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addressHash } from '../../db/auditions/address-hash.ts';
import { environmentFilePath, writeEnvironmentFile } from '../../infra/stack/environment-file.ts';
import { reconciliationScheduleId } from '../../workers/reconciliation/schedule.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { type DocumentedBlock, documentedBlocks } from '../harness/documented-commands.ts';
import { eventually } from '../harness/eventually.ts';
import { keys, organization, type ServiceUnderTest, startService } from '../harness/service.ts';
import { blockBody } from '../harness/session-blocks.ts';
import { startTemporalServer, type TemporalServer } from '../harness/temporal-server.ts';

const adminKey = 'e2e-admin-key';

/** Programs that other tests run, or that run the tests themselves. */
const runElsewhere: Readonly<Record<string, string>> = {
  'npm start': 'tests/e2e/stack.e2e.test.ts',
  'npm run demo': 'tests/e2e/demo.e2e.test.ts',
  'npm run check': 'this suite is a part of it',
  'npm test': 'it runs other tests',
  'npm run test:deep': 'it runs other tests',
  'npm run test:clock': 'it runs other tests',
  'npm run bench': 'it measures for minutes',
  'npm run conformance': 'it runs for minutes, and needs a program that is no part of the project',
  'npm run replay:record': 'it runs other tests and changes the corpus',
  'npm run build:bundle': 'CI builds the bundle in workers/bundle.test.ts',
};
const isRunElsewhere = (command: string): boolean =>
  Object.keys(runElsewhere).some((program) => command === program || command.startsWith(`${program} `));

/** infra/sandbox/documented-commands.integration.test.ts runs its commands. */
const sandboxDocument = 'infra/sandbox/README.md';

let temporalServer: TemporalServer;
let service: ServiceUnderTest;
let platform: ApiClient;
let folder: string;
/** What the placeholders of the documents stand for, as far as it is the same in all blocks. */
const shown = { audition: '', run: '', parked: '', endpoint: '', block: '', key: '' };
let number = 0;

const scheduled = async (changes: object = {}): Promise<string> => {
  number += 1;
  const { id } = await platform.request(requestBody(number, (20 + number) * day, changes));
  await platform.untilNotified(id);
  return id;
};

/** An audition whose meeting waits for an operator. */
const stuck = async (): Promise<{ readonly id: string; readonly item: string }> => {
  service.sandbox.control.setFault('zoom', { kind: 'unauthorized', operation: 'meetings.create' });
  number += 1;
  const { id } = await platform.request(
    requestBody(number, (20 + number) * day, { meeting: { providers: ['zoom'] } }),
  );
  const { attention } = await platform.until(id, (view) => view.attention.length > 0);
  service.sandbox.control.clearFaults();
  return { id, item: attention[0]?.id ?? '' };
};

/** An audition whose performer has checked in and waits for admission. */
const waiting = async (): Promise<string> => {
  number += 1;
  const settings = { admission: 'in_turn' };
  const { id } = await platform.request(
    requestBody(number, 15 * 60_000, { meeting: { providers: ['zoom'], settings } }),
  );
  await platform.untilNotified(id);
  const { participants } = joinUrls.parse((await platform.get(`/v1/auditions/${id}`)).body);
  const { joinUrl = '' } = participants.find(({ kind }) => kind === 'performer') ?? {};
  await fetch(joinUrl, { method: 'POST', redirect: 'manual' });
  return id;
};
const joinUrls = z.object({
  participants: z.array(z.object({ kind: z.string(), joinUrl: z.string().optional() })),
});

const idSchema = z.looseObject({ id: z.string() });

/** A service asks whether it may forward mail: only an operator can answer. */
const parkWebhook = async (): Promise<void> => {
  const { inbox } = service.database.repositories;
  await inbox.receive({
    provider: 'smtp',
    dedupeKey: randomUUID(),
    kind: 'mail.subscription',
    event: { confirmUrl: 'https://sns.example.com/confirm' },
    correlationId: 'documents',
  });
  await eventually(async () => (await inbox.listParked({ limit: 1 })).length === 1, 30_000);
  const [parked] = await inbox.listParked({ limit: 1 });
  shown.parked = parked?.id ?? '';
};

beforeAll(async () => {
  temporalServer = await startTemporalServer();
  service = await startService({ temporalAddress: temporalServer.address, calendarSync: true });
  platform = createApiClient(service);
  folder = await mkdtemp(join(tmpdir(), 'documents-'));
  await writeEnvironmentFile(folder, { CASTMATCH_API_URL: service.url, CASTMATCH_API_KEY: keys.operator });
  const { apiKeys, connections } = service.database.repositories;
  const spare = 'office@castmatch.example';
  await connections.put({
    id: 'conn_spare',
    account: spare,
    organization,
    provider: 'google',
    refreshToken: `sandbox-refresh-${spare}`,
    scopes: ['https://www.googleapis.com/auth/calendar.calendarlist.readonly'],
  });
  await apiKeys.put({ secret: adminKey, role: 'admin', organization, label: 'admin' });
  shown.key = (await apiKeys.create({ organization, role: 'backend', label: 'platform' })).id;
  await service.startWorker();
  shown.audition = await scheduled();
  const workflow = service.temporal.workflow.getHandle(`audition/${shown.audition}`);
  shown.run = (await workflow.describe()).runId;
  await writeFile(join(folder, 'history.json'), historyToJSON(await workflow.fetchHistory()));
  const failed = await scheduled();
  await service.temporal.workflow.getHandle(`audition/${failed}`).terminate('by the test');
  await platform.command(await scheduled(), 'cancel', {});
  await stuck();
  await parkWebhook();
  shown.block = idSchema.parse(
    (await platform.post('/v1/session-blocks', blockBody(), { idempotencyKey: randomUUID() })).body,
  ).id;
  const hook = { url: 'http://127.0.0.1:9/', eventTypes: ['audition.cancelled'] };
  const created = await platform.post('/v1/webhook-endpoints', hook, { key: adminKey });
  shown.endpoint = idSchema.parse(created.body).id;
  await service.database.pool.query(
    'INSERT INTO suppressions (organization, address, reason, delivery_id) VALUES ($1, $2, $3, $4)',
    [organization, addressHash(organization, 'ada@example.com'), 'bounced', 'dlv_1'],
  );
});
afterAll(async () => {
  await service.close();
  await temporalServer.stop();
  await rm(folder, { recursive: true, force: true });
});

const needsItem = /att_aud_|\$ITEM/;
const needsClosed = /\/reopen\b/;
/** Commands that end the audition or change its way. */
const needsItsOwn =
  /workflow (?:reset|cancel|terminate)|auditions undo|\/(?:cancel|reschedule|meeting|participants)\b/;

/** Another command of the block can end it. */
const needsEndedWorkflow = (text: string): boolean =>
  text.includes('auditions undo') && !text.includes('workflow terminate');

interface Context {
  readonly id: string;
  readonly item: string;
  readonly link: string;
}

const listSchema = z.object({ items: z.array(idSchema) });

const contextOf = async (text: string): Promise<Context> => {
  if (needsItem.test(text)) {
    const { id, item } = await stuck();
    return { id, item, link: '' };
  }
  if (text.includes('waiting-list')) return { id: await waiting(), item: '', link: '' };
  if (needsClosed.test(text)) {
    const id = await scheduled();
    await platform.command(id, 'cancel', {});
    await platform.until(id, ({ state }) => state === 'closed');
    return { id, item: '', link: '' };
  }
  const id = needsItsOwn.test(text) ? await scheduled() : shown.audition;
  if (needsEndedWorkflow(text)) await service.temporal.workflow.getHandle(`audition/${id}`).terminate();
  const links = listSchema.parse((await platform.get(`/v1/auditions/${id}/join-links`)).body);
  return { id, item: '', link: links.items[0]?.id ?? '' };
};

const filled = (command: string, { id, item }: Context): string =>
  command
    .replaceAll(/att_aud_(?:\.\.\.|…)-\d/g, item)
    .replaceAll(/aud_(?:01J)?(?:\.\.\.|…)/g, id)
    .replaceAll(/conn_(?:\.\.\.|…)/g, 'conn_director')
    .replaceAll(/whk_(?:\.\.\.|…)/g, shown.parked)
    .replaceAll(/key_0123456789abcdef/g, shown.key)
    .replaceAll(/(?<!create --organization )org_(?:1|local|north)/g, organization)
    .replaceAll('postgres://…', service.configuration.databaseUrl)
    .replaceAll('.data/stack.env', environmentFilePath(folder))
    .replaceAll(/castmatch-local-(backend|operator|admin)-key/g, (_key, role: string) => keyOf(role))
    .replaceAll(/--schedule-id reconciliation\b/g, `--schedule-id ${scheduleId()}`)
    .replaceAll(/0198…/g, shown.run)
    .replaceAll(/(?<=--(?:folder|anchors) )anchors\b/g, join(folder, 'anchors'))
    .replaceAll('["family@group.calendar.google.com"]', '[]')
    .replaceAll(/\b(history|a)\.json\b/g, (file) => join(folder, file));

const scheduleId = (): string => reconciliationScheduleId(service.configuration.taskQueueSuffix);

const keyOf = (role: string): string =>
  role === 'admin' ? adminKey : role === 'operator' ? keys.operator : keys.backend;

const environmentOf = (text: string, { id, item, link }: Context): NodeJS.ProcessEnv => ({
  ...service.env,
  CASTMATCH_API_URL: service.url,
  CASTMATCH_API_KEY: keys.operator,
  API: service.url,
  KEY: adminKey,
  ADMIN: adminKey,
  ID: /webhook-endpoints\/\$ID/.test(text) ? shown.endpoint : id,
  ITEM: item,
  LINK: link,
  CONNECTION: 'conn_spare',
  BLOCK: shown.block,
  DAY: new Date(Date.now() + 60 * day).toISOString().slice(0, 10),
  NO_COLOR: '1',
});

/** An answer of the API with an error fails the command. */
const prelude = 'set -eo pipefail\ncurl() { command curl --fail-with-body "$@"; }\n';

const isAssignment = (command: string): boolean =>
  /^(?:export )?[A-Z_]+=\S* *(?:[A-Z_]+=\S*)*(?: *#.*)?$/.test(command);

/** Returns the commands that fail, with their output. */
const failuresOf = async ({ commands }: DocumentedBlock): Promise<readonly string[]> => {
  const failures: string[] = [];
  const text = commands.join('\n');
  const isSequence = !/workflow (?:reset|cancel)|attention resolve/.test(text);
  const shared = await contextOf(text);
  for (const command of commands) {
    if (isRunElsewhere(command) || isAssignment(command)) continue;
    const context = isSequence ? shared : await contextOf(command);
    const { exitCode, all } = await execa('bash', ['-c', prelude + filled(command, context)], {
      env: environmentOf(text, context),
      reject: false,
      all: true,
      timeout: 120_000,
    });
    if (exitCode !== 0)
      failures.push(`${command}
${all}`);
  }
  return failures;
};

const runnable = documentedBlocks().filter(
  ({ document, notRunBecause }) => document !== sandboxDocument && notRunBecause === undefined,
);

describe.each(Object.entries(Object.groupBy(runnable, ({ document }) => document)))(
  'the commands of %s run',
  (_document, blocks = []) => {
    it.each(blocks)('from line $line', { timeout: 300_000 }, async (block) =>
      expect(await failuresOf(block)).toEqual([]),
    );
  },
);
