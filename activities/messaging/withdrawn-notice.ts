/** Decides at the moment of sending whether a notice is still correct, and whether its address takes messages. */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Announcement } from '../../db/auditions/announcements.ts';
import { isNeedlessMove } from './calendar-part.ts';
import type { PreparedNotice } from './channel.ts';

/**
 * Why a notice is not sent any more. The workflow asks an operator only about a suppressed address.
 * - `overdue`: a reminder whose slot has begun.
 * - `superseded`: the slot has moved, the meeting has another link, the audition is closed, or the recipient has no entry whose
 *   move the notice could tell.
 * - `suppressed`: an email of the organization to this address bounced for good, or was reported as spam.
 */
type Withdrawal = 'overdue' | 'superseded' | 'suppressed';

type Notice = Pick<PreparedNotice, 'notice' | 'audition' | 'recipient' | 'calendarPart'>;

/**
 * Returns why the notice must not be sent; undefined when it still holds. A cancellation always tells the present.
 * @param now epoch milliseconds.
 */
export const withdrawalOf = (
  planned: Notice,
  present: Announcement | undefined,
  now: number,
): Withdrawal | undefined => {
  const { notice, audition } = planned;
  if (notice === 'reminder' && now >= Date.parse(audition.slot.start)) return 'overdue';
  if (isNeedlessMove(planned)) return 'superseded';
  if (!present) return undefined;
  if (notice !== 'cancellation' && isSuperseded(audition, present)) return 'superseded';
  return present.suppression === undefined ? undefined : 'suppressed';
};

const isSuperseded = (audition: Notice['audition'], present: Announcement): boolean =>
  present.state === 'closed' || isOfOldSlot(audition, present) || isLinkDead(audition, present);

/** A slot that an aborted move has restored is announced under its earlier revisions too. */
const isOfOldSlot = (
  { revision }: Notice['audition'],
  { revision: presentRevision, announcedAs }: Announcement,
): boolean => revision < presentRevision && !announcedAs.includes(revision);

/** A join link leads to the present meeting, whatever provider it is on. */
const isLinkDead = ({ joinUrl, joinLink }: Notice['audition'], present: Announcement): boolean =>
  !joinLink && joinUrl !== undefined && joinUrl !== present.joinUrl;

const explanations: Readonly<Record<Withdrawal, string>> = {
  overdue: 'the slot has begun; the reminder was not sent',
  superseded: 'the slot, the meeting or the audition has changed; the notice was not sent',
  suppressed: 'an earlier email to the address bounced or was reported as spam; the notice was not sent',
};

/** Creates the non-retryable failure of a withdrawn notice. Its type is the reason. */
export const withdrawnFailure = (reason: Withdrawal): ApplicationFailure =>
  ApplicationFailure.create({
    type: reason,
    message: explanations[reason],
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });
