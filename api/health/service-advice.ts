/** Describes for an operator what waits in the service and belongs to no provider, with the next action. */
import type { Backlog } from '../../db/observation/backlog.ts';
import { counted, lastingSeconds, type Remark, summaryOf } from './phrases.ts';

/** What waits longer than this needs an operator. In seconds. */
const lagWarningSeconds = 5 * 60;
/** An endpoint that has failed for this long is likely to be down. In seconds. */
const failingWarningSeconds = 3_600;

export type ServiceFacts = Pick<Backlog, 'attention' | 'outbox' | 'budgets' | 'endpoints'>;

/** Returns a summary of what waits, and the first action. @param facts undefined when the database does not respond */
export const adviceOnService = (
  facts: ServiceFacts | undefined,
): { readonly summary: string; readonly whatToDo: string } => {
  if (!facts)
    return {
      summary: 'What waits could not be read: the database does not respond.',
      whatToDo: 'Restore the database first; /readyz reports whether it responds.',
    };
  const remarks = [
    ...aboutEndpoints(facts.endpoints),
    ...aboutOutbox(facts.outbox),
    ...aboutBudgets(facts.budgets),
    ...aboutAttention(facts.attention),
  ];
  return summaryOf(remarks.length > 0 ? remarks : [{ text: 'Nothing waits for a person.' }]);
};

const aboutEndpoints = ({
  disabledByFailures,
  failing,
  failingSeconds,
}: ServiceFacts['endpoints']): readonly Remark[] => [
  ...(disabledByFailures > 0
    ? [
        {
          text: `${counted(disabledByFailures, 'webhook endpoint was', 'webhook endpoints were')} disabled because deliveries failed: the platform gets no events there.`,
          action: 'Correct the receiver, then enable the endpoint again: docs/runbooks/endpoints.md.',
        },
      ]
    : []),
  ...(failing > 0
    ? [
        {
          text: `${counted(failing, 'webhook endpoint fails', 'webhook endpoints fail')}, the longest for ${lastingSeconds(failingSeconds)}.`,
          ...(failingSeconds > failingWarningSeconds
            ? {
                action:
                  'Correct the receiver before the endpoint is disabled, after 3 days: docs/runbooks/endpoints.md.',
              }
            : { nothingNow: 'Nothing now: deliveries are tried again.' }),
        },
      ]
    : []),
];

const aboutOutbox = ({ waiting, lagSeconds }: ServiceFacts['outbox']): readonly Remark[] =>
  waiting > 0 && lagSeconds > lagWarningSeconds
    ? [
        {
          text: `${counted(waiting, 'audition has', 'auditions have')} events that wait to be delivered, the oldest for ${lastingSeconds(lagSeconds)}.`,
          action: 'Check that the workers run and Temporal responds: docs/runbooks/workers.md.',
        },
      ]
    : [];

const aboutBudgets = ({ spent, nearlySpent }: ServiceFacts['budgets']): readonly Remark[] => {
  const spentBudgets = spent.email + spent.sms;
  const nearlySpentBudgets = nearlySpent.email + nearlySpent.sms - spentBudgets;
  const action =
    'Find out why the organization sends so much, or raise its budget: docs/runbooks/messages.md.';
  return [
    ...(spentBudgets > 0
      ? [
          {
            text: `${counted(spentBudgets, 'budget of messages is', 'budgets of messages are')} spent for today: further messages are not sent.`,
            action,
          },
        ]
      : []),
    ...(nearlySpentBudgets > 0
      ? [
          {
            text: `${counted(nearlySpentBudgets, 'budget of messages is', 'budgets of messages are')} nearly spent for today.`,
            action,
          },
        ]
      : []),
  ];
};

const aboutAttention = ({ open, oldestSeconds }: ServiceFacts['attention']): readonly Remark[] =>
  open > 0
    ? [
        {
          text: `${counted(open, 'attention item is', 'attention items are')} open, the oldest for ${lastingSeconds(oldestSeconds)}.`,
          action:
            'Resolve them: npm run ops -- attention list, or GET /v1/attention. See docs/runbooks/attention.md.',
        },
      ]
    : [];
