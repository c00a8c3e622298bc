/** Notifies the owner of an account by email that it must be connected again, once per loss of access. */
import { z } from 'zod';
import type { Organizations } from '../../db/access/organizations.ts';
import type { MessageBudgets } from '../../db/budgets/message-budgets.ts';
import type { DisconnectedAccount } from '../../db/connections/disconnected-accounts.ts';
import type { Connection, Connections } from '../../db/connections/repository.ts';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import { canonicalEmail } from '../../domain/audition/email-address.ts';
import { effectiveLimits, type MessageLimits } from '../../domain/budgets/message-limits.ts';
import { mayHaveTakenEffect, ProviderError } from '../../domain/errors.ts';
import { operationOf } from '../../providers/operations.ts';
import type { Providers } from '../../providers/ports.ts';
import type { AttemptContext } from '../effects/attempt.ts';
import { messageIdFor } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import type { EffectSteps } from '../effects/steps.ts';
import { sentEmailFinder } from '../messaging/sent-email.ts';
import { renderReconnectEmail } from './reconnect-email.ts';

interface ReconnectNoticeDependencies {
  readonly repositories: {
    readonly ledger: OperationLedger;
    readonly connections: Pick<Connections, 'get'>;
    readonly organizations: Pick<Organizations, 'get' | 'limits'>;
    readonly messageBudgets: Pick<MessageBudgets, 'charge' | 'release'>;
  };
  /** What an organization may send in a day, when nothing else is set for it. */
  readonly messageLimits: MessageLimits;
  readonly email: Providers['email'];
  /** Returns the URL of the page on which the account is connected again. */
  readonly linkTo: (connection: Connection) => string;
}

const outcomeSchema = z.object({
  outcome: z.enum([
    'sent',
    /** The name of the account is not an email address. */
    'no_address',
    /** The mail server rejects the address. */
    'refused',
    /** The account was connected again or removed in the meantime. */
    'not_needed',
    /** The budget of emails and its reserve are spent. As every notice, it is not sent the next day by itself. */
    'budget_spent',
  ]),
});
export type ReconnectNoticeOutcome = z.infer<typeof outcomeSchema>;

const isAddress = (account: string | undefined): account is string =>
  account !== undefined && canonicalEmail(account) !== undefined;

/**
 * Returns a function that sends the notice. Idempotent by the `noticeKey` of the account: each key gets one email.
 * @throws the errors of `effectOnce`; the caller must then call it again.
 */
export const createReconnectNotice = ({
  repositories,
  messageLimits,
  email,
  linkTo,
}: ReconnectNoticeDependencies) => {
  const { organizations, messageBudgets } = repositories;

  /** Returns whether the budget has room for the email. Auditions wait for the account, so it can use the reserve. */
  const charge = async ({ organization, noticeKey: key }: DisconnectedAccount): Promise<boolean> => {
    const { email: budget } = effectiveLimits(messageLimits, await organizations.limits(organization));
    const { kind } = await messageBudgets.charge({
      key,
      organization,
      channel: 'email',
      units: 1,
      budget,
      mayUseReserve: true,
      canWarn: false,
    });
    return kind === 'charged';
  };

  const send = async (
    disconnected: DisconnectedAccount,
    ...[handOver, call]: Parameters<Extract<EffectSteps<unknown>, { kind: 'searched' }>['perform']>
  ): Promise<ReconnectNoticeOutcome> => {
    const { organization, id, noticeKey } = disconnected;
    const connection = await repositories.connections.get(organization, id);
    const organizationRow = await organizations.get(organization);
    if (connection?.status !== 'needs_reauthorization' || !organizationRow) return { outcome: 'not_needed' };
    const { account, provider } = connection;
    if (!isAddress(account)) return { outcome: 'no_address' };
    const link = linkTo(connection);
    const rendered = renderReconnectEmail({ organization: organizationRow.name, provider, account, link });
    const message = { messageId: messageIdFor(noticeKey), to: { name: '', address: account }, ...rendered };
    if (!(await charge(disconnected))) return { outcome: 'budget_spent' };
    try {
      await email.send(message, handOver, call);
      return { outcome: 'sent' };
    } catch (error) {
      // Best effort: an email that stays counted is not counted again.
      if (error instanceof ProviderError && !mayHaveTakenEffect(error))
        await messageBudgets.release(noticeKey).catch(() => undefined);
      if (error instanceof ProviderError && error.fault.kind === 'rejected_input') {
        return { outcome: 'refused' };
      }
      throw error;
    }
  };

  return (disconnected: DisconnectedAccount, context: AttemptContext): Promise<ReconnectNoticeOutcome> => {
    const { organization, id, noticeKey: key } = disconnected;
    const operation = {
      key,
      organization,
      provider: email.name,
      operation: operationOf(email.name, 'email.send').name,
      request: { id },
    };
    return effectOnce<ReconnectNoticeOutcome>(repositories.ledger, operation, context, {
      kind: 'searched',
      result: outcomeSchema,
      providerId: () => messageIdFor(key),
      find: sentEmailFinder(email, messageIdFor(key), { outcome: 'sent' }),
      perform: (...attempt) => send(disconnected, ...attempt),
    });
  };
};
