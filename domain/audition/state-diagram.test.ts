import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderStateDiagram, renderStatesPage } from './state-diagram.ts';
import { auditionStates } from './states.ts';
import { auditionTransitions } from './transitions.ts';

describe('the state diagram', () => {
  it('is up to date in docs/states.md (if not, run `npm run docs:states`)', () => {
    const committed = readFileSync(join(import.meta.dirname, '../../docs/states.md'), 'utf8');
    expect(committed).toBe(renderStatesPage());
  });

  it('shows every state and every fact that changes the state', () => {
    const diagram = renderStateDiagram();
    for (const state of auditionStates) expect(diagram).toContain(state);
    for (const { on } of auditionTransitions) expect(diagram).toContain(on);
  });
});
