import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { AuditionEvent } from '../../domain/audition/events.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { unexpectedActivities } from '../../tests/harness/unexpected-activities.ts';
import { createMetrics } from '../metrics.ts';
import { observeAttention } from './business-events.ts';

describe('observeAttention', () => {
  const events: readonly AuditionEvent[] = [
    { sequence: 1, at: toInstant(0), correlationId: 'c', fact: { type: 'scheduled' } },
    {
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
    },
  ];
  const input = { organization: 'org_1', auditionId: 'aud_1', correlationId: 'c', events } as const;

  it('counts and logs each recorded attention item with its audition', async () => {
    const { metrics, lines, observer } = setup();
    const overdue = {
      sequence: 3,
      at: toInstant(0),
      correlationId: 'c',
      fact: { type: 'attention_overdue', id: 'att_1', dueAt: toInstant(2) },
    } as const;
    const activities = observeAttention(unexpectedActivities({ recordEvents: async () => {} }), observer);
    await activities.recordEvents({ ...input, events: [...events, overdue] });
    const rendered = await metrics.render();
    expect(rendered).toContain('attention_items_raised_total{step="meeting",code="outage"} 1');
    expect(rendered).toContain('attention_items_overdue_total 1');
    expect(lines).toEqual([
      expect.stringMatching(/"level":"warn".*"auditionId":"aud_1","attention":"att_1","step":"meeting"/),
      expect.stringMatching(/"level":"error".*"auditionId":"aud_1","attention":"att_1"/),
    ]);
  });

  it('counts nothing when recording the events fails', async () => {
    const { metrics, lines, observer } = setup();
    await expect(observeAttention(unexpectedActivities({}), observer).recordEvents(input)).rejects.toThrow(
      'unexpected call of an activity',
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
