import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { FailureCause } from '../../../schemas/guidance.ts'
import type { PublicTask, ScoreMode } from '../../../schemas/task.ts'
import { truncate } from '../../../schemas/text.ts'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import { lastObject } from '../../../tasks/reply/objects.ts'
import type { Sandbox } from '../../../tasks/sandbox/sandbox.ts'
import { filledPrompt } from '../../kit/filled-prompt.ts'
import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'
import type { MeteredCall } from '../../kit/metered/call.ts'
import type { ChatMessage } from '../../kit/teacher/turns.ts'
import type { Graded } from '../scorer/grading.ts'
import { type Counted, countHypothesis, Hypothesis, judged, splitItems } from './hypotheses.ts'
import type { AnalysisLimits } from './options.ts'

export type Deps = {
  /** Asks the model under a name; each name is paid for once. */
  call: MeteredCall
  /** Its name in the journal: the part of validation that is analysed. */
  name: string
  task: Pick<PublicTask, 'title' | 'description'>
  mode: ScoreMode
  sandbox: Sandbox
  limits: AnalysisLimits
  /** 0: as the model is most sure. */
  temperature: number
}

/** Every hypothesis that was named with its counts, or why there is none; `shown`: the items that its author saw. */
type Analysis = { hypotheses: Counted[]; fault: string | null; shown: string[] }

const AnalystGraph = Annotation.Root({
  graded: Annotation<readonly Graded[]>,
  deps: Annotation<Deps>,
  others: Annotation<Graded[]>,
  shown: Annotation<string[]>,
  turns: Annotation<ChatMessage[]>,
  tries: Annotation<number>,
  named: Annotation<Hypothesis[]>,
  fault: Annotation<string | null>,
  hypotheses: Annotation<Counted[]>,
})
type State = typeof AnalystGraph.State

/** What the model is shown; nothing where too little is wrong to have a reason. */
function sample({ graded, deps }: State): Partial<State> {
  const { limits, mode, task } = deps
  const { wrong, right, others } = splitItems(graded, mode, limits)
  if (wrong.length === 0) return { others, turns: [], fault: 'too few items are wrong' }
  const textOf = (cases: readonly Graded[]) =>
    cases.map((each) => caseText(each, limits.itemChars)).join('\n') || '(none)'
  const system = prompt('system', { most: String(limits.maxHypotheses) })
  const asked = prompt('cases', {
    title: task.title,
    description: task.description,
    wrong: String(wrong.length),
    wrongCases: textOf(wrong),
    right: String(right.length),
    rightCases: textOf(right),
  })
  return {
    others,
    shown: [...wrong, ...right].map(({ item }) => item.id),
    turns: [
      { role: 'system', content: system },
      { role: 'user', content: asked },
    ],
  }
}

const caseText = ({ item: { input, answer, skill, part }, reply }: Graded, chars: number): string =>
  `- ${JSON.stringify({
    input: truncate(input, chars),
    expected: truncate(answer, chars),
    skill,
    part,
    reply: truncate(reply, chars),
  })}`

const Named = z.object({ hypotheses: z.array(z.unknown()) })

/** Asks for hypotheses once; one that is not in the form is left out, and a reply without any is a fault. */
async function ask({ turns, tries, deps }: State): Promise<Partial<State>> {
  const { call, limits, name, temperature } = deps
  const sampling = { temperature, maxTokens: limits.analysisTokens, seed: tries }
  const ended = await call(`${name}-${tries}`, { messages: turns, sampling }, 'analyse')
  if (!('reply' in ended)) return { tries: limits.analysisTries, fault: `the analyst: ${ended.failure.reason}` }
  const { text } = ended.reply
  const found = lastObject(text, { hypotheses: '' }, false)
  const parsed = 'object' in found ? Named.safeParse(found.object).data : undefined
  const named = (parsed?.hypotheses ?? []).flatMap((each) => Hypothesis.safeParse(each).data ?? [])
  if (named.length > 0) return { named: named.slice(0, limits.maxHypotheses), fault: null }
  const fault = whyIncomplete(ended.reply) ?? 'it holds no hypotheses in the form that was asked for'
  return {
    tries: tries + 1,
    fault: `a reply of the analyst could not be used: ${fault}`,
    turns: [
      ...turns,
      { role: 'assistant', content: truncate(text, 2 * limits.itemChars) || '(nothing)' },
      { role: 'user', content: prompt('again', { fault }) },
    ],
  }
}

/** Counts each hypothesis over the items that the model has not seen. */
async function count({ named, others, deps }: State): Promise<Partial<State>> {
  const counted = await Promise.all(named.map((each) => countHypothesis(each, others, deps)))
  return { hypotheses: judged(counted, deps.limits) }
}

const graph = new StateGraph(AnalystGraph)
  .addNode('sample', sample)
  .addNode('ask', ask)
  .addNode('count', count)
  .addEdge(START, 'sample')
  .addConditionalEdges('sample', ({ turns }) => (turns.length > 0 ? 'ask' : END), ['ask', END])
  .addConditionalEdges(
    'ask',
    ({ named, tries, deps }) => (named.length > 0 ? 'count' : tries < deps.limits.analysisTries ? 'ask' : END),
    ['ask', 'count', END],
  )
  .addEdge('count', END)
  .compile()

/** Asks a model what the wrong items have in common, and counts what it names over the other items. */
export async function findCauses(graded: readonly Graded[], deps: Deps, signal: AbortSignal): Promise<Analysis> {
  const begun = { graded, deps, tries: 0, named: [], hypotheses: [], shown: [], fault: null }
  const { hypotheses, fault, shown } = await graph.invoke(begun, { signal })
  return { hypotheses, fault, shown }
}

/** The causes that hold, as a planner is sent them. */
export const causesOf = ({ hypotheses }: Pick<Analysis, 'hypotheses'>): FailureCause[] =>
  hypotheses
    .filter(({ holds }) => holds)
    .map(({ statement, test, pValue, ...counts }) => ({
      statement,
      test,
      with: counts.with,
      without: counts.without,
      pValue,
    }))

const names = ['system', 'cases', 'again'] as const
const texts = Object.fromEntries(
  names.map((name) => [name, readFileSync(new URL(`./prompts/${name}.md`, import.meta.url), 'utf8')]),
) as Record<(typeof names)[number], string>

const prompt = (name: (typeof names)[number], values: Readonly<Record<string, string>>): string =>
  filledPrompt(name, texts[name], values)
