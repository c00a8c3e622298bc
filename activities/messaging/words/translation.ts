/** What the notices say, in each language. The templates hold the form, these hold the words. */
import type { NoticeKind } from '../../../domain/audition/events.ts';
import type { AuditionRound } from '../../../domain/audition/states.ts';

interface Titles {
  readonly project: string;
  readonly role: string;
}

export interface Translation {
  /** The language as HTML's `lang`. */
  readonly lang: string;
  readonly rounds: Readonly<Record<AuditionRound, string>>;
  readonly subject: Readonly<Record<NoticeKind, (titles: Titles) => string>>;
  /** First words of a text message. */
  readonly short: Readonly<Record<NoticeKind, string>>;
  readonly greeting: (name: string) => string;
  /** To the one who is to be seen. */
  readonly toPerformer: Readonly<Record<NoticeKind, (titles: Titles) => string>>;
  /** To everybody else. */
  readonly toOthers: Readonly<Record<NoticeKind, (titles: Titles) => string>>;
  readonly until: (end: string) => string;
  readonly labels: {
    readonly when: string;
    readonly zone: string;
    readonly round: string;
    readonly room: string;
    readonly join: string;
    readonly notes: string;
    readonly reason: string;
  };
  /** What to do with the link. */
  readonly answer: string;
  readonly answerShort: string;
  readonly reference: string;
}
