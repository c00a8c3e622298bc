import { describe, expect, it } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { operationOf } from '../operations.ts';
import { createOwnersZone } from './owners-zone.ts';
import { createTurns } from './turns.ts';

const server = 'http://caldav.test/';

const setup = (signal = new AbortController().signal) =>
  createOwnersZone(
    {
      fetchFor: () => () => Promise.reject(new Error('no request is expected')),
      reportUnreadable: () => {},
      operation: operationOf('apple', 'calendar.listChanges'),
      connection: caldavAccount(server),
      call: callContext(),
    },
    server,
    createTurns(signal),
    () => undefined,
  );

describe('the reading of a resource', () => {
  it('returns what its steps give, without a request when no time needs the zone of the owner', async () => {
    const read = await setup()(function* () {
      yield ['one'];
      yield [];
      yield ['two', 'three'];
    });
    expect(read).toEqual({ items: ['one', 'two', 'three'], faults: [], isIncomplete: false });
  });

  it('reports an unexpected error as a fault of the resource', async () => {
    const read = await setup()(function* () {
      yield ['one'];
      throw new RangeError('Maximum call stack size exceeded');
    });
    expect(read).toMatchObject({ items: ['one'], faults: [{ code: 'not_read' }], isIncomplete: true });
  });

  it('ends when the call is aborted', async () => {
    const reading = setup(AbortSignal.abort(new Error('aborted')))(function* () {
      for (const until = performance.now() + 30; performance.now() < until; ) yield ['one'];
      yield ['two'];
    });
    await expect(reading).rejects.toThrow('aborted');
  });
});
