/** Reads times of day such as `22:00`. */

/** Returns the minutes since midnight. */
export const minutesSinceMidnight = (clock: string): number => {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
};

/** Returns whether the minute is within the hours, which can extend past midnight. Equal limits mean no hours. */
export const isWithinHours = (
  minuteOfDay: number,
  { from, until }: { readonly from: number; readonly until: number },
): boolean =>
  from <= until ? minuteOfDay >= from && minuteOfDay < until : minuteOfDay >= from || minuteOfDay < until;
