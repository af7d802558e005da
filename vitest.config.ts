import { defineConfig } from 'vitest/config'

const timeouts = { testTimeout: 20_000, hookTimeout: 20_000, pool: 'forks' } as const

// Two cores run the tests, the servers under test and their clients. First what is small; then whole programs, which wait
// more than they work and so share the cores; last what measures time, a file at a time: beside others it would measure the
// queue for a core.
const WHOLE = ['test/integration/**/*.test.ts', 'test/differential/*.test.ts']
const TIMED = [
  'test/integration/{coldstart,failover,failover-timing,reload,resilience,transitions}.test.ts',
  'test/health/{checker,detection}.test.ts',
]

// What takes longest, a file at a time: `npm run test:long`, which .ci/run runs too.
const LONG = [
  'test/integration/{acme,hand-over,hostile,hostnames,lab,operate,safety,socket-activation}.test.ts',
  'test/region/active-passive.test.ts',
]

const ALONE = { fileParallelism: false } as const

const DAILY = [
  {
    name: 'parts',
    include: ['test/**/*.test.ts'],
    exclude: [...WHOLE, ...TIMED, ...LONG],
    maxWorkers: 2,
    sequence: { groupOrder: 0 },
  },
  { name: 'whole', include: WHOLE, exclude: [...TIMED, ...LONG], maxWorkers: 3, sequence: { groupOrder: 1 } },
  { name: 'timed', include: TIMED, ...ALONE, sequence: { groupOrder: 2 } },
]

const projects = process.env.LONG_TESTS === '1' ? [{ name: 'long', include: LONG, ...ALONE }] : DAILY

export default defineConfig({
  test: { projects: projects.map((project) => ({ test: { ...timeouts, ...project } })) },
})
