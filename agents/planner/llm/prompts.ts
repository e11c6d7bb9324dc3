import { readFileSync } from 'node:fs'
import { sha256 } from '../../../schemas/hash.ts'

const names = [
  'system',
  'plan',
  'shorter',
  'draft',
  'debug',
  'repair',
  'improve',
  'program',
  'correct',
  'kind-procedure',
  'kind-prompt',
  'hooks',
  'seed',
  'paid-checks',
  'free-checks',
] as const
type PromptName = (typeof names)[number]

const read = (name: PromptName) => readFileSync(new URL(`./prompts/${name}.md`, import.meta.url), 'utf8')
const texts = Object.fromEntries(names.map((name) => [name, read(name)])) as Record<PromptName, string>

/** SHA-256 of every prompt file, for the provenance of a decision. */
export const promptHashes: Readonly<Record<string, string>> = Object.fromEntries(
  names.map((name) => [`${name}.md`, sha256(texts[name])]),
)

/** All prompt files together, for their length. */
export const promptTexts = Object.values(texts).join('\n')

/** A prompt with its `<<name>>` places filled in; a place without a value is an error of ours. */
export function prompt(name: PromptName, values: Readonly<Record<string, string>> = {}): string {
  return texts[name].trim().replaceAll(/<<(\w+)>>/g, (_, place: string) => {
    const value = values[place]
    if (value === undefined) throw new Error(`prompt ${name}.md: nothing for <<${place}>>`)
    return value
  })
}
