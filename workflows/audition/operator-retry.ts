/** Retries steps. When the retries of a step are spent, an operator decides what to do. */
import { isCancellation, patched } from '@temporalio/workflow';
import type { StepFailure } from '../../activities/contract.ts';
import type { AttentionAction, AttentionStep } from '../../domain/audition/attention.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { Aborted } from './ending.ts';
import { meetingAdvice } from './meeting-advice.ts';
import { canWaitForSender, createSenderWait, type SenderWait } from './refused-sender.ts';
import type { AuditionRun } from './run.ts';
import { isStepFailure, isTrailAhead, toStepFailure } from './step-failures.ts';

export type SkippedEvent = NonNullable<Extract<AuditionFact, { readonly type: 'step_skipped' }>['event']>;

export interface RetriedStep {
  readonly step: AttentionStep;
  /** What the step does, such as "create the meeting". Must contain no personal data. */
  readonly purpose: string;
  readonly hint: string;
  readonly actions: readonly AttentionAction[];
  /** Returns the event that is not written when an operator skips the step. The trail remembers it until a later write. */
  readonly event?: (() => SkippedEvent) | undefined;
  readonly onAsked?: (() => void) | undefined;
  /** Whether the main coroutine continues without waiting for the resolution. */
  readonly isBackground?: boolean | undefined;
  /** Returns whether the failure says that the step is no longer needed. The step is then skipped without a question. */
  readonly isNeedless?: ((failure: StepFailure) => boolean) | undefined;
  /** Returns whether the step is no longer needed. Its question is then withdrawn, and the step skipped. */
  readonly isMoot?: (() => boolean) | undefined;
}

type StepOutcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'skipped' }
  /** The failure says that the step is no longer needed. */
  | { readonly kind: 'needless'; readonly code: string }
  | { readonly kind: 'overridden'; readonly joinUrl: string };

/**
 * Attempts the step until it is done, or an operator skips or overrides it. Rethrows cancellations.
 * @param attempt gets whether an operator has decided to attempt the step again, and the provider about which the step has raised the
 *   attention item of a refused sender
 * @throws Aborted when an operator aborts the audition
 */
export const retryUntilResolved = async <Result>(
  run: AuditionRun,
  step: RetriedStep,
  attempt: (isOperatorRetry: boolean, alertsAbout: string | undefined) => Promise<Result>,
): Promise<StepOutcome<Result>> => {
  let senderWait: SenderWait | undefined;
  try {
    for (let isOperatorRetry = false; ; ) {
      const { restorationCount } = run.attention;
      try {
        return { kind: 'done', result: await attempt(isOperatorRetry, senderWait?.alertsAbout) };
      } catch (error) {
        if (isCancellation(error) || isTrailAhead(error) || !isStepFailure(error)) throw error;
        const failure = toStepFailure(error);
        if (step.isNeedless?.(failure)) return { kind: 'needless', code: failure.code };
        if (step.isMoot?.()) return { kind: 'skipped' };
        // The account was connected again during the attempt: retry before an operator is asked.
        if (run.attention.wasConnectionRestoredSince(restorationCount, failure.connection)) continue;
        if (canWaitForSender(run, failure) && patched(waitForSenderPatch)) {
          senderWait ??= createSenderWait(run, step);
          if ((await senderWait.until(failure)) === 'moot') return { kind: 'skipped' };
          continue;
        }
        senderWait?.end();
        const decision = await askOperator(run, step, failure);
        if (decision !== 'retry') return decision;
        isOperatorRetry = true;
      }
    }
  } finally {
    senderWait?.end();
  }
};

/** In earlier versions, an operator was asked about each message whose sender was refused. */
const waitForSenderPatch = 'wait-for-a-refused-sender';

/**
 * Raises an attention item for a failed step and returns the operator's decision.
 * @throws Aborted when the operator aborts the audition
 */
