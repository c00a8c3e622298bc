import { expect, it } from 'vitest';
import { providerVariables } from '../../providers/registry.ts';
import { serviceVariables } from './defaults.ts';
import { renderReference } from './reference.ts';

it('docs/configuration.md matches the variables (update: npx vitest run --project unit foundation/configuration -u)', async () => {
  await expect(renderReference([serviceVariables, ...providerVariables])).toMatchFileSnapshot(
    '../../docs/configuration.md',
  );
});
