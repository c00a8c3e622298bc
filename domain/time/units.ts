/** Lengths of time in milliseconds. Imports nothing, so that workflow code can use it. */
export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
/** 24 hours. The calendar days of a zone can be an hour longer or shorter. */
export const day = 24 * hour;
