import { dollars } from '../../../schemas/number-text.ts'
import { present } from '../../../schemas/present.ts'
import type { ReportData } from '../report-data.ts'
import { points } from './format.ts'

const right = ({ value, items }: { value: number; items: number }) => Math.round(value * items)

/**
 * The whole result in one line, for whoever reads no further: how many were right and before, what it is worth beside prompting, what was
 * forgotten, what it took, and what to measure next. Of a run without a final evaluation what is missing.
 */
export function summaryLine(data: ReportData): string {
  const { sealed, task, evidence, budget, time } = data
  const took = present([
    time.wallSeconds !== null && `${Math.max(1, Math.round(time.wallSeconds / 60))} min`,
    budget.usage.length === 0 ? '$0' : dollars(budget.price, 'price unknown'),
  ]).join(', ')
  if (!sealed) return `No result yet: there was no final evaluation; ${took}.`
  const primary = task?.primary ?? 'strict'
  const part = sealed.parts[0]!
  const of = (wanted: string) => sealed.contrasts.arms.find(({ arm }) => arm === wanted)?.parts[part]?.[primary]
  const [final, base] = [of('final'), of('base')]
  const scores = final
    ? `${right(final)} of ${final.items} right${base ? `, before ${right(base)}` : ''}`
    : 'The final student model was not evaluated'
  const collapsed = sealed.contrasts.replies.some(({ arm, collapsed: count }) => arm === 'final' && count > 0)
  const prompting = sealed.contrasts.comparisons.find(({ of, to }) => of === 'final' && to === 'base-examples')
  const gain = prompting?.parts[part]?.[primary]
  const { beatsExamples, trivial } = data.conclusion
  const forgotten = sealed.retention?.changes.find(({ arm }) => arm === 'final')
  const isWorse = [beatsExamples, trivial].some(({ conclusion }) => conclusion === 'opposite')
  const { how } = evidence.unmeasured.find((each) => each.how.startsWith('--seeds')) ?? evidence.unmeasured[0] ?? {}
  return `${present([
    collapsed && 'Collapsed: it gives one answer to nearly everything',
    scores,
    trivial.conclusion === 'opposite' && 'worse than an answer that needs no student',
    gain && gainText(gain.value, beatsExamples.conclusion),
    forgotten ? forgottenText(forgotten) : 'what it forgot was not measured',
    took,
    isWorse ? 'next: syllabus answers, then more rows or another student' : how && `next: ${how}`,
  ]).join('; ')}.`
}

function gainText(value: number, conclusion: string): string {
  if (conclusion === 'opposite') return `${points(-value).replace('+', '')} points worse than prompting with examples`
  return `${points(value)} points over prompting with examples${conclusion === 'shown' ? '' : ' (not shown)'}`
}

/** A loss within the margin is none that is shown. */
function forgottenText({ value, conclusion }: { value: number; conclusion: string }): string {
  if (conclusion === 'kept') return 'forgot nothing'
  const lost = points(Math.max(0, -value)).replace('+', '')
  return conclusion === 'lost' ? `forgot ${lost} points` : `may have forgotten ${lost} points`
}
