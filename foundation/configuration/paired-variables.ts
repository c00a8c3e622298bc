/** Returns a problem for each pair of variables of which exactly one is set. */
import type { ConfigurationProblem } from './configuration-error.ts';
import type { VariableGroup, VariableValues } from './variable-group.ts';

export const incompletePairs = (
  values: VariableValues,
  groups: readonly VariableGroup[],
): readonly ConfigurationProblem[] =>
  groups
    .flatMap(({ pairs = [] }) => pairs)
    .flatMap(([first, second]) => {
      if ((values[first] === undefined) === (values[second] === undefined)) return [];
      const [missing, present] = values[first] === undefined ? [first, second] : [second, first];
      return [{ name: missing, message: `is not set, although ${present} is. Set both, or neither.` }];
    });
