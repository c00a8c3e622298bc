/**
 * The labels that distinguish the idempotency keys of an audition's notices, calendar events and room bookings: `r1`,
 * `r2:added-4`. They are built and read here only. A run that takes over an audition reads them from the ledger and from the
 * trail, so the text of a kind never changes.
 */

export type Label = { readonly revision: number } & (
  | { readonly kind: 'slot' | 'backup' | 'again' }
  | {
      /**
       * - `added`: for a change of the cast. The number is that of its claim.
       * - `entry`: the calendar entry has moved to a connected calendar. The number is that of the last fact.
       */
      readonly kind: 'added' | 'entry';
      readonly number: number;
      /** The email that made the entry beside a written event, when the notice corrects it: `update-r1:m2`. */
      readonly after?: string | undefined;
    }
  | {
      /**
       * - `removed`: for a change of the cast. The number is that of its claim.
       * - `rejoined`: the participant does not decline any more. The number is that of the last fact.
       * - `restored`: an event or booking that the calendar has lost. The number is that of the last fact.
       * - `meeting`: another meeting, or another address of it. The number is that of its request, or of the last fact.
       */
      readonly kind: 'removed' | 'rejoined' | 'restored' | 'meeting';
      readonly number: number;
    }
  /** The time of the answer, in milliseconds. */
  | { readonly kind: 'declined'; readonly answeredAt?: number | undefined }
  /** How long before the start the reminder was planned, in milliseconds. */
  | { readonly kind: 'reminder'; readonly offsetMs: number }
  /** Sent on another channel. Earlier versions have the place of the notice in the view instead of the delivery's id. */
  | { readonly kind: 'instead'; readonly undelivered: string | number }
);

/** Returns the text of the label. `readLabel` is its inverse. */
export const labelText = (label: Label): string => {
  const rest = restOf(label);
  return `r${label.revision}${rest === '' ? '' : `:${rest}`}`;
};

const restOf = (label: Label): string => {
  switch (label.kind) {
    case 'slot':
      return '';
    case 'backup':
    case 'again':
      return label.kind;
    case 'added':
    case 'entry':
      return `${label.kind}-${label.number}${label.after === undefined ? '' : `:${label.after}`}`;
    case 'removed':
    case 'rejoined':
    case 'restored':
      return `${label.kind}-${label.number}`;
    case 'meeting':
      return `m${label.number}`;
    case 'declined':
      return label.answeredAt === undefined ? label.kind : `${label.kind}-${label.answeredAt}`;
    case 'reminder':
      return String(label.offsetMs);
    case 'instead':
      return `${label.kind}:${label.undelivered}`;
  }
};

/** Returns the label, or undefined when the text is none. */
export const readLabel = (text: string): Label | undefined => {
  const [, number, rest = ''] = /^r(\d+)(?::(.+))?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const revision = Number(number);
  if (rest === '') return { revision, kind: 'slot' };
  if (rest === 'backup' || rest === 'again') return { revision, kind: rest };
  if (rest === 'declined') return { revision, kind: rest };
  return readNumbered(revision, rest);
};

const readNumbered = (revision: number, rest: string): Label | undefined => {
  const [, kind = '', digits, after] = /^([a-z]*)-?(\d+)(?::(.+))?$/.exec(rest) ?? [];
  const number = Number(digits);
  if (kind === 'added' || kind === 'entry')
    return { revision, kind, number, ...(after === undefined ? {} : { after }) };
  const undelivered = /^instead:(.+)$/.exec(rest)?.[1];
  if (undelivered !== undefined) return { revision, kind: 'instead', undelivered };
  if (digits === undefined || after !== undefined) return undefined;
  if (kind === 'removed' || kind === 'rejoined' || kind === 'restored') return { revision, kind, number };
  if (kind === 'm') return { revision, kind: 'meeting', number };
  if (kind === 'declined') return { revision, kind, answeredAt: number };
  return kind === '' ? { revision, kind: 'reminder', offsetMs: number } : undefined;
};
