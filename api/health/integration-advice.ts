/** What the health of an integration means, for somebody who has to answer "why is it not working?". */
import type { IntegrationFacts } from '../../db/providers/health.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { catalog } from '../../providers/catalog.ts';
import { quotaWarningRatio } from '../../providers/resilience/quotas.ts';

export interface QuotaUsage {
  readonly quota: string;
  readonly limit: number;
  readonly used: number;
  readonly about: string;
}

export type ReportedFacts = Omit<IntegrationFacts, 'quotas'> & { readonly quotas: readonly QuotaUsage[] };

export interface IntegrationState {
  readonly provider: VendorName;
  readonly probe:
    | { readonly kind: 'answers' }
    /** There is nothing to ask without somebody's account. */
    | { readonly kind: 'none' }
    | { readonly kind: 'failed'; readonly fault: string };
  readonly at: Instant;
  /** Undefined when the database cannot be asked. */
  readonly facts: ReportedFacts | undefined;
}

/** A webhook that waits this long waits for a person. */
const webhookLagWarningMs = 5 * 60_000;

interface Remark {
  readonly text: string;
  /** What a person can do about it; what is urgent comes first. */
  readonly action?: string | undefined;
}

/** One sentence for each thing worth saying, and what to do about the first of them that needs anybody. */
export const adviceOn = (
  known: IntegrationState,
): { readonly summary: string; readonly whatToDo: string } => {
  const remarks = [
    ...aboutProbe(known),
    ...(known.facts ? aboutFacts(known, known.facts) : [databaseUnavailable]),
  ];
  return {
    summary: remarks.map(({ text }) => text).join(' '),
    whatToDo: remarks.find(({ action }) => action !== undefined)?.action ?? 'Nothing.',
  };
};

const databaseUnavailable: Remark = {
  text: 'What the workers have seen could not be read: the database does not answer.',
  action: 'See to the database first: /readyz says whether it answers.',
};

const aboutProbe = ({ provider, probe }: IntegrationState): readonly Remark[] => {
  const { displayName: name } = catalog[provider];
  switch (probe.kind) {
    case 'answers':
      return [{ text: `${name} answers and knows us.` }];
    case 'none':
      return [{ text: `${name} is called in the name of connected accounts only.` }];
    case 'failed':
      return [
        { text: `${name} ${probeFailureText(probe.fault)}.`, action: actionForFault(provider, probe.fault) },
      ];
  }
};

const probeFailureText = (fault: string): string => {
  switch (fault) {
    case 'misconfigured':
      return 'answers, and refuses our credentials or settings';
    case 'not_permitted':
      return 'answers, and does not permit what we ask';
    case 'retry_after':
      return 'answers that we are too fast';
    case 'quota_exhausted':
      return 'answers that our quota is spent';
    default:
      return `does not answer as it should (${fault})`;
  }
};

const actionForFault = (provider: VendorName, fault: string): string => {
  const statusPage = statusPageOf(provider);
  switch (fault) {
    case 'misconfigured':
    case 'not_permitted':
    case 'not_found':
      return `Check the credentials and settings of ${provider} (docs/integrations/), then restart: no waiting mends this.`;
    case 'retry_after':
    case 'quota_exhausted':
      return 'Nothing at once: calls wait until the provider takes them again.';
    default:
      return outageAction(statusPage);
  }
};

const statusPageOf = (provider: VendorName): string | undefined => {
  const facts = catalog[provider];
  return 'statusPage' in facts ? facts.statusPage : undefined;
};

const outageAction = (statusPage: string | undefined): string =>
  `${statusPage ? `Look at ${statusPage}` : 'Look at the server itself'}. Work waits and goes on by itself; other providers are used where there are any. What gives up shows under GET /v1/attention.`;

