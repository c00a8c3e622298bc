/** Decides at the moment of sending whether a notice is still correct. */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Announcement } from '../../db/auditions/announcements.ts';
import type { SendNoticeInput } from '../contract.ts';

/**
 * Why a notice is not sent any more. The workflow does not ask an operator about it.
 * - `overdue`: a reminder whose slot has begun.
 * - `superseded`: the slot has moved, the meeting has another link, or the audition is closed.
 * - `suppressed`: a reminder by email to a recipient whose last email bounced or was reported as spam.
 */
type Withdrawal = 'overdue' | 'superseded' | 'suppressed';

type Notice = Pick<SendNoticeInput, 'notice' | 'channel' | 'audition'>;

/** Codes of `providers/smtp/webhooks.ts`. The mail service, or its recipient, refuses further messages. */
const suppressingCodes: ReadonlySet<string | undefined> = new Set(['bounced', 'complained', 'suppressed']);

/**
 * Returns why the notice must not be sent; undefined when it still holds. A cancellation always holds.
 * @param now epoch milliseconds.
 */
export const withdrawalOf = (
  { notice, channel, audition }: Notice,
  present: Announcement | undefined,
  now: number,
): Withdrawal | undefined => {
  if (notice === 'cancellation') return undefined;
  const isReminder = notice === 'reminder';
  if (isReminder && now >= Date.parse(audition.slot.start)) return 'overdue';
  if (!present) return undefined;
  if (present.state === 'closed' || isOfOldSlot(audition, present) || isLinkDead(audition, present)) {
    return 'superseded';
  }
  const isSuppressed = channel === 'email' && suppressingCodes.has(present.undeliveredCode);
  return isReminder && isSuppressed ? 'suppressed' : undefined;
};

/** A slot that an aborted move has restored is announced under its earlier revisions too. */
const isOfOldSlot = (
  { revision }: Notice['audition'],
  { revision: presentRevision, announcedAs }: Announcement,
): boolean => revision < presentRevision && !announcedAs.includes(revision);

const isLinkDead = ({ joinUrl }: Notice['audition'], present: Announcement): boolean =>
  joinUrl !== undefined && joinUrl !== present.joinUrl;

const explanations: Readonly<Record<Withdrawal, string>> = {
  overdue: 'the slot has begun; the reminder was not sent',
  superseded: 'the slot, the meeting or the audition has changed; the notice was not sent',
  suppressed: 'an earlier email to the recipient failed; the reminder was not sent',
};

/** Creates the non-retryable failure of a withdrawn notice. Its type is the reason. */
export const withdrawnFailure = (reason: Withdrawal): ApplicationFailure =>
  ApplicationFailure.create({
    type: reason,
    message: explanations[reason],
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });
