import { expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { operationOf } from '../operations.ts';
import { createCallPath } from './call-path.ts';
import { createCircuits } from './circuits.ts';

const createMeeting = operationOf('zoom', 'meetings.create');

const setup = () => {
  const events: string[] = [];
  const noted = (event: string) => async () => {
    events.push(event);
  };
  const path = createCallPath({
    circuits: createCircuits(() => {}),
    quotas: {
      acquire: async () => ({ refund: noted('refunded'), release: noted('released') }),
      markExhausted: noted('exhausted'),
    },
    observer: {
      callEnded: ({ outcome }) => events.push(outcome),
      callRejected: ({ reason }) => events.push(`rejected: ${reason}`),
    },
  });
  const call = { signal: new AbortController().signal, correlationId: 'c' };
  const run = (perform: () => Promise<string>) =>
    path
      .run(createMeeting, { account: 'host' }, call, perform)
      .catch((error: unknown) => `threw ${String(error)}`);
  return { events, run };
};

const refusedWith = (fault: ProviderError['fault']) => () =>
  Promise.reject(new ProviderError('zoom', 'meetings.create', fault, { status: 500, message: 'no' }));

it('the call path releases the permit after every call', async () => {
  const { events, run } = setup();
  expect(await run(async () => 'done')).toBe('done');
  expect(events.splice(0)).toEqual(['ok', 'released']);
  await run(refusedWith({ kind: 'rejected_input' }));
  expect(events.splice(0)).toEqual(['rejected_input', 'released']);
  await run(refusedWith({ kind: 'outage', effect: 'none' }));
  expect(events.splice(0)).toEqual(['outage', 'refunded', 'released']);
  await run(refusedWith({ kind: 'quota_exhausted', untilMs: 1 }));
  expect(events.splice(0)).toEqual(['quota_exhausted', 'exhausted', 'released']);
  await run(() => Promise.reject(new Error('a fault of ours')));
  expect(events.splice(0)).toEqual(['unexpected', 'released']);
});
