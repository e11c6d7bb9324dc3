import { afterAll } from 'vitest'

/** What is tested may wait for signals; a worker that held them back would outlive its tests. */
afterAll(() => {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.removeAllListeners(name)
})
