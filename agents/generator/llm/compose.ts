import { sha256 } from '../../../schemas/hash.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Shard } from '../../../schemas/messages/generation.ts'
import type { PromptParameter, PromptSource } from '../../../schemas/program.ts'
import type { ChatMessage } from '../../kit/teacher/request.ts'

/** What one index of a shard asks the teacher for. */
export type Prompt = { index: number; id: string; sample: number; messages: ChatMessage[] }

const replyForm =
  'Reply with one JSON object and nothing else: {"input": "<the question>", "output": "<the worked answer>"}. ' +
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

/** The prompts of a shard's indexes. They follow from the run's seed and the row's id: it does not matter who works. */
export function composePrompts(
  shard: Pick<PayloadOf<typeof Shard>, 'round' | 'from' | 'count' | 'seed'>,
  source: PromptSource,
  instruction: string,
): Prompt[] {
  const { attempt, round } = shard.round
  return Array.from({ length: shard.count }, (_, offset) => {
    const index = shard.from + offset
    const prompt = Math.floor(index / source.samplesPerPrompt)
    const sample = index % source.samplesPerPrompt
    const seed = `${shard.seed}/a${attempt}.${source.id}.${prompt}`
    const values = new Map<string, string>([
      ['index', String(prompt)],
      ['skill', source.skill],
      ['instruction', instruction],
    ])
    if (source.seeds.length > 0) values.set('seed', pick(source.seeds, chance(`${seed}/seed`)))
    for (const [name, parameter] of Object.entries(source.parameters)) {
      values.set(name, pick(parameter, chance(`${seed}/parameter/${name}`)))
    }
    const asked = source.template.replaceAll(/\{\{\s*([\w-]+)\s*\}\}/g, (whole, name) => values.get(name) ?? whole)
    return {
      index,
      sample,
      id: `a${attempt}.r${round}.${source.id}.${prompt}.${sample}`,
      messages: [{ role: 'user', content: `${asked}\n\n${replyForm} ${instruction}` }],
    }
  })
}
