import { provisionRuntime } from '../../../provision/mod.ts'
import { ownRuntime } from '../../../schemas/runtime-identity.ts'
import type { Answerer, RuntimeDeclaration, Trainer } from '../runtime.ts'
import { speaking } from '../speaking.ts'

/** The project's own runtime: it trains and answers where nothing else is named. Every bridge has it, and sets it up and ends it. */
export const peft: RuntimeDeclaration<Trainer & Answerer> = {
  name: ownRuntime,
  process: (home) => provisionRuntime({ home }),
  start: async ({ own }) => ({ ...speaking(ownRuntime, own), async [Symbol.asyncDispose]() {} }),
}
