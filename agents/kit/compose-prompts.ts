import { sha256 } from '../../schemas/hash.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Round, Shard } from '../../schemas/messages/generation.ts'
import type { PromptParameter, PromptSource } from '../../schemas/program.ts'
import { type PublicTask, seedsOf } from '../../schemas/task.ts'
import type { HookContext } from './sandbox/hooks.ts'
import type { ChatMessage } from './teacher/turns.ts'

/** What one index of a shard asks the teacher for. A row's id is the stem and its sample's number. */
export type Prompt = { index: number; stem: string; sample: number; messages: ChatMessage[]; context: HookContext }

/** What a teacher is asked for, with what stands in place of each field. */
export const rowForm = { input: '<the question>', output: '<the worked answer>' } as const

const replyForm =
  `Reply with one JSON object and nothing else: {"input": "${rowForm.input}", "output": "${rowForm.output}"}. ` +
  'The output must follow this instruction:'

/** A number in [0, 1) that follows from the text alone. */
const chance = (text: string) => Number.parseInt(sha256(text).slice(0, 12), 16) / 2 ** 48

function pick(parameter: PromptParameter, at: number): string {
  if (Array.isArray(parameter)) return String(parameter[Math.floor(at * parameter.length)])
  const { from, to, decimals } = parameter
  const step = 10 ** -decimals
  const steps = Math.floor((to - from) / step + 1e-9) + 1
  return (from + Math.floor(at * steps) * step).toFixed(decimals)
}

/** The text of one prompt, filled in. A source that reads its replies itself asks for their form itself. */
export function fillIn(
  { template, hooks }: PromptSource,
  instruction: string,
  values: ReadonlyMap<string, string>,
): string {
  const asked = template.replaceAll(/\{\{\s*([\w-]+)\s*\}\}/g, (whole, name) => values.get(name) ?? whole)
  return hooks?.parse ? asked : `${asked}\n\n${replyForm} ${instruction}`
}

/** The prompts of a shard's indexes. They follow from the run's seed and the row's id: it does not matter who works. */
export function composePrompts(
  shard: Pick<PayloadOf<typeof Shard>, 'from' | 'count' | 'seed'> & { round: Pick<Round, 'attempt' | 'round'> },
  source: PromptSource,
  { instruction, seeds }: Pick<PublicTask, 'instruction' | 'seeds'>,
): Prompt[] {
  const { attempt, round } = shard.round
  const pool = source.seeds === 'pool' ? seedsOf(seeds, source.skill).map(({ text }) => text) : source.seeds
  // From a place of its own the pool is walked through, so that each seed is used before one is used again.
  const start = Math.floor(chance(`${shard.seed}/a${attempt}.${source.id}/seed`) * pool.length)
  return Array.from({ length: shard.count }, (_, offset) => {
    const index = shard.from + offset
    const prompt = Math.floor(index / source.samplesPerPrompt)
    const sample = index % source.samplesPerPrompt
    const random = `${shard.seed}/a${attempt}.${source.id}.${prompt}`
    const seed = pool[(start + prompt) % pool.length] ?? null
    const parameters = Object.fromEntries(
      Object.entries(source.parameters).map(([name, each]) => [
        name,
        pick(each, chance(`${random}/parameter/${name}`)),
      ]),
    )
    const values = new Map([
      ['index', String(prompt)],
      ['skill', source.skill],
      ['instruction', instruction],
      ...(seed === null ? [] : [['seed', seed] as const]),
      ...Object.entries(parameters),
    ])
    return {
      index,
      sample,
      stem: `a${attempt}.r${round}.${source.id}.${prompt}`,
      messages: [{ role: 'user', content: fillIn(source, instruction, values) }],
      context: {
        index: prompt,
        sample,
        skill: source.skill,
        source: source.id,
        instruction,
        seed,
        parameters,
        chance: chance(`${random}.${sample}/hooks`),
      },
    }
  })
}
