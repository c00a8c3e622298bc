/** Plays random lives of auditions through the API: what a casting office and its performers do with one. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { auditionSchema } from '../../api/schemas/audition.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { Promised } from './agreement.ts';
import { day, fullMinute, requestBody } from './api-client.ts';
import { seededRandom, testSeed } from './depth.ts';
import type { PatientBackend } from './patient-backend.ts';
import { noteProgress } from './progress.ts';

export interface LifeOptions {
  readonly backend: PatientBackend;
  /** The number of the audition. It determines participants and slots. */
  readonly n: number;
  /** The longest pause between two commands, in milliseconds. */
  readonly paceMs: number;
  /** Whether an operator can interfere. A refused command is then not a surprise. */
  readonly isDisturbed: boolean;
  /** Called as soon as the id is known. */
  readonly onStarted?: (id: string) => void;
}

const minute = 60_000;
const hour = 60 * minute;
/** Each audition has its own hours, because all share two calendars. */
const slotsEach = 4;

/** One of this many auditions begins soon, so that its deadlines pass during the life. */
const nearEach = 10;
const nearMs = 6 * minute;
const began = fullMinute(Date.now());

const startOf = (n: number, index: number): number =>
  n % nearEach === nearEach / 2 && index === 0
    ? began + 2 * minute + Math.floor(n / nearEach) * nearMs
    : fullMinute(Date.now()) + 3 * day + (n * slotsEach + index) * hour;

const slotOf = (n: number, index: number) => {
  const start = startOf(n, index);
  return {
    start: new Date(start).toISOString(),
    end: new Date(start + 5 * minute).toISOString(),
    zone: 'Europe/Paris',
  };
};

/** One life that is being played. */
interface Life extends LifeOptions {
  /** Returns numbers from 0 to 1. */
  readonly random: () => number;
  readonly id: string;
  /** Sends a command. Anything but the expected answer is a surprise. Returns whether it was carried out. */
  send(command: string, body: object): Promise<boolean>;
  /** Removes a participant. */
  remove(participant: string): Promise<boolean>;
  /** Reopens the closed audition, as soon as its workflow has ended. Returns whether it was carried out. */
  reopen(to: 'session' | 'decision'): Promise<boolean>;
  readonly view: () => Promise<AuditionView | undefined>;
  promise(promise: string, isKept: Promised['isKept']): void;
  idle(): Promise<void>;
}

type Script = (life: Life) => Promise<void>;

const performerOf = ({ n }: Life) => `performer-${n}`;
const directorOf = ({ n }: Life) => `director-${n}`;

const accept = async (life: Life): Promise<void> => {
  for (const participant of [performerOf(life), directorOf(life)]) {
    await life.send('respond', { participant, answer: 'accepted' });
  }
};
const answersAre = (answer: string, ids: readonly string[]) => (view: AuditionView) =>
  view.participants
    .filter(({ id }) => ids.includes(id))
    .every((participant) => participant.answer === answer);

const cancel = async (life: Life): Promise<void> => {
  if (await life.send('cancel', { reason: 'The role was cut.' }))
    life.promise('cancelled', ({ outcome }) => outcome === 'cancelled');
};

const move = async (life: Life, index: number): Promise<void> => {
  const slot = slotOf(life.n, index);
  if (await life.send('reschedule', { slot, reason: 'The studio is closed.' }))
    life.promise(`moved to ${slot.start}`, (view) => view.slot?.start === slot.start);
};

const scripts: Readonly<Record<string, Script>> = {
  plain: async (life) => {
    await accept(life);
    life.promise('accepted', answersAre('accepted', [performerOf(life), directorOf(life)]));
  },
  unanswered: async () => {},
  moved: async (life) => {
    await accept(life);
    await life.idle();
    await move(life, 1);
  },
  movedTwice: async (life) => {
    await life.send('reschedule', { slot: slotOf(life.n, 1) });
    await life.idle();
    await move(life, 2);
    await accept(life);
  },
  cancelled: cancel,
  movedThenCancelled: async (life) => {
    await life.send('reschedule', { slot: slotOf(life.n, 1) });
    await cancel(life);
  },
  declined: async (life) => {
    if (await life.send('respond', { participant: performerOf(life), answer: 'declined' }))
      life.promise('declined', ({ outcome }) => outcome === 'declined');
  },
  decided: async (life) => {
    await accept(life);
    await life.idle();
    if (await life.send('decide', { decision: 'booked' }))
      life.promise('booked', ({ outcome }) => outcome === 'booked');
  },
  inSession: async (life) => {
    await life.send('check-in', { participant: performerOf(life) });
    await life.idle();
    if (life.random() < 0.5) return;
    if (await life.send('decide', { decision: 'released' }))
      life.promise('released', ({ outcome }) => outcome === 'released');
  },
  calledBack: async (life) => {
    await life.idle();
    const next = { slot: slotOf(life.n, 3) };
    if (await life.send('decide', { decision: 'callback', next }))
      life.promise('called back', (view) => view.outcome === 'callback' && view.next !== undefined);
  },
  recast: async (life) => {
    const agent = {
      id: `agent-${life.n}`,
      kind: 'agent',
      name: 'Alan Agent',
      email: `alan.${life.n}@agents.example`,
      zone: 'Europe/Paris',
      channels: ['email'],
      required: false,
    };
    if (await life.send('participants', agent))
      life.promise('agent added', ({ participants }) => participants.some(({ id }) => id === agent.id));
    const reader = `reader-${life.n}`;
    if (await life.remove(reader))
      life.promise('reader removed', ({ participants }) => participants.every(({ id }) => id !== reader));
  },
  reopened: async (life) => {
    if (!(await life.send('cancel', { reason: 'The role was cut.' }))) return;
    if (await life.reopen('session'))
      life.promise(
        'reopened for a session',
        ({ outcome, revision }) => outcome === undefined && revision > 1,
      );
  },
  decidedAnew: async (life) => {
    if (!(await life.send('decide', { decision: 'booked' }))) return;
    if (!(await life.reopen('decision'))) return;
    if (await life.send('decide', { decision: 'released' }))
      life.promise('released after all', ({ outcome }) => outcome === 'released');
  },
};
const scriptNames = Object.keys(scripts);

