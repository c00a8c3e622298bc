/** Tests how attention items are resolved: one, and all of one cause. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../../domain/audition/events.ts';
import { attentionItem } from '../../../tests/harness/audition-trail.ts';
import { createCommandedAudition } from '../../../tests/harness/commanded-audition.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = (...more: readonly AuditionFact[]) => createCommandedAudition(database, ...more);

describe('resolving an attention item', () => {
  it.each([
    [{ action: 'retry' }, { action: 'retry' }],
    [{ action: 'held' }, { action: 'held' }],
    [{ action: 'no_show' }, { action: 'no_show' }],
    [
      { action: 'override', value: { joinUrl: 'https://meet.example.com/1' } },
      { action: 'override', joinUrl: 'https://meet.example.com/1' },
    ],
  ])('sends %j and the operator to the workflow', async (body, command) => {
    const item = attentionItem(`att_${crypto.randomUUID()}`);
    const { call, key, id, orchestration } = await setup({ type: 'attention_raised', item });
    const answer = await call('POST', `/v1/attention/${item.id}/resolve`, { key, body });
    expect(answer.status).toBe(200);
    expect(orchestration.receivedCommands).toMatchObject([
      {
        id,
        message: {
          name: 'resolve',
          command: { ...command, id: item.id, by: 'operator of org_north', origin: 'operator' },
        },
      },
    ]);
  });

  it.each([
    [{ action: 'override' }, '/value'],
    [{ action: 'override', value: { joinUrl: 'no address' } }, '/value/joinUrl'],
    [{ action: 'wait' }, '/action'],
  ])('rejects %j', async (body, pointer) => {
    const item = attentionItem(`att_${crypto.randomUUID()}`);
    const { call, key } = await setup({ type: 'attention_raised', item });
    const answer = await call('POST', `/v1/attention/${item.id}/resolve`, { key, body });
    expect(answer.body).toMatchObject({ code: 'invalid_body', errors: [{ pointer }] });
  });

  it('sends the note with the decision', async () => {
    const item = attentionItem(`att_${crypto.randomUUID()}`);
    const { call, key, orchestration } = await setup({ type: 'attention_raised', item });
    const body = { action: 'skip', note: 'Zoom is back, invited by phone' };
    await call('POST', `/v1/attention/${item.id}/resolve`, { key, body });
    expect(orchestration.receivedCommands).toMatchObject([{ message: { command: body } }]);
  });

  it('resolves the items that match a query and offer the action', async () => {
    const meeting = attentionItem(`att_${crypto.randomUUID()}`, { step: 'meeting', provider: 'google' });
    const { call, key, orchestration } = await setup({ type: 'attention_raised', item: meeting });
    const query = { step: 'meeting', provider: 'google' };
    const all = (body: object) => call('POST', '/v1/attention/resolve', { key, body });
    expect((await all({ ...query, action: 'no_show' })).body).toMatchObject({
      resolved: [],
      refused: [{ id: meeting.id, code: 'action_not_offered' }],
    });
    expect((await all({ ...query, provider: 'apple', action: 'retry' })).body).toEqual({
      resolved: [],
      refused: [],
      hasMore: false,
    });
    expect((await all({ ...query, action: 'retry', note: 'Google is back' })).body).toMatchObject({
      resolved: [meeting.id],
      refused: [],
    });
    expect(orchestration.receivedCommands).toMatchObject([
      { message: { name: 'resolve', command: { id: meeting.id, action: 'retry', note: 'Google is back' } } },
    ]);
  });

  it.each([{ action: 'retry' }, { step: 'meeting', action: 'override' }, { step: 'meeting' }])(
    'refuses the query %j',
    async (body) => {
      const { call, key } = await setup();
      expect((await call('POST', '/v1/attention/resolve', { key, body })).status).toBe(400);
    },
  );

  it('returns 404 for an item that is already resolved', async () => {
    const { call, key } = await setup();
    const { body } = await call('POST', '/v1/attention/att_gone/resolve', { key, body: { action: 'retry' } });
    expect(body).toMatchObject({ code: 'attention_not_found' });
  });
});
