import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { endpointOf } from '../../agents/kit/teacher/options.ts'
import { embedderName, embedderPath, provisionEmbedder, type StudentRequest } from '../../provision/mod.ts'
import type { EmbedderChoice } from '../../schemas/embedding.ts'
import type { Runtime } from '../runtime.ts'
import { RuntimeRequestError } from '../runtime-errors.ts'
import type { BridgeParts } from '../trainings.ts'
import { type Embedder, EmbeddingFailed } from './embedder.ts'
import { endpointEmbedder } from './endpoint-embedder.ts'

/**
 * Fetches the model of a choice that has one to fetch.
 * @throws SetupError
 */
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

const Line = z.object({ vector: z.array(z.number()) })

/** Embeds with a model of this machine, in the fine-tuning runtime. `scratch`: a folder for what is sent and comes back. */
function modelEmbedder(name: string, model: string, runtime: Runtime, scratch: string): Embedder {
  return {
    name,
    async embed(texts, signal) {
      const folder = join(scratch, 'embeddings', randomUUID())
      await mkdir(folder, { recursive: true })
      const [asked, out] = [join(folder, 'texts.jsonl'), join(folder, 'vectors.jsonl')]
      try {
        await writeFile(asked, `${texts.map((text) => JSON.stringify({ text })).join('\n')}\n`)
        const { tokens } = await runtime.embed({ model, texts: asked, out }, { signal })
        const lines = (await readFile(out, 'utf8')).trim().split('\n')
        return { vectors: lines.map((line) => Line.parse(JSON.parse(line)).vector), requests: 0, tokens }
      } catch (error) {
        if (error instanceof RuntimeRequestError && error.kind !== 'cancelled') throw new EmbeddingFailed(error.message)
        throw error
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}