export const askOperator = async (
  run: AuditionRun,
  { step, purpose, hint, actions, event, onAsked, isBackground, isMoot }: RetriedStep,
  { retryAt: _at, raisesAlert: _raises, ...failure }: StepFailure,
): Promise<'retry' | Exclude<StepOutcome<never>, { kind: 'done' | 'needless' }>> => {
  const { providerCode: _, ...named } = failure;
  const what = `Could not ${purpose}: ${explain(failure)}.`;
  const resolution = await run.attention.ask(
    {
      step,
      what,
      hint: hintFor(failure, hint),
      actions,
      isBackground,
      // The items of a superseded run are not in the trail: no operator can resolve them.
      isMoot: () => run.isSuperseded || isMoot?.() === true,
      ...named,
    },
    onAsked,
  );
  switch (resolution.action) {
    case 'retry':
      return 'retry';
    case 'withdrawn':
      return { kind: 'skipped' };
    case 'skip':
      run.journal.record({ type: 'step_skipped', step, detail: purpose, ...(event && { event: event() }) });
      return { kind: 'skipped' };
    case 'override':
      return { kind: 'overridden', joinUrl: resolution.joinUrl };
    case 'abort':
    case 'held':
    case 'no_show':
    case 'follow':
    case 'restore':
    case 'ignore':
      throw new Aborted(step, failure);
  }
};

/**
 * When only a connection is missing, the audition waits for its owner and needs no operator. To a suppressed address,
 * nothing is sent until an operator lifts the suppression.
 */
const hintFor = ({ code, connection, provider }: StepFailure, hint: string): string =>
  hintsOfCodes[code] ??
  (connection
    ? `The owner of connection ${connection}${provider ? ` at ${provider}` : ''} must connect it again. ` +
      `The audition then resumes automatically. To resolve it yourself: ${hint}`
    : hint);

const hintsOfCodes: Readonly<Record<string, string>> = {
  suppressed:
    'Inform the participant otherwise, and skip. When the address works again, lift the suppression with npm run ops -- suppressions lift, and retry.',
  budget_spent:
    'Raise the budget with npm run ops -- organizations change, or wait for the next day (UTC), and retry. Or inform the participant otherwise, and skip.',
  address_not_supported:
    'Inform the participant otherwise, and skip; another address of the participant serves from then on. Or send through a mail server that offers SMTPUTF8, and retry.',
  country_not_allowed:
    'Inform the participant otherwise, and skip. Or permit the country with npm run ops -- organizations change, and retry.',
};

const explain = ({ code, provider, providerCode = '' }: StepFailure): string => {
  const service = provider ?? 'the service';
  const advice = meetingAdvice[provider ?? '']?.[providerCode];
  if (advice !== undefined) return advice;
  const explanation = failureExplanations[code];
  return explanation ? explanation(service) : `${service} failed (${code})`;
};

const failureExplanations: Readonly<Record<string, (service: string) => string>> = {
  outage: (service) => `${service} is down or cannot be reached`,
  retry: (service) => `${service} keeps failing`,
  retry_after: (service) => `${service} keeps limiting our requests`,
  quota_exhausted: (service) => `the quota at ${service} is exhausted`,
  sender_refused: (service) => `${service} refuses us as the sender of messages`,
  reconnect: (service) => `the owner must connect the account at ${service} again`,
  misconfigured: (service) => `our own credentials or settings for ${service} are wrong`,
  not_permitted: (service) => `${service} does not permit it`,
  not_found: (service) => `${service} did not find what the request refers to`,
  conflict: (service) => `${service} reports a conflict`,
  rejected_input: (service) => `${service} rejected our request as invalid`,
  timeout: () => 'the step did not finish in time',
  busy: () => 'an earlier attempt may still be in progress',
  outcome_unknown: (service) =>
    `${service} did not report whether it was done; check before a retry, which would do it again`,
  database: () => 'our own database failed',
  taken: () => 'the hold expired, and another audition now holds that time',
  in_the_past: () => 'the slot has already begun',
  budget_spent: () => 'the organization has sent all the messages of this kind that it may send today',
  country_not_allowed: () => 'the organization sends no text messages to the country of the phone number',
  address_not_supported: () =>
    'the mail server, or the one of the recipient, takes no address with characters outside ASCII before the @',
  suppressed: () =>
    'an earlier email to the address bounced for good, or was reported as spam, and nothing more is sent to it',
};
