import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { labelOf } from '../../evidence/report/text/names.ts'
import { ownRuntime, Runtimes } from '../../schemas/runtime-identity.ts'
import type { Past } from './input.ts'

/** The few facts of a report that an estimate goes by. */
const PastReport = z.object({
  task: z.object({ id: z.string(), recipe: z.object({ num_train_epochs: z.number() }).optional().catch(undefined) }),
  studentModels: z.array(
    z.object({
      studentModel: z.string(),
      student: z.string().nullable().default(null),
      runtimes: Runtimes.optional(),
      training: z
        .object({
          rows: z.number(),
          seconds: z.number(),
          reused: z.boolean(),
          tokens: z.number().default(0),
          device: z.string().default('unknown'),
        })
        .nullable(),
    }),
  ),
  datasets: z.array(z.object({ asked: z.number(), admitted: z.number() })),
  budget: z.object({
    usage: z.array(z.object({ role: z.string(), model: z.string(), stage: z.string(), calls: z.number() })).default([]),
  }),
  time: z.object({
    phases: z.array(z.object({ phase: z.string(), seconds: z.number() })),
    spans: z.array(z.object({ label: z.string(), phase: z.string(), from: z.number(), to: z.number() })).default([]),
  }),
})
type PastReport = z.infer<typeof PastReport>

/**
 * What reports in a folder of runs measured for a task with so many validation items, its teacher, and its student with the runtime that
 * trains it. Other forms are passed over.
 */
export async function readPast(
  folder: string,
  task: { id: string; validation: number },
  teacher: string | undefined,
  trained: { student: string; train: string },
): Promise<Past> {
  const names = await readdir(folder).catch(() => [])
  const read = await Promise.all(names.map((name) => readReport(join(folder, name, 'report.json'))))
  const own = read.flatMap((report) => (report?.task.id === task.id ? [report] : []))
  const taught = own.filter(({ budget }) => asked(budget, teacher) > 0)
  return {
    training: trainingOf(own),
    speed: speedOf(read, trained),
    answers: answersOf(own, task.validation),
    yield: yieldOf(teacher === undefined ? [] : taught),
    callsPerSecond: paceOf(taught, teacher),
    checks: checksOf(taught, teacher),
  }
}

async function readReport(path: string): Promise<PastReport | null> {
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return PastReport.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

const asked = ({ usage }: PastReport['budget'], model: string | undefined) =>
  usage.filter((line) => line.role !== 'planner' && line.model === model).reduce((sum, { calls }) => sum + calls, 0)

function trainingOf(reports: readonly PastReport[]): Past['training'] {
  const own = reports.flatMap(({ studentModels }) => studentModels.flatMap(({ training }) => training ?? []))
  const measured = own.filter(({ reused, rows, seconds }) => !reused && rows > 0 && seconds > 0)
  const secondsPerRow = median(measured.map(({ rows, seconds }) => seconds / rows))
  return secondsPerRow === null ? null : { secondsPerRow, trainings: measured.length }
}

/** Of the device that most was measured on. */
function speedOf(
  reports: readonly (PastReport | null)[],
  { student, train }: { student: string; train: string },
): Past['speed'] {
  const measured = reports.flatMap((report) =>
    (report?.studentModels ?? []).flatMap(({ training, student: label, runtimes }) => {
      const epochs = report?.task.recipe?.num_train_epochs
      const isIts = label?.split('@')[0] === student && (runtimes?.train?.name ?? ownRuntime) === train
      if (!isIts || !training || training.reused || training.tokens === 0 || training.seconds <= 0 || !epochs) return []
      const { tokens, seconds, rows, device } = training
      return { device, tokensPerSecond: tokens / seconds, tokensPerRow: tokens / (rows * epochs) }
    }),
  )
  const [most] = [...Map.groupBy(measured, ({ device }) => device).values()].toSorted((a, b) => b.length - a.length)
  if (most === undefined) return null
  const middle = (of: 'tokensPerSecond' | 'tokensPerRow') => median(most.map((each) => each[of]))!
  const [{ device }] = most as [(typeof most)[number]]
  return {
    tokensPerSecond: middle('tokensPerSecond'),
    tokensPerRow: middle('tokensPerRow'),
    device,
    trainings: most.length,
  }
}

/** Of students that were just trained: nobody has kept their replies. */
function answersOf(reports: readonly PastReport[], questions: number): Past['answers'] {
  const spans = reports.flatMap(({ studentModels, time }) => {
    const fresh = studentModels.flatMap(({ studentModel, training }) =>
      training?.reused === false ? labelOf(studentModel) : [],
    )
    return time.spans.filter(({ label, phase }) => phase === 'answer' && fresh.includes(label))
  })
  const secondsEach = median(spans.map(({ from, to }) => (to - from) / questions))
  return secondsEach === null ? null : { secondsEach, evaluations: spans.length }
}

function checksOf(reports: readonly PastReport[], teacher: string | undefined): Past['checks'] {
  const lines = reports.flatMap(({ budget }) => budget.usage).filter(({ model }) => model === teacher)
  const calls = (named: string) => lines.reduce((sum, { stage, calls }) => sum + (stage === named ? calls : 0), 0)
  const [made, vote, judge] = [calls('generate'), calls('vote'), calls('judge')]
  return made > 0 && vote + judge > 0 ? { vote: vote / made, judge: judge / made } : null
}

function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null
}

function yieldOf(reports: readonly PastReport[]): Past['yield'] {
  const sum = (of: 'asked' | 'admitted') =>
    reports.flatMap(({ datasets }) => datasets).reduce((all, each) => all + each[of], 0)
  const [all, admitted] = [sum('asked'), sum('admitted')]
  return all > 0 && admitted > 0 ? { share: admitted / all, asked: all } : null
}

function paceOf(reports: readonly PastReport[], teacher: string | undefined): number | null {
  const calls = reports.reduce((sum, { budget }) => sum + asked(budget, teacher), 0)
  const spans = reports.flatMap(({ time }) => time.phases.filter(({ phase }) => phase === 'generate'))
  const seconds = spans.reduce((sum, span) => sum + span.seconds, 0)
  return calls > 0 && seconds > 0 ? calls / seconds : null
}
