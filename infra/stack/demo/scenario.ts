/** Runs one audition from request to decision and prints its progress. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import pc from 'picocolors';
import type { AttentionItem } from '../../../domain/audition/attention.ts';
import type { AuditionView } from '../../../domain/audition/view.ts';
import type { AuditionId } from '../../../domain/ids.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { createDemoApiClient, type DemoApiClient } from './api-client.ts';
import { castingDirector, demoAudition, performer } from './audition-request.ts';
import { type Cost, costOf } from './cost.ts';
import { type DemoFault, withoutFault } from './faults.ts';
import { acceptInvitation, responseLinkFor } from './performer-inbox.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { type AuditionWatch, DemoFailed, watchAudition } from './watch.ts';

/** The speed of the demo: slow enough to read, or fast for a test. */
export interface DemoTiming {
  /** Milliseconds between two steps, for reading. */
  readonly pauseMs: number;
  readonly sessionMs: number;
  /** Factor of the time until the audition starts. */
  readonly startDelayFactor: number;
  /** ISO 8601 durations before the start. */
  readonly reminders: readonly string[];
}

export const demoTimings = {
  watched: { pauseMs: 2_000, sessionMs: 20_000, startDelayFactor: 1, reminders: ['PT20S', 'PT10S'] },
  brief: { pauseMs: 0, sessionMs: 2_000, startDelayFactor: 0.6, reminders: ['PT6S', 'PT3S'] },
} as const satisfies Readonly<Record<string, DemoTiming>>;

export interface ScenarioOptions {
  readonly apiUrl: string;
  /** maildev's REST API. */
  readonly inboxApi: string;
  readonly client: Client;
  readonly namespace: string;
  /** Returns the names and addresses of the pages that show the audition. */
  readonly links: (workflowId: string) => readonly (readonly [string, string])[];
  readonly fault?: InjectedFault | undefined;
  readonly timing: DemoTiming;
  readonly print: (line: string) => void;
}

export interface InjectedFault {
  readonly definition: DemoFault;
  switchOn(): Promise<void>;
  switchOff(): Promise<void>;
}

interface ScenarioRun {
  readonly options: ScenarioOptions;
  readonly id: AuditionId;
  readonly platform: DemoApiClient;
  readonly timeline: Timeline;
  readonly watch: AuditionWatch;
}

/**
 * Runs the scenario. Resolves when the audition has ended as expected.
 *
 * @throws {DemoFailed} when it has not.
 */
export const runScenario = async (options: ScenarioOptions): Promise<void> => {
  const { print, fault } = options;
  if (fault) print(pc.yellow(`\nFault: ${fault.definition.description}`));
  await fault?.switchOn();
  const began = Date.now();
  const run = await request(options);
  try {
    await run.watch.until('scheduled', (view) => view.state === 'scheduled', 90_000);
    await answerInvitations(run);
    await holdSession(run);
    const last = await decide(run);
    print(costLine(costOf(await run.watch.history), Date.now() - began));
    checkEnd(last, fault?.definition ?? withoutFault);
  } finally {
    await run.watch.stop();
  }
};

const request = async (options: ScenarioOptions): Promise<ScenarioRun> => {
  const platform = createDemoApiClient(options.apiUrl);
  const timeline = createTimeline(options.print);
  timeline.step('the platform requests an audition');
  const { untilStart } = options.fault?.definition ?? withoutFault;
  const { sessionMs, startDelayFactor, reminders } = options.timing;
  const audition = demoAudition(new Date(), {
    untilStart: untilStart * startDelayFactor,
    length: sessionMs,
    reminders,
  });
  const id = await platform.requestAudition(audition, randomUUID());
  for (const [name, link] of options.links(auditionWorkflowId(id))) {
    options.print(`          ${name.padEnd(11)} ${pc.underline(link)}`);
  }
  const { client, namespace } = options;
  const onAttention = createOperator(options, platform, timeline);
  const watch = watchAudition(id, { platform, client, namespace, timeline, onAttention });
  return { options, id, platform, timeline, watch };
};

