import { buildContaminationIndex } from '../../agents/kit/dedup/contamination.ts'
import { evaluationItems } from '../../agents/kit/dedup/evaluation-items.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Batch, Verdict } from '../../schemas/messages/generation.ts'
import { Program, usualFilters } from '../../schemas/program.ts'
import { compareRowIds, type RejectionReason, Row } from '../../schemas/row.ts'
import type { Task } from '../../schemas/task.ts'
import { publicView } from '../../tasks/load.ts'
import { type ConformanceCheck, ensure, entriesOf } from './finding.ts'
import { answerMs, checkBadInput, checkDrain, drained, type Lab, nobody, quietMs, whyNothing } from './lab.ts'

type VerdictPayload = PayloadOf<typeof Verdict>
/** A batch by its number: rows, and whether the critic may ask a model about them. */
type Round = { batches: readonly (readonly Row[])[]; order?: readonly number[]; checkCalls?: number; program?: Program }

export type CriticLab = Lab & {
  /** Rows that nothing is wrong with, and one for each reason to refuse it. */
  good: readonly Row[]
  faulty: readonly (readonly [RejectionReason, Row])[]
  program: Program
  /** Publishes the batches of a round; `again`: once more, as after a redrive. */
  close(runId: string, round: Round, again?: number): Promise<void>
  verdicts(runId: string, count: number, mostMs?: number): Promise<VerdictPayload[]>
}

const source = 'written'
const inFunction = 'Look at the function that checks rows'

function programOf(task: Task, verification: Program['verification']): Program {
  return Program.parse({
    version: 1,
    sources: [
      { id: source, skill: task.skills[0]!.name, rows: 50, kind: 'prompt', mode: 'scratch', template: 'Write one.' },
    ],
    contract: { maxInputChars: 600, maxOutputChars: 600 },
    filters: usualFilters,
    verification,
    carryOver: null,
  })
}

/** Puts the task on the bus, and makes rows of all sorts. */
export async function openCriticLab(lab: Lab, task: Task): Promise<CriticLab> {
  const { bus, subject } = lab
  const { objects } = bus.operator
  const index = buildContaminationIndex(evaluationItems(task), bus.contaminationKey)
  const contamination = await objects.put('LAB', 'contamination', index)
  const publicTask = await objects.putJson('LAB', `task/${task.id}`, publicView(task))
  const plain = programOf(task, 'none')
  const hash = hashOf('check')
  const row = (n: number, change: Partial<Row> = {}): Row => {
    const total = (n + 12) * 3
    return Row.parse({
      id: `a1.r1.${source}.${n}.0`,
      skill: task.skills[0]!.name,
      source,
      instruction: task.instruction,
      input: `Harbour ${n + 40} stores ${n + 12} barrels, each of which costs 3.00. How much are all of them?`,
      output: `${n + 12} times 3.00 is ${total}.00. The answer is therefore \\boxed{${total}.00}.`,
      origin: { generator: 'check', teacher: { model: 'check', promptHash: hash, replyHash: hash, checks: [] } },
      ...change,
    })
  }
  const good = [0, 1, 2, 3].map((n) => row(n))
  const faulty = [
    ['format', row(10, { output: '  ' })],
    ['too-long', row(11, { output: `${'and so on '.repeat(100)}\\boxed{1.00}` })],
    ['exact-duplicate', row(12, { input: good[0]!.input, output: good[0]!.output })],
    ['contaminated-validation', row(13, { input: task.validation[0]!.input })],
  ] as const

  return {
    ...lab,
    good,
    faulty,
    program: plain,
    async close(runId, { batches, order = batches.map((_, at) => at), checkCalls, program = plain }, again = 0) {
      const object = await objects.putJson('LAB', `${runId}/round`, {
        attempt: 1,
        round: 1,
        shards: batches.length,
        target: 50,
        quotas: { [source]: 50 },
        program: await objects.putJson('LAB', `${runId}/program`, program),
        programHash: hashOf(program),
        admitted: null,
        contamination,
        publicTask,
        variants: { ...nobody, critic: subject.queue },
      })
      for (const shard of order) {
        const id = `batch:a1.r1.s${shard}${again > 0 ? `:again-${again}` : ''}`
        await bus.operator.publish(
          Batch,
          { runId, variant: subject.queue, id },
          {
            round: { attempt: 1, round: 1, object },
            shard,
            source,
            candidates: [...(batches[shard] ?? [])],
            failures: [],
            spent: { calls: 0, inputTokens: 0, outputTokens: 0 },
            ...(checkCalls !== undefined && { checkCalls }),
          },
        )
      }
    },
    async verdicts(runId, count, mostMs = answerMs) {
      let found: VerdictPayload[] = []
      const isDone = (entries: Parameters<Parameters<typeof bus.entries>[1]>[0]) => {
        found = entriesOf<VerdictPayload>(entries, Verdict.name).map(({ payload, parseError }) => {
          ensure(parseError === undefined, `a verdict does not match its schema: ${parseError}`, `${inFunction}.`)
          return payload
        })
        return found.length >= count
      }
      await bus.entries(runId, isDone, mostMs)
      return found
    },
  }
}

