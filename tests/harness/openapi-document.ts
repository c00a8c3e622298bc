/** Generates the OpenAPI document as the API serves it, without a database: no query is made. */
import { z } from 'zod';
import { buildApi } from '../../api/app.ts';
import { createDatabaseClient } from '../../db/client.ts';
import { createRepositories } from '../../db/index.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { apiDependencies, createFakeOrchestration, masterKeys } from './api.ts';

/** Returns the document as the text of docs/openapi.json. */
export const generateOpenApi = async (): Promise<string> => {
  const { db } = createDatabaseClient('postgres://user@127.0.0.1:1/none');
  const repositories = createRepositories(db, createKeyRing(masterKeys), db);
  const auditionWorkflows = createFakeOrchestration(repositories.events);
  const api = await buildApi(apiDependencies({ repositories, auditionWorkflows }));
  const document = z.looseObject({}).parse((await api.inject('/openapi.json')).json());
  await api.close();
  return `${JSON.stringify(document, null, 2)}\n`;
};
