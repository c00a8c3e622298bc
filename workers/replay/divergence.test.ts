import { expect, it } from 'vitest';
import { coreMessageOf, parseDivergence } from './divergence.ts';

/** Returns a message as the SDK's core formats it inside the SDK's error. */
const fromCore = (message: string) =>
  `Replay failed with a nondeterminism error. Details: Workflow activation completion failed: Failure { failure: ` +
  `Some(Failure { message: "[TMPRL1100] Nondeterminism error: ${message}", source: "", stack_trace: "", ` +
  `encoded_attributes: None, cause: None }), force_cause: NonDeterministicError }`;

it.each([
  [
    'Timer machine does not handle this event: HistoryEvent(id: 16, ActivityTaskScheduled)',
    16,
    'start a timer',
  ],
  [
    'Complete workflow machine does not handle this event: HistoryEvent(id: 7, TimerStarted)',
    7,
    'complete the workflow',
  ],
  [
    'Local activity machine cannot handle this event: HistoryEvent(id: 5, TimerStarted)',
    5,
    'run a local activity',
  ],
  [
    'No command scheduled for event HistoryEvent(id: 22, WorkflowExecutionCompleted)',
    22,
    'nothing: the code waits',
  ],
  [
    "Activity type of scheduled event 'sendNotice' does not match activity type of activity command 'findBusy'",
    undefined,
    'schedule the activity findBusy',
  ],
  [
    "Activity type of recorded marker 'holdSlot' does not match activity type of local activity command 'confirmHold'",
    undefined,
    'run the local activity confirmHold',
  ],
  [
    "Child workflow type of scheduled event 'audition' does not match child workflow type of command 'campaign'",
    undefined,
    'start the child workflow campaign',
  ],
  ['Missing associated machine for LocalActivity(1)', undefined, 'not run this local activity'],
  ['A message of a future release', undefined, 'something else'],
])('parseDivergence describes: %s', (message, eventId, now) => {
  expect(parseDivergence(fromCore(message))).toEqual({ eventId, now, reason: message });
});

it('coreMessageOf contains the position at which the code threw', () => {
  const message =
    'Details: Failure { message: "it\\\'s a \\"bug\\"", stack_trace: "TypeError: it\\n    at audition (workflows/audition/run.ts:40:19)\\n" }';
  expect(coreMessageOf(message)).toBe('it\'s a "bug" (workflows/audition/run.ts:40:19)');
});

it('coreMessageOf returns a message of an unknown form unchanged', () => {
  expect(coreMessageOf('the replay worker stopped')).toBe('the replay worker stopped');
});
