/** Tests the API with a real Temporal server: without workers, after an audition has ended, and the operator's commands. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAuditionWorkflows } from '../../api/auditions/audition-workflows.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { type ApiClient, createApiClient, day, noticesEachTime, requestBody } from '../harness/api-client.ts';
import { keys, organization, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
});
afterAll(() => service.close());

let used = 0;
const next = (changes: object = {}) => {
  used += 1;
  return requestBody(used, (10 + used) * day, changes);
};

const ops = (...words: readonly string[]) =>
  execa(process.execPath, [fileURLToPath(new URL('../../infra/cli/ops.ts', import.meta.url)), ...words], {
    // The verification of trails needs the master keys.
    env: { ...service.env, CASTMATCH_API_URL: service.url, CASTMATCH_API_KEY: keys.operator },
    reject: false,
  });

describe('API without workers', () => {
  it('answers 503 with Retry-After, and returns the same audition when the request is repeated', async () => {
    const body = next();
    const idempotencyKey = crypto.randomUUID();
    const early = await platform.post('/v1/auditions', body, { idempotencyKey });
    expect([early.status, early.body]).toMatchObject([503, { code: 'temporarily_unavailable' }]);
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);

    await service.startWorker();
    const { status, body: audition } = await platform.post('/v1/auditions', body, { idempotencyKey });
    expect(status).toBe(201);
    const { id } = z.object({ id: z.templateLiteral(['aud_', z.string()]) }).parse(audition);
    const { executions } = await service.temporal.workflowService.listWorkflowExecutions({
      namespace: service.configuration.temporal.namespace,
      query: `WorkflowId = '${auditionWorkflowId(id)}'`,
    });
    expect(executions).toHaveLength(1);
  });
});

describe('audition API', () => {
  it('starts an audition with searchable IDs and states, and without personal data', async () => {
    const { id } = await platform.request(next());
    const described = await service.temporal.workflow.getHandle(auditionWorkflowId(id)).describe();
    expect(described.memo).toMatchObject({ organization: 'org_e2e', correlationId: expect.any(String) });
    expect(described.raw.workflowExecutionInfo?.searchAttributes?.indexedFields).toMatchObject({
      CastMatchOrganization: expect.anything(),
      CastMatchProject: expect.anything(),
      CastMatchRole: expect.anything(),
      CastMatchState: expect.anything(),
    });
    const { raw } = described;
    expect(JSON.stringify(raw)).not.toMatch(/Lovelace|performers\.example/);
  });

  it('rejects commands to an ended audition as closed, and returns that audition to a repeated request', async () => {
    const body = next();
    const idempotencyKey = crypto.randomUUID();
    const first = await platform.post('/v1/auditions', body, { idempotencyKey });
    const { id } = z.object({ id: z.string() }).parse(first.body);
    await platform.command(id, 'cancel', { reason: 'the project is off' });
    await service.temporal.workflow.getHandle(`audition/${id}`).result();

    const late = await platform.post(`/v1/auditions/${id}/cancel`, {});
    expect([late.status, late.body]).toMatchObject([409, { code: 'audition_closed' }]);
    const repeated = await platform.post('/v1/auditions', body, { idempotencyKey });
    expect(repeated.body).toEqual(first.body);
    await service.database.pool.query('DELETE FROM idempotent_requests');
    const afterDeletion = await platform.post('/v1/auditions', body, { idempotencyKey });
    expect([afterDeletion.status, afterDeletion.body]).toMatchObject([201, { id }]);
  });

  it('answers audition_stopped when the workflow was terminated in Temporal', async () => {
    const { id } = await platform.request(next());
    await platform.until(id, ({ state }) => state === 'scheduled');
    await service.temporal.workflow.getHandle(`audition/${id}`).terminate('terminated by the test');
    const { status, body } = await platform.post(`/v1/auditions/${id}/cancel`, {});
    expect([status, body]).toMatchObject([409, { code: 'audition_stopped' }]);
  });

  it('returns the errors with which the workflow rejects commands', async () => {
    const { id } = await platform.request(next());
    await platform.until(id, ({ state }) => state === 'scheduled');
    const stranger = await platform.post(`/v1/auditions/${id}/respond`, {
      participant: 'unknown',
      answer: 'accepted',
    });
    expect([stranger.status, stranger.body]).toMatchObject([422, { code: 'unknown_participant' }]);
    const superseded = await platform.post(`/v1/auditions/${id}/respond`, {
      participant: `performer-${used}`,
      answer: 'accepted',
      revision: 7,
    });
    expect([superseded.status, superseded.body]).toMatchObject([409, { code: 'answer_superseded' }]);
    const tooEarly = await platform.post(`/v1/auditions/${id}/check-in`, {
      participant: `performer-${used}`,
    });
    expect([tooEarly.status, tooEarly.body]).toMatchObject([409, { code: 'check_in_not_open' }]);
  });

  it('reports still_working when a command exceeds the timeout, and the workflow still executes it', async () => {
    const { id } = await platform.request(next());
    await platform.until(id, ({ state }) => state === 'scheduled');
    const hasty = createAuditionWorkflows({
      temporal: service.temporal,
      taskQueue: service.taskQueue,
      timeouts: { acceptedTimeoutMs: 10_000, resultTimeoutMs: 1 },
    });
    const command = { origin: 'api', correlationId: 'hasty' } as const;
    expect(await hasty.sendUpdate(id, { name: 'cancel', command }, crypto.randomUUID())).toEqual({
      kind: 'still_working',
    });
    await platform.until(id, ({ state }) => state === 'closed');
  });
});

describe('operator commands', () => {
  it('list an attention item, override it, and the audition resumes', async () => {
    service.sandbox.control.setFault('zoom', { kind: 'outage', operation: 'meetings.create' });
    const { id } = await platform.request(
      next({ meeting: { providers: ['zoom'] }, policy: { meetingPatience: 'PT1S', stepPatience: 'PT2S' } }),
    );
    const stuck = await platform.until(id, ({ attention }) => attention.length > 0);
    const [item] = stuck.attention;

    const listed = await ops('attention', 'list');
    expect(listed.stdout).toContain(item?.id);
    const json = z
      .array(z.looseObject({ id: z.string() }))
      .parse(JSON.parse((await ops('--json', 'attention', 'list')).stdout));
    expect(json.map(({ id: listedId }) => listedId)).toContain(item?.id);

    const refused = await ops('attention', 'resolve', item?.id ?? '', 'override');
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('--join-url')]);
    const joinUrl = 'https://meet.example.com/by-hand';
    const resolved = await ops('attention', 'resolve', item?.id ?? '', 'override', '--join-url', joinUrl);
    expect([resolved.exitCode, resolved.stderr]).toEqual([0, '']);
    const scheduled = await platform.until(id, ({ state }) => state === 'scheduled');
    expect(scheduled).toMatchObject({ meeting: { provider: 'manual' }, attention: [] });
    const stored = await service.database.repositories.auditions.get(organization, scheduled.id);
    expect(stored?.meeting?.joinUrl).toBe(joinUrl);
    service.sandbox.control.clearFaults();
    expect((await ops('auditions', 'show', id)).stdout).toContain('scheduled');
    const late = await ops('attention', 'resolve', item?.id ?? '', 'retry');
    expect([late.exitCode, late.stderr]).toEqual([1, expect.stringContaining('attention_not_found')]);
  });

  it('verify the trails and rebuild the read model', async () => {
    const { id } = await platform.request(next());
    // Waits for the last delivery report, because later events would change the view.
    const before = await platform.until(
      id,
      ({ state, notices }) =>
        state === 'scheduled' &&
        notices.length === noticesEachTime &&
        notices.every(({ channel, status }) => channel === 'email' || status === 'delivered'),
    );
    expect((await ops('read-model', 'rebuild')).stdout).toMatch(/^Rebuilt \d+ auditions from \d+ events\.$/);
    expect(await platform.view(id)).toEqual(before);
    expect(await ops('audit', 'verify')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('intact'),
    });
    expect(await ops('audit', 'verify', 'aud_none')).toMatchObject({ exitCode: 1 });
    await service.database.pool.query(
      `ALTER TABLE audit_events DISABLE TRIGGER USER;
       UPDATE audit_events SET correlation_id = 'forged' WHERE audition_id = '${id}' AND sequence = 2`,
    );
    expect(await ops('audit', 'verify', id)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(id),
    });
  });
});
