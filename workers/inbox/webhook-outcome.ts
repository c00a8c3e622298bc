import type { AuditionId } from '../../domain/ids.ts';
import type { MailParkedReason } from './mail.ts';

/** The outcome of a delivery. The reasons are codes for the operator; docs/runbooks/webhooks.md explains them. */
export type WebhookOutcome =
  /** The webhook is settled. `reason` is set when no workflow was signaled. */
  | {
      readonly kind: 'delivered';
      /** The auditions that it is about, for the log. */
      readonly auditions?: readonly AuditionId[] | undefined;
      readonly reason?:
        | 'appended_late'
        | 'audition_ended'
        | 'automatic_reply'
        | 'consent_applied'
        | 'contradicts_no_show'
        | 'deleted_by_us'
        | 'no_audition_then'
        | 'shared_room'
        | 'delivery_notification'
        | 'nobody_waits'
        | 'status_stored'
        | 'status_superseded'
        | 'unknown_account'
        | 'unnamed_person'
        | 'unsolicited';
    }
  /** No workflow handles the event. An operator can inspect and replay it. */
  | {
      readonly kind: 'parked';
      readonly reason:
        | 'not_handled'
        | 'no_calendar_sync'
        | 'confirm_subscription'
        | 'audition_stopped'
        | MailParkedReason;
    }
  /** What it is about is not known yet: the webhook may have arrived before the service recorded it. */
  | {
      readonly kind: 'not_yet_known';
      readonly reason: 'no_such_meeting' | 'no_such_message' | 'no_such_invitation';
    }
  /**
   * `looking_again`: the workflows were signaled. A recheck after `afterMs` finds a workflow that starts to wait only now.
   * `audition_stopped`: the audition is open and has no workflow, until it is taken over.
   */
  | {
      readonly kind: 'recheck';
      readonly reason: 'looking_again' | 'gathering' | 'audition_stopped';
      readonly afterMs: number;
    };
