import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Runtime } from '../runtime.ts'
import { RuntimeRequestError } from '../runtime-errors.ts'
import { type Embedder, EmbeddingFailed } from './embedder.ts'

const Line = z.object({ vector: z.array(z.number()) })

/** Embeds with a model of this machine, in the fine-tuning runtime. `scratch`: a folder for what is sent and comes back. */
export function modelEmbedder(name: string, model: string, runtime: Runtime, scratch: string): Embedder {
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
