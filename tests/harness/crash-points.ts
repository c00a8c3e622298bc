/** Kills an activity at each call of a dependency, as a worker that dies does. */
import type { crashAt } from './effect-harness.ts';

/** Returns the object with a crash point before and after each call of its asynchronous methods. */
export const withCrashPoints = <Target extends object>(
  target: Target,
  { around }: Pick<ReturnType<typeof crashAt>, 'around'>,
): Target =>
  new Proxy(target, {
    get: (object, name) => {
      const member: unknown = Reflect.get(object, name);
      if (typeof member !== 'function') return member;
      return around(async (...args: unknown[]): Promise<unknown> => Reflect.apply(member, object, args));
    },
  });