/**
 * Resolves each attention item. Removes the fault before the first one, if the fault's definition says so.
 */
const createOperator = ({ fault, timing }: ScenarioOptions, platform: DemoApiClient, timeline: Timeline) => {
  const { action, mends: clearsFault } =
    fault?.definition.clearsFault ?? ({ action: 'skip', mends: false } as const);
  let faultCleared: Promise<void> | undefined;
  const clearFault = async (): Promise<void> => {
    await fault?.switchOff();
    timeline.step('the fault is removed');
  };
  return async (item: AttentionItem): Promise<void> => {
    await delay(timing.pauseMs);
    if (clearsFault) await (faultCleared ??= clearFault());
    timeline.step(`the operator resolves the ${item.step}: ${action}`);
    await platform.resolve(item.id, action);
  };
};

const answerInvitations = async ({ options, id, platform, timeline, watch }: ScenarioRun): Promise<void> => {
  const link = await linkInInbox(options.inboxApi);
  timeline.step('the performer opens the email and accepts with its link');
  await acceptInvitation(link);
  timeline.step('the casting director accepts in the platform');
  await platform.command(id, 'respond', { participant: castingDirector.id, answer: 'accepted' });
  await watch.until('confirmed', (view) => view.state === 'confirmed', 30_000);
};

const linkInInbox = async (inboxApi: string): Promise<string> => {
  for (const end = Date.now() + 30_000; Date.now() < end; await delay(250)) {
    const link = await responseLinkFor(inboxApi, performer.email);
    if (link !== undefined) return link;
  }
  throw new DemoFailed('The performer got no email with a response link.');
};

const holdSession = async ({ id, platform, timeline, watch }: ScenarioRun): Promise<void> => {
  const { slot } = await watch.until('a slot', (view) => view.slot !== undefined, 1_000);
  const [startMs, endMs] = [Date.parse(slot?.start ?? ''), Date.parse(slot?.end ?? '')];
  const started = timeline.waiting('the slot to begin; the reminders are sent before it', startMs);
  await delay(Math.max(0, startMs - Date.now()));
  started();
  timeline.step('the performer checks in');
  await platform.command(id, 'check-in', { participant: performer.id });
  const ended = timeline.waiting('the session to end', endMs);
  try {
    await watch.until('the end of the session', (view) => view.state === 'awaiting_decision', 60_000);
  } finally {
    ended();
  }
};

const decide = async ({ id, platform, timeline, watch }: ScenarioRun): Promise<AuditionView> => {
  timeline.step('the casting director books the performer');
  await platform.command(id, 'decide', { decision: 'booked' });
  return watch.until('closed', (view) => view.state === 'closed', 30_000);
};

const checkEnd = (
  view: AuditionView,
  { expectedMeetingProvider }: Pick<DemoFault, 'expectedMeetingProvider'>,
): void => {
  const { outcome, meeting, attention } = view;
  if (outcome !== 'booked') throw new DemoFailed(`The audition ended as ${outcome}, not booked.`);
  if (meeting?.provider !== expectedMeetingProvider) {
    throw new DemoFailed(
      `The meeting provider is ${meeting?.provider ?? 'missing'}, expected ${expectedMeetingProvider}.`,
    );
  }
  if (attention.length > 0) throw new DemoFailed('An attention item is still open.');
};

const costLine = (cost: Cost, wallMs: number): string => {
  const figures = [
    `${cost.events} history events`,
    `${cost.activities} activities`,
    ...(cost.retries > 0 ? [`${cost.retries} retries`] : []),
    `about ${cost.billableActions} billable actions`,
    `${(wallMs / 1_000).toFixed(0)} s from request to decision`,
  ];
  return `\n${pc.bold('Cost:')} ${figures.join(', ')}`;
};
