/**
 * Measures whole searches among large feeds: the answer of the API, and the claim of an audition's first slot. In contrast to
 * `slots.ts`, connections, addresses, copies of the feeds and holds are read as in a request.
 */
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createCalendarReader } from '../../../activities/calendar/calendar-reader.ts';
import { createClaimSlot } from '../../../activities/calendar/claim-slot.ts';
import type { CalendarToRead, ClaimSlotInput, ClaimSlotResult } from '../../../activities/contract.ts';
import { participantSchema } from '../../../domain/audition/request.ts';
import { toInstant } from '../../../domain/time/epoch.ts';
import { day, second } from '../../../domain/time/units.ts';
import { createAccessTokens } from '../../../providers/oauth/access-tokens.ts';
import { createProviders } from '../../../providers/registry.ts';
import { newAuditionId, numbered, requested, trail } from '../../harness/audition-trail.ts';
import { findFreePort } from '../../harness/free-port.ts';
import { calendarOf } from '../../harness/large-calendar.ts';
import { keys, organization, type ServiceUnderTest } from '../../harness/service.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { eventsEach, expansionOf, participants, targetMs, targetRatio, warmUpRounds } from './slots.ts';

/**
 * `otherWeeks`: `POST /v1/availability` for a window that the process has not been asked for. `availability`: the same
 * request for the window of the last search. `claim`: the claim of a first slot in that window.
 */
type Search = 'otherWeeks' | 'availability' | 'claim';

export interface SearchFigures {
  /** Milliseconds. */
  readonly took: Readonly<Record<Search, Spread>>;
  /** Milliseconds of the expansion alone. */
  readonly expansion: Spread;
  /** The ratios to the expansion in each round. */
  readonly ratio: Readonly<Record<Search, Spread>>;
  readonly targetMs: number;
  readonly targetRatio: number;
  /** Whether the searches in a known window meet both targets. */
  readonly isMet: boolean;
}

export const describeSearches = (rounds: number): string =>
  `
The same search as a whole: POST /v1/availability, and the claim of a first slot with its activity, both with PostgreSQL. Each
participant has one feed that counts as busy. Each search is made in weeks that were not asked for before, and again. ${rounds} rounds after ${warmUpRounds} warm-up rounds.`.trim();

/** The events of the calendars are around this day, at midnight in UTC. */
const from = Math.floor(Date.now() / day) * day + 60 * day;
const window = { start: from, end: from + 31 * day };

export const measureSearches = async (service: ServiceUnderTest, rounds: number): Promise<SearchFigures> => {
  const texts = Array.from({ length: participants }, (_, n) => calendarOf(eventsEach, from, n + 1));
  const feeds = await serve(texts);
  try {
    const calendars: CalendarToRead[] = [];
    for (const [index] of texts.entries()) {
      const connection = await connectFeed(service, `${feeds.url}/${index}`);
      calendars.push({ provider: 'ics', connection, calendarId: 'primary', isBusyOnly: true });
    }
    const expand = expansionOf(texts, window);
    const claim = claimWith(service, calendars);
    const measured: Record<Search | 'expansion', number>[] = [];
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      const expansion = await timeOf(async () => expand());
      const find = (daysEarlier: number) =>
        timeOf(() => findAvailability(service, calendars, earlier(window, daysEarlier), round < 0));
      // After three other windows, the process has forgotten this one.
      for (const daysEarlier of [1, 2, 3]) await find(daysEarlier);
      const otherWeeks = await find(0);
      const availability = await find(0);
      const claimed = await timeOf(() => claim(round < 0));
      if (round >= 0) measured.push({ otherWeeks, availability, claim: claimed, expansion });
    }
    const took = bySearch((name) => spreadOf(measured.map((round) => round[name])));
    const ratio = bySearch((name) => spreadOf(measured.map((round) => round[name] / round.expansion)));
    return {
      took,
      expansion: spreadOf(measured.map(({ expansion }) => expansion)),
      ratio,
      targetMs,
      targetRatio,
      isMet: (['availability', 'claim'] as const).every(
        (name) => took[name].median < targetMs && ratio[name].median <= targetRatio,
      ),
    };
  } finally {
    feeds.close();
  }
};

