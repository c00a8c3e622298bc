/**
 * Delivers events to webhook endpoints. The activities select the events, keep their order and store how far an
 * endpoint's deliveries have come. These workflows only run them until all events are delivered.
 */
import { continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import {
  describeRejection,
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
 * Delivers the events of one audition to one endpoint. Ends when all requested events are delivered or the endpoint is
 * disabled. `signalWithStart` requests more events: it starts the workflow again, or signals the running one. A signal
 * that arrives together with the last delivery is handled before the workflow ends.
 */
export async function eventDelivery(input: EventDeliveryInput): Promise<void> {
  const { endpoint, organization, auditionId, correlationId } = input;
  const delivery = createPersistentDelivery(input);
  const { deliverEvents } = retriedActivities(endpoint, `Deliver events of ${auditionId}`);
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
    setCurrentDetails(`Delivering events of ${auditionId} to ${endpoint}, up to event ${target}.`);
    const outcome = await delivery.run(() =>
      deliverEvents({ organization, endpoint, auditionId, correlationId }),
    );
    if (!outcome) return;
    if (outcome.kind === 'up_to_date') deliveredThrough = Math.max(target, outcome.through);
  }
}

/** Sends the events of a time range to one endpoint again. Returns how many were sent. */
export async function eventReplay(input: EventReplayInput): Promise<{ readonly sent: number }> {
  const { organization, endpoint, correlationId, from, until } = input;
  const delivery = createPersistentDelivery(input);
  const { replayEvents } = retriedActivities(endpoint, `Replay events from ${from} to ${until}`);
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

/** Sends one message that belongs to no audition, such as `endpoint.test`. */
export async function endpointNotice({
  once: isSingleAttempt,
  ...input
}: EndpointNoticeInput): Promise<EndpointNoticeResult> {
  const { endpoint, message } = input;
  const activities = isSingleAttempt ? singleAttemptActivities : retriedActivities;
  try {
    const result = await activities(endpoint, `Deliver ${message.event.type}`).tellEndpoint(input);
    return result.kind === 'gone' ? { kind: 'failed', answer: result.answer } : result;
  } catch (error) {
    const rejection = rejectionIn(error);
    if (!rejection) throw error;
    if (!isSingleAttempt) setCurrentDetails(describeRejection(rejection));
    return { kind: 'failed', answer: rejection.answer };
  }
}
