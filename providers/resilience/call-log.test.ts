import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCallLog, sharedLineMs } from './call-log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const call = {
  correlationId: 'c-1',
  provider: 'zoom',
  operation: 'meetings.check',
  outcome: 'ok',
  seconds: 0.1,
} as const;

const setup = () => {
  const lines: object[] = [];
  const log = createCallLog({ info: (about, message) => lines.push({ ...about, message }) });
  return { lines, log };
};

describe('the log of provider calls', () => {
  it('writes one line for equal calls of one request, with their number and the slowest', () => {
    const { lines, log } = setup();
    for (const seconds of [0.1, 0.35, 0.2]) log({ ...call, seconds });
    vi.advanceTimersByTime(sharedLineMs);
    expect(lines).toEqual([
      {
        correlationId: 'c-1',
        provider: 'zoom',
        operation: 'meetings.check',
        outcome: 'ok',
        calls: 3,
        durationMs: 350,
        message: 'provider calls completed',
      },
    ]);
  });

  it('writes a line for each request, operation and outcome', () => {
    const { lines, log } = setup();
    log(call);
    log({ ...call, correlationId: 'c-2' });
    log({ ...call, operation: 'meetings.create' });
    log({ ...call, outcome: 'outage' });
    vi.advanceTimersByTime(sharedLineMs);
    expect(lines).toHaveLength(4);
  });

  it('writes a line for a call that is repeated later', () => {
    const { lines, log } = setup();
    log(call);
    vi.advanceTimersByTime(sharedLineMs);
    log(call);
    vi.advanceTimersByTime(sharedLineMs);
    expect(lines).toMatchObject([{ calls: 1 }, { calls: 1 }]);
  });
});
