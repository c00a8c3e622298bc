/**
 * What the SDK's core says when a history and the code part ways, in words. The messages are those of
 * `sdk-core/src/worker/workflow/machines`; one that is not known here is given as it is.
 */

/** What the code does now in place of what is recorded, and at which event where core names it. */
interface Divergence {
  readonly eventId?: number | undefined;
  readonly now: string;
  /** Core's own words. */
  readonly reason: string;
}

/** `<machine> does not handle this event`: the code has produced that machine's command. */
const commandOf: Readonly<Record<string, string>> = {
  Activity: 'schedule an activity',
  Timer: 'start a timer',
  'Local activity': 'run a local activity',
  'Child workflow': 'start a child workflow',
  'Complete workflow': 'complete the workflow',
  'Fail workflow': 'fail the workflow',
  'Cancel workflow': 'end the workflow as cancelled',
  'Continue as new workflow': 'continue as new',
  'Cancel external WF': 'cancel another workflow',
  'Signal external WF': 'signal another workflow',
  'Upsert search attributes': 'set search attributes',
  'Modify workflow properties': 'change the memo',
  Patch: 'ask for a patch that this history does not have',
  Update: 'accept or answer an update',
};

type Reading = (found: readonly string[]) => Omit<Divergence, 'reason'>;

const readings: readonly (readonly [RegExp, Reading])[] = [
  [
    /(\w[\w ]*?) machine (?:does not|cannot) handle this event: HistoryEvent\(id: (\d+)/,
    ([, machine = '', eventId]) => ({ eventId: Number(eventId), now: commandOf[machine] ?? machine }),
  ],
  [
    /No command scheduled for event HistoryEvent\(id: (\d+)/,
    ([, eventId]) => ({ eventId: Number(eventId), now: 'nothing: it waits' }),
  ],
  [
    /Activity type of scheduled event '[^']*' does not match activity type of activity command '([^']*)'/,
    ([, type]) => ({ now: `schedule the activity ${type}` }),
  ],
  [
    /of recorded marker '[^']*' does not match activity \w+ of local activity command '([^']*)'/,
    ([, type]) => ({ now: `run the local activity ${type}` }),
  ],
  [
    /Child workflow \w+ of scheduled event '[^']*' does not match child workflow \w+ of command '([^']*)'/,
    ([, child]) => ({ now: `start the child workflow ${child}` }),
  ],
  [/Missing associated machine for LocalActivity\((\d+)\)/, () => ({ now: 'not run this local activity' })],
];

/** @param message of the `DeterminismViolationError` that the SDK throws. */
export const parseDivergence = (message: string): Divergence => {
  const reason = coreMessageOf(message);
  for (const [pattern, read] of readings) {
    const found = pattern.exec(reason);
    if (found) return { ...read(found), reason };
  }
  return { now: 'something else', reason };
};

/** The sentence inside Rust's debug output of a failure, with the place in our code where the code threw. */
export const coreMessageOf = (message: string): string => {
  const sentence = (quotedIn(message, 'message') ?? message).replace(
    /^\[TMPRL1100\] Nondeterminism error: /,
    '',
  );
  const [thrownAt] = /\(?[^\s(]+\.ts:\d+:\d+\)?/.exec(quotedIn(message, 'stack_trace') ?? '') ?? [];
  return thrownAt ? `${sentence} ${thrownAt}` : sentence;
};

const quotedIn = (debugOutput: string, field: string): string | undefined => {
  const [, quoted] = new RegExp(`${field}: "((?:[^"\\\\]|\\\\.)*)"`).exec(debugOutput) ?? [];
  return quoted?.replaceAll('\\n', '\n').replaceAll(/\\(["'\\])/g, '$1');
};
