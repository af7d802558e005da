import { defineConfig } from 'vitest/config'

// Many tests measure time, and a machine that others load may keep any of them waiting: one fails when it fails three times.
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000, retry: 2, pool: 'forks' } as const

// Two cores run the tests, the servers under test and their clients. What measures time comes last, a file at a time:
// beside others it would measure the queue for a core.
const ALONE = [
  'test/integration/**/*.test.ts',
  'test/health/{checker,detection}.test.ts',
  'test/differential/*.test.ts',
]

// What takes the longest: `npm run test:long`, which .ci/run runs too.
const LONG = [
  'test/integration/{acme,hand-over,hostile,hostnames,lab,operate,socket-activation}.test.ts',
  'test/region/active-passive.test.ts',
]
const isLong = process.env.LONG_TESTS === '1'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...timeouts,
          name: 'parts',
          include: isLong ? [] : ['test/**/*.test.ts'],
          exclude: [...ALONE, ...LONG],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...timeouts,
          name: 'whole',
          include: isLong ? LONG : ALONE,
          exclude: isLong ? [] : LONG,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
