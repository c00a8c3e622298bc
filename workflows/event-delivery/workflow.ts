/**
 * Telling the platform. What is sent, in which order, and how far an endpoint has been told, is the activities'
 * affair; here is only that it happens, for as long as there is something to tell.
 */
import { continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { givenUp, once, persistent, refusalIn } from './attempts.ts';
import { insistFor } from './insist.ts';
import {
  type EndpointNoticeInput,
  type EventDeliveryInput,
  type EventReplayInput,
  eventsWaiting,
  type NoticeResult,
} from './messages.ts';

/**
 * Ends when everything that it was told of is told. Whoever has more to tell starts it anew or, while it runs, says so:
 * a signal that comes with the last answer is heard before the end.
 */
export async function eventDelivery(input: EventDeliveryInput): Promise<void> {
  const { endpoint, organization, auditionId, correlationId } = input;
  const insist = insistFor(input);
  const { deliverEvents } = persistent(endpoint, `Tell of ${auditionId}`);
  let wanted = input.through;
  let told = 0;
  setHandler(eventsWaiting, ({ through, retryFrom }) => {
    wanted = Math.max(wanted, through);
    if (retryFrom !== undefined) insist.hurry(retryFrom);
  });
  while (told < wanted) {
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof eventDelivery>({ ...input, through: wanted });
    }
    const asked = wanted;
    setCurrentDetails(`Telling ${endpoint} of ${auditionId}, up to event ${asked}.`);
    const outcome = await insist.on(() =>
      deliverEvents({ organization, endpoint, auditionId, correlationId }),
    );
    if (!outcome) return;
    if (outcome.kind === 'up_to_date') told = Math.max(asked, outcome.through);
  }
}

/** Answers with how many were sent. */
export async function eventReplay(input: EventReplayInput): Promise<{ readonly sent: number }> {
  const { organization, endpoint, correlationId, from, until } = input;
  const insist = insistFor(input);
  const { replayEvents } = persistent(endpoint, `Tell again what happened from ${from} to ${until}`);
  let { after, sent = 0 } = input;
  for (;;) {
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof eventReplay>({ ...input, after, sent });
    }
    setCurrentDetails(`Replaying to ${endpoint}: ${sent} sent so far.`);
    const range = { organization, endpoint, correlationId, from, until, after };
    const outcome = await insist.on(() => replayEvents(range));
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
}: EndpointNoticeInput): Promise<NoticeResult> {
  const { endpoint, message } = input;
  const activities = onlyOnce ? once : persistent;
  try {
    const told = await activities(endpoint, `Tell of ${message.event.type}`).tellEndpoint(input);
    return told.kind === 'gone' ? { kind: 'failed', answer: told.answer } : told;
  } catch (error) {
    const refusal = refusalIn(error);
    if (!refusal) throw error;
    if (!onlyOnce) setCurrentDetails(givenUp(refusal));
    return { kind: 'failed', answer: refusal.answer };
  }
}
