import { readyRuntime, SetupError, type SetupFinding } from '../provision/mod.ts'
import { chatOf, templateOf } from './job.ts'
import type { BridgeOptions } from './options.ts'
import { startRuntime } from './runtime.ts'
import type { RuntimeLog } from './runtime-process.ts'
import { checkStudent, ensureStudent, readStudentChoice } from './student.ts'

/**
 * Whether the student that a topology names can be trained and asked; it is tried, where it was not before. Nothing is fetched: what is
 * not there yet is missing.
 */
export async function diagnoseStudent(
  { student: choice, inference }: BridgeOptions,
  { home, log, embeddedIsThere }: { home: string; log: RuntimeLog; embeddedIsThere: boolean },
): Promise<SetupFinding> {
  const name = 'student of the topology'
  const missing = (detail: string): SetupFinding => ({
    name,
    status: 'missing',
    detail,
    fix: 'npm start fetches and tries it',
  })
  const python = await readyRuntime(home)
  if (python === undefined) return missing(`${choice} is not tried: the fine-tuning runtime is not there yet`)
  const { kind } = readStudentChoice(choice)
  if (kind === 'embedded' && !embeddedIsThere) return missing('the embedded student is not there yet')
  const { signal } = new AbortController()
  const env = { ...process.env, HF_HUB_OFFLINE: '1' }
  try {
    const student = await ensureStudent(choice, { home, python, onProgress: () => {}, signal, env })
    await using runtime = startRuntime({ python, log })
    const chat = templateOf(chatOf({}, inference))
    const { model, context, decoding, attention, fast_paths, end } = await checkStudent(
      { student, chat, home },
      runtime,
      signal,
    )
    const limit = context === null ? 'no limit of its context' : `a context of ${context} tokens`
    const read = `${student.name}: ${model}, ${limit}, turns end with ${JSON.stringify(end)}`
    const ways = `decoding ${decoding}; attention ${attention}; fast paths ${fast_paths ? 'on' : 'off'}`
    return { name, status: 'ok', detail: `${read}; ${ways}` }
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    if (kind === 'hub' && error.message.includes('cannot be fetched')) return missing(`${choice} was not fetched yet`)
    return { name, status: 'broken', detail: error.message, fix: error.fix }
  }
}
