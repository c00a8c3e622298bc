/** Busy times as a calendar tells them: it merges neighbours and cuts off what reaches beyond the question. */
import type { BusyInterval } from './slot.ts';

/** The busy times less one interval: what is left of each that the interval lies in or reaches into. */
export const without = (busy: readonly BusyInterval[], hole: BusyInterval): readonly BusyInterval[] =>
  busy.flatMap(({ start, end }) =>
    [
      { start, end: end < hole.start ? end : hole.start },
      { start: start > hole.end ? start : hole.end, end },
    ].filter((left) => left.start < left.end),
  );
