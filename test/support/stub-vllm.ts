import { appendFile, chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How a stub behaves; read anew for each start and each request. */
export type StubBehaviour = {
  /** Lines that it says in place of starting, after which it ends with status 1. */
  startFails?: string
  /** It ends without a word before this completion of its life, counted from 1, as after kill -9. */
  diesBefore?: number
  /** It says this line as it dies. */
  lastLine?: string
  /** Completions are answered with this status and text. */
  refuses?: [status: number, text: string]
  /** Adapters are answered so. */
  adapterRefuses?: [status: number, text: string]
  sleepFails?: boolean
  /** Tokens that follow a prompt; left out: its last token, and the end of turn. */
  reply?: number[]
}

/**
 * A stand-in for vLLM's routes, which real ones cannot be made to fail at will, behind a file that is started as its Python: health,
 * completions in tokens, adapters loaded and unloaded, sleep. Each start and request is a line of `events()`.
 */
export async function stubVllm(folder: string, behaviour: StubBehaviour = {}) {
  const own = await mkdtemp(join(folder, 'vllm-'))
  const [python, settings, log] = [join(own, 'python'), join(own, 'behaviour.json'), join(own, 'events.txt')]
  await writeFile(python, `#!${process.execPath}\n${script(settings, log)}`)
  await chmod(python, 0o755)
  const set = (next: StubBehaviour) => writeFile(settings, JSON.stringify(next))
  await set(behaviour)
  await appendFile(log, '')
  return {
    python,
    set,
    events: async (): Promise<string[]> => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
  }
}

const script = (settings: string, log: string) => `
const { appendFileSync, readFileSync } = require('node:fs')
const { createServer } = require('node:http')
const behaviour = () => JSON.parse(readFileSync(${JSON.stringify(settings)}, 'utf8'))
const note = (line) => appendFileSync(${JSON.stringify(log)}, line + '\\n')
const args = process.argv.slice(2)
const valueOf = (name) => args[args.indexOf(name) + 1]
const { startFails } = behaviour()
if (startFails) {
  note('start fails')
  process.stderr.write(startFails + '\\n', () => process.exit(1))
} else {
  note('start rank ' + valueOf('--max-lora-rank') + ' context ' + valueOf('--max-model-len') + ' dtype ' + valueOf('--dtype') +
    (args.includes('--enable-sleep-mode') ? ' sleeps' : '') + ' on ' + (process.env.CUDA_VISIBLE_DEVICES ?? 'cpu'))
  const models = new Set([valueOf('--served-model-name')])
  let [asked, isAsleep] = [0, false]
  const answer = (response, status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const routes = {
    '/health': (_, response) => answer(response, 200, ''),
    '/version': (_, response) => answer(response, 200, { version: '0.32.0-stub' }),
    '/v1/models': (_, response) => answer(response, 200, { object: 'list', data: [...models].map((id, at) => ({ id, object: 'model', owned_by: 'vllm', root: '/students/tiny', parent: at ? 'student' : null })) }),
    '/sleep': (_, response) => {
      note('sleep')
      if (behaviour().sleepFails) return answer(response, 500, 'no')
      isAsleep = true
      answer(response, 200, '')
    },
    '/wake_up': (_, response) => { note('wake'); isAsleep = false; answer(response, 200, '') },
    '/v1/load_lora_adapter': ({ lora_name }, response) => {
      const { adapterRefuses } = behaviour()
      if (adapterRefuses) return answer(response, ...adapterRefuses)
      note('load ' + lora_name)
      models.add(lora_name)
      answer(response, 200, 'Success')
    },
    '/v1/unload_lora_adapter': ({ lora_name }, response) => { note('unload ' + lora_name); models.delete(lora_name); answer(response, 200, 'Success') },
    '/v1/completions': ({ model, prompt, max_tokens, temperature, stop_token_ids }, response) => {
      const { diesBefore, lastLine, refuses, reply } = behaviour()
      asked += 1
      if (asked === diesBefore) {
        note('dies')
        if (lastLine) process.stderr.write(lastLine + '\\n')
        return setTimeout(() => process.kill(process.pid, 'SIGKILL'), lastLine ? 100 : 0)
      }
      if (isAsleep) note('asked asleep')
      if (refuses) return answer(response, ...refuses)
      if (!models.has(model)) return answer(response, 404, { error: { message: 'The model ' + model + ' does not exist.' } })
      note('complete ' + model + ' ' + prompt.join(' ') + ' t' + temperature + ' max ' + max_tokens)
      const whole = reply ?? [prompt.at(-1), stop_token_ids[0]]
      const token_ids = whole.slice(0, max_tokens)
      const finish_reason = token_ids.length < whole.length || !stop_token_ids.includes(token_ids.at(-1)) ? 'length' : 'stop'
      answer(response, 200, { choices: [{ text: '', token_ids, finish_reason }], usage: { completion_tokens: token_ids.length } })
    },
  }
  createServer((request, response) => {
    const path = request.url.split('?')[0]
    if (path.startsWith('/v1/') && process.env.VLLM_API_KEY && request.headers.authorization !== 'Bearer ' + process.env.VLLM_API_KEY)
      return answer(response, 401, { error: 'Unauthorized' })
    let body = ''
    request.on('data', (piece) => { body += piece })
    request.on('end', () => {
      const route = routes[path]
      if (route) route(body ? JSON.parse(body) : {}, response)
      else answer(response, 404, { detail: 'Not Found' })
    })
  }).listen(Number(valueOf('--port')), '127.0.0.1')
}
`
