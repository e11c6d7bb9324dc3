import { createInterface } from 'node:readline/promises'
import { withBus } from '../../launcher/with-bus.ts'
import { homeFolder } from '../../machine/folders.ts'
import { baseName, latestModel, prepareModels, serveModels } from '../../models/serve-models.ts'
import { askSideBySide, exampleOf } from '../../models/side-by-side.ts'
import { modelsOfRun } from '../../models/trained-models.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import type { Topology } from '../../schemas/topology.ts'
import { reasonOf } from '../../schemas/user-error.ts'
import { type SideBySideAnswer, TryQuestion, type TryReply } from '../../trace/try-panel.ts'

import { anyRunId } from '../run/pick-run.ts'
export type TryRequest = {
  /** Left out: the only run that there is. */
  runId?: string | undefined
  /** Left out: the latest. */
  model?: string
  question?: TryQuestion
  json: boolean
  signal: AbortSignal
}

/**
 * Asks the base and a trained model of a run the same question; without one, what a person types until the input ends.
 * @throws UsageError when there is no such run, model or example
 */
export async function tryRun(request: TryRequest, { localTeacher }: Pick<Topology, 'localTeacher'>): Promise<void> {
  const { runId, question, json, signal } = request
  const onProgress = (line: string) => console.error(printable(`set-up: ${line}`))
  const { run, model, ready } = await withBus(
    async (bus) => {
      const run = await modelsOfRun(bus, await anyRunId(bus, runId))
      // Before models are loaded for it.
      if (question && 'example' in question) exampleOf(run.task.validation, question.example)
      const model = request.model ?? latestModel(run)
      const ready = await prepareModels(bus, run, [model], { home: homeFolder(), onProgress, signal })
      return { run, model, ready }
    },
    { signal },
  )
  onProgress(`loading ${baseName} and ${model}`)
  await using server = await serveModels(ready, localTeacher, { signal })
  const ask = async (asked: TryQuestion) => {
    const answer = await askSideBySide(server, run, asked, signal)
    console.log(json ? printableJson(answer) : printable(sideBySideText(answer, columns())))
  }
  if (question !== undefined) return await ask(question)
  console.error(
    `Type a question for ${baseName} and ${model}; Enter alone asks an example of validation, /<n> example n, Ctrl-D ends.`,
  )
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: '> ' })
  signal.addEventListener('abort', () => lines.close(), { once: true })
  // Ctrl-C at the prompt is taken by readline.
  lines.on('SIGINT', () => lines.close())
  let isOpen = true
  lines.once('close', () => {
    isOpen = false
  })
  const prompt = () => isOpen && lines.prompt()
  let next = 1
  prompt()
  for await (const line of lines) {
    const typed = line.trim()
    const number = typed === '' ? next++ : Number(/^\/(\d+)$/.exec(typed)?.[1] ?? Number.NaN)
    const asked = TryQuestion.safeParse(Number.isNaN(number) ? { text: typed } : { example: number })
    if (!asked.success) console.error('A question has at most 8,000 characters, an example a number from 1.')
    else await ask(asked.data).catch((error) => (signal.aborted ? null : console.error(printable(reasonOf(error)))))
    if (signal.aborted) break
    prompt()
  }
}

const columns = (): number => process.stdout.columns ?? 100

/** The question, and the replies beside each other where there is room for that. */
function sideBySideText({ asked, example, replies }: SideBySideAnswer, width: number): string {
  const head = example
    ? [`example ${example.id} (${example.skill}), of ${example.of} in validation`, ...wrap(asked, width)]
    : wrap(asked, width)
  const half = Math.floor((width - 3) / replies.length)
  const isNarrow = half < 30
  const blocks = replies.map((reply) =>
    [reply.model.toUpperCase(), bodyOf(reply), ...outcomeOf(reply)].flatMap((text) =>
      wrap(text, isNarrow ? width : half),
    ),
  )
  const body = isNarrow
    ? blocks.flatMap((block) => [...block, ''])
    : Array.from({ length: Math.max(...blocks.map((block) => block.length)) }, (_, row) =>
        blocks
          .map((block) => (block[row] ?? '').padEnd(half))
          .join(' | ')
          .trimEnd(),
      )
  const right = example ? ['', `right answer: ${example.answer}`] : []
  return ['', ...head, '', ...body, ...right, ''].join('\n')
}

const outcomeOf = ({ isRight, reason }: TryReply): string[] =>
  isRight === undefined ? [] : [isRight ? '=> right' : `=> wrong${reason ? `: ${reason}` : ''}`]

const bodyOf = ({ text, thoughts, isCut }: TryReply): string =>
  `${thoughts ? `[thoughts] ${thoughts}\n[answer] ` : ''}${text.trim() === '' ? '(empty)' : text}${isCut ? ' [cut]' : ''}`

/** Lines of at most so many characters, broken between words where that can be. */
function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = []
    let rest = line
    while (rest.length > width) {
      const space = rest.lastIndexOf(' ', width)
      const end = space > 0 ? space : width
      lines.push(rest.slice(0, end))
      rest = rest.slice(end).trimStart()
    }
    return [...lines, rest]
  })
}
