import type { BridgeOptions } from '../options.ts'
import { endpoint } from './endpoint/runtime.ts'
import { llamaFactory } from './llama-factory/runtime.ts'
import { peft } from './peft/runtime.ts'
import type { Answerer, RuntimeDeclaration, Trainer } from './runtime.ts'
import { trl } from './trl/runtime.ts'
import { vllm } from './vllm/runtime.ts'

/** What trains, by the name that `options.train` has. */
export const trainers: Readonly<Record<BridgeOptions['train'], RuntimeDeclaration<Trainer>>> = {
  peft,
  'llama-factory': llamaFactory,
  trl,
}

/** What answers, by the name that `options.infer` has. */
export const answerers: Readonly<Record<BridgeOptions['infer'], RuntimeDeclaration<Answerer>>> = {
  peft,
  vllm,
  endpoint,
}

/** The runtimes that a bridge works with, each once. */
export function chosenRuntimes({ train, infer }: Pick<BridgeOptions, 'train' | 'infer'>) {
  return [...new Set<RuntimeDeclaration<Trainer> | RuntimeDeclaration<Answerer>>([trainers[train], answerers[infer]])]
}
