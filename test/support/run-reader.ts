import { UsageError } from '../../schemas/user-error.ts'
import type { AnsweredItem, LabelCounts, RowDetail, RowLine, RunReader } from '../../trace/run-reader.ts'

/** What a model may write into a row. */
export const hostileText = '<img src=x onerror="document.title=1"><script>document.title=2</script>'

const labels = ['spam', 'ham']
const pageLines = 3

/** Rows and answers of a made-up run, for what shows them; `note` is given what it is asked. */
export function stubReader(note: (asked: unknown[]) => void = () => {}): RunReader {
  const rows: RowLine[] = Array.from({ length: 8 }, (_, index) => ({
    id: `a1.r1.plain.${index}.0`,
    status: index % 4 === 3 ? 'refused' : 'admitted',
    reason: index % 4 === 3 ? 'near-duplicate' : null,
    why: null,
    duplicateOf: index % 4 === 3 ? 'a1.r1.plain.0.0' : null,
    input: index === 2 ? hostileText : `question ${index}`,
    output: 'w'.repeat(200),
  }))
  const items: AnsweredItem[] = Array.from({ length: 8 }, (_, index) => ({
    id: `validation-${index}`,
    skill: 'all',
    input: index === 1 ? hostileText : `message ${index}`,
    expected: [labels[index % 2]!],
    answers: ['base', 'final'].map((model) => ({ model, reply: 'ham', correct: index % 2 === 1, noAnswer: null })),
  }))
  const page = <Line>(lines: readonly Line[], from: number) => ({
    ...{ found: lines.length, from },
    lines: lines.slice(from, from + pageLines),
  })
  const known = <One>(found: One | undefined): One => {
    if (found) return found
    throw new UsageError('There is no such line.', 'Name another.')
  }
  return {
    async rows(runId, search, from) {
      note(['rows', runId, search, from])
      if (runId === 'nobodys') throw new UsageError('There is no run nobodys on this bus.', 'Name one.')
      if (runId === 'broken') throw new Error('a secret of the machine')
      const wanted = rows.filter(
        ({ status, input }) => (!search.refused || status === 'refused') && input.includes(search.search ?? ''),
      )
      return { ...page(wanted, from), isCut: true }
    },
    async row(runId, id): Promise<RowDetail> {
      note(['row', runId, id])
      const line = known(rows.find((row) => row.id === id))
      const calls = [{ stage: 'generate', reply: hostileText, failure: null }]
      const made = {
        source: 'plain',
        madeBy: 'a-teacher',
        checks: ['accept'],
        instruction: 'Answer.',
        prompt: 'Write.',
      }
      return { ...line, ...made, calls, repeated: line.duplicateOf && 'question 0' }
    },
    async lineage(runId, id) {
      note(['lineage', runId, id])
      const shown = [{ id: 'validation-1', input: hostileText, before: 'spam', after: 'ham' }]
      const against = [{ model: 'base', right: 3, wrong: 1, shown }]
      return {
        datasets: [{ attempt: 1, rows: 60, hash: 'd'.repeat(64) }],
        trainings: [{ model: 'attempt-1', skill: 'all', items: 8, against }],
      }
    },
    async answers(runId, search, from) {
      note(['answers', runId, search, from])
      const model = search.model ?? 'final'
      const wanted = items.filter(({ answers: [answer] }) => !search.wrong || !answer!.correct)
      const lines = wanted.map(({ id, input, expected, answers }) => ({
        ...{ id, input, expected: expected[0]! },
        answer: answers.find((answer) => answer.model === model) ?? null,
      }))
      return { ...page(lines, from), model, models: ['base', 'final'] }
    },
    async answer(runId, id) {
      note(['answer', runId, id])
      return known(items.find((item) => item.id === id))
    },
    async labels(runId): Promise<LabelCounts[]> {
      note(['labels', runId])
      const of = (count: number, right: number) => ({ items: count, right, replies: [{ reply: 'ham', count }] })
      const byLabel = labels.map((label) => ({ label, ...of(74, label === 'ham' ? 74 : 0) }))
      const varied = {
        items: 148,
        right: 120,
        replies: [
          { reply: 'ham', count: 80 },
          { reply: hostileText, count: 68 },
        ],
      }
      return [
        { model: 'base', all: varied, byLabel },
        { model: 'final', all: of(148, 74), byLabel },
      ]
    },
    async report(runId) {
      note(['report', runId])
      return `<!doctype html><title>Report</title><style>p { color: rgb(1, 2, 3) }</style><p>${hostileText}</p>`
    },
  }
}