async function verdictOf(lab: CriticLab, runId: string, round: Round): Promise<VerdictPayload> {
  await lab.agent()
  await lab.close(runId, round)
  const [verdict] = await lab.verdicts(runId, 1)
  ensure(
    verdict !== undefined,
    `no verdict came within ${answerMs / 1000} s of the last batch`,
    await whyNothing(lab, runId),
  )
  return verdict
}

/** Two batches with good and faulty rows. */
const mixed = ({ good, faulty }: CriticLab): Round => ({
  batches: [good.slice(0, 2), [...good.slice(2), ...faulty.map(([, row]) => row)]],
})

export const criticChecks: readonly ConformanceCheck<CriticLab>[] = [
  {
    name: 'verdict',
    expects:
      'a round whose batches are all there gets one verdict, whose counts add up and whose dataset holds its candidates in order',
    async run(lab) {
      const round = mixed(lab)
      const { bySource, dataset, rows } = await verdictOf(lab, 'check-verdict', round)
      const counts = bySource[source]
      const rejected = Object.values(counts?.rejected ?? {}).reduce((sum, count) => sum + count, 0)
      const candidates = round.batches.flat()
      ensure(
        counts?.generated === candidates.length && counts.admitted + rejected === candidates.length,
        `${candidates.length} rows came, and the verdict counts ${counts?.admitted} admitted and ${rejected} refused`,
        `${inFunction}: each row is admitted or has one reason.`,
      )
      const kept = await lab.bus.operator.objects.getLines(dataset, Row)
      const ids = kept.map(({ id }) => id)
      ensure(
        kept.length === rows,
        `the verdict counts ${rows} rows, and its dataset has ${kept.length}`,
        `${inFunction}.`,
      )
      ensure(
        ids.every(
          (id, at) => candidates.some((row) => row.id === id) && (at === 0 || compareRowIds(ids[at - 1]!, id) < 0),
        ),
        'the dataset has rows that were no candidates, or not in order',
        `${inFunction}: it decides about rows, and adds none.`,
      )
    },
  },
  {
    name: 'refusals',
    expects:
      'a row without an answer, one too long, a duplicate and a copy of an evaluation item are refused, each for its reason',
    async run(lab) {
      const { bySource } = await verdictOf(lab, 'check-refusals', mixed(lab))
      const { rejected = {} } = bySource[source] ?? {}
      for (const [reason] of lab.faulty)
        ensure(
          (rejected[reason] ?? 0) >= 1,
          `no row was refused as ${reason}; refused were ${JSON.stringify(rejected)}`,
          'The rules come first: a critic of your own decides about rows that they let through.',
        )
    },
  },
  {
    name: 'determinism',
    expects: 'the same batches give the same dataset, in whichever order they come',
    async run(lab) {
      const round = mixed(lab)
      const one = await verdictOf(lab, 'check-forward', round)
      const other = await verdictOf(lab, 'check-backward', { ...round, order: [1, 0] })
      ensure(
        one.datasetHash === other.datasetHash,
        'the batches in another order gave another dataset',
        `${inFunction}: what it says of a row must follow from the row alone, and not from a clock, chance or what came before.`,
      )
    },
  },
  {
    name: 'redelivery',
    expects: 'a batch that comes again changes no verdict and makes no second one',
    async run(lab) {
      const round = mixed(lab)
      await verdictOf(lab, 'check-redelivery', round)
      await lab.close('check-redelivery', round, 1)
      await drained(lab, Batch)
      const verdicts = await lab.verdicts('check-redelivery', 2, quietMs)
      ensure(
        verdicts.length === 1,
        `${verdicts.length} verdicts are in the log for one round`,
        'The id of a verdict must follow from its round.',
      )
    },
  },
  {
    name: 'crash',
    expects: 'after kill -9 every round has its one verdict with the same dataset',
    async run(lab) {
      const round = mixed(lab)
      const undisturbed = await verdictOf(lab, 'check-calm', round)
      const agent = await lab.agent()
      const runs = [1, 2, 3, 4, 5, 6].map((n) => `check-crash-${n}`)
      for (const run of runs) await lab.close(run, round)
      await lab.verdicts(runs[0]!, 1)
      await agent.kill()
      await lab.agent()
      for (const run of runs) {
        const verdicts = await lab.verdicts(run, 1)
        ensure(
          verdicts.length === 1,
          `${verdicts.length} verdicts came of a round after kill -9`,
          await whyNothing(lab, run),
        )
        ensure(
          verdicts[0]!.datasetHash === undisturbed.datasetHash,
          'after kill -9 a round has another dataset',
          `${inFunction}.`,
        )
      }
    },
  },
  {
    name: 'drain',
    expects: 'SIGTERM ends it in time with exit code 0, and what it did not finish is given back',
    async run(lab) {
      const round = mixed(lab)
      const runs = [1, 2, 3, 4].map((n) => `check-drain-${n}`)
      await lab.agent()
      for (const run of runs) await lab.close(run, round)
      await lab.verdicts(runs[0]!, 1)
      await checkDrain(lab)
      for (const run of runs)
        ensure(
          (await lab.verdicts(run, 1)).length === 1,
          'a round has no verdict after the drain',
          await whyNothing(lab, run),
        )
    },
  },
  {
    name: 'bad input',
    expects: 'a batch that cannot be handled becomes a dead letter with its reason, and the next one is handled',
    async run(lab) {
      await lab.agent()
      const missing = { account: 'LAB' as const, name: 'check/no-such-round', sha256: hashOf('none'), bytes: 5 }
      await lab.bus.operator.publish(
        Batch,
        { runId: 'check-bad', variant: lab.subject.queue, id: 'batch:a1.r1.s0' },
        {
          round: { attempt: 1, round: 1, object: missing },
          shard: 0,
          source,
          candidates: [],
          failures: [],
          spent: { calls: 0, inputTokens: 0, outputTokens: 0 },
        },
      )
      await checkBadInput(lab, Batch, { 'check-bad': 'whose round is not there' })
      await verdictOf(lab, 'check-after-bad', mixed(lab))
    },
  },
  {
    name: 'budget',
    expects: 'no batch makes more requests than it may, and rows that no call was left for are not admitted',
    skip: ({ subject }) => (subject.asksModel ? null : 'it asks no model'),
    async run(lab) {
      lab.teacher.reset()
      const most = 2
      const program = { ...lab.program, verification: { kind: 'vote' as const, k: 3, temperature: 0 } }
      const { spent } = await verdictOf(lab, 'check-budget', { batches: [lab.good], checkCalls: most, program })
      const look = 'Every HTTP request is taken from the budget before it is sent.'
      ensure(lab.teacher.requests <= most, `${most} requests were allowed, and ${lab.teacher.requests} were made`, look)
      ensure(
        spent.calls >= lab.teacher.requests && spent.calls <= most,
        `${lab.teacher.requests} requests were made, and ${spent.calls} are counted`,
        look,
      )
    },
  },
]
