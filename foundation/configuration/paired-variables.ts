/** Variables that mean something only together: one without the other is a setting half made. */
import type { ConfigurationProblem } from './configuration-error.ts';
import type { Given, VariableGroup } from './variable-group.ts';

export const incompletePairs = (
  given: Given,
  groups: readonly VariableGroup[],
): readonly ConfigurationProblem[] =>
  groups
    .flatMap(({ pairs = [] }) => pairs)
    .flatMap(([one, other]) => {
      if ((given[one] === undefined) === (given[other] === undefined)) return [];
      const [missing, there] = given[one] === undefined ? [one, other] : [other, one];
      return [{ name: missing, message: `is not set, although ${there} is. Set both, or neither.` }];
    });
