/** The import rules of the architecture: an arrow never points back. See docs/architecture.md. */
const our = '^(domain|providers|db|activities|workflows|workers|api|infra)/';

/** @param {string} folder @param {string[]} allowed */
const onlyImports = (folder, allowed) => ({
  name: `${folder}-imports-only-what-it-may`,
  comment: `${folder}/ may import ${allowed.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^${folder}/`, pathNot: '\\.test\\.ts$' },
  to: { path: our, pathNot: [`^${folder}/`, ...allowed] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    onlyImports('domain', []),
    onlyImports('providers', ['^domain/']),
    // The cipher, which has no I/O, and the port through which data keys are wrapped.
    onlyImports('db', ['^domain/', '^infra/encryption/(aes-gcm|key-wrapping)\\.ts$']),
    onlyImports('activities', ['^domain/', '^providers/', '^db/']),
    onlyImports('workflows', ['^domain/', '^activities/contract\\.ts$']),
    onlyImports('workers', [
      '^domain/',
      '^providers/',
      '^db/',
      '^activities/',
      '^workflows/',
      '^infra/(configuration|encryption|observability)/',
    ]),
    onlyImports('api', [
      '^domain/',
      '^db/',
      '^workflows/[^/]+/(messages|search-attributes)\\.ts$',
      '^activities/contract\\.ts$',
      '^providers/[^/]+/webhooks\\.ts$',
      '^providers/(outbound/early-check|registry|authorization|access-tokens|open-connection|ports)\\.ts$',
      '^providers/calls/',
      '^workers/payload-codec/',
      '^infra/(configuration|encryption|observability)/',
    ]),
    {
      name: 'routes-call-no-provider',
      comment:
        'the API makes the providers where it is put together; its routes get what they may ask of them',
      severity: 'error',
      from: { path: '^api/', pathNot: ['^api/server\\.ts$', '\\.test\\.ts$'] },
      to: { path: ['^providers/(registry|access-tokens|open-connection)\\.ts$', '^providers/calls/'] },
    },
    {
      name: 'sandbox-stands-alone',
      comment:
        'the provider sandbox plays the vendors: it must know nothing of ours, or it would agree with our mistakes',
      severity: 'error',
      from: { path: '^infra/sandbox/', pathNot: '\\.test\\.ts$' },
      to: { path: our, pathNot: '^infra/sandbox/' },
    },
    {
      name: 'workflow-code-is-deterministic',
      comment: 'nothing from Node and no driver in what runs inside the workflow sandbox',
      severity: 'error',
      from: { path: '^(workflows|domain)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'vendors-stay-in-their-folder',
      comment: 'a vendor library is known in its own folder of providers/ and nowhere else',
      severity: 'error',
      from: { path: our, pathNot: ['^providers/', '\\.test\\.ts$'] },
      to: { path: 'node_modules/(googleapis|google-auth-library|@azure/msal-node|tsdav|twilio|nodemailer)/' },
    },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      from: { path: our, pathNot: '\\.test\\.ts$' },
      to: { path: ['^tests/', '\\.test\\.ts$'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|\\.cache|\\.data|build)/' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
