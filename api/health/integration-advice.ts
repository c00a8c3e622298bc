/** Describes the health of an integration in words for an operator, with the next action. */
import type { HeldBackGroup, IntegrationFacts } from '../../db/providers/health.ts';
import { transientKinds } from '../../domain/errors.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { catalog } from '../../providers/catalog.ts';
import { isOperationGroup, operationGroups } from '../../providers/operation-groups.ts';
import { quotaWarningRatio } from '../../providers/resilience/quotas.ts';
import { counted, lasting, type Remark, summaryOf, time } from './phrases.ts';
import { aboutWaitingWork } from './waiting-advice.ts';

export interface QuotaLevel {
  readonly quota: string;
  readonly limit: number;
  readonly used: number;
  readonly about: string;
}

export type ReportedFacts = Omit<IntegrationFacts, 'quotas'> & { readonly quotas: readonly QuotaLevel[] };

export interface IntegrationState {
  readonly provider: VendorName;
  readonly probe:
    | { readonly kind: 'answers' }
    /** The provider has no health check without a connected account. */
    | { readonly kind: 'none' }
    | { readonly kind: 'failed'; readonly fault: string };
  readonly at: Instant;
  /** Undefined when the database does not respond. */
  readonly facts: ReportedFacts | undefined;
}

/** A failure of one operation counts as present for this long, although calls of other operations succeed. */
const recentFailureMs = 5 * 60_000;

/** Webhooks that wait longer than this need an operator. */
const webhookLagWarningMs = 5 * 60_000;

type Advice = Pick<Remark, 'action' | 'nothingNow'>;

/** Returns a summary of all remarks, and the first action. Without one, the first reason to wait. */
export const adviceOn = (state: IntegrationState): { readonly summary: string; readonly whatToDo: string } =>
  summaryOf([
    ...aboutProbe(state),
    ...(state.facts ? aboutFacts(state, state.facts) : [databaseUnavailable]),
  ]);

const databaseUnavailable: Remark = {
  text: 'The records of the workers could not be read: the database does not respond.',
  action: 'Restore the database first; /readyz reports whether it responds.',
};

const aboutProbe = ({ provider, probe }: IntegrationState): readonly Remark[] => {
  const { displayName: name } = catalog[provider];
  switch (probe.kind) {
    case 'answers':
      return [{ text: `${name} responds and accepts our credentials.` }];
    case 'none':
      return [{ text: `${name} is called only on behalf of connected accounts.` }];
    case 'failed':
      return [{ text: `${name} ${probeFailureText(probe.fault)}.`, ...adviceOnFault(provider, probe.fault) }];
  }
};

const probeFailureText = (fault: string): string => {
  switch (fault) {
    case 'misconfigured':
      return 'responds, but rejects our credentials or settings';
    case 'not_permitted':
      return 'responds, but does not permit our request';
    case 'retry_after':
      return 'responds that our request rate is too high';
    case 'quota_exhausted':
      return 'responds that our quota is exhausted';
    default:
      return `does not respond correctly (${fault})`;
  }
};

const adviceOnFault = (provider: VendorName, fault: string): Advice => {
  const statusPage = statusPageOf(provider);
  switch (fault) {
    case 'misconfigured':
    case 'not_permitted':
    case 'not_found':
      return {
        action: `Check the credentials and settings of ${provider} (docs/integrations/), then restart. Waiting does not help.`,
      };
    case 'retry_after':
    case 'quota_exhausted':
      return { nothingNow: 'Nothing now: calls wait until the provider accepts them again.' };
    default:
      return { action: outageAction(statusPage) };
  }
};

const statusPageOf = (provider: VendorName): string | undefined => {
  const facts = catalog[provider];
  return 'statusPage' in facts ? facts.statusPage : undefined;
};

const outageAction = (statusPage: string | undefined): string =>
  `${statusPage ? `Check ${statusPage}` : 'Check the server itself'}. Waiting work resumes automatically; other providers are used where possible. Failed steps appear under GET /v1/attention.`;

