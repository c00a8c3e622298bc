/** The parts of regular expressions for times. They are in the OpenAPI document, so they are as strict as the parsers. */

const leapDay = String.raw`(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29`;
const otherDay = String.raw`\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))`;

/** A day that exists, of the years 0000 to 9999: `2028-02-29`, but not `2027-02-29`. */
export const dayPattern = `(?:${leapDay}|${otherDay})`;

/** Hours and minutes: `00:00` to `23:59`. */
export const clockPattern = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;

/** Hours and minutes, optionally with seconds of up to three decimals. `24:00` is the end of the day. */
export const preciseClockPattern = String.raw`(?:${clockPattern}(?::[0-5]\d(?:\.\d{1,3})?)?|24:00)`;

/** `Z`, or an offset of at most 14 hours, the widest that any zone has. */
export const offsetPattern = String.raw`(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))`;
