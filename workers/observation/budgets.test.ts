import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogger } from '../../foundation/observability/logger.ts';
import { createMetrics } from '../metrics.ts';
import { observeBudgets } from './budgets.ts';

const charge = {
  key: 'invite:1',
  organization: 'org_north',
  channel: 'sms',
  units: 2,
  budget: 10,
  mayUseReserve: false,
} as const;

it('a message that a spent budget refuses is counted and logged, and one that is sent is not', async () => {
  const metrics = createMetrics();
  const lines: string[] = [];
  const logger = createLogger(
    { level: 'info', process: 'test' },
    new Writable({
      write: (line: Buffer, _encoding, done) => {
        lines.push(line.toString());
        done();
      },
    }),
  );
  const sent = {
    kind: 'charged',
    day: '2026-12-01',
    used: 2,
    budget: 10,
    isWarning: false,
    isFirst: true,
  } as const;
  const outcomes = [{ kind: 'spent' } as const, sent];
  const budgets = observeBudgets(
    {
      charge: async () => outcomes.shift() ?? sent,
      release: async () => {},
      today: async () => ({ day: '2026-12-01', used: { sms: 2, email: 0 } }),
    },
    { metrics, logger },
  );
  expect(await budgets.charge(charge)).toEqual({ kind: 'spent' });
  expect(await budgets.charge(charge)).toEqual(sent);
  expect(await metrics.render()).toContain('castmatch_messages_refused_total{channel="sms"} 1');
  expect(lines).toEqual([
    expect.stringMatching(/"level":"warn".*"organization":"org_north".*"channel":"sms"/),
  ]);
});
