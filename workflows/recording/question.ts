/** A question to an operator, and its attention item. */
import { workflowInfo } from '@temporalio/workflow';
import type { FoundRecording } from '../../activities/contract.ts';
import type { AttentionItem } from '../../domain/audition/attention.ts';
import type { MissingReason } from '../../domain/recordings/recording.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { hour } from '../../domain/time/units.ts';
import type { RecordingInput } from './messages.ts';
import type { Explanation } from './missing.ts';

/** An attention item alerts again after this time. */
export const attentionSlaMs = 4 * hour;

/** What an operator is asked. */
export interface Question {
  readonly texts: Explanation;
  readonly code: string;
  /** Those that the question is about. Empty when the provider lists none. */
  readonly recordings: readonly FoundRecording[];
  /** Undefined: everything is stored, and the question is about the copy at the provider. */
  readonly missing?: MissingReason | undefined;
  /** The question is settled when it holds. */
  readonly orUntil?: (() => boolean) | undefined;
}

/** Returns the attention item of a question. @param number makes the id unique in the run */
export const createItem = (
  { provider, meetingId }: RecordingInput,
  number: number,
  { texts: { what, hint }, code, recordings }: Question,
): AttentionItem => ({
  what: `${what} ${named(provider, meetingId, recordings)}`,
  hint,
  id: `att_rec-${workflowInfo().runId.replaceAll('-', '').slice(0, 24)}-${number}`,
  step: 'recording',
  actions: ['retry', 'skip'],
  code,
  provider,
  recorded: { meetingId, recordings: recordings.map(({ id, startedAt }) => ({ id, startedAt })) },
  raisedAt: toInstant(Date.now()),
  dueAt: toInstant(Date.now() + attentionSlaMs),
  overdue: false,
});

/** Says which of the recordings the item is about: an audition can have several meetings, and a meeting several recordings. */
const named = (
  provider: RecordingInput['provider'],
  meetingId: string,
  recordings: readonly FoundRecording[],
): string => {
  const ofRecordings = recordings.map(({ id, startedAt }) => (startedAt ? `${id} (${startedAt})` : id));
  return [`Meeting ${meetingId} on ${provider}`, ...ofRecordings].join(', ').concat('.');
};
