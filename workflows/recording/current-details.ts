/** Describes the recordings of a meeting in the Web UI. Contains ids, states and counts only. */
import type { RecordingView } from './messages.ts';

const explanations: Readonly<Record<RecordingView['status'], string>> = {
  expected:
    'The provider has not finished the recording, or does not answer. It reports it, and is asked at intervals.',
  storing: 'The files are being stored. The heartbeat of a running transfer has its progress.',
  stored: 'All files are stored.',
  needs_attention: 'An operator decides: retry or skip.',
  given_up: 'An operator has skipped the recording.',
};

const copies: Readonly<Record<NonNullable<RecordingView['copy']>, string>> = {
  held: 'The copy at the provider is removed when the legal hold ends.',
  delayed: 'The provider did not remove its copy. It is asked again.',
};

/** Returns the state as the workflow's current details, in Markdown. */
export const describeRecording = ({
  status,
  recordings,
  storedFiles,
  copy,
  attention,
}: RecordingView): string =>
  [
    `**${status}**: ${explanations[status]}`,
    `${recordings} recordings found, ${storedFiles} files stored.`,
    ...(copy ? [copies[copy]] : []),
    ...(attention ? [`${attention.what} ${attention.hint}`] : []),
  ].join('\n');
