/** One audition from request to decision, while one watches. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import pc from 'picocolors';
import type { AttentionItem } from '../../../domain/audition/attention.ts';
import type { AuditionView } from '../../../domain/audition/view.ts';
import type { AuditionId } from '../../../domain/ids.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { castingDirector, demoAudition, performer } from './audition-request.ts';
import { type Cost, costOf } from './cost.ts';
import { type Fault, smooth } from './faults.ts';
import { accept, responseLinkFor } from './inbox.ts';
import { createPlatform, type Platform } from './platform.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { DemoFailed, type Watch, watchAudition } from './watch.ts';

/** How fast the story is told: for somebody who reads along, or for a test that waits for its end. */
export interface Pace {
  /** Milliseconds in which a line can be read before the next thing happens. */
  readonly beat: number;
  readonly session: number;
  /** Of the time until the audition starts. */
  readonly share: number;
  /** How long before the start. */
  readonly reminders: readonly string[];
}

export const paces = {
  watched: { beat: 2_000, session: 20_000, share: 1, reminders: ['PT20S', 'PT10S'] },
  brief: { beat: 0, session: 2_000, share: 0.6, reminders: ['PT6S', 'PT3S'] },
} as const satisfies Readonly<Record<string, Pace>>;

export interface Scene {
  readonly apiUrl: string;
  /** maildev's REST API. */
  readonly inboxApi: string;
  readonly client: Client;
  readonly namespace: string;
  /** Where to look at the audition, by name. */
  readonly links: (workflowId: string) => readonly (readonly [string, string])[];
  readonly fault?: StagedFault | undefined;
  readonly pace: Pace;
  readonly print: (line: string) => void;
}

export interface StagedFault {
  readonly plan: Fault;
  switchOn(): Promise<void>;
  switchOff(): Promise<void>;
}

interface Play {
  readonly scene: Scene;
  readonly id: AuditionId;
  readonly platform: Platform;
  readonly timeline: Timeline;
  readonly watch: Watch;
}

/** Resolves when the audition has ended as it should. @throws {DemoFailed} when it went another way. */
export const playAudition = async (scene: Scene): Promise<void> => {
  const { print, fault } = scene;
  if (fault) print(pc.yellow(`\nFault: ${fault.plan.says}`));
  await fault?.switchOn();
  const began = Date.now();
  const play = await request(scene);
  try {
    await play.watch.until('scheduled', (view) => view.state === 'scheduled', 90_000);
    await answerInvitations(play);
    await holdSession(play);
    const last = await decide(play);
    print(costLine(costOf(await play.watch.history), Date.now() - began));
    checkEnd(last, fault?.plan ?? smooth);
  } finally {
    await play.watch.stop();
  }
};

const request = async (scene: Scene): Promise<Play> => {
  const platform = createPlatform(scene.apiUrl);
  const timeline = createTimeline(scene.print);
  timeline.act('the platform requests an audition');
  const { untilStart } = scene.fault?.plan ?? smooth;
  const { session, share, reminders } = scene.pace;
  const audition = demoAudition(new Date(), { untilStart: untilStart * share, length: session, reminders });
  const id = await platform.requestAudition(audition, randomUUID());
  for (const [name, link] of scene.links(auditionWorkflowId(id))) {
    scene.print(`          ${name.padEnd(11)} ${pc.underline(link)}`);
  }
  const { client, namespace } = scene;
  const onAttention = createOperator(scene, platform, timeline);
  const watch = watchAudition(id, { platform, client, namespace, timeline, onAttention });
  return { scene, id, platform, timeline, watch };
};

/** Puts right what the fault broke: mends it once where that is the remedy, then resolves each item. */
const createOperator = ({ fault, pace }: Scene, platform: Platform, timeline: Timeline) => {
  const { action, mends } = fault?.plan.remedy ?? ({ action: 'skip', mends: false } as const);
  let mending: Promise<void> | undefined;
  const mend = async (): Promise<void> => {
    await fault?.switchOff();
    timeline.act('what was broken is mended');
  };
  return async (item: AttentionItem): Promise<void> => {
    await delay(pace.beat);
    if (mends) await (mending ??= mend());
    timeline.act(`the operator resolves the ${item.step}: ${action}`);
    await platform.resolve(item.id, action);
  };
};

const answerInvitations = async ({ scene, id, platform, timeline, watch }: Play): Promise<void> => {
  const link = await linkInInbox(scene.inboxApi);
  timeline.act('the performer opens the email and accepts by the link in it');
  await accept(link);
  timeline.act('the casting director accepts in the platform');
  await platform.command(id, 'respond', { participant: castingDirector.id, answer: 'accepted' });
  await watch.until('confirmed', (view) => view.state === 'confirmed', 30_000);
};

const linkInInbox = async (inboxApi: string): Promise<string> => {
  for (const end = Date.now() + 30_000; Date.now() < end; await delay(250)) {
    const link = await responseLinkFor(inboxApi, performer.email);
    if (link !== undefined) return link;
  }
  throw new DemoFailed('The performer got no email with a link to answer by.');
};

const holdSession = async ({ id, platform, timeline, watch }: Play): Promise<void> => {
  const { slot } = await watch.until('a slot', (view) => view.slot !== undefined, 1_000);
  await delay(Math.max(0, Date.parse(slot?.start ?? '') - Date.now()));
  timeline.act('the performer checks in');
  await platform.command(id, 'check-in', { participant: performer.id });
  await watch.until('the end of the session', (view) => view.state === 'awaiting_decision', 60_000);
};

const decide = async ({ id, platform, timeline, watch }: Play): Promise<AuditionView> => {
  timeline.act('the casting director books the performer');
  await platform.command(id, 'decide', { decision: 'booked' });
  return watch.until('closed', (view) => view.state === 'closed', 30_000);
};

const checkEnd = (view: AuditionView, { meetingBy }: Pick<Fault, 'meetingBy'>): void => {
  const { outcome, meeting, attention } = view;
  if (outcome !== 'booked') throw new DemoFailed(`The audition ended as ${outcome}, not booked.`);
  if (meeting?.provider !== meetingBy) {
    throw new DemoFailed(`The meeting was made by ${meeting?.provider ?? 'nobody'}, not by ${meetingBy}.`);
  }
  if (attention.length > 0) throw new DemoFailed('Something still waits for a person.');
};

const costLine = (cost: Cost, wallMs: number): string => {
  const figures = [
    `${cost.events} history events`,
    `${cost.activities} activities`,
    ...(cost.retries > 0 ? [`${cost.retries} retries`] : []),
    `about ${cost.billableActions} billable actions`,
    `${(wallMs / 1_000).toFixed(0)} s from request to decision`,
  ];
  return `\n${pc.bold('What it cost:')} ${figures.join(', ')}`;
};
