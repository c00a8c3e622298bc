/** Tests which events of calendars count for a request. */
import { describe, expect, it } from 'vitest';
import { primary, slot, useSlotClaims } from '../../tests/harness/slot-claims.ts';
import { findBusyWith } from './busy.ts';

const setup = useSlotClaims();

describe('the busy times for a request', () => {
  it('leave out events of our auditions once the events are read', async () => {
    const { repositories, accessTokens, providers, claim, other, writeEvent, addBusy } = await setup();
    const findBusy = findBusyWith(repositories, accessTokens, providers);
    const theirs = other();
    await claim({ auditionId: theirs });
    await writeEvent(slot, theirs);
    const dentist = ['2031-07-01T12:00:00.000Z', '2031-07-01T13:00:00.000Z'] as const;
    addBusy(...dentist);
    addBusy('2031-07-01T14:00:00.000Z', '2031-07-01T15:00:00.000Z', { status: 'tentative' });
    const find = async (
      precision: 'free_busy' | 'events',
      tentative: 'block' | 'ignore',
      isBusyOnly = false,
    ) => {
      const calendars = { connection: primary.connection, calendars: [{ ...primary, isBusyOnly }] };
      const day = { from: '2031-07-01T00:00:00.000Z', until: '2031-07-02T00:00:00.000Z' } as const;
      const call = { correlationId: 'c', signal: AbortSignal.timeout(10_000) };
      const found = await findBusy('org_1', calendars, day, call, { precision, tentative });
      return found.map(({ start }) => start.slice(11, 13)).sort();
    };
    expect(await find('free_busy', 'block')).toEqual(['10', '12', '14']);
    expect(await find('events', 'block')).toEqual(['12', '14']);
    expect(await find('events', 'ignore')).toEqual(['12']);
    // No hold tells when another audition needs such a calendar.
    expect(await find('events', 'block', true)).toEqual(['10', '12', '14']);
  });
});