const aboutFacts = ({ provider, at }: IntegrationState, facts: ReportedFacts): readonly Remark[] => {
  const { displayName: name } = catalog[provider];
  const statusPage = statusPageOf(provider);
  const { circuit, opensAgainAt, accountsHeldBack, closedUntil, connections, webhooks, subscriptions } =
    facts;
  const remarks: Remark[] = [];
  if (circuit === 'open') {
    const until = opensAgainAt ? `, until ${time(opensAgainAt)} at the earliest` : '';
    remarks.push({
      text: `Calls are held back because it has failed several times in a row${until}; then one call tries whether it is back.`,
      action: outageAction(statusPage),
    });
  }
  if (circuit === 'half_open')
    remarks.push({ text: 'It has failed lately; the next call tries whether it is back.' });
  remarks.push(...aboutCalls(facts, at));
  if (accountsHeldBack > 0) {
    remarks.push({
      text: `${counted(accountsHeldBack, 'account fails', 'accounts fail')} although ${name} works for others.`,
      action:
        'Nothing at once. If it lasts, have the owner of the account look whether it opens at the provider itself.',
    });
  }
  if (closedUntil) {
    remarks.push({
      text: `${name} has said that a quota is spent, until ${time(closedUntil)}.`,
      action:
        'Nothing at once: work waits until then, or goes to another provider. See docs/runbooks/providers.md.',
    });
  }
  for (const { about, used, limit } of facts.quotas) {
    const spent = used >= limit;
    remarks.push({
      text: `Of ${about}, ${used} are used${spent ? ': none is left' : ''}.`,
      action:
        used < limit * quotaWarningRatio
          ? undefined
          : 'Ask the provider for more, or spread the work: docs/runbooks/providers.md says how.',
    });
  }
  if (connections.needReauthorization > 0) {
    remarks.push({
      text: `${counted(connections.needReauthorization, 'account has', 'accounts have')} to be connected again by the owner.`,
      action:
        'The owners have been told, with a link. GET /v1/connections shows whose they are; what waits for them goes on by itself once they are connected.',
    });
  }
  remarks.push(...aboutWebhooks(webhooks, at));
  if (subscriptions.expired > 0) {
    remarks.push({
      text: `${counted(subscriptions.expired, 'subscription has', 'subscriptions have')} run out: changes there are not told to us.`,
      action: 'They are renewed while their account is connected: connect the accounts again that need it.',
    });
  }
  return remarks;
};

const aboutCalls = (
  { lastSuccessAt, lastFailureAt, lastFailure }: ReportedFacts,
  at: Instant,
): readonly Remark[] => {
  if (!lastSuccessAt && !lastFailureAt) return [{ text: 'No call has been made lately.' }];
  const failed =
    lastFailureAt && (!lastSuccessAt || lastFailureAt > lastSuccessAt)
      ? ` The last one failed ${ago(lastFailureAt, at)}: ${lastFailure ?? 'for an unknown reason'}.`
      : '';
  return [
    {
      text: `${lastSuccessAt ? `A call last succeeded ${ago(lastSuccessAt, at)}.` : 'No call has succeeded.'}${failed}`,
    },
  ];
};

const aboutWebhooks = (
  { waiting, oldestWaitingSince, parked }: ReportedFacts['webhooks'],
  at: Instant,
): readonly Remark[] => {
  const remarks: Remark[] = [];
  if (waiting > 0 && oldestWaitingSince) {
    const isLate = Date.parse(at) - Date.parse(oldestWaitingSince) > webhookLagWarningMs;
    remarks.push({
      text: `${counted(waiting, 'webhook waits', 'webhooks wait')} to be passed on, the oldest since ${ago(oldestWaitingSince, at).replace(/ ago$/, '')}.`,
      action: isLate
        ? 'Look whether the workers run and Temporal answers: docs/runbooks/workers.md.'
        : undefined,
    });
  }
  if (parked > 0) {
    remarks.push({
      text: `${counted(parked, 'webhook belongs', 'webhooks belong')} to nothing we know, and ${parked === 1 ? 'is' : 'are'} parked.`,
      action: 'An operator can look at them and replay them: npm run ops -- webhooks.',
    });
  }
  return remarks;
};

const counted = (count: number, one: string, several: string): string =>
  `${count} ${count === 1 ? one : several}`;

const time = (at: Instant): string => `${at.slice(0, 19).replace('T', ' ')} UTC`;

const ago = (then: Instant, now: Instant): string => {
  const seconds = Math.max(0, Math.round((Date.parse(now) - Date.parse(then)) / 1_000));
  if (seconds < 90) return `${counted(seconds, 'second', 'seconds')} ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} minutes ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours ago` : `${Math.round(hours / 24)} days ago`;
};
