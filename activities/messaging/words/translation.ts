/** The interface of a translation of the notices. The templates contain the layout, the translations the texts. */
import type { NoticeKind } from '../../../domain/audition/events.ts';
import type { AuditionRound } from '../../../domain/audition/states.ts';
import type { NoticeFacts } from '../../contract.ts';

interface Titles {
  readonly project: string;
  readonly role: string;
  /** The vendor of the meeting, when it is news. */
  readonly provider?: string;
}

/** How a notice begins. */
export interface Opening {
  readonly subject: (titles: Titles) => string;
  /** First words of a text message. */
  readonly short: string;
  /** The lead sentence for the performer. */
  readonly toPerformer: (titles: Titles) => string;
  /** The lead sentence for all other participants. */
  readonly toOthers: (titles: Titles) => string;
}

export interface Translation {
  /** The language as HTML's `lang`. */
  readonly lang: string;
  readonly rounds: Readonly<Record<AuditionRound, string>>;
  readonly openings: Readonly<Record<NoticeKind, Opening>>;
  /** The openings of an update of which the time is the same. */
  readonly sameTime: Readonly<
    Record<Exclude<NonNullable<NoticeFacts['changed']>, 'calendar' | 'declined'>, Opening>
  >;
  /** The opening of a cancellation for a recipient who has declined. */
  readonly declined: Opening;
  /** The openings of an update that moves the entry to a connected calendar, or to the email. */
  readonly otherCalendar: Readonly<Record<'connected' | 'byEmail', Opening>>;
  readonly greeting: (name: string) => string;
  readonly until: (end: string) => string;
  readonly labels: {
    readonly when: string;
    readonly zone: string;
    /** The time on the clock of the place, when the recipient's clock differs. */
    readonly atPlace: string;
    readonly round: string;
    readonly room: string;
    readonly join: string;
    /** The number of the conference by phone, when there is no meeting. */
    readonly phone: string;
    /** The place where the audition takes place when there is no meeting. */
    readonly place: string;
    readonly notes: string;
    readonly reason: string;
  };
  /** A colon after a label. In French, a no-break space is before it. */
  readonly colon: string;
  /** The text before the response link, or on its button. */
  readonly answer: string;
  readonly answerButton: string;
  /** The text on the button of the join link. */
  readonly joinButton: string;
  /** The colon after the first words of a text message. A no-break space is no character of GSM-7. */
  readonly shortColon: string;
  readonly answerShort: string;
  /** The text before the join link in a text message. */
  readonly joinShort: string;
  readonly atPlaceShort: string;
  readonly reference: string;
}
