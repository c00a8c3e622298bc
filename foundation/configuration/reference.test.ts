import { expect, it } from 'vitest';
import { providerVariables } from '../../providers/registry.ts';
import { serviceVariables } from './defaults.ts';
import { renderReference } from './reference.ts';

it('is what docs/configuration.md says (write it anew with: vitest run -u foundation/configuration)', async () => {
  await expect(renderReference([serviceVariables, ...providerVariables])).toMatchFileSnapshot(
    '../../docs/configuration.md',
  );
});
