/**
 * Parses the messages of the SDK's core about a divergence between a history and the code. The messages are defined in
 * `sdk-core/src/worker/workflow/machines`. An unknown message is returned unchanged as the reason.
 */

/** What the code does now instead of the recorded event. */
interface Divergence {
  /** The event at which they differ, when the message contains it. */
  readonly eventId?: number | undefined;
  readonly now: string;
  /** The message of the SDK's core. */
  readonly reason: string;
}

/** The command that the code has produced, by the machine in `<machine> does not handle this event`. */
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

type Interpretation = (found: readonly string[]) => Omit<Divergence, 'reason'>;

const patterns: readonly (readonly [RegExp, Interpretation])[] = [
  [
    /(\w[\w ]*?) machine (?:does not|cannot) handle this event: HistoryEvent\(id: (\d+)/,
    ([, machine = '', eventId]) => ({ eventId: Number(eventId), now: commandOf[machine] ?? machine }),
  ],
  [
    /No command scheduled for event HistoryEvent\(id: (\d+)/,
    ([, eventId]) => ({ eventId: Number(eventId), now: 'nothing: the code waits' }),
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

/**
 * Returns the divergence that an error of the SDK describes.
 * @param message the message of the `DeterminismViolationError`.
 */
export const parseDivergence = (message: string): Divergence => {
  const reason = coreMessageOf(message);
  for (const [pattern, interpret] of patterns) {
    const found = pattern.exec(reason);
    if (found) return { ...interpret(found), reason };
  }
  return { now: 'something else', reason };
};

/**
 * Returns the message inside Rust's debug output of a failure, with the position in our code at which it was thrown.
 */
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
