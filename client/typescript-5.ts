/**
 * Makes `import 'typescript'` of a generator the version 5 of this package: the generators print with an API that version 7 of
 * the compiler, which the project uses, does not have. Preloaded with `node --import`.
 */
import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const url = pathToFileURL(createRequire(import.meta.url).resolve('typescript')).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'typescript' ? { url, format: 'commonjs', shortCircuit: true } : next(specifier, context),
});
