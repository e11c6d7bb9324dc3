import type { TrainingRow } from '../../schemas/task.ts'
import type { TokenizerFiles, TokenLimit } from '../../schemas/token-limit.ts'

export type Frame = Pick<TokenLimit, 'prompt' | 'reply'>

/** Tokens of a row as the fine-tuning runtime counts them: prompt and reply, each within its frame, each tokenised by itself. */
export type TokenCounter = (row: TrainingRow) => number

/**
 * Opens a student's tokenizer.
 * @throws what the library throws of a tokenizer that it does not know
 */
export async function openTokenCounter(files: TokenizerFiles, { prompt, reply }: Frame): Promise<TokenCounter> {
  const { Tokenizer } = await import('@huggingface/tokenizers')
  const tokenizer = new Tokenizer(files.tokenizer, files.config)
  const count = ([before, after]: TokenLimit['prompt'], text: string) =>
    tokenizer.encode(before + text + after, { add_special_tokens: false }).ids.length
  return (row) => count(prompt, userTurn(row)) + count(reply, row.output)
}

/** The instruction, a line break, the input; one of them alone when the other is empty. */
const userTurn = ({ instruction, input }: TrainingRow) => [instruction, input].filter((part) => part !== '').join('\n')

/** Tokens that a frame takes at most. */
export function frameTokensOf({ tokenizer }: TokenizerFiles, { prompt, reply }: Frame): number {
  const short = (text: string) =>
    tokenizer.added_tokens.reduce((rest, { content }) => rest.replaceAll(content, ' '), text)
  return Buffer.byteLength([...prompt, ...reply].map(short).join(''))
}

/** Whether a row cannot be too long, without counting: a token has at least one byte. */
export function surelyFits(row: TrainingRow, { cutoffLen, frameTokens }: TokenLimit): boolean {
  return frameTokens + Buffer.byteLength(userTurn(row)) + Buffer.byteLength(row.output) <= cutoffLen
}

const asciiCharsPerToken = 4
const otherCharsPerToken = 1.5

/** About how many tokens a text has. Rather too few than too many: what fits is never taken for too long. */
export function estimateTokens(text: string): number {
  const other = text.replaceAll(/[\0-\x7f]/g, '').length
  return Math.ceil((text.length - other) / asciiCharsPerToken + other / otherCharsPerToken)
}

/** Tokens of a call as its endpoint counted them; where it counts none they are estimated from the texts, and that is said. */
export function tokensOf(
  counted: { input: number; output: number } | null,
  prompt: string,
  reply: string,
): { inputTokens: number; outputTokens: number; estimated?: true } {
  if (counted && counted.input + counted.output > 0) return { inputTokens: counted.input, outputTokens: counted.output }
  return { inputTokens: estimateTokens(prompt), outputTokens: estimateTokens(reply), estimated: true }
}
