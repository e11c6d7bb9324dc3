import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { buildContaminationIndex } from '../../agents/kit/dedup/contamination.ts'
import { uniformPromptProgram } from '../../agents/planner/program/uniform-prompt.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Batch, Shard } from '../../schemas/messages/generation.ts'
import { Program, type Source, usualFilters } from '../../schemas/program.ts'
import type { Task } from '../../schemas/task.ts'
import { publicView } from '../../tasks/load.ts'
import { type ConformanceCheck, ensure, entriesOf } from './finding.ts'
import { answerMs, checkBadInput, checkDrain, drained, type Lab, nobody, quietMs, whyNothing } from './lab.ts'

type BatchPayload = PayloadOf<typeof Batch>
type Wanted = Pick<PayloadOf<typeof Shard>, 'from' | 'count'> & Partial<PayloadOf<typeof Shard>>

/** What the checks of a generator share: how a shard is asked of it. */
export type GeneratorLab = Lab & {
  source: Source
  /** Publishes shards of one run; the name of the run. `again`: sent once more, as after a redrive. */
  ask(runId: string, shards: readonly Wanted[], again?: number): Promise<void>
  /** The batches of a run by shard, once there are so many; fewer where they do not come in time. */
  batches(runId: string, count: number, mostMs?: number): Promise<Map<number, BatchPayload[]>>
}

const inFunction = 'Look at the function that makes rows'

/** The source that is asked for where no program is given: one of the task's first skill. */
export function firstSkillProgram(task: Task, kinds: readonly Source['kind'][]): Program {
  const [skill] = task.skills
  if (kinds.includes('procedure')) {
    const source = {
      id: skill!.name,
      skill: skill!.name,
      rows: 200,
      kind: 'procedure' as const,
      phrasings: 4,
      wideShare: 0.5,
    }
    return Program.parse({
      version: 1,
      sources: [{ ...source, difficulty: [1, 1, 1] }],
      contract: { maxInputChars: 2000, maxOutputChars: 2000 },
      filters: usualFilters,
      verification: 'none',
      carryOver: null,
    })
  }
  return uniformPromptProgram(publicView(task), 200, { verification: 'none', judge: null })
}

/** Puts the task on the bus. */
export async function openGeneratorLab(lab: Lab, task: Task, program: Program): Promise<GeneratorLab> {
  const { bus, subject } = lab
  const { objects } = bus.operator
  const source = program.sources[0]!
  const contamination = await objects.put('LAB', 'contamination', buildContaminationIndex([], bus.contaminationKey))
  const publicTask = await objects.putJson('LAB', `task/${task.id}`, publicView(task))

  const roundOf = async (runId: string, shards: number): Promise<ObjectRef> =>
    objects.putJson('LAB', `${runId}/round`, {
      attempt: 1,
      round: 1,
      shards,
      target: 200,
      quotas: { [source.id]: 200 },
      program: await objects.putJson('LAB', `${runId}/program`, program),
      programHash: hashOf(program),
      admitted: null,
      contamination,
      publicTask,
      variants: { ...nobody, generator: subject.queue },
    })

  return {
    ...lab,
    source,
    async ask(runId, shards, again = 0) {
      const object = await roundOf(runId, shards.length)
      for (const [shard, wanted] of shards.entries()) {
        const round = { attempt: 1, round: 1, object }
        const id = `shard:a1.r1.s${shard}${again > 0 ? `:again-${again}` : ''}`
        const calls = subject.asksModel ? { maxCalls: 10 * wanted.count } : {}
        const payload = { round, shard, source: source.id, seed: '1', ...calls, ...wanted }
        await bus.operator.publish(Shard, { runId, variant: subject.queue, id }, payload)
      }
    },
    async batches(runId, count, mostMs = answerMs) {
      let found = new Map<number, BatchPayload[]>()
      await bus.entries(
        runId,
        (entries) => {
          found = Map.groupBy(
            entriesOf<BatchPayload>(entries, Batch.name).map(({ payload, parseError }) => {
              ensure(
                parseError === undefined,
                `a batch does not match its schema: ${parseError}`,
                `${inFunction}, and at docs/messages.md.`,
              )
              return payload
            }),
            ({ shard }) => shard,
          )
          return found.size >= count
        },
        mostMs,
      )
      return found
    },
  }
}

async function oneBatch(lab: GeneratorLab, runId: string, wanted: Wanted): Promise<BatchPayload> {
  await lab.agent()
  await lab.ask(runId, [wanted])
  const found = (await lab.batches(runId, 1)).get(0)?.[0]
  ensure(found !== undefined, `no batch came for a shard within ${answerMs / 1000} s`, await whyNothing(lab, runId))
  return found
}

const outcomesOf = ({ candidates, failures }: BatchPayload): number[] =>
  [...new Set(candidates.map(({ id }) => Number(id.split('.')[3]))), ...failures.map(({ index }) => index)].sort(
    (a, b) => a - b,
  )

