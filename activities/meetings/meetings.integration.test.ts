/** Tests creating and moving a meeting while the circuit of its provider is open. */
import { expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import type { Providers } from '../../providers/ports.ts';
import { slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

const meeting = { provider: 'zoom', slot, revision: 1, topic: 'Nightfall: Captain' } as const;

const rejectCall = async () => {
  throw new ProviderError(
    'zoom',
    'meetings.create',
    { kind: 'outage', effect: 'none', delayMs: 30_000, circuit: 'open' },
    { code: 'circuit_open', message: 'not called' },
  );
};
const withOpenZoomCircuit = (providers: Providers): Providers => ({
  ...providers,
  meetings: {
    ...providers.meetings,
    zoom: { ...providers.meetings.zoom, create: rejectCall, move: rejectCall },
  },
});

it.each([
  [true, 'fails as non-retryable when another provider follows'],
  [false, 'is retried when no other provider follows'],
])('createMeeting with an open circuit and hasFallback %s %s', async (hasFallback) => {
  const { activities, about, key } = await benchFor({ wrapProviders: withOpenZoomCircuit });
  const create = activities.createMeeting({ ...about, ...meeting, key: key('meeting:zoom:1'), hasFallback });
  await expect(create).rejects.toMatchObject({
    type: 'outage',
    nonRetryable: hasFallback,
    details: [{ provider: 'zoom', circuit: 'open' }],
  });
});

it.each([
  [true, 'fails as non-retryable when another provider follows'],
  [false, 'is retried when no other provider follows'],
])('moveMeeting with an open circuit and hasFallback %s %s', async (hasFallback) => {
  const { activities, about, key } = await benchFor({ wrapProviders: withOpenZoomCircuit });
  const present = { provider: 'zoom', id: '81234567890', joinUrl: 'https://zoom.us/j/81234567890' } as const;
  const input = { ...about, ...meeting, key: key('meeting-move:zoom:r2'), meeting: present, hasFallback };
  await expect(activities.moveMeeting(input)).rejects.toMatchObject({
    type: 'outage',
    nonRetryable: hasFallback,
    details: [{ provider: 'zoom', circuit: 'open' }],
  });
});

it('createMeeting succeeds on the next attempt after the circuit closes', async () => {
  let isOpen = true;
  const { activities, about, key } = await benchFor({
    wrapProviders: (providers) => ({
      ...providers,
      meetings: {
        ...providers.meetings,
        zoom: {
          ...providers.meetings.zoom,
          create: (host, spec, call) =>
            isOpen ? rejectCall() : providers.meetings.zoom.create(host, spec, call),
        },
      },
    }),
  });
  const create = () =>
    activities.createMeeting({ ...about, ...meeting, key: key('meeting:zoom:1'), hasFallback: false });
  await expect(create()).rejects.toMatchObject({ type: 'outage' });
  isOpen = false;
  expect(await create()).toMatchObject({ provider: 'zoom' });
});
