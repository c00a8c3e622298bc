/**
 * Renders the current details, which Temporal's Web UI shows at the top of the workflow's page: what an operator can do, what the
 * audition is about, its state, and what it waits for. Of persons, it contains ids only.
 */
import type { AttentionItem } from '../../domain/audition/attention.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import type { AuditionView } from '../../domain/audition/view.ts';

const stateDescriptions: Readonly<Record<AuditionState, string>> = {
  requested: 'Received.',
  holding: 'Checking the calendars and holding a slot.',
  scheduling: 'Creating the meeting, writing the calendar events, sending the invitations.',
  scheduled: 'Waiting for answers, then for the session.',
  confirmed: 'All required participants have accepted. Waiting for the session.',
  in_progress: 'The session is running.',
  awaiting_decision: 'The session is over. Waiting for the decision.',
  closed: 'Closed.',
};

/**
 * Returns the current details as Markdown, with the open attention items first.
 * @param summary what the audition is about (`summaryOf`)
 */
export const renderCurrentDetails = (view: AuditionView, summary: string): string =>
  [...attentionLines(view.attention), stateLine(view, summary), slotLine(view), answersLine(view)]
    .filter((line) => line !== '')
    .join('\n\n');

const attentionLines = (items: readonly AttentionItem[]): readonly string[] =>
  items.map(
    (item) =>
      `**${headingOf(item)}${item.overdue ? ' (overdue)' : ''}: ${item.step}.** ${item.what} ${item.hint} ` +
      `Resolve \`${item.id}\` with ${item.actions.join(', ')}; due ${item.dueAt}.`,
  );

const headingOf = ({ connection }: AttentionItem): string =>
  connection ? 'Waits until an account is connected again' : 'Needs an operator';

const stateLine = (view: AuditionView, summary: string): string =>
  view.outcome
    ? `**closed: ${view.outcome}** ${summary}.`
    : `**${view.state}** ${summary}. ${stateDescriptions[view.state]}`;

const slotLine = (view: AuditionView): string =>
  view.slot
    ? `Slot ${view.slot.start} to ${view.slot.end} (${view.slot.zone}), revision ${view.revision}.`
    : '';

const answersLine = (view: AuditionView): string => {
  const unanswered = view.participants.filter(({ answer, required }) => required && answer === 'none');
  return view.outcome || !view.slot || unanswered.length === 0
    ? ''
    : `No answer yet from ${unanswered.map(({ id, kind }) => `${kind} ${id}`).join(', ')}.`;
};