const range = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at)
const random =
  'all that is random must follow from the seed of the request, and not from a clock, a global generator or what came before'

/** Shards of four indexes each, whose batches take a while altogether. */
const many = range(0, 12).map((at) => ({ from: 4 * at, count: 4 }))
/** Not more than the slots and their calls at the time of a kill. */
const inFlightAtMost = (lab: GeneratorLab) => (lab.subject.asksModel ? 8 : 0)

async function calm(lab: GeneratorLab, runId: string): Promise<Map<number, BatchPayload[]>> {
  await lab.agent()
  await lab.ask(runId, many)
  const found = await lab.batches(runId, many.length)
  ensure(
    found.size === many.length,
    `${found.size} of ${many.length} shards have a batch`,
    await whyNothing(lab, runId),
  )
  return found
}

const rowsOf = (batches: Map<number, BatchPayload[]>) =>
  many.map((_, shard) => batches.get(shard)?.[0]?.candidates ?? null)

export const generatorChecks: readonly ConformanceCheck<GeneratorLab>[] = [
  {
    name: 'outcomes',
    expects: 'each index of a shard has exactly one outcome, rows or a failure, and some index has a row',
    async run(lab) {
      const batch = await oneBatch(lab, 'check-outcomes', { from: 40, count: 8 })
      ensure(
        isDeepStrictEqual(outcomesOf(batch), range(40, 8)),
        `indexes 40 to 47 were asked for, and outcomes came of ${outcomesOf(batch).join(', ') || 'none'}`,
        `${inFunction}: it makes one row, several of one index, or says why there is none.`,
      )
      const { id, skill } = lab.source
      const wrong = batch.candidates.find(
        (row) => row.source !== id || row.skill !== skill || !row.id.startsWith(`a1.r1.${id}.`),
      )
      ensure(wrong === undefined, `row ${wrong?.id} is not of source "${id}" and skill "${skill}"`, `${inFunction}.`)
      const why = batch.failures[0]?.reason ?? 'no reason was given'
      ensure(
        batch.candidates.length > 0,
        `none of 8 indexes has a row; the first reason: ${why}`,
        `${inFunction}. Where it does not know skill "${skill}", name a program with one that it knows: --program.`,
      )
    },
  },
  {
    name: 'determinism',
    expects: 'equal shards give equal rows, however the indexes are cut into shards, and another seed gives others',
    async run(lab) {
      const whole = await oneBatch(lab, 'check-whole', { from: 0, count: 10 })
      const again = await oneBatch(lab, 'check-again', { from: 0, count: 10 })
      const look = `${inFunction}: ${random}.`
      ensure(
        isDeepStrictEqual(again.candidates, whole.candidates),
        'the same shard gave other rows the second time',
        look,
      )
      const [first, second] = [
        await oneBatch(lab, 'check-first', { from: 0, count: 4 }),
        await oneBatch(lab, 'check-second', { from: 4, count: 6 }),
      ]
      const parts = [...first.candidates, ...second.candidates]
      ensure(
        isDeepStrictEqual(parts, whole.candidates),
        'indexes 0 to 9 gave other rows in two shards than in one',
        look,
      )
      const other = await oneBatch(lab, 'check-other', { from: 0, count: 10, seed: '2' })
      const texts = (batch: BatchPayload) => batch.candidates.map(({ input }) => input)
      const isSame = lab.source.kind === 'procedure' && isDeepStrictEqual(texts(other), texts(whole))
      ensure(!isSame, 'seed 2 gave the rows of seed 1', `${inFunction}: it does not use the seed of the request.`)
      const text = JSON.stringify(whole.candidates)
      ensure(!/check-whole|20\d\d-\d\d-\d\dT\d\d:/.test(text), 'a row holds the name of its run, or a time', look)
    },
  },
  {
    name: 'redelivery',
    expects: 'a shard that comes again gives no second batch, and costs nothing',
    async run(lab) {
      await oneBatch(lab, 'check-redelivery', { from: 0, count: 6 })
      const before = lab.teacher.requests
      await lab.ask('check-redelivery', [{ from: 0, count: 6 }], 1)
      await drained(lab, Shard)
      const batches = (await lab.batches('check-redelivery', 2, quietMs)).get(0) ?? []
      ensure(
        batches.length === 1,
        `${batches.length} batches are in the log for one shard`,
        'The id of a batch must follow from attempt, round and shard alone: batch:a1.r1.s0.',
      )
      const paid = lab.teacher.requests - before
      ensure(
        paid === 0,
        `${paid} requests were paid again`,
        'A piece of work that is closed must be read from its result, not made anew.',
      )
    },
  },
  {
    name: 'crash',
    expects:
      'after kill -9 every shard has its one batch with the same rows, and at most what was in flight is paid again',
    async run(lab) {
      lab.teacher.latencyMs = 5
      const undisturbed = await calm(lab, 'check-calm')
      lab.teacher.reset()
      lab.teacher.latencyMs = 60
      const agent = await lab.agent()
      await lab.ask('check-crash', many)
      await lab.batches('check-crash', 2)
      const inFlight = lab.teacher.inFlight
      await agent.kill()
      await lab.agent()
      const found = await lab.batches('check-crash', many.length)
      lab.teacher.latencyMs = 5
      ensure(
        found.size === many.length,
        `after kill -9, ${found.size} of ${many.length} shards have a batch`,
        'A shard may be acknowledged only once its batch is stored.',
      )
      const twice = [...found].find(([, batches]) => batches.length > 1)
      ensure(
        twice === undefined,
        `shard ${twice?.[0]} has several batches`,
        'The id of a batch must follow from its shard alone.',
      )
      ensure(
        isDeepStrictEqual(rowsOf(found), rowsOf(undisturbed)),
        'after kill -9 the rows are others',
        `${inFunction}: ${random}.`,
      )
      const most = Math.max(inFlight, inFlightAtMost(lab))
      ensure(
        lab.teacher.repeated <= most,
        `${lab.teacher.repeated} requests were paid again, and ${most} were in flight`,
        'A reply must be in the journal before it is used, and be looked for there first.',
      )
    },
  },
  {
    name: 'drain',
    expects: 'SIGTERM ends it in time with exit code 0, and what it did not finish is given back',
    async run(lab) {
      await lab.agent()
      lab.teacher.latencyMs = 60
      await lab.ask('check-drain', many)
      await lab.batches('check-drain', 1)
      await checkDrain(lab)
      const found = await lab.batches('check-drain', many.length, 15_000)
      lab.teacher.latencyMs = 5
      ensure(
        found.size === many.length,
        `${many.length - found.size} shards came to nobody after the drain`,
        'What is not finished must be given back (-NAK).',
      )
    },
  },
  {
    name: 'bad input',
    expects: 'a shard that cannot be handled becomes a dead letter with its reason, and the next one is handled',
    async run(lab) {
      await lab.agent()
      await lab.ask('check-bad', [{ from: 0, count: 2, source: 'no-such-source' }])
      await checkBadInput(lab, Shard, { 'check-bad': 'of a source that its program does not have' })
      await oneBatch(lab, 'check-after-bad', { from: 0, count: 2 })
    },
  },
  {
    name: 'budget',
    expects:
      'no shard makes more requests than it may, whatever crashes, and its other indexes say that nothing was left',
    skip: ({ subject }) => (subject.asksModel ? null : 'it asks no model'),
    async run(lab) {
      lab.teacher.reset()
      const batch = await oneBatch(lab, 'check-budget', { from: 100, count: 8, maxCalls: 3 })
      const look = 'Every HTTP request is taken from the budget before it is sent.'
      ensure(lab.teacher.requests <= 3, `3 requests were allowed, and ${lab.teacher.requests} were made`, look)
      ensure(
        isDeepStrictEqual(outcomesOf(batch), range(100, 8)),
        'indexes without a call have no outcome',
        `${inFunction}.`,
      )
      const { calls } = batch.spent
      ensure(
        calls >= lab.teacher.requests && calls <= 3,
        `${lab.teacher.requests} requests were made, and ${calls} are counted`,
        look,
      )
      lab.teacher.reset()
      lab.teacher.latencyMs = 80
      const most = 10
      await lab.ask('check-killed-budget', [{ from: 200, count: 30, maxCalls: most }])
      for (const _ of range(0, 3)) {
        const agent = await lab.agent()
        const until = performance.now() + 5000
        while (lab.teacher.inFlight === 0 && performance.now() < until) await sleep(20)
        await agent.kill()
      }
      lab.teacher.latencyMs = 5
      await lab.agent()
      const killed = (await lab.batches('check-killed-budget', 1)).get(0)?.[0]
      ensure(killed !== undefined, 'no batch came after three kills', await whyNothing(lab, 'check-killed-budget'))
      ensure(
        lab.teacher.requests <= most,
        `${most} requests were allowed, and ${lab.teacher.requests} were made over three kills`,
        look,
      )
      ensure(
        killed.spent.calls >= lab.teacher.requests && killed.spent.calls <= most,
        `${lab.teacher.requests} requests were made over three kills, and ${killed.spent.calls} are counted`,
        'What an owner reserved and lost counts as spent.',
      )
    },
  },
  {
    name: 'heartbeat',
    expects: 'a shard that takes longer than the ack wait is handed out once',
    skip: ({ subject }) => (subject.asksModel ? null : 'its rows cannot be made slow from outside'),
    async run(lab) {
      lab.teacher.reset()
      lab.teacher.latencyMs = 4500
      await oneBatch(lab, 'check-slow', { from: 300, count: 1 })
      lab.teacher.latencyMs = 5
      const log = (await lab.bus.logged()).split('\n').filter((line) => line.includes('check-slow'))
      const again = log.some((line) => /"attempt":[2-9]/.test(line))
      ensure(
        !again,
        'a shard was handed out again while it was worked on',
        'Send +WPI every third of the ack wait while a handler runs.',
      )
    },
  },
]
