// The import directions of the architecture (README, "The map"). A folder sees only what stands below it:
// base <- dns, metrics <- zone, geo, health, steer <- snapshot <- query <- server; director and config see what they
// plan with; wiring sees everybody, and is seen by main alone.
const sees = {
  base: [],
  dns: ['base'],
  metrics: ['base'],
  zone: ['base', 'dns', 'metrics'],
  geo: ['base', 'dns', 'metrics'],
  health: ['base', 'dns', 'metrics'],
  steer: ['base'],
  snapshot: ['base', 'dns', 'metrics', 'zone', 'geo', 'health', 'steer'],
  query: ['base', 'dns', 'metrics', 'snapshot'],
  server: ['base', 'dns', 'metrics', 'snapshot', 'query'],
  director: ['base', 'dns', 'metrics', 'zone', 'geo', 'health', 'steer', 'snapshot'],
  config: ['base', 'dns', 'zone', 'geo', 'health', 'steer', 'snapshot', 'director'],
  admin: ['base', 'metrics'],
  agent: ['base'],
  cli: ['base', 'dns', 'admin', 'director'],
}

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphan-imports', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'tests-stay-outside',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^test' },
    },
    {
      name: 'only-main-knows-everybody',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/main\\.ts$' },
    },
    {
      name: 'only-main-starts-the-wiring',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main\\.ts$|wiring/)' },
      to: { path: '^src/wiring/' },
    },
    ...Object.entries(sees).map(([folder, allowed]) => ({
      name: `${folder}-sees-only-below`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/[^/]+/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
}