const aboutFacts = ({ provider, at }: IntegrationState, facts: ReportedFacts): readonly Remark[] => {
  const { displayName: name } = catalog[provider];
  const statusPage = statusPageOf(provider);
  const { heldBack, accountsHeldBack, closedUntil, connections, webhooks, subscriptions } = facts;
  const remarks: Remark[] = [];
  remarks.push(...heldBack.map((group) => aboutCircuit(group, statusPage)));
  remarks.push(...aboutAttention(facts.attention), ...aboutCalls(provider, facts, at));
  if (accountsHeldBack > 0) {
    remarks.push({
      text: `${counted(accountsHeldBack, 'account fails', 'accounts fail')} although ${name} works for others.`,
      nothingNow:
        'Nothing now. If it lasts, ask the owner of the account whether they can log in at the provider.',
    });
  }
  if (closedUntil) {
    remarks.push({
      text: `${name} reports an exhausted quota until ${time(closedUntil)}.`,
      nothingNow:
        'Nothing now: work waits until then, or uses another provider. See docs/runbooks/providers.md.',
    });
  }
  for (const { about, used, limit } of facts.quotas) {
    const isExhausted = used >= limit;
    remarks.push({
      text: `Of ${about}, ${used} are used${isExhausted ? ': none is left' : ''}.`,
      action:
        used < limit * quotaWarningRatio
          ? undefined
          : 'Request a higher quota from the provider, or spread the work: see docs/runbooks/providers.md.',
    });
  }
  if (connections.needReauthorization > 0) {
    remarks.push({
      text: `${counted(connections.needReauthorization, 'account has', 'accounts have')} to be reconnected by the owner.`,
      action:
        'The owners have been notified, with a link. GET /v1/connections lists the owners; waiting work resumes automatically once they have reconnected.',
    });
  }
  remarks.push(...aboutWaitingWork(name, facts, at), ...aboutWebhooks(webhooks, at));
  if (subscriptions.expired > 0) {
    remarks.push({
      text: `${counted(subscriptions.expired, 'subscription has', 'subscriptions have')} expired: changes in these calendars are not reported to us.`,
      action:
        'Subscriptions are renewed while their account is connected: reconnect the accounts that need it.',
    });
  }
  return remarks;
};

const aboutCircuit = (
  { group, circuit, opensAgainAt }: HeldBackGroup,
  statusPage: string | undefined,
): Remark => {
  const calls = `calls for ${isOperationGroup(group) ? operationGroups[group].about : group}`;
  return circuit === 'open'
    ? {
        text: `The circuit breaker holds ${calls} back after several consecutive failures, until ${time(opensAgainAt)} at the earliest; then one call probes the provider.`,
        action: outageAction(statusPage),
      }
    : { text: `The ${calls} failed recently; the next one probes whether they work again.` };
};

const aboutCalls = (
  provider: VendorName,
  { lastSuccessAt, lastFailureAt, lastFailure }: ReportedFacts,
  at: Instant,
): readonly Remark[] => {
  if (!lastSuccessAt && !lastFailureAt) return [{ text: 'No call has been made recently.' }];
  const succeeded = lastSuccessAt
    ? `A call last succeeded ${lasting(lastSuccessAt, at)} ago.`
    : 'No call has succeeded.';
  if (!lastFailureAt) return [{ text: succeeded }];
  const failed = `${lasting(lastFailureAt, at)} ago: ${lastFailure ?? 'for an unknown reason'}`;
  const isLast = !lastSuccessAt || lastFailureAt > lastSuccessAt;
  const isRecent = Date.parse(at) - Date.parse(lastFailureAt) < recentFailureMs;
  const advice = isRecent ? adviceOnFailure(provider, lastFailure) : undefined;
  if (!isLast && advice === undefined) return [{ text: succeeded }];
  return [
    {
      text: `${succeeded} ${isLast ? `The last one failed ${failed}.` : `Another one failed ${failed}.`}`,
      ...advice,
    },
  ];
};

/** Returns undefined for a failure that concerns one request only. */
const adviceOnFailure = (provider: VendorName, failure: string | undefined): Advice | undefined => {
  const [kind] = failure?.split(' ') ?? [];
  if (kind === 'misconfigured') return adviceOnFault(provider, kind);
  if (!transientKinds.some((transient) => transient === kind)) return undefined;
  const statusPage = statusPageOf(provider) ?? 'the server itself';
  return {
    nothingNow: `Nothing now: failed calls are repeated. If it lasts, check ${statusPage}. Steps that give up appear under GET /v1/attention.`,
  };
};

const aboutAttention = ({ open }: ReportedFacts['attention']): readonly Remark[] =>
  open === 0
    ? []
    : [
        {
          text: `${counted(open, 'step has failed and waits', 'steps have failed and wait')} for an operator.`,
          action:
            'Resolve the items: npm run ops -- attention list, or GET /v1/attention. See docs/runbooks/attention.md.',
        },
      ];

const aboutWebhooks = (
  { waiting, oldestWaitingSince, parked }: ReportedFacts['webhooks'],
  at: Instant,
): readonly Remark[] => {
  const remarks: Remark[] = [];
  if (waiting > 0 && oldestWaitingSince) {
    const isLate = Date.parse(at) - Date.parse(oldestWaitingSince) > webhookLagWarningMs;
    remarks.push({
      text: `${counted(waiting, 'webhook waits', 'webhooks wait')} for delivery, the oldest for ${lasting(oldestWaitingSince, at)}.`,
      action: isLate
        ? 'Check that the workers run and Temporal responds: docs/runbooks/workers.md.'
        : undefined,
    });
  }
  if (parked > 0) {
    remarks.push({
      text: `${counted(parked, 'webhook is', 'webhooks are')} parked: no audition or account matches.`,
      action: 'Inspect and replay them: npm run ops -- webhooks.',
    });
  }
  return remarks;
};
