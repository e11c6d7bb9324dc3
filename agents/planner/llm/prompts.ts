import { readFileSync } from 'node:fs'
import { sha256 } from '../../../schemas/hash.ts'
import { filledPrompt } from '../../kit/filled-prompt.ts'

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

/** A prompt with its `<<name>>` places filled in. */
export const prompt = (name: PromptName, values: Readonly<Record<string, string>> = {}): string =>
  filledPrompt(name, texts[name], values)
