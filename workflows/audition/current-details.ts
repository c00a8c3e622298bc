/**
 * The current details: what an operator reads on top of the workflow's page. Plain words, ids only: what is so, what
 * is waited for, and what a person can do.
 */
import type { AttentionItem } from '../../domain/audition/attention.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import type { AuditionView } from '../../domain/audition/view.ts';

const stateDescriptions: Readonly<Record<AuditionState, string>> = {
  requested: 'Looking whether everybody is free.',
  holding: 'Holding the slot.',
  scheduling: 'Making the meeting, writing the calendars, inviting.',
  scheduled: 'Waiting for answers, then for the session.',
  confirmed: 'Everybody required has accepted. Waiting for the session.',
  in_progress: 'The session is running.',
  awaiting_decision: 'The session is over. Waiting for the decision.',
  closed: 'Closed.',
};

export const renderCurrentDetails = (view: AuditionView): string =>
  [...attentionLines(view.attention), stateLine(view), slotLine(view), answersLine(view)]
    .filter((line) => line !== '')
    .join('\n\n');

const attentionLines = (items: readonly AttentionItem[]): readonly string[] =>
  items.map(
    (item) =>
      `**${headingOf(item)}${item.overdue ? ' (overdue)' : ''}: ${item.step}.** ${item.what} ${item.hint} ` +
      `Resolve \`${item.id}\` with ${item.actions.join(', ')}; due ${item.dueAt}.`,
  );

const headingOf = ({ connection }: AttentionItem): string =>
  connection ? 'Waits until an account is connected again' : 'Needs a person';

const stateLine = (view: AuditionView): string =>
  view.outcome ? `**closed: ${view.outcome}**` : `**${view.state}** ${stateDescriptions[view.state]}`;

const slotLine = (view: AuditionView): string =>
  view.slot
    ? `Slot ${view.slot.start} to ${view.slot.end} (${view.slot.zone}), revision ${view.revision}.`
    : '';

const answersLine = (view: AuditionView): string => {
  const open = view.participants.filter(({ answer, required }) => required && answer === 'none');
  return view.outcome || !view.slot || open.length === 0
    ? ''
    : `No answer yet from ${open.map(({ id, kind }) => `${kind} ${id}`).join(', ')}.`;
};
