/** From the patience a request asks for to the policy an audition goes by. */
import { Refusal } from '../errors.ts';
import { readDuration } from '../time/durations.ts';
import { second } from '../time/units.ts';
import { type AuditionPolicy, defaultPolicy } from './policy.ts';
import type { PolicyOverrides } from './request.ts';

/**
 * The least that makes sense, in milliseconds. Nothing at all is a sensible time for what opens or ends at once; for
 * patience it is not: a step would never be tried, or, since Temporal takes 0 for no limit, be tried for ever, and an
 * attention item that is overdue at once would alert without a pause.
 */
const shortest: AuditionPolicy = {
  holdFor: second,
  stepPatience: second,
  meetingPatience: second,
  attentionSla: 60 * second,
  answerWithin: second,
  noShowGrace: 0,
  checkInOpens: 0,
  sessionOverrun: 0,
  decisionWithin: second,
};

const admitted = (name: keyof AuditionPolicy, text: string | undefined): number => {
  if (text === undefined) return defaultPolicy[name];
  const at = [`/policy/${name}`];
  const ms = readDuration(text, at);
  if (ms >= shortest[name]) return ms;
  throw new Refusal(
    'duration_too_short',
    `"${text}" is too short for ${name}.`,
    `Give it ${shortest[name] / second} seconds at least, or leave it out for the default.`,
    at,
  );
};

/** Throws `Refusal` (`invalid_body`, `duration_too_short`) with the pointer of what is meant. */
export const admitPolicy = (overrides: PolicyOverrides): AuditionPolicy => ({
  holdFor: admitted('holdFor', overrides.holdFor),
  stepPatience: admitted('stepPatience', overrides.stepPatience),
  meetingPatience: admitted('meetingPatience', overrides.meetingPatience),
  attentionSla: admitted('attentionSla', overrides.attentionSla),
  answerWithin: admitted('answerWithin', overrides.answerWithin),
  noShowGrace: admitted('noShowGrace', overrides.noShowGrace),
  checkInOpens: admitted('checkInOpens', overrides.checkInOpens),
  sessionOverrun: admitted('sessionOverrun', overrides.sessionOverrun),
  decisionWithin: admitted('decisionWithin', overrides.decisionWithin),
});
