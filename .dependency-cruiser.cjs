/** The import rules of the architecture: a folder imports only from lower layers. See docs/architecture.md. */

/** The layers, lowest first. A layer may import the layers below it. The folders of one layer are siblings. */
const layers = [
  ['domain'],
  ['foundation'],
  ['providers'],
  ['db'],
  ['activities'],
  ['workflows'],
  ['api', 'workers'],
  ['infra'],
];
const folders = layers.flat();
const anyOf = (names) => `^(${names.join('|')})/`;
const our = anyOf(folders);
const tests = '\\.test\\.ts$';

/** One rule for each folder: it imports neither its siblings nor the layers above. */
const downOnly = layers
  .flatMap((layer, level) =>
    layer.map((folder) => ({
      name: `${folder}-imports-only-what-is-below`,
      severity: 'error',
      from: { path: `^${folder}/`, pathNot: tests },
      to: { path: anyOf(layers.slice(level).flat()), pathNot: `^${folder}/` },
    })),
  )
  // infra is the highest layer and has no sibling, so it needs no rule.
  .filter(({ to }) => to.path !== '^(infra)/');

module.exports = {
  forbidden: [
    ...downOnly,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'workflows-know-the-contract-of-activities',
      comment:
        'activities run outside the workflow sandbox: a workflow knows their contract and the catalog of vendors, not their code',
      severity: 'error',
      from: { path: '^workflows/', pathNot: tests },
      to: { path: ['^(db|foundation)/', '^(activities|providers)/[^/]+/'] },
    },
    {
      name: 'workflow-code-is-deterministic',
      comment: 'nothing from Node and no driver in what runs inside the workflow sandbox',
      severity: 'error',
      from: { path: '^(workflows|domain)/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'routes-call-no-provider',
      comment: 'api/server.ts constructs the providers and passes to the routes what they need',
      severity: 'error',
      from: { path: '^api/routes/', pathNot: tests },
      to: { path: '^providers/(resilience|outbound)/' },
    },
    {
      name: 'sandbox-stands-alone',
      comment:
        'the provider sandbox simulates the vendors: if it shared our code, it would share our mistakes and tests would miss them',
      severity: 'error',
      from: { path: '^infra/sandbox/', pathNot: tests },
      to: { path: our, pathNot: '^infra/sandbox/' },
    },
    {
      name: 'vendors-stay-in-their-folder',
      comment: 'a vendor library is known in its own folder of providers/ and nowhere else',
      severity: 'error',
      from: { path: our, pathNot: ['^providers/', tests] },
      to: {
        path: 'node_modules/(googleapis|google-auth-library|@azure/msal-node|@microsoft/microsoft-graph-client|tsdav|twilio|nodemailer)/',
      },
    },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      from: { path: our, pathNot: tests },
      to: { path: ['^tests/', tests] },
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
