import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    // Two cores run the tests, the servers under test and their clients: more files at once would measure the queue.
    maxWorkers: 2,
  },
})
