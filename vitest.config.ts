import { defineConfig } from 'vitest/config'

const timeouts = { testTimeout: 20_000, hookTimeout: 20_000, pool: 'forks' } as const

// Two cores run the tests, the servers under test and their clients. What measures time comes last, a file at a time:
// beside others it would measure the queue for a core.
const ALONE = [
  'test/integration/**/*.test.ts',
  'test/health/{checker,detection}.test.ts',
  'test/differential/*.test.ts',
]

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...timeouts,
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...timeouts,
          name: 'whole',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
