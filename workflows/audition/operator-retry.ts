/** A step that does not give up: when its retries are spent, it asks a person what to do. */
import { isCancellation } from '@temporalio/workflow';
import type { AttentionAction, AttentionStep } from '../../domain/audition/attention.ts';
import { Aborted } from './ending.ts';
import type { AuditionRun } from './run.ts';
import { isStepFailure, type StepFailure, toStepFailure } from './step-failures.ts';

export interface RetriedStep {
  readonly step: AttentionStep;
  /** What was to be done, without a person's data: "create the meeting". */
  readonly purpose: string;
  readonly hint: string;
  readonly actions: readonly AttentionAction[];
  readonly onAsked?: (() => void) | undefined;
  /** The main line does not wait for it. */
  readonly isBackground?: boolean | undefined;
}

type StepOutcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'overridden'; readonly joinUrl: string };

/**
 * Attempts the step until it is done or a person decides otherwise. Throws `Aborted` on an operator's abort, and
 * passes cancellation on.
 */
export const retryUntilResolved = async <Result>(
  run: AuditionRun,
  step: RetriedStep,
  attempt: () => Promise<Result>,
): Promise<StepOutcome<Result>> => {
  for (;;) {
    const { restorationCount } = run.attention;
    try {
      return { kind: 'done', result: await attempt() };
    } catch (error) {
      if (isCancellation(error) || !isStepFailure(error)) throw error;
      const failure = toStepFailure(error);
      // The account was connected again while this failed: once more, and then a person is asked.
      if (run.attention.wasConnectionRestoredSince(restorationCount, failure.connection)) continue;
      const decided = await askOperator(run, step, failure);
      if (decided !== 'retry') return decided;
    }
  }
};

/** What a person decided about a step that failed: try again, or go on without its result. */
export const askOperator = async (
  run: AuditionRun,
  { step, purpose, hint, actions, onAsked, isBackground }: RetriedStep,
  failure: StepFailure,
): Promise<'retry' | Exclude<StepOutcome<never>, { kind: 'done' }>> => {
  const what = `Could not ${purpose}: ${explain(failure)}.`;
  const resolution = await run.attention.ask(
    { step, what, hint: hintFor(failure, hint), actions, isBackground, ...failure },
    onAsked,
  );
  switch (resolution.action) {
    case 'retry':
      return 'retry';
    case 'skip':
      run.journal.record({ type: 'step_skipped', step, detail: purpose });
      return { kind: 'skipped' };
    case 'override':
      return { kind: 'overridden', joinUrl: resolution.joinUrl };
    case 'abort':
      throw new Aborted(step, failure);
  }
};

/** An account that is connected again needs nobody's word here. */
const hintFor = ({ connection, provider }: StepFailure, hint: string): string =>
  connection
    ? `The owner of connection ${connection}${provider ? ` at ${provider}` : ''} has to connect it again: ` +
      `the audition then goes on by itself. Or decide here: ${hint}`
    : hint;

const explain = ({ code, provider }: StepFailure): string => {
  const who = provider ?? 'the service';
  const sentence = failureExplanations[code];
  return sentence ? sentence(who) : `${who} failed (${code})`;
};

const failureExplanations: Readonly<Record<string, (who: string) => string>> = {
  outage: (who) => `${who} is down or cannot be reached`,
  retry: (who) => `${who} keeps failing`,
  retry_after: (who) => `${who} keeps asking us to slow down`,
  quota_exhausted: (who) => `the quota at ${who} is spent`,
  reconnect: (who) => `the account at ${who} must be connected again by its owner`,
  misconfigured: (who) => `our own credentials or settings for ${who} are wrong`,
  not_permitted: (who) => `${who} does not permit it`,
  not_found: (who) => `${who} does not know what it was asked about`,
  conflict: (who) => `${who} reports a conflict`,
  rejected_input: (who) => `${who} refuses what we sent`,
  timeout: () => 'it took longer than it may',
  busy: () => 'an earlier attempt may still be under way',
  outcome_unknown: (who) =>
    `${who} did not say whether it was done: it may have been, so look before a retry does it again`,
  database: () => 'our own database failed',
  taken: () => 'its hold ran out, and another audition holds that time now',
  in_the_past: () => 'it has begun already',
};
