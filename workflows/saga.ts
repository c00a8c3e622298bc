/**
 * The saga: what must be undone, in the order it was done. Compensations are data, not closures, so that they
 * survive continue-as-new and can be read by a person.
 *
 * A compensation is registered *before* its step runs: the step may have its effect and lose the answer. So each
 * compensation must cope with there being nothing to undo.
 */

export interface Compensation {
  /** Registering the same id again replaces the entry where it stands. */
  readonly id: string;
  /** Neighbours of one stage are undone side by side; stages one after another, the last one first. */
  readonly stage: string;
}

export interface Saga<Kind extends Compensation> {
  readonly pending: readonly Kind[];
  register(compensation: Kind): void;
  /** The compensation has run, or is not needed any more. */
  remove(id: string): void;
  /** Undoes everything that is pending, stage by stage in reverse order. `undo` must not throw. */
  compensate(undo: (compensation: Kind) => Promise<void>): Promise<void>;
}

export const createSaga = <Kind extends Compensation>(carried: readonly Kind[] = []): Saga<Kind> => {
  let pending: readonly Kind[] = carried;

  const remove = (id: string): void => {
    pending = pending.filter((entry) => entry.id !== id);
  };

  return {
    get pending() {
      return pending;
    },
    register(compensation) {
      const known = pending.some(({ id }) => id === compensation.id);
      pending = known
        ? pending.map((entry) => (entry.id === compensation.id ? compensation : entry))
        : [...pending, compensation];
    },
    remove,
    async compensate(undo) {
      for (let stage = lastStage(pending); stage.length > 0; stage = lastStage(pending)) {
        await Promise.all(stage.map(undo));
        for (const { id } of stage) remove(id);
      }
    },
  };
};

/** The trailing run of entries that share a stage. */
const lastStage = <Kind extends Compensation>(pending: readonly Kind[]): readonly Kind[] => {
  const last = pending.at(-1);
  if (!last) return [];
  const start = pending.findLastIndex(({ stage }) => stage !== last.stage);
  return pending.slice(start + 1);
};
