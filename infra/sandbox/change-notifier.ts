/**
 * Notifies subscribers that the state of the sandbox changed. Carries no details: subscribers read the state.
 */
export interface ChangeNotifier {
  notify(): void;
  /** Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void;
}

/** Creates a notifier without subscribers. */
export const createChangeNotifier = (): ChangeNotifier => {
  const listeners = new Set<() => void>();
  return {
    notify() {
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
