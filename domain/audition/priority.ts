/**
 * Orders steps in the task queue of a provider with a backlog. Urgent steps go first. Steps of the same priority are
 * shared fairly among organizations, so that one organization's casting day does not starve the others.
 */
import type { OrganizationId } from '../ids.ts';
import { toEpochMs } from '../time/epoch.ts';
import { hour } from '../time/units.ts';
import type { Slot } from './slot.ts';

/** Temporal's priority of an activity. Not encrypted: contains no personal data. */
interface StepPriority {
  /** 1 to 5, lowest first. The server's default is 3. 1 is reserved for operators. */
  readonly priorityKey: 2 | 3;
  readonly fairnessKey: string;
}

/** Steps of a slot that begins within this time are urgent: after the start, their result is useless. */
const soonMs = 2 * hour;

/** Returns the priority of one step. A step is urgent when it is marked so, or when its slot begins soon. */
export const stepPriority = (
  organization: OrganizationId,
  {
    isUrgent,
    slot,
    now,
  }: { readonly isUrgent: boolean; readonly slot: Slot | undefined; readonly now: number },
): StepPriority => {
  const isSoon = slot !== undefined && toEpochMs(slot.start) - now < soonMs;
  return {
    priorityKey: isUrgent || isSoon ? 2 : 3,
    fairnessKey: fairnessKeyOf(organization),
  };
};

/** The server refuses keys of more than 64 bytes, the maximum length of an organization id without its prefix. */
const fairnessKeyOf = (organization: OrganizationId): string => organization.slice('org_'.length);
