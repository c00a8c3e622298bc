/**
 * Telling the platform. What is sent, in which order, and how far an endpoint has been told, is the activities'
 * affair; here is only that it happens, for as long as there is something to tell.
 */
import { continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import {
  deliveryFailedReason,
  rejectionIn,
  retriedActivities,
  singleAttemptActivities,
} from './endpoint-activities.ts';
import {
  type EndpointNoticeInput,
  type EndpointNoticeResult,
  type EventDeliveryInput,
  type EventReplayInput,
  eventsWaitingSignal,
} from './messages.ts';
import { createPersistentDelivery } from './persistent-delivery.ts';

/**
 * Ends when everything that it was told of is told. Whoever has more to tell starts it anew or, while it runs, says so:
 * a signal that comes with the last answer is heard before the end.
 */
export async function eventDelivery(input: EventDeliveryInput): Promise<void> {
  const { endpoint, organization, auditionId, correlationId } = input;
  const delivery = createPersistentDelivery(input);
  const { deliverEvents } = retriedActivities(endpoint, `Tell of ${auditionId}`);
  let wantedThrough = input.through;
  let deliveredThrough = 0;
  setHandler(eventsWaitingSignal, ({ through, retryFrom }) => {
    wantedThrough = Math.max(wantedThrough, through);
    if (retryFrom !== undefined) delivery.retryNow(retryFrom);
  });
  while (deliveredThrough < wantedThrough) {
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof eventDelivery>({ ...input, through: wantedThrough });
    }
    const target = wantedThrough;
    setCurrentDetails(`Telling ${endpoint} of ${auditionId}, up to event ${target}.`);
    const outcome = await delivery.run(() =>
      deliverEvents({ organization, endpoint, auditionId, correlationId }),
    );
    if (!outcome) return;
    if (outcome.kind === 'up_to_date') deliveredThrough = Math.max(target, outcome.through);
  }
}

/** Answers with how many were sent. */
export async function eventReplay(input: EventReplayInput): Promise<{ readonly sent: number }> {
  const { organization, endpoint, correlationId, from, until } = input;
  const delivery = createPersistentDelivery(input);
  const { replayEvents } = retriedActivities(endpoint, `Tell again what happened from ${from} to ${until}`);
  let { after, sent = 0 } = input;
  for (;;) {
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof eventReplay>({ ...input, after, sent });
    }
    setCurrentDetails(`Replaying to ${endpoint}: ${sent} sent so far.`);
    const range = { organization, endpoint, correlationId, from, until, after };
    const outcome = await delivery.run(() => replayEvents(range));
    if (!outcome) return { sent };
    sent += outcome.sent;
    if (outcome.kind === 'done') return { sent };
    after = outcome.after;
  }
}

/** One message that is of no audition. */
export async function endpointNotice({
  once: onlyOnce,
  ...input
}: EndpointNoticeInput): Promise<EndpointNoticeResult> {
  const { endpoint, message } = input;
  const activities = onlyOnce ? singleAttemptActivities : retriedActivities;
  try {
    const result = await activities(endpoint, `Tell of ${message.event.type}`).tellEndpoint(input);
    return result.kind === 'gone' ? { kind: 'failed', answer: result.answer } : result;
  } catch (error) {
    const refusal = rejectionIn(error);
    if (!refusal) throw error;
    if (!onlyOnce) setCurrentDetails(deliveryFailedReason(refusal));
    return { kind: 'failed', answer: refusal.answer };
  }
}
