/**
 * Who goes first where the queue of an outside service has a backlog: what cannot wait, and among its like each
 * organization in turn, so that one office's casting day does not starve another's single audition.
 */
import type { OrganizationId } from '../ids.ts';
import { toEpochMs } from '../time/epoch.ts';
import { hour } from '../time/units.ts';
import type { Slot } from './slot.ts';

/** As Temporal takes it. Lies there unencrypted: ids and figures, nothing of a person. */
interface StepPriority {
  /** 1 to 5, the lowest first, 3 when nothing is said. 1 stays free for what an operator has to push through. */
  readonly priorityKey: 2 | 3;
  readonly fairnessKey: string;
}

/** After the start nobody needs the link any more: what belongs to a slot that begins this soon overtakes the rest. */
const soonMs = 2 * hour;

export const stepPriority = (
  organization: OrganizationId,
  {
    hasDeadline,
    slot,
    now,
  }: { readonly hasDeadline: boolean; readonly slot: Slot | undefined; readonly now: number },
): StepPriority => {
  const isSoon = slot !== undefined && toEpochMs(slot.start) - now < soonMs;
  return {
    priorityKey: hasDeadline || isSoon ? 2 : 3,
    fairnessKey: fairnessKeyOf(organization),
  };
};

/** At most 64 bytes, else the server refuses the step: that is the length of an organization's id without its prefix. */
const fairnessKeyOf = (organization: OrganizationId): string => organization.slice('org_'.length);
