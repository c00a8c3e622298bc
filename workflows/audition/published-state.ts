/**
 * Publishes the audition's state in the search attributes. Each update is a billed action and a history event, so the
 * attributes follow what an operator acts on: attention items and the slot immediately, the state when it settles.
 * `confirmed` and `in_progress` are published with the next other change or deadline, and the passing states
 * `holding` and `scheduling` only while an attention item is open.
 */
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { AuditionState } from '../../domain/audition/states.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { searchAttributes } from '../search-attributes.ts';

interface PublishedState {
  /** Publishes the state, if it differs in what cannot wait. */
  update(view: AuditionView): void;
  /** Publishes the state, if it differs at all. */
  updateFully(view: AuditionView): void;
}

/** Creates the record of what is published. @param carried the view that an earlier run has published */
export const createPublishedState = (carried: AuditionView | undefined): PublishedState => {
  let published = carried ? { urgent: urgentStateOf(carried), full: fullStateOf(carried) } : undefined;

  const publish = (view: AuditionView): void => {
    published = { urgent: urgentStateOf(view), full: fullStateOf(view) };
    upsertSearchAttributes([
      { key: searchAttributes.state, value: view.state },
      { key: searchAttributes.attention, value: view.attention[0]?.step ?? null },
      { key: searchAttributes.scheduledFor, value: view.slot ? new Date(view.slot.start) : null },
    ]);
  };

  return {
    update(view) {
      if (isPassing(view) || urgentStateOf(view) === published?.urgent) return;
      publish(view);
    },
    updateFully(view) {
      if (isPassing(view) || fullStateOf(view) === published?.full) return;
      publish(view);
    },
  };
};

const isPassing = ({ state, attention }: AuditionView): boolean =>
  attention.length === 0 && (state === 'requested' || state === 'holding' || state === 'scheduling');

/** `confirmed` and `in_progress` count as `scheduled`: an operator acts on none of them. */
const settledState = (state: AuditionState): AuditionState =>
  state === 'confirmed' || state === 'in_progress' ? 'scheduled' : state;

const urgentStateOf = (view: AuditionView): string =>
  [settledState(view.state), view.attention[0]?.step ?? '', view.slot?.start ?? ''].join('|');

const fullStateOf = (view: AuditionView): string => [view.state, urgentStateOf(view)].join('|');
