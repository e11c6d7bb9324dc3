// Asks a GGUF file with node-llama-cpp, greedily: node ask-gguf.mjs MODEL ITEMS OUT. ITEMS holds JSON lines {"id", "prompt",
// "max_new_tokens"}.
import { readFileSync, writeFileSync } from 'node:fs'
import { getLlama } from 'node-llama-cpp'

const [modelPath, items, out] = process.argv.slice(2)
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' })
const model = await llama.loadModel({ modelPath })
const context = await model.createContext({ contextSize: 2048, threads: 1 })
const sequence = context.getSequence()
const lines = []
for (const line of readFileSync(items, 'utf8').trim().split('\n')) {
  const { id, prompt, max_new_tokens: limit } = JSON.parse(line)
  await sequence.clearHistory()
  const reply = []
  for await (const token of sequence.evaluate(model.tokenize(prompt, true), { temperature: 0 })) {
    if (model.isEogToken(token) || reply.length >= limit) break
    reply.push(token)
  }
  lines.push(JSON.stringify({ id, text: model.detokenize(reply) }))
}
writeFileSync(out, lines.map((line) => `${line}\n`).join(''))
process.exit(0)
