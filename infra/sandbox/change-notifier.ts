/** Tells whoever listens that something changed, and nothing about what: listeners read the state themselves. */
export interface ChangeNotifier {
  notify(): void;
  /** Returns how to stop listening. */
  subscribe(listener: () => void): () => void;
}

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
