/**
 * Keeps the names of a listing between its pages, in this process. A server that is asked again for each page of 50 among
 * 50,000 events would do a thousand times the work. A process without the names asks the server again.
 */
import { maxKeptNames } from './settings.ts';

interface Sized {
  readonly size: number;
}

export interface KeptLists<List extends Sized> {
  get(id: string): List | undefined;
  put(id: string, list: List): void;
  remove(id: string): void;
}

/** Creates an empty store. The oldest lists are forgotten when there are too many names. */
export const createKeptLists = <List extends Sized>(maxNames = maxKeptNames): KeptLists<List> => {
  const lists = new Map<string, List>();
  return {
    get: (id) => lists.get(id),
    put: (id, list) => {
      lists.set(id, list);
      let total = [...lists.values()].reduce((sum, { size }) => sum + size, 0);
      for (const [oldest, { size }] of lists) {
        if (total <= maxNames) break;
        lists.delete(oldest);
        total -= size;
      }
    },
    remove: (id) => {
      lists.delete(id);
    },
  };
};
