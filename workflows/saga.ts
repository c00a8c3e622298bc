/**
 * The saga: the pending compensations in the order of their steps. Compensations are data, not closures, so that they
 * survive continue-as-new and operators can read them.
 *
 * A compensation is registered *before* its step runs, because the step can take effect and lose the response. Each
 * compensation must therefore succeed when there is nothing to undo.
 */

export interface Compensation {
  /** Registering the same id again replaces the entry in its position. */
  readonly id: string;
  /** Adjacent compensations of one stage run concurrently. Stages run one after another, in reverse order. */
  readonly stage: string;
}

export interface Saga<Kind extends Compensation> {
  readonly pending: readonly Kind[];
  register(compensation: Kind): void;
  /** Replaces all pending compensations. */
  replace(compensations: readonly Kind[]): void;
  /** Removes a compensation that has run or is no longer needed. */
  remove(id: string): void;
  /** Runs all pending compensations, stage by stage in reverse order. `undo` must not throw. */
  compensate(undo: (compensation: Kind) => Promise<void>): Promise<void>;
}

/** Creates a saga, with the pending compensations that continue-as-new has carried over. */
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
      const isRegistered = pending.some(({ id }) => id === compensation.id);
      pending = isRegistered
        ? pending.map((entry) => (entry.id === compensation.id ? compensation : entry))
        : [...pending, compensation];
    },
    replace(compensations) {
      pending = compensations;
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

/** Returns the adjacent entries at the end that share a stage. */
const lastStage = <Kind extends Compensation>(pending: readonly Kind[]): readonly Kind[] => {
  const last = pending.at(-1);
  if (!last) return [];
  const start = pending.findLastIndex(({ stage }) => stage !== last.stage);
  return pending.slice(start + 1);
};
