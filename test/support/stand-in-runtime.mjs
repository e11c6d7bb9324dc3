/**
 * Stands in for the Python runtime with known times: it speaks the JSON lines of `schemas/runtime-protocol.ts`, takes a training's and
 * an answer's time
 * by the clock alone, and gives replies that follow from the dataset, the seed and the question. So bridges can be counted that share no
 * processor. Its folder has `settings.json`: { rowMs, answerMs, answers: { id: gold } }.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

if (process.argv.includes('-c')) {
  console.log('3.11.0')
  process.exit(0)
}
const { rowMs, answerMs, answers, hello } = JSON.parse(
  readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'settings.json'), 'utf8'),
)
const say = (event) => console.log(JSON.stringify(event))
const sha256 = (text) => createHash('sha256').update(text).digest('hex')
/** A share that follows from a text. */
const shareOf = (text) => Number.parseInt(sha256(text).slice(0, 8), 16) / 2 ** 32
const linesOf = (path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))
const cancelled = new Set()

const operations = {
  memory: () => ({ device: 'cpu', dtype: 'float32', free_bytes: null }),
  hello: async () => hello,
  check: async () => ({
    ...{ model: 'stand-in', context: null, decoding: 'none', attention: 'none', end: '.' },
    ...{ system_turn: true, opens_thoughts: false },
  }),
  longest_prompt: async ({ questions }) => ({
    id: linesOf(questions)[0].id,
    tokens: 1,
    room: 1,
    context: null,
    fits: true,
  }),
  token_frame: async () => ({ unusable: 'a stand-in has no tokenizer', context: null }),
  async train({ id, dataset, seed, out }) {
    const rows = linesOf(dataset)
    await after(rowMs * rows.length)
    if (cancelled.has(id)) return null
    const adapter = join(out, 'adapter')
    mkdirSync(adapter, { recursive: true })
    // What the rows are makes most of how good it is, their number some, and the seed the rest.
    const data = sha256(rows.map(({ input }) => input).join('\n'))
    const quality = 0.3 + 0.3 * shareOf(data) + 0.1 * Math.min(1, rows.length / 100) + 0.05 * shareOf(`${data} ${seed}`)
    const text = JSON.stringify({ data, seed, quality })
    writeFileSync(join(adapter, 'weights.json'), text)
    const total = createHash('sha256').update('weights.json\0').update(sha256(text)).digest('hex')
    return {
      ...{ adapter, sha256: total, steps: 1, rows: rows.length, tokens: rows.length, tokens_per_s: 1, device: 'none' },
      ...{ seconds: (rowMs * rows.length) / 1000, loss_curve: [[1, 1]] },
    }
  },
  async infer({ id, adapter, questions, out }) {
    const asked = linesOf(questions)
    await after(answerMs * asked.length)
    if (cancelled.has(id)) return null
    const text = adapter === null ? '{"quality":0.1}' : readFileSync(join(adapter, 'weights.json'), 'utf8')
    const { quality } = JSON.parse(text)
    const replies = asked.map((question) => {
      const isRight = shareOf(`${question.id} ${text}`) < quality
      const reply = isRight ? (answers[question.id] ?? '0.5') : '0.25'
      return JSON.stringify({ id: question.id, text: `It is \\boxed{${reply}}.`, finish: 'stop', tokens: 4 })
    })
    const written = `${replies.join('\n')}\n`
    writeFileSync(out, written)
    return { predictions: out, sha256: sha256(written), count: asked.length, truncated: 0, unfit: 0, seconds: 1 }
  },
}

setInterval(() => say({ event: 'heartbeat', rss_mb: 1 }), 1000).unref()
let turn = Promise.resolve()
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, op, target, ...request } = JSON.parse(line)
    if (op === 'cancel') {
      cancelled.add(target)
      say({ event: 'done', id, result: {} })
      return
    }
    turn = turn.then(async () => {
      const result = operations[op] ? await operations[op]({ id, ...request }) : undefined
      if (cancelled.has(id)) say({ event: 'error', id, kind: 'cancelled', message: 'cancelled' })
      else if (result === undefined) say({ event: 'error', id, kind: 'bad_request', message: `no ${op} in a stand-in` })
      else say({ event: 'done', id, result })
    })
  })
  .on('close', () => process.exit(0))
