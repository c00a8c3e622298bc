/**
 * Runs every call to a provider: it checks the circuit breaker, reserves quota, makes the call and records the outcome.
 * A rejected call throws a `ProviderError` without effect and with the time of the next attempt. Only Temporal retries.
 */
import { addConnection, mayHaveTakenEffect, ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { OperationGroup } from '../operation-groups.ts';
import type { AnyOperationName, CallOperation } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import type { Circuits } from './circuits.ts';
import { failureSignalOf } from './failure-signal.ts';
import type { QuotaGuard, QuotaSubject } from './quota-guard.ts';
import { type RejectionReason, rejectionReasonOf } from './rejected-call.ts';

/** The account that a call is made with. */
export interface CallAccount {
  /** Our identifier of the provider's account: its reference, a connection id, a host user. */
  readonly account: string;
  /** Set when the account is a connection. */
  readonly connection?: ConnectionId | undefined;
  /** Set when the account belongs to an organization. For a shared account the call context names the organization. */
  readonly organization?: string | undefined;
}

export interface CallObserver {
  /** Called after a call. `outcome` is `ok`, the kind of the fault, or `unexpected`. */
  callEnded(call: {
    readonly provider: VendorName;
    readonly operation: AnyOperationName;
    readonly group: OperationGroup;
    readonly outcome: string;
    readonly seconds: number;
    readonly error?: unknown;
    /** The correlation id of the call. */
    readonly correlationId: string;
  }): void;
  /** Called when a call was rejected before it was made. */
  callRejected(call: {
    readonly provider: VendorName;
    readonly operation: AnyOperationName;
    readonly reason: RejectionReason;
    /** The correlation id of the call. */
    readonly correlationId: string;
  }): void;
}

export interface CallPath {
  /**
   * Makes the call, unless it is rejected.
   *
   * @throws {ProviderError} of the provider or of the rejection, with the connection id where there is one.
   */
  run<Result>(
    operation: CallOperation,
    account: CallAccount,
    call: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result>;
}

/** Creates the call path of one process. */
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
    { provider, name, group }: CallOperation,
    { correlationId }: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result> => {
    const started = performance.now();
    const ended = (outcome: string, error?: unknown) =>
      observer.callEnded({
        provider,
        operation: name,
        group,
        outcome,
        seconds: (performance.now() - started) / 1_000,
        error,
        correlationId,
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
    subject: QuotaSubject,
    call: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result> => {
    const permit = await quotas.acquire(operation, subject, call.signal);
    try {
      return await observed(operation, call, perform);
    } catch (error) {
      if (error instanceof ProviderError && error.fault.kind === 'quota_exhausted') {
        await quotas.markExhausted(operation, subject, error.fault.untilMs).catch(() => undefined);
      }
      if (isRefundable(error, call)) await permit.refund().catch(() => undefined);
      throw error;
    } finally {
      await permit.release().catch(() => undefined);
    }
  };

  return {
    run: async (operation, { account, connection, organization }, call, perform) => {
      const subject = { account, organization: organization ?? call.organization ?? noOrganization };
      try {
        return await circuits.run(operation, connection, call, () =>
          withinQuota(operation, subject, call, perform),
        );
      } catch (error) {
        const reason = rejectionReasonOf(error);
        if (reason) {
          const { provider, name } = operation;
          observer.callRejected({ provider, operation: name, reason, correlationId: call.correlationId });
        }
        throw addConnection(connection, error);
      }
    },
  };
};

/**
 * Whether the quota of a failed call is returned: a failing provider has probably not counted it, and a call cancelled
 * before it was sent never arrived. If the provider did count it, its own quota error arrives later and is obeyed. Every
 * other failed call counts.
 */
const isRefundable = (error: unknown, call: CallContext): boolean => {
  if (!(error instanceof ProviderError)) return false;
  const failure = failureSignalOf(error, call);
  return failure === 'failing' || (failure === 'inconclusive' && !mayHaveTakenEffect(error));
};

/** Stands for the organization of a call that belongs to none. */
const noOrganization = '-';
