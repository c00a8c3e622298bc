/** Measures how long an audition takes to get the next provider's room while the first provider is down. */
import { setTimeout as pause } from 'node:timers/promises';
import { defaultPolicy } from '../../../domain/audition/policy.ts';
import type { AuditionView } from '../../../domain/audition/view.ts';
import { auditionIdSchema } from '../../../domain/ids.ts';
import { toInstant } from '../../../domain/time/epoch.ts';
import { createApiClient, day, requestBody } from '../../harness/api-client.ts';
import { organization, type ServiceUnderTest } from '../../harness/service.ts';
import { type Spread, spreadOf } from '../statistics.ts';

interface Fallback {
  /** Milliseconds from the request to the room. */
  readonly latency: Spread;
  readonly targetMs: number;
  readonly isMet: boolean;
}

export interface FallbackFigures {
  readonly whenOpen: Fallback;
  readonly whenClosed: Fallback;
}

/** The target of the issue that requested the measurement. */
const openTargetMs = 3_000;
/** The deadline of the first provider: all attempts together. */
const closedTargetMs = defaultPolicy.meetingPatience;
const closedRounds = 1;
/** Longer than all measurements with an open circuit. */
const retryAfterSeconds = 240;
const pollMs = 10;
/** Milliseconds. */
const patienceMs = 120_000;

export const describeFallback = (rounds: number): string =>
  `
Fallback: an audition is requested while Zoom is down. Measured until the room at Google Meet is in the read model: ${rounds} auditions
while Zoom's circuit breaker is open, and before that ${closedRounds} while it is closed, which waits for Zoom's deadline of ${closedTargetMs / 1_000} s.`.trim();

/** The service must be one that no other worker has used: each process has its own circuit breakers. */
export const measureFallback = async (
  service: ServiceUnderTest,
  rounds: number,
): Promise<FallbackFigures> => {
  await service.startWorker();
  const { control } = service.sandbox;
  const measure = createMeasurement(service);
  await measure.untilRoomAt('zoom');

  const closed: number[] = [];
  for (let round = 0; round < closedRounds; round += 1) {
    control.setFault('zoom', { kind: 'outage' });
    closed.push(await measure.msUntilRoomAt('google_meet'));
    control.clearFaults();
    await measure.untilRoomAt('zoom');
  }

  control.setFault('zoom', { kind: 'outage', retryAfterSeconds });
  while ((await measure.circuit()) !== 'open') await measure.msUntilRoomAt('google_meet');
  const open: number[] = [];
  for (let round = 0; round < rounds; round += 1) open.push(await measure.msUntilRoomAt('google_meet'));
  control.clearFaults();
  return { whenOpen: fallbackOf(open, openTargetMs), whenClosed: fallbackOf(closed, closedTargetMs) };
};

const createMeasurement = (service: ServiceUnderTest) => {
  const { repositories } = service.database;
  const platform = createApiClient(service);
  let requested = 0;

  /** Requests an audition without calendars, so that the first call to a provider creates the room. */
  const room = async (): Promise<{ readonly provider: string; readonly ms: number }> => {
    requested += 1;
    const { participants, ...body } = requestBody(requested, (10 + requested) * day);
    const began = performance.now();
    const { id } = await platform.request({
      ...body,
      participants: participants.map(({ calendar: _calendar, ...participant }) => participant),
    });
    const { meeting } = await untilMeeting(id);
    return { provider: meeting?.provider ?? 'none', ms: performance.now() - began };
  };

  const untilMeeting = async (id: string): Promise<AuditionView> => {
    const auditionId = auditionIdSchema.parse(id);
    for (const began = performance.now(); performance.now() - began < patienceMs; await pause(pollMs)) {
      const view = await repositories.auditions.get(organization, auditionId);
      if (view?.meeting) return view;
    }
    throw new Error(`no room within ${patienceMs} ms`);
  };

  return {
    msUntilRoomAt: async (wanted: 'zoom' | 'google_meet'): Promise<number> => {
      const { provider, ms } = await room();
      if (provider !== wanted) throw new Error(`the room is at ${provider} and not at ${wanted}`);
      return ms;
    },
    /** Requests auditions until one gets a room at the provider, whose circuit is closed then. */
    untilRoomAt: async (wanted: 'zoom'): Promise<void> => {
      for (let attempt = 0; attempt < 20; attempt += 1) {
        if ((await room()).provider === wanted) return;
        await pause(1_000);
      }
      throw new Error(`no room was created at ${wanted}`);
    },
    circuit: async () => (await repositories.providerHealth.facts('zoom', toInstant(Date.now()))).circuit,
  };
};

const fallbackOf = (measured: readonly number[], targetMs: number): Fallback => {
  const latency = spreadOf(measured);
  return { latency, targetMs, isMet: latency.most <= targetMs };
};
