import { expect, it } from 'vitest';
import { renderReference } from './reference.ts';

it('is what docs/configuration.md says (write it anew with: vitest run -u foundation/configuration)', async () => {
  await expect(renderReference()).toMatchFileSnapshot('../../docs/configuration.md');
});
