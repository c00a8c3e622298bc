/** Writes numbers and times for operators. */
import type { Instant } from '../../domain/time/instant.ts';

/** What the health page says about one fact. */
export interface Remark {
  readonly text: string;
  /** What an operator can do about it. */
  readonly action?: string | undefined;
  /** Why an operator need not do anything yet. Shown only when no other remark has an action. */
  readonly nothingNow?: string | undefined;
}

/** Returns a summary of all remarks, and the first action. Without one, the first reason to wait. */
export const summaryOf = (
  remarks: readonly Remark[],
): { readonly summary: string; readonly whatToDo: string } => ({
  summary: remarks.map(({ text }) => text).join(' '),
  whatToDo:
    remarks.find(({ action }) => action !== undefined)?.action ??
    remarks.find(({ nothingNow }) => nothingNow !== undefined)?.nothingNow ??
    'Nothing.',
});

/** Returns the number with its noun. */
export const counted = (count: number, singular: string, plural: string): string =>
  `${count} ${count === 1 ? singular : plural}`;

/** Formats an instant: `2026-11-25 09:00:00 UTC`. */
export const time = (at: Instant): string => `${at.slice(0, 19).replace('T', ' ')} UTC`;

/** Returns the time since then in words: `5 minutes`. */
export const lasting = (then: Instant, now: Instant): string =>
  lastingSeconds(Math.max(0, Math.round((Date.parse(now) - Date.parse(then)) / 1_000)));

/** Returns the duration in words. */
export const lastingSeconds = (seconds: number): string => {
  if (seconds < 90) return counted(Math.round(seconds), 'second', 'seconds');
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
};
