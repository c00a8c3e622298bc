/** From the patience a request asks for to the policy an audition goes by. */
import { Refusal } from '../errors.ts';
import { parseDuration } from '../time/durations.ts';
import { second } from '../time/units.ts';
import { type AuditionPolicy, defaultPolicy } from './policy.ts';
import type { PolicyOverrides } from './request.ts';

/**
 * The least that makes sense, in milliseconds. Nothing at all is a sensible time for what opens or ends at once; for
 * patience it is not: a step would never be tried, or, since Temporal takes 0 for no limit, be tried for ever, and an
 * attention item that is overdue at once would alert without a pause.
 */
const minimumPolicy: AuditionPolicy = {
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

const resolveDuration = (name: keyof AuditionPolicy, text: string | undefined): number => {
  if (text === undefined) return defaultPolicy[name];
  const pointers = [`/policy/${name}`];
  const ms = parseDuration(text, pointers);
  if (ms >= minimumPolicy[name]) return ms;
  throw new Refusal(
    'duration_too_short',
    `"${text}" is too short for ${name}.`,
    `Give it ${minimumPolicy[name] / second} seconds at least, or leave it out for the default.`,
    pointers,
  );
};

/** Throws `Refusal` (`invalid_body`, `duration_too_short`) with the pointer of what is meant. */
export const resolvePolicy = (overrides: PolicyOverrides): AuditionPolicy => ({
  holdFor: resolveDuration('holdFor', overrides.holdFor),
  stepPatience: resolveDuration('stepPatience', overrides.stepPatience),
  meetingPatience: resolveDuration('meetingPatience', overrides.meetingPatience),
  attentionSla: resolveDuration('attentionSla', overrides.attentionSla),
  answerWithin: resolveDuration('answerWithin', overrides.answerWithin),
  noShowGrace: resolveDuration('noShowGrace', overrides.noShowGrace),
  checkInOpens: resolveDuration('checkInOpens', overrides.checkInOpens),
  sessionOverrun: resolveDuration('sessionOverrun', overrides.sessionOverrun),
  decisionWithin: resolveDuration('decisionWithin', overrides.decisionWithin),
});
