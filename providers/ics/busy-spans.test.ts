import { describe, expect, it } from 'vitest';
import { calendar, event } from '../../tests/harness/calendar-text.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { createBusySpans } from './busy-spans.ts';
import { type PreparedFeed, prepareFeed } from './busy-times.ts';

/** A feed that counts how often it is expanded. */
const countedFeed = async (...lines: readonly string[]) => {
  const feed = await prepareFeed(calendar(...lines), callContext());
  const counter = { expansions: 0 };
  const counted: PreparedFeed = {
    ...feed,
    calendar: {
      ...feed.calendar,
      eachBusy: (window) => {
        counter.expansions += 1;
        return feed.calendar.eachBusy(window);
      },
    },
  };
  return { feed: counted, counter };
};

const daily = event('DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY');
const startsIn = async (
  spans: ReturnType<typeof createBusySpans>,
  feed: PreparedFeed,
  from: string,
  until: string,
) =>
  (await spans.in(feed, { from, until }, callContext()))?.map(({ start }) => new Date(start).toISOString());

describe('the busy times of a feed', () => {
  it('are expanded once for the same days, and for a window among them', async () => {
    const { feed, counter } = await countedFeed(...daily);
    const spans = createBusySpans();
    const week = ['2026-12-07T09:10:00.000Z', '2026-12-14T09:10:00.000Z'] as const;
    expect(await startsIn(spans, feed, ...week)).toHaveLength(7);
    expect(await startsIn(spans, feed, '2026-12-07T09:11:30.000Z', week[1])).toHaveLength(7);
    expect(await startsIn(spans, feed, '2026-12-08T10:30:00.000Z', '2026-12-08T10:45:00.000Z')).toEqual([
      '2026-12-08T10:00:00.000Z',
    ]);
    expect(counter.expansions).toBe(1);
  });

  it('leave out what only touches the window', async () => {
    const { feed } = await countedFeed(...daily);
    const spans = createBusySpans();
    expect(await startsIn(spans, feed, '2026-12-02T11:00:00.000Z', '2026-12-03T10:00:00.000Z')).toEqual([]);
  });

  it('are expanded again for other days, and for another text', async () => {
    const { feed, counter } = await countedFeed(...daily);
    const spans = createBusySpans();
    await startsIn(spans, feed, '2026-12-07T00:00:00.000Z', '2026-12-08T00:00:00.000Z');
    await startsIn(spans, feed, '2026-12-07T00:00:00.000Z', '2026-12-08T00:00:00.001Z');
    expect(counter.expansions).toBe(2);
    const changed = await countedFeed(...event('DTSTART:20261207T120000Z', 'DURATION:PT1H'));
    expect(
      await startsIn(spans, changed.feed, '2026-12-07T00:00:00.000Z', '2026-12-08T00:00:00.000Z'),
    ).toEqual(['2026-12-07T12:00:00.000Z']);
  });

  it('are remembered for the last three windows, and not when there are thousands', async () => {
    const { feed, counter } = await countedFeed(...daily);
    const spans = createBusySpans();
    const dayOf = (number: number) =>
      startsIn(spans, feed, `2026-12-0${number}T00:00:00.000Z`, `2026-12-0${number}T23:00:00.000Z`);
    for (const number of [1, 2, 3, 4, 4, 3, 2, 1]) await dayOf(number);
    expect(counter.expansions).toBe(5);
    const often = await countedFeed(
      ...event('DTSTART:20261201T000000Z', 'DURATION:PT1M', 'RRULE:FREQ=MINUTELY;INTERVAL=10'),
    );
    for (let round = 0; round < 2; round += 1)
      await startsIn(spans, often.feed, '2026-12-01T00:00:00.000Z', '2026-12-31T00:00:00.000Z');
    expect(often.counter.expansions).toBe(2);
  });

  it('are too many beyond the limit', async () => {
    const series = Array.from({ length: 7 }, (_, second) =>
      event(`DTSTART:20261201T00000${second}Z`, 'DURATION:PT1S', 'RRULE:FREQ=MINUTELY;COUNT=8000'),
    );
    const { feed } = await countedFeed(...series.flat());
    const spans = createBusySpans();
    const found = await startsIn(spans, feed, '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z');
    expect(found).toBeUndefined();
  });
});
