/** The notices that the in-memory activities of workflow tests have sent. */
import type { NoticeFacts, NoticeToSend, SendNoticesInput } from '../../activities/contract.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { Instant } from '../../domain/time/instant.ts';

export type SentNotice = Pick<NoticeToSend, 'key' | 'isEntryByEmail' | 'isEntryDeclined'>;

export interface SentNotices {
  readonly notices: readonly string[];
  /** The keys of the emails that have made the entry of a recipient with a connected calendar. */
  readonly entriesByEmail: readonly string[];
  /** Those to recipients who have declined: they make no entry. */
  readonly noticesToDecliners: readonly string[];
  readonly retractions: readonly string[];
  /** The SEQUENCE of each notice and cancellation, by its key. */
  readonly sequences: ReadonlyMap<string, number>;
}

/** Creates an empty record. */
export const createSentNotices = () => {
  const notices: string[] = [];
  const entriesByEmail: string[] = [];
  const retractions: string[] = [];
  const noticesToDecliners: string[] = [];
  const sequences = new Map<string, number>();
  const noteSequence = (key: string, { sequence = 0 }: Pick<NoticeFacts, 'sequence'>): void => {
    sequences.set(key, sequence);
  };
  const all: SentNotices = { notices, entriesByEmail, noticesToDecliners, retractions, sequences };
  return {
    notices: all,
    noteSequence,
    add({ key, isEntryByEmail, isEntryDeclined }: SentNotice, audition: Pick<NoticeFacts, 'sequence'>): void {
      notices.push(key);
      noteSequence(key, audition);
      if (isEntryByEmail) entriesByEmail.push(key);
      if (isEntryDeclined) noticesToDecliners.push(key);
    },
    /** Returns whether one of the notices was sent. */
    retract(key: string, sentAs: readonly string[]): boolean {
      const isSent = sentAs.some((one) => notices.includes(one));
      if (isSent) retractions.push(key);
      return isSent;
    },
  };
};

/** Returns the facts that the activity appends. */
export const notifiedFacts = (
  sent: readonly NoticeToSend[],
  { notice, audition, at }: Pick<SendNoticesInput, 'notice' | 'audition'> & { readonly at: Instant },
) =>
  // The activity appends in the order of completion, which is not that of its input.
  sent.toReversed().map(({ key, recipient, channel, addressNumber }) => ({
    key,
    at,
    correlationId: 'test',
    fact: {
      type: 'notified',
      participant: recipient.id,
      channel,
      notice,
      revision: audition.revision,
      deliveryId: key,
      ...(audition.changed ? { changed: audition.changed } : {}),
      ...(addressNumber === undefined ? {} : { addressNumber }),
    } satisfies AuditionFact,
  }));
