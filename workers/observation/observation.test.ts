import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionEvent } from '../../domain/audition/events.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { createMetrics } from '../metrics.ts';
import { observeAttention } from './business-events.ts';

const unused = () => Promise.reject(new Error('unexpected call of the event store'));

/** Returns an event store that appends what it is told, or fails. */
const storeThat = (append: EventStore['append']): EventStore => ({
  append,
  head: unused,
  read: unused,
  readByKeys: unused,
  verify: unused,
});

describe('observeAttention', () => {
  const scheduled: AuditionEvent = {
    sequence: 1,
    at: toInstant(0),
    correlationId: 'c',
    fact: { type: 'scheduled' },
  };
  const raised: AuditionEvent = {
    sequence: 2,
    at: toInstant(0),
    correlationId: 'c',
    fact: {
      type: 'attention_raised',
      item: {
        id: 'att_1',
        step: 'meeting',
        what: 'Zoom is down',
        hint: 'Retry',
        actions: ['retry'],
        code: 'outage',
        raisedAt: toInstant(0),
        dueAt: toInstant(1),
        overdue: false,
      },
    },
  };
  const overdue: AuditionEvent = {
    sequence: 3,
    at: toInstant(0),
    correlationId: 'c',
    fact: { type: 'attention_overdue', id: 'att_1', dueAt: toInstant(2) },
  };
  const call = { auditionId: 'aud_1', run: 'run-1', position: { facts: [], number: 0 } } as const;

  it('counts and logs each attention item that was appended, with its audition', async () => {
    const { metrics, lines, observer } = setup();
    const result = { sequence: 3, appended: [scheduled, raised, overdue], notAllowed: [] };
    const events = observeAttention(
      storeThat(async () => result),
      observer,
    );
    expect(await events.append(call)).toBe(result);
    const rendered = await metrics.render();
    expect(rendered).toContain('attention_items_raised_total{step="meeting",code="outage"} 1');
    expect(rendered).toContain('attention_items_overdue_total 1');
    expect(lines).toEqual([
      expect.stringMatching(/"level":"warn".*"auditionId":"aud_1","attention":"att_1","step":"meeting"/),
      expect.stringMatching(/"level":"error".*"auditionId":"aud_1","attention":"att_1"/),
    ]);
  });

  it('counts an item once when its append is repeated', async () => {
    const { metrics, observer } = setup();
    const appended = [[raised], []];
    const events = observeAttention(
      storeThat(async () => ({ sequence: 2, appended: appended.shift() ?? [], notAllowed: [] })),
      observer,
    );
    await events.append(call);
    await events.append(call);
    expect(await metrics.render()).toContain('attention_items_raised_total{step="meeting",code="outage"} 1');
  });

  it('counts nothing when the append fails', async () => {
    const { metrics, lines, observer } = setup();
    await expect(observeAttention(storeThat(unused), observer).append(call)).rejects.toThrow(
      'unexpected call of the event store',
    );
    expect(await metrics.render()).not.toContain('step="meeting"');
    expect(lines).toEqual([]);
  });
});

const setup = () => {
  const metrics = createMetrics();
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ level: 'info', process: 'test' }, destination);
  return { metrics, lines, observer: { metrics, logger } };
};
