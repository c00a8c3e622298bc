/** Variables that mean something only together: one without the other is a setting half made. */
import type { Problem } from './problem.ts';
import type { VariableName } from './variables.ts';

const pairs = [
  ['JWT_ISSUER', 'JWT_AUDIENCE'],
  ['ZOOM_OAUTH_CLIENT_ID', 'ZOOM_OAUTH_CLIENT_SECRET'],
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
] as const satisfies readonly (readonly [VariableName, VariableName])[];

export const halfMade = (given: Readonly<Record<string, string | undefined>>): readonly Problem[] =>
  pairs.flatMap(([one, other]) => {
    if ((given[one] === undefined) === (given[other] === undefined)) return [];
    const [missing, there] = given[one] === undefined ? [one, other] : [other, one];
    return [{ name: missing, message: `is not set, although ${there} is. Set both, or neither.` }];
  });
