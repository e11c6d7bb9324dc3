import { defineConfig } from 'vitest/config'
import { besidePackages } from './cli/compile-cache.mjs'

const results = process.env.SYLLABUS_TEST_RESULTS

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Agents that tests start are as quick as those of commands.
    env: { NODE_COMPILE_CACHE: besidePackages },
    globalSetup: ['test/support/provision.ts'],
    // Real servers and real processes: two at a time on a small machine.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    // .ci/run counts from this file.
    ...(results ? { reporters: ['default', 'json'], outputFile: { json: results } } : {}),
  },
})
