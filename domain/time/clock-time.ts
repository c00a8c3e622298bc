/** Reads times of day such as `22:00`. */

/** Returns the minutes since midnight. */
export const minutesSinceMidnight = (clock: string): number => {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
};
