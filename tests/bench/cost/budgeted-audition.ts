/**
 * Runs the audition to which the budget applies: three participants, two calendars, one reschedule, two reminders,
 * from request to decision, without failures. It takes about 20 seconds, mostly waiting for its timers.
 */
import type { AuditionView } from '../../../domain/audition/view.ts';
import type { AuditionId } from '../../../domain/ids.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { type Cost, costOf } from '../../../infra/stack/demo/cost.ts';
import {
  type ApiClient,
  createApiClient,
  day,
  noticesEachTime,
  requestBody,
} from '../../harness/api-client.ts';
import type { ServiceUnderTest } from '../../harness/service.ts';

/** Late enough that the reschedule is announced and accepted before the first reminder is due. */
const startsInMs = 15_000;
const reminders = ['PT6S', 'PT3S'];
const durationMs = 2_000;

/** Runs the audition, and returns its cost. Requires a running worker. `n` must be unique per service. */
export const playBudgetedAudition = async (service: ServiceUnderTest, n: number): Promise<Cost> => {
  const platform = createApiClient(service);
  const policy = { sessionOverrun: 'PT0S' };
  const { id } = await platform.request(requestBody(n, 30 * day, { reminders, policy }));
  await requiredParticipantsAccept(platform, id, n);
  await platform.command(id, 'reschedule', { slot: slotSoon(), reason: 'travel' });
  await requiredParticipantsAccept(platform, id, n);
  await platform.until(id, ({ notices }) => {
    const reminded = notices.filter(({ notice }) => notice === 'reminder');
    return reminded.length === noticesEachTime * reminders.length && areDelivered(notices);
  });
  await platform.command(id, 'check-in', { participant: `performer-${n}` });
  await platform.until(id, ({ state }) => state === 'awaiting_decision');
  await platform.command(id, 'decide', { decision: 'booked' });
  const handle = service.temporal.workflow.getHandle(auditionWorkflowId(id));
  await handle.result();
  return costOf((await handle.fetchHistory()).events ?? []);
};

/** Waits until all participants are notified, and accepts for the two required ones. */
const requiredParticipantsAccept = async (platform: ApiClient, id: AuditionId, n: number): Promise<void> => {
  await platform.until(id, ({ state, notices }) => state === 'scheduled' && areDelivered(notices));
  for (const participant of [`performer-${n}`, `director-${n}`]) {
    await platform.command(id, 'respond', { participant, answer: 'accepted' });
  }
};

/** Waits for the delivery reports of text messages, because each adds to the cost. Emails have none here. */
const areDelivered = (notices: AuditionView['notices']): boolean =>
  notices.every(({ channel, status }) => channel === 'email' || status === 'delivered');

const slotSoon = () => {
  const start = Math.ceil((Date.now() + startsInMs) / 1_000) * 1_000;
  return {
    start: new Date(start).toISOString(),
    end: new Date(start + durationMs).toISOString(),
    zone: 'Europe/Paris',
  };
};
