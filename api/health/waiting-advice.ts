/** Describes for an operator what waits at a provider: failing calendars, refused senders, and grants to be revoked. */
import type { WaitingWork } from '../../db/providers/waiting-work.ts';
import type { ConnectionProblemKind } from '../../domain/connections/connection-problem.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day, minute } from '../../domain/time/units.ts';
import { counted, lasting, type Remark } from './phrases.ts';

/** Problems that end by themselves are reported to the platform after this time, too. */
const patienceMs = 15 * minute;
/** Most revocations succeed within minutes. */
const revocationPatienceMs = day;

const problemTexts: Readonly<Record<Exclude<ConnectionProblemKind, 'reconnect'>, string>> = {
  calendar_not_found: 'a calendar that does not exist any more',
  calendar_not_permitted: 'a calendar that may not be read',
  calendar_rejected: 'a calendar that the provider refuses to list',
  calendar_unavailable: 'a calendar that cannot be read now',
  calendar_unreadable: 'a calendar whose answers do not match the documentation of the provider',
  events_unreadable: 'a calendar with damaged events',
  events_too_frequent: 'a calendar with an event that repeats too often',
};

/** Returns one remark for each kind of waiting work. */
export const aboutWaitingWork = (
  name: string,
  { problems, revocations, refusedSenders, refusedSubscriptions }: WaitingWork,
  at: Instant,
): readonly Remark[] => {
  const remarks: Remark[] = [];
  if (refusedSenders > 0) {
    remarks.push({
      text: `${name} does not accept the messages of ${counted(refusedSenders, 'organization', 'organizations')} from us.`,
      action: 'Correct the cause at the provider, or raise the limit there: docs/runbooks/messages.md.',
    });
  }
  for (const { kind, connections, since } of problems) {
    if (kind === 'reconnect') continue;
    const text = `${counted(connections, 'account has', 'accounts have')} ${problemTexts[kind]}, the longest for ${lasting(since, at)}.`;
    if (kind === 'calendar_unreadable')
      remarks.push({
        text,
        action: `Look up the \`unreadableFields\` of the calendars, and read the status page of ${name}: docs/runbooks/calendar-sync.md.`,
      });
    else if (kind !== 'calendar_unavailable')
      remarks.push({
        text,
        action:
          'The owner of the account can put it right: GET /v1/connections lists the problems. See docs/integrations/connecting.md.',
      });
    else if (isOlderThan(patienceMs, since, at))
      remarks.push({
        text,
        action: 'Read why in the log of the workers: docs/runbooks/calendar-sync.md.',
      });
    else remarks.push({ text, nothingNow: 'Nothing now: the calendars are tried again every few minutes.' });
  }
  if (refusedSubscriptions > 0) {
    remarks.push({
      text: `${counted(refusedSubscriptions, 'calendar gets', 'calendars get')} no notifications, because the provider refuses the subscription. Changes are noticed by polling.`,
      action: 'Look up the `pushError` of the calendars: docs/runbooks/calendar-sync.md.',
    });
  }
  const { pending, oldestSince } = revocations;
  if (pending > 0 && oldestSince) {
    remarks.push({
      text: `${counted(pending, 'grant of a disconnected account is', 'grants of disconnected accounts are')} not revoked yet, the oldest for ${lasting(oldestSince, at)}.`,
      ...(isOlderThan(revocationPatienceMs, oldestSince, at)
        ? {
            action: `Ask the owners to remove the app at ${name}: after a week this service stops trying. See docs/integrations/connecting.md.`,
          }
        : { nothingNow: 'Nothing now: the revocation is tried again, at least once an hour.' }),
    });
  }
  return remarks;
};

const isOlderThan = (ms: number, since: Instant, at: Instant): boolean =>
  Date.parse(at) - Date.parse(since) > ms;
