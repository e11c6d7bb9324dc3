import { type Handlers, TerminalError } from '../../bus/mod.ts'
import { armSeedOf } from '../../schemas/arm.ts'
import { sha256 } from '../../schemas/hash.ts'
import { Answers, Predictions } from '../../schemas/messages/evaluation.ts'
import { Row } from '../../schemas/row.ts'
import type { Prediction } from '../../schemas/runtime-protocol.ts'
import { Question, type Task } from '../../schemas/task.ts'
import type { StudentModel, TrainingSummary } from '../../schemas/training.ts'
import { jobHashOf, studentLabel } from '../../trainer-bridge/job.ts'
import type { TestServer } from './nats.ts'

const student = { name: 'stand-in', path: '', sha256: sha256('stand-in') }

const summary: Omit<TrainingSummary, 'rows'> = {
  leftOut: 0,
  steps: 3,
  tokens: 900,
  seconds: 1,
  tokensPerSecond: 900,
  lossCurve: [[3, 0.5]],
  device: 'none',
  versions: {},
}

/**
 * A bridge on a real bus whose student trains nothing: it knows the answers and gives a share of them, a larger one once it was trained.
 * What it did is named and hashed as the real bridge does, so that a whole run takes some seconds. The candidate that it `refusesOnce`
 * becomes a dead letter first.
 */
export async function openStudent(
  server: Pick<TestServer, 'open'>,
  task: Task,
  signal: AbortSignal,
  { refusesOnce }: { refusesOnce?: string } = {},
): Promise<void> {
  const refused = new Set<string>()
  const bus = await server.open('trainer-bridge')
  const answers = new Map([...task.validation, ...task.test].map(({ id, answer }) => [id, answer]))

  const replies = (questions: readonly { id: string }[], { jobHash }: StudentModel): Prediction[] =>
    questions.map(({ id }) => {
      const sortKey = Number.parseInt(sha256(`${id} ${jobHash}`).slice(0, 4), 16) / 65_536
      const text = sortKey < (jobHash ? 0.6 : 0.2) ? `It is \\boxed{${answers.get(id)}}.` : 'It is \\boxed{0.5}.'
      return { id, text, finish: sortKey > 0.95 ? 'length' : 'stop', tokens: 9 }
    })

  const handlers: Handlers<'trainer-bridge'> = {
    async job({ studentModel: name, training, examples, ...job }, { runId, cause }) {
      if (name === refusesOnce && !refused.has(name)) {
        refused.add(name)
        throw new TerminalError('no space: the disk is full')
      }
      const { recipe } = task
      const jobHash = training && jobHashOf({ ...training, student, recipe })
      const file = jobHash && (await bus.objects.put('LAB', `adapter/${jobHash}/weights`, Buffer.from(jobHash)))
      const studentModel: StudentModel = {
        name,
        ...armSeedOf(name),
        student: studentLabel(student),
        studentHash: student.sha256,
        jobHash,
        adapter: file ? { sha256: file.sha256, files: [{ name: 'weights', object: file }] } : null,
        examples,
      }
      const rows = training ? (await bus.objects.getLines(training.dataset, Row)).length : 0
      const predictions = await bus.objects.putLines(
        'LAB',
        `${runId}/predictions`,
        replies(task.validation, studentModel),
      )
      await bus.publish(
        Predictions,
        { runId, variant: job.variants.evaluator, id: `predictions:${name}`, cause },
        { ...job, studentModel, predictions, training: training && { ...summary, rows }, reusedTraining: false },
      )
    },
    async 'sealed-eval-job'({ studentModel, evalSet, questions, publicTask, variants }, { runId, cause }) {
      const asked = await bus.objects.getLines(questions, Question)
      const predictions = await bus.objects.putLines('EXAM', `${runId}/predictions`, replies(asked, studentModel))
      await bus.publish(
        Answers,
        { runId, variant: variants.evaluator, id: `answers:${studentModel.name}:${evalSet}`, cause },
        { studentModel: studentModel.name, evalSet, predictions, publicTask },
      )
    },
  }
  bus.work(handlers, { role: 'trainer-bridge', variant: 'peft', slots: 1, drainMs: 1000, signal })
}
