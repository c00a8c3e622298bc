/** /openapi.json */
import type { Api } from '../api.ts';
import { openApiDocument } from '../plugins/openapi.ts';

export const openApiRoute = (api: Api): void => {
  api.get('/openapi.json', { schema: { hide: true } }, async () => openApiDocument(api));
};
