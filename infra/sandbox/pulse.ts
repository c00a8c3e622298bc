/** Tells whoever listens that something changed, and nothing about what: listeners read the state themselves. */
export interface Pulse {
  beat(): void;
  /** Returns how to stop listening. */
  listen(listener: () => void): () => void;
}

export const createPulse = (): Pulse => {
  const listeners = new Set<() => void>();
  return {
    beat() {
      for (const listener of listeners) listener();
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
