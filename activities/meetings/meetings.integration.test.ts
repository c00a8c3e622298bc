/** A meeting whose provider is not called, because its circuit is open. */
import { expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import type { Providers } from '../../providers/ports.ts';
import { slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

const wanted = { provider: 'zoom', slot, revision: 1, topic: 'Nightfall: Captain' } as const;

const heldBack = async () => {
  throw new ProviderError(
    'zoom',
    'meetings.create',
    { kind: 'outage', effect: 'none', delayMs: 30_000, circuit: 'open' },
    { code: 'circuit_open', message: 'not called' },
  );
};
const zoomIsHeldBack = (providers: Providers): Providers => ({
  ...providers,
  meetings: { ...providers.meetings, zoom: { ...providers.meetings.zoom, create: heldBack } },
});

it.each([
  [true, 'fails at once where another provider is left'],
  [false, 'waits where none is left'],
])('hasFallback %s: %s', async (hasFallback) => {
  const { activities, about, key } = await benchFor({ wrapProviders: zoomIsHeldBack });
  const create = activities.createMeeting({ ...about, ...wanted, key: key('meeting:zoom:1'), hasFallback });
  await expect(create).rejects.toMatchObject({
    type: 'outage',
    nonRetryable: hasFallback,
    details: [{ provider: 'zoom', circuit: 'open' }],
  });
});

it('is made by the next attempt, once the circuit lets calls through', async () => {
  let isOpen = true;
  const { activities, about, key } = await benchFor({
    wrapProviders: (providers) => ({
      ...providers,
      meetings: {
        ...providers.meetings,
        zoom: {
          ...providers.meetings.zoom,
          create: (spec, call) => (isOpen ? heldBack() : providers.meetings.zoom.create(spec, call)),
        },
      },
    }),
  });
  const create = () =>
    activities.createMeeting({ ...about, ...wanted, key: key('meeting:zoom:1'), hasFallback: false });
  await expect(create()).rejects.toMatchObject({ type: 'outage' });
  isOpen = false;
  expect(await create()).toMatchObject({ provider: 'zoom' });
});
