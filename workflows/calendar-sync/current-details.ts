/** Describes a synchronisation in the Web UI. Contains ids, states and counts only. */
import type { CalendarSyncView } from './messages.ts';

const explanations: Readonly<Record<CalendarSyncView['status'], string>> = {
  starting: 'The first round has not ended yet.',
  listing: 'All events are being listed.',
  in_sync: 'The calendars are synchronized.',
  needs_reauthorization:
    'The owner must connect the account again. The synchronisation then continues by itself.',
  failing:
    'A calendar has failed for ten minutes, or the last round has: see the errors below, or the failed activity. It is tried again within minutes.',
  ended: 'No open audition uses the calendars, or the account is disconnected.',
};

const shownFindings = 20;

/** Returns the state as the workflow's current details, in Markdown. */
export const describeSync = ({
  status,
  calendars,
  rounds,
  syncedAt,
  findings = [],
}: CalendarSyncView): string =>
  [
    `**${status}**: ${explanations[status]}`,
    `${rounds} rounds, the last successful one at ${syncedAt ?? 'no time yet'}.`,
    ...calendars.map(
      ({ calendar, state, listedCount, error, unreadableFields: fields, pushError }) =>
        `- ${calendar}: ${state}, ${listedCount} events in the last listing` +
        `${error ? `, **${error}**` : ''}${fields ? ` (${fields})` : ''}${pushError ? `, polled only (${pushError})` : ''}`,
    ),
    ...(findings.length > 0 ? [`The last reconciliation with findings has found ${findings.length}:`] : []),
    ...findings
      .slice(0, shownFindings)
      .map(
        ({ auditionId, fault, repair, failure }) =>
          `- ${auditionId}: ${fault}, ${failure ? `**not repaired** (${failure})` : repair}`,
      ),
  ].join('\n');