const earlier = ({ start, end }: typeof window, days: number): typeof window => ({
  start: start - days * day,
  end: end - days * day,
});

const bySearch = (figureOf: (search: Search) => Spread): Readonly<Record<Search, Spread>> => ({
  otherWeeks: figureOf('otherWeeks'),
  availability: figureOf('availability'),
  claim: figureOf('claim'),
});

/** Serves the texts under their index, as publishers do that know whether a copy is still up to date. */
const serve = async (texts: readonly string[]) => {
  const port = await findFreePort();
  const server = createServer((request, response) => {
    const text = texts[Number(request.url?.slice(1))] ?? '';
    const etag = `"${request.url}"`;
    const isKnown = request.headers['if-none-match'] === etag;
    response.writeHead(isKnown ? 304 : 200, { etag, 'content-type': 'text/calendar' });
    response.end(isKnown ? undefined : text);
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, close };
};

const connectFeed = async ({ database }: ServiceUnderTest, address: string) => {
  const connected = await database.repositories.connections.connect({
    organization,
    owner: undefined,
    provider: 'ics',
    grant: {
      account: { id: address, name: address },
      scopes: [],
      credential: { kind: 'feed_address', address },
    },
  });
  if (connected.kind !== 'connected') throw new Error('the feed was not connected');
  return connected.id;
};

const localTime = (ms: number): string => toInstant(ms).slice(0, 16);

const findAvailability = async (
  { url }: ServiceUnderTest,
  calendars: readonly CalendarToRead[],
  { start, end }: { readonly start: number; readonly end: number },
  isWarmUp: boolean,
): Promise<void> => {
  const response = await fetch(`${url}/v1/availability`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys.backend}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      slot: {
        earliest: localTime(start),
        latest: localTime(end),
        durationMinutes: 30,
        zone: 'UTC',
      },
      participants: calendars.map(({ provider, connection, calendarId }, index) => ({
        id: `person-${index}`,
        zone: 'Europe/Paris',
        busyCalendars: [{ provider, connection, calendarId }],
      })),
      limit: 10,
    }),
  });
  const answer = await response.text();
  if (response.ok) return;
  if (!isWarmUp) throw new Error(`the search was refused: ${answer}`);
  // The feeds are being parsed in this process: the API is overloaded, or its search has ended at the deadline.
  await setTimeout(second);
};

/** Returns the function that claims the first slot of another audition, and releases it. */
const claimWith = ({ database, configuration }: ServiceUnderTest, calendars: readonly CalendarToRead[]) => {
  const { repositories } = database;
  const providers = createProviders(configuration);
  const { oauth: authorizers } = providers.authorizers;
  const accessTokens = createAccessTokens({ store: repositories.connections, authorizers });
  const reader = createCalendarReader({ repositories, providers, accessTokens });
  const { claimSlot } = createClaimSlot({ repositories, tellSlotTaken: async () => {} }, reader);
  const people = calendars.map(({ provider, connection, calendarId }, index) =>
    participantSchema.parse({
      id: `person-${index}`,
      kind: 'performer',
      name: 'Ada',
      zone: 'Europe/Paris',
      channels: ['email'],
      busyCalendars: [{ provider, connection, calendarId }],
    }),
  );
  return async (isWarmUp: boolean): Promise<void> => {
    const auditionId = newAuditionId();
    const input: ClaimSlotInput = {
      organization,
      auditionId,
      correlationId: 'bench',
      trail: numbered(trail([requested(auditionId, organization), { type: 'holding_started' }])),
      wish: {
        kind: 'window',
        earliest: toInstant(window.start),
        latest: toInstant(window.end),
        durationMinutes: 30,
        zone: 'UTC',
      },
      claim: 1,
      participants: people,
      calendars,
      busy: [],
      reminders: [],
      heldAs: 3,
    };
    const result: ClaimSlotResult = await new MockActivityEnvironment().run(
      (claimed: ClaimSlotInput) => claimSlot(claimed),
      input,
    );
    if (result.kind === 'unreadable' && !isWarmUp) throw new Error('a feed could not be read');
    await repositories.holds.releaseAll(auditionId);
  };
};

const timeOf = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};