const policyOf = (random: () => number) => ({
  declineGrace: 'PT0S',
  checkInOpens: 'P60D',
  // Some auditions ask an operator soon, and fall back to another provider.
  ...(random() < 0.4 ? { stepPatience: 'PT15S', meetingPatience: 'PT5S' } : {}),
});

/** Requests an audition and plays one life. Returns what the API has promised. */
export const playLife = async (options: LifeOptions): Promise<readonly Promised[]> => {
  const { backend, n, paceMs, isDisturbed, onStarted } = options;
  // Each life has its own numbers, so that the seed decides it, whatever the others do.
  const random = seededRandom(testSeed + n);
  const promises: Promised[] = [];
  const idle = () => pause(random() * paceMs);
  const name = scriptNames[Math.floor(random() * scriptNames.length)] ?? 'plain';
  const body = requestBody(n, 0, { slot: slotOf(n, 0), policy: policyOf(random) });
  const answer = await backend.post('/v1/auditions', body);
  if (answer.status === 0) return promises;
  const requested = z.object({ id: z.string() }).safeParse(answer.body).data;
  if (!requested || ![201, 202].includes(answer.status)) {
    if (!isDisturbed) backend.surprise(`request ${n}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return promises;
  }
  const { id } = requested;
  const judge = (command: string, { status, body: answered }: { status: number; body: unknown }): boolean => {
    noteProgress(`${name} ${id} ${command} ${status}`);
    if (!isDisturbed && ![0, 200, 202].includes(status))
      backend.surprise(`${name} ${id}: ${command}: ${status} ${JSON.stringify(answered)}`);
    return status === 200;
  };
  onStarted?.(id);
  const life: Life = {
    ...options,
    random,
    id,
    idle,
    async send(command, commandBody) {
      if (!(await untilPossible(life, command))) return false;
      const sendOnce = () => backend.post(`/v1/auditions/${id}/${command}`, commandBody);
      return judge(command, await onceNoChangeWaits(life, sendOnce));
    },
    async remove(participant) {
      if (!(await untilPossible(life, 'participants'))) return false;
      const removeOnce = () => backend.delete(`/v1/auditions/${id}/participants/${participant}`);
      return judge('remove', await onceNoChangeWaits(life, removeOnce));
    },
    async reopen(to) {
      const deadline = Date.now() + patienceOf(life);
      for (;;) {
        const answer = await backend.post(`/v1/auditions/${id}/reopen`, { to });
        const isEnding = answer.status === 409 && JSON.stringify(answer.body).includes('workflow still runs');
        if (!isEnding || Date.now() > deadline) return judge('reopen', answer);
        await pause(500);
      }
    },
    view: async () => auditionSchema.safeParse((await backend.get(`/v1/auditions/${id}`)).body).data,
    promise: (promise, isKept) => promises.push({ id, promise: `${name}: ${promise}`, isKept }),
  };
  noteProgress(`${name} ${id} requested`);
  life.promise('requested', () => true);
  await idle();
  await scripts[name]?.(life);
  return promises;
};

/** Sends a command again while another change waits for an operator, as its refusal says. */
const onceNoChangeWaits = async <Answer extends { readonly body: unknown }>(
  life: Pick<Life, 'isDisturbed'>,
  sendOnce: () => Promise<Answer>,
): Promise<Answer> => {
  const deadline = Date.now() + patienceOf(life);
  for (;;) {
    const answer = await sendOnce();
    const mustWait = JSON.stringify(answer.body ?? {}).includes('"move_in_progress"');
    if (!mustWait || Date.now() > deadline) return answer;
    await pause(1_000);
  }
};

/** How long a command is waited for. An operator may have stopped the audition. */
const patienceOf = ({ isDisturbed }: Pick<Life, 'isDisturbed'>): number => (isDisturbed ? 8_000 : 240_000);

/**
 * Waits until the command is possible. A cancellation is possible in each state, other commands need a scheduled
 * audition. Returns false when an operator seems to have stopped the audition.
 */
const untilPossible = async (life: Life, command: string): Promise<boolean> => {
  const { view, isDisturbed } = life;
  if (command === 'cancel') return true;
  const deadline = Date.now() + patienceOf(life);
  const states = command === 'decide' ? [...scheduled, 'in_progress', 'awaiting_decision'] : scheduled;
  while (Date.now() < deadline) {
    const shown = await view();
    const isRecovering = shown?.attention.some(({ step }) => step === 'recovery') ?? false;
    if (!isRecovering && (!shown || shown.state === 'closed' || states.includes(shown.state))) return true;
    await pause(200);
  }
  return !isDisturbed;
};
const scheduled: readonly string[] = ['scheduled', 'confirmed'];
