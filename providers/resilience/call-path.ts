/**
 * The one way to call a provider: circuit, then quota, then the call itself with its outcome seen. What is refused on
 * the way is a `ProviderError` like the vendor's own, without effect and with the time to come again: Temporal is the
 * one who retries.
 */
import { addConnection, mayHaveTakenEffect, ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { CallOperation } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import type { Circuits } from './circuits.ts';
import { failureSignalOf } from './failure-signal.ts';
import type { QuotaGuard, QuotaSubject } from './quota-guard.ts';
import { type RejectionReason, rejectionReasonOf } from './rejected-call.ts';

/** Whose account a call is made with. */
export interface CallAccount {
  /** The provider's account, in our words: a connection's id, a host user. */
  readonly account: string;
  /** Where the account is a connection. */
  readonly connection?: ConnectionId | undefined;
  /** Where the account is an organization's own; else the call says for whom it is. */
  readonly organization?: string | undefined;
}

export interface CallObserver {
  /** A call was made; `outcome` is `ok` or the kind of the fault. */
  callEnded(call: {
    readonly provider: VendorName;
    readonly operation: string;
    readonly outcome: string;
    readonly seconds: number;
    readonly error?: unknown;
  }): void;
  /** A call was not made. */
  callRejected(call: {
    readonly provider: VendorName;
    readonly operation: string;
    readonly reason: RejectionReason;
  }): void;
}

export interface CallPath {
  run<Result>(
    operation: CallOperation,
    account: CallAccount,
    call: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result>;
}

export const createCallPath = ({
  circuits,
  quotas,
  observer,
}: {
  readonly circuits: Circuits;
  readonly quotas: QuotaGuard;
  readonly observer: CallObserver;
}): CallPath => {
  const observed = async <Result>(
    { provider, name }: CallOperation,
    perform: () => Promise<Result>,
  ): Promise<Result> => {
    const started = performance.now();
    const ended = (outcome: string, error?: unknown) =>
      observer.callEnded({
        provider,
        operation: name,
        outcome,
        seconds: (performance.now() - started) / 1_000,
        error,
      });
    try {
      const result = await perform();
      ended('ok');
      return result;
    } catch (error) {
      ended(error instanceof ProviderError ? error.fault.kind : 'unexpected', error);
      throw error;
    }
  };

  const withinQuota = async <Result>(
    operation: CallOperation,
    drawn: QuotaSubject,
    call: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result> => {
    const permit = await quotas.acquire(operation, drawn);
    try {
      return await observed(operation, perform);
    } catch (error) {
      if (error instanceof ProviderError && error.fault.kind === 'quota_exhausted') {
        await quotas.markExhausted(operation, drawn, error.fault.untilMs).catch(() => undefined);
      }
      if (isRefundable(error, call)) await permit.refund().catch(() => undefined);
      throw error;
    } finally {
      await permit.release().catch(() => undefined);
    }
  };

  return {
    run: async (operation, { account, connection, organization }, call, perform) => {
      const drawn = { account, organization: organization ?? call.organization ?? noOrganization };
      try {
        return await circuits.run(operation, connection, call, () =>
          withinQuota(operation, drawn, call, perform),
        );
      } catch (error) {
        const reason = rejectionReasonOf(error);
        if (reason)
          observer.callRejected({ provider: operation.provider, operation: operation.name, reason });
        throw addConnection(connection, error);
      }
    },
  };
};

/**
 * An ill provider has hardly counted the call, and one that was called off before it was sent has reached nobody. Where
 * it was counted after all, the provider will say so itself, and is believed. What failed for reasons we do not know counts.
 */
const isRefundable = (error: unknown, call: CallContext): boolean => {
  if (!(error instanceof ProviderError)) return false;
  const sign = failureSignalOf(error, call);
  return sign === 'ill' || (sign === 'unheard' && !mayHaveTakenEffect(error));
};

/** A call that is made for no organization. */
const noOrganization = '-';
