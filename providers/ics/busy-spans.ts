/** Remembers when feeds are busy in the windows that were asked for last: people search the same weeks several times. */
import { day } from '../../domain/time/units.ts';
import { mergeSpans } from '../icalendar/prepared-calendar.ts';
import type { Span } from '../icalendar/series.ts';
import type { CallContext } from '../ports.ts';
import { busyPartsOf, type PreparedFeed } from './busy-times.ts';
import { maxBusyTimes, mostRememberedSpans, rememberedWindows } from './settings.ts';

interface Window {
  readonly from: string;
  readonly until: string;
}

export interface BusySpans {
  /**
   * Returns the busy times that overlap the window, merged and in order; undefined when the feed has more than
   * `maxBusyTimes`.
   */
  in(
    feed: PreparedFeed,
    window: Window,
    call: Pick<CallContext, 'signal'>,
  ): Promise<readonly Span[] | undefined>;
}

/** Creates the memory of one process. It forgets a feed together with the text that it was read from. */
export const createBusySpans = (): BusySpans => {
  const remembered = new WeakMap<PreparedFeed, readonly Remembered[]>();
  return {
    in: async (feed, window, call) => {
      const asked: Span = { start: Date.parse(window.from), end: Date.parse(window.until) };
      const known = remembered.get(feed) ?? [];
      const latest = known.find((one) => covers(one.window, asked)) ?? (await expand(feed, asked, call));
      if (!latest) return undefined;
      if (latest.spans.length <= mostRememberedSpans)
        remembered.set(feed, [latest, ...known.filter((one) => one !== latest)].slice(0, rememberedWindows));
      return latest.spans.filter(({ start, end }) => start < asked.end && end > asked.start);
    },
  };
};

interface Remembered {
  readonly window: Span;
  readonly spans: readonly Span[];
}

const covers = (outer: Span, { start, end }: Span): boolean => outer.start <= start && end <= outer.end;

const expand = async (
  feed: PreparedFeed,
  asked: Span,
  call: Pick<CallContext, 'signal'>,
): Promise<Remembered | undefined> => {
  const window = wholeDays(asked);
  const [from, until] = [new Date(window.start).toISOString(), new Date(window.end).toISOString()];
  const parts = await busyPartsOf(feed, { from, until }, maxBusyTimes, call);
  return parts && { window, spans: mergeSpans(parts) };
};

/** Widens the window to whole days of UTC, so that a search that begins "now" finds what the last one has read. */
const wholeDays = ({ start, end }: Span): Span => ({
  start: Math.floor(start / day) * day,
  end: Math.ceil(end / day) * day,
});
