import { describe, expect, it } from 'vitest';
import { auditionCommands } from './commands.ts';
import { auditionFactSchema } from './events.ts';
import { type AuditionState, auditionOutcomes, auditionStates } from './states.ts';
import {
  auditionTransitions,
  commandStates,
  isCommandAllowed,
  isFactAllowed,
  stateNeutralFacts,
  transitionOn,
} from './transitions.ts';

const reachableFrom = (start: AuditionState): ReadonlySet<AuditionState> => {
  const reached = new Set([start]);
  for (const state of reached) {
    for (const { from, to } of auditionTransitions) if (from === state) reached.add(to);
  }
  return reached;
};

const factTypes = auditionFactSchema.options.map((option) => option.shape.type.value);

describe('the transition table', () => {
  it('reaches every state from a request', () => {
    expect([...reachableFrom('requested')].sort()).toEqual([...auditionStates].sort());
  });

  it.each(auditionStates.filter((state) => state !== 'closed'))(
    'can close an audition in state %s',
    (state) => {
      expect(reachableFrom(state)).toContain('closed');
      expect(transitionOn(state, 'cancelled')).toMatchObject({ to: 'closed', outcome: 'cancelled' });
      expect(transitionOn(state, 'failed')).toMatchObject({ to: 'closed', outcome: 'failed' });
    },
  );

  it('leaves closed only when the audition is reopened', () => {
    const out = auditionTransitions.filter(({ from }) => from === 'closed').map(({ on }) => on);
    expect(out).toEqual(['reopened_for_decision', 'reopened_for_session']);
  });

  it('has at most one row for each pair of state and fact', () => {
    const rows = auditionTransitions.map(({ from, on }) => `${from} ${on}`);
    expect(new Set(rows).size).toBe(rows.length);
  });

  it('gives an outcome to transitions to closed and to no others', () => {
    for (const { to, outcome } of auditionTransitions) expect(outcome !== undefined).toBe(to === 'closed');
  });

  it('can reach every outcome', () => {
    const byTable = auditionTransitions.flatMap(({ outcome }) =>
      outcome === 'as_decided' ? ['callback', 'booked', 'released'] : (outcome ?? []),
    );
    expect([...new Set(byTable)].sort()).toEqual([...auditionOutcomes].sort());
  });

  it('lists each fact except `requested` either as a transition or as state-neutral', () => {
    const moving = new Set(auditionTransitions.map(({ on }) => on));
    const neutral = new Set<string>(stateNeutralFacts);
    for (const type of factTypes.filter((type) => type !== 'requested')) {
      expect(`${type}: ${moving.has(type) !== neutral.has(type)}`).toBe(`${type}: true`);
    }
    for (const state of auditionStates) expect(isFactAllowed(state, 'requested')).toBe(false);
  });
});

describe('a command', () => {
  it.each(auditionCommands.filter((command) => command !== 'reopen'))(
    '%s is allowed in some state, but never in closed',
    (command) => {
      expect(commandStates[command].length).toBeGreaterThan(0);
      expect(isCommandAllowed(command, 'closed')).toBe(false);
    },
  );

  it('is allowed only in states that allow its fact', () => {
    const leadsTo = { reschedule: 'slot_moved', cancel: 'cancelled', decide: 'decided' } as const;
    for (const command of ['reschedule', 'cancel', 'decide'] as const) {
      for (const state of commandStates[command]) expect(isFactAllowed(state, leadsTo[command])).toBe(true);
    }
  });
});
