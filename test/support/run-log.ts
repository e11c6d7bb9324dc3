import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { StoredEntry } from '../../bus/mod.ts'
import { type BaselineArm, studentModelName } from '../../schemas/arm.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { MessageName, Registry } from '../../schemas/registry.ts'
import type { Role } from '../../schemas/role.ts'
import { Evidence } from '../../schemas/run.ts'
import type { ItemOutcome, NoAnswer } from '../../schemas/score.ts'
import { packResults, type SealedResult, unpackResults } from '../../schemas/sealed-results.ts'
import type { SealedTrivial } from '../../schemas/trivial.ts'
import { firstVariants, makeLog } from './made-log.ts'
import { runLimits } from './run-limits.ts'
import { candidateOf, datasetRows, hash, object, sheetOf, skills } from './run-log-data.ts'

/** How far a made-up run got, and how its candidates fare on the sealed papers. */
export type RunLogOptions = {
  attempts?: number
  rows?: number
  seed?: number
  finalEval?: boolean
  /** Training seeds of the final and of each baseline; the baselines. */
  seeds?: number
  arms?: BaselineArm[]
  /** Items that share a group; 1 leaves the groups out. */
  groupSize?: number
  finished?: boolean
  /** Probability of a right answer by candidate; the parts shift it. */
  skillOf?: Partial<Record<string, number>>
  /** Share of the items that one and the same answer is right for. */
  fixed?: number
  /** Candidates, or arms, that give that answer to every item but one in `but`. */
  collapsed?: readonly string[]
  but?: number
  /** What of a candidate's, or an arm's, wrong replies is no answer: why, and which share of them. */
  broken?: Partial<Record<string, { why: NoAnswer; share: number }>>
  /** Rows that an arm was trained on. */
  rowsOf?: Partial<Record<string, number>>
  /** The attempt that was chosen; left out: the second, or the only one. */
  chosen?: number
  finalEvalNumber?: number
  /** Parts of the test with their numbers of items. */
  parts?: Readonly<Record<string, number>>
  sealingEnforced?: boolean
  diagnosis?: string
  badReply?: string
}

const testParts = { 'in-template': 120, 'heldout-phrasing': 60, 'heldout-range': 60, handwritten: 40 }
const auditParts = { 'in-template': 120, 'heldout-phrasing': 60, 'heldout-range': 60 }
const validationParts = { 'in-template': 60, 'heldout-phrasing': 30, 'heldout-range': 30 }
const shift: Record<string, number> = {
  'in-template': 0.25,
  'heldout-phrasing': 0,
  'heldout-range': -0.08,
  handwritten: -0.12,
}
const armOf = (studentModel: string) => studentModel.replace(/-s\d+$/, '')
const ability: Record<string, number> = {
  base: 0.08,
  'base-examples': 0.16,
  'attempt-1': 0.35,
  'attempt-2': 0.42,
  'attempt-3': 0.4,
  final: 0.45,
  control: 0.36,
}

/** Whether the one answer is right for an item: so many in a hundred, spread over each part. */
const isFixed = (index: number, share: number): boolean => (index * 37) % 100 < share * 100

/** That answer given to every item, and the same as the modal reply of those who collapsed. */
function trivialOf(
  results: readonly SealedResult[],
  share: number,
  hasCollapsed: (studentModel: string) => boolean,
): SealedTrivial[] {
  const evalSets = Map.groupBy(results, ({ evalSet }) => evalSet)
  return [...evalSets].flatMap(([evalSet, answered]) => {
    const parts = Map.groupBy(answered[0]!.items, ({ part }) => part)
    const items = [...parts.values()].flatMap((own) =>
      own.map((item, index) => ({ ...item, strict: isFixed(index, share), lenient: isFixed(index, share) })),
    )
    const marks = items.map(({ strict }) => (strict ? 3 : 0)).join('')
    const { overall, byPart } = sheetOf(items)
    const reported = { evalSet, marks, sheet: { overall, byPart } }
    const replied = answered.filter(({ studentModel }) => hasCollapsed(studentModel.name))
    return [
      { ...reported, kind: 'gold' as const, item: 'a-validation-item' },
      ...replied.map(({ studentModel: { name } }) => ({ ...reported, kind: 'reply' as const, studentModel: name })),
    ]
  })
}

/**
 * The log of a made-up run whose figures agree with each other: sheets are counted from the item outcomes, verdicts add up. Every
 * payload is parsed by its schema.
 */
export function runLog(options: RunLogOptions = {}): StoredEntry[] {
  const { attempts = 3, rows = 300, seed = 7, finished = true, finalEval = finished } = options
  const { seeds = 1, arms = ['control'], groupSize = 1, fixed = 0.05, parts: test = testParts, but = 0 } = options
  const of = <T>(given: Partial<Record<string, T>> | undefined, studentModel: string): T | undefined =>
    given?.[studentModel] ?? given?.[armOf(studentModel)]
  const hasCollapsed = (studentModel: string) =>
    [studentModel, armOf(studentModel)].some((name) => options.collapsed?.includes(name))
  const random = xoroshiro128plus(seed)
  const log = makeLog('demo-run')
  const startMs = Date.UTC(2026, 10, 23, 9, 30)
  let clockMs = startMs
  let last: string | null = null
  /** What every piece of work carries along. */
  const addresses = {
    publicTask: object('public-task'),
    sealedTask: { ...object('sealed-task'), account: 'VAULT' as const },
    variants: firstVariants(),
  }
  /** Each message follows from the one before. */
  const greeting = <N extends MessageName>(
    name: N,
    role: Role,
    payload: PayloadOf<Registry[N]>,
    afterMs = 200,
    instance = 1,
  ) => {
    clockMs += afterMs
    last = log.greeting(name, [role, instance], last, clockMs, payload)
  }
  const outcomes = (evalSet: string, studentModel: string, parts: Record<string, number>): ItemOutcome[] =>
    Object.entries(parts).flatMap(([part, count]) =>
      Array.from({ length: count }, (_, index) => {
        const p =
          (of(options.skillOf, studentModel) ?? ability[armOf(studentModel)] ?? 0.4) +
          (studentModel.startsWith('base') ? 0 : shift[part]!)
        const drawn = uniformFloat64(random) < p
        const modal = hasCollapsed(studentModel) && !(but > 0 && index % but === but - 1)
        const strict = modal ? isFixed(index, fixed) : drawn
        const lenient = strict || (!drawn && uniformFloat64(random) < 0.06 && !modal)
        const broken = of(options.broken, studentModel)
        const isBroken = broken && !strict && !lenient && ((index * 37) % 100) / 100 < broken.share
        const printed = { ...(isBroken && { noAnswer: broken.why }), ...(modal && { modal: true as const }) }
        const group = groupSize > 1 ? { group: `${part}-${Math.floor(index / groupSize)}` } : {}
        const id = `${evalSet}-${part}-${index}`
        const truncated = isBroken === true && broken.why === 'truncated'
        return {
          id,
          part,
          skill: skills[index % 6]!,
          ...group,
          strict,
          lenient,
          truncated,
          ...printed,
        }
      }),
    )
  const chosenAttempt = options.chosen ?? Math.min(2, attempts)
  const chosen = `attempt-${chosenAttempt}`
  greeting('run-started', 'operator', {
    config: {
      runId: 'demo-run',
      seed,
      attempts,
      rows,
      minimumRows: Math.round(rows * 0.66),
      models: {},
      prices: {},
      limits: runLimits,
      taskHash: hash('task'),
      ...addresses,
      primary: 'strict',
      setting: 'scratch',
      sealing: {
        enforced: options.sealingEnforced ?? true,
        note: 'Files on this machine are not sealed from processes of the same OS user.',
      },
      evidence: Evidence.parse({ seeds, arms }),
      startedAt: new Date(startMs).toISOString(),
    },
  })
  const score = (name: string, training: boolean, trainingSeed: number) => {
    const spec = training
      ? {
          dataset: object(`dataset ${name}`),
          datasetHash: hash(`dataset ${name === 'final' ? chosen : name}`),
          seed: trainingSeed,
        }
      : null
    const examples = name === 'base-examples'
    greeting('job', 'planner', { studentModel: name, training: spec, examples, ...addresses })
    const progress = (phase: 'train' | 'infer', done: number, total: number, loss?: number) =>
      greeting(
        'progress',
        'trainer-bridge',
        {
          role: 'trainer-bridge',
          instance: 'trainer-bridge-1',
          phase,
          studentModel: name,
          done,
          total,
          ...(loss ? { loss } : {}),
        },
        phase === 'train' ? 9_000 : 6_000,
      )
    const curve: [number, number][] = []
    for (let step = 1; training && step <= 38; step++) {
      const loss = 0.35 + 1.9 * Math.exp(-step / 9) + 0.08 * uniformFloat64(random)
      curve.push([step, Number(loss.toFixed(3))])
      if (step % 4 === 0) progress('train', step, 38, loss)
    }
    for (let done = 40; done <= 120; done += 40) progress('infer', done, 120)
    const summary = training
      ? {
          rows: of(options.rowsOf, name) ?? rows,
          steps: 38,
          tokens: rows * 84,
          seconds: 92.4,
          tokensPerSecond: 272.7,
          leftOut: 0,
          lossCurve: curve,
          device: 'cpu',
          versions: { torch: '2.15.0', peft: '0.21.0' },
        }
      : null
    const predictions = object(`predictions ${name}`)
    const shared = { studentModel: candidateOf(name), training: summary, reusedTraining: false }
    greeting('predictions', 'trainer-bridge', {
      ...shared,
      predictions,
      ...addresses,
    })
    const items = outcomes('validation', name, validationParts)
    const badCases = items
      .filter((item) => !item.strict)
      .slice(0, 20)
      .map((item) => ({
        id: item.id,
        skill: item.skill,
        part: item.part,
        input: 'Three jars hold 250 g each. How many grams are there in all?',
        expected: '750.00',
        reply: options.badReply ?? 'There are 3 jars, so 250 + 3 = 253. The answer is therefore \\boxed{253.00}.',
        reason: 'wrong number',
      }))
    greeting(
      'report',
      'evaluator',
      { ...shared, validation: sheetOf(items), items, trivial: [], badCases, contamination: object('contamination') },
      900,
    )
  }
  const make = (attempt: number) => {
    const carried = attempt > 1 ? Math.round(rows * 0.3) : 0
    const sources = skills.map((skill) => ({
      id: skill,
      kind: 'procedure' as const,
      skill,
      rows: Math.round((rows - carried) / skills.length),
      phrasings: attempt === 0 ? 8 : Math.min(8, 2 + attempt * 2),
      wideShare: 0.3,
      difficulty: [2, 1, 1] as [number, number, number],
    }))
    greeting('decision', 'planner', {
      attempt,
      operation: attempt <= 1 ? 'draft' : 'improve',
      diagnosis:
        options.diagnosis ??
        (attempt === 0
          ? 'Uniform control: no search, the same number of rows spread evenly.'
          : attempt === 1
            ? 'First draft: an even spread over six skills with four phrasings each.'
            : 'unit-convert and date-gap lag behind on held-out phrasings: more phrasings, wider ranges, more rows of both.'),
      program: {
        version: 1,
        sources,
        contract: { maxInputChars: 400, maxOutputChars: 400 },
        filters: { nearDuplicateJaccard: 0.8, contaminationShare: 0.5 },
        verification: 'execute',
        judge: null,
        carryOver:
          carried > 0
            ? { attempt: attempt - 1, rows: Object.fromEntries(skills.map((skill) => [skill, carried / 6])) }
            : null,
      },
      programHash: hash(`program ${attempt}`),
      model: null,
    })
    const round = { attempt, round: 1, object: object(`round ${attempt}`) }
    for (const [shard, source] of sources.entries()) {
      greeting(
        'shard',
        'planner',
        { round, shard, source: source.id, from: 0, count: source.rows + 6, seed: `${seed}.${attempt}.${shard}` },
        20,
      )
    }
    for (const [shard, source] of sources.entries()) {
      const spent = { calls: 0, inputTokens: 0, outputTokens: 0 }
      const failures = [{ index: 0, reason: 'no problem of this difficulty in the range' }]
      greeting(
        'batch',
        'generator',
        { round, shard, source: source.id, candidates: datasetRows(attempt, 3), failures, spent },
        300,
        1 + (shard % 2),
      )
    }
    const bySource = Object.fromEntries(
      sources.map((source) => [
        source.id,
        {
          asked: source.rows + 6,
          generated: source.rows + 5,
          admitted: source.rows,
          rejected: { 'near-duplicate': 2, 'contaminated-sealed': 1, surplus: 2 },
        },
      ]),
    )
    greeting('verdict', 'critic', {
      attempt,
      round: 1,
      bySource,
      rows: carried + sources.reduce((sum, source) => sum + source.rows, 0),
      dataset: object(`dataset attempt-${attempt}`),
      datasetHash: hash(`dataset ${attempt === 0 ? 'control' : `attempt-${attempt}`}`),
      templateOverlap: 0,
      spent: { calls: 0, inputTokens: 0, outputTokens: 0 },
    })
  }

  score('base', false, 0)
  for (let attempt = 1; attempt <= attempts; attempt++) {
    make(attempt)
    score(`attempt-${attempt}`, true, 100 + attempt)
  }
  if (finalEval) {
    make(0)
    const trained = (['final', ...arms] as const).flatMap((arm) =>
      Array.from({ length: seeds }, (_, index) => ({
        arm,
        name: studentModelName(arm, index + 1),
        seed: 4242 + index,
      })),
    )
    for (const { name, seed } of trained) score(name, true, seed)
    const names = ['base', 'base-examples', ...trained.map(({ name }) => name)]
    const armRecord = (arm: 'final' | BaselineArm) => ({
      arm,
      rows,
      dataset: object(`dataset ${arm}`),
      datasetHash: hash(`dataset ${arm}`),
      sameAs: null,
      leftOut: null,
    })
    greeting('final-eval-request', 'planner', {
      studentModels: names.map(candidateOf),
      arms: (['final', ...arms] as const).map(armRecord),
      primary: { arm: 'final', against: 'control', part: 'heldout-phrasing', mode: 'strict', seedIndex: 1 },
      datasets: [object('dataset attempt-2'), object('dataset attempt-0')],
      ...addresses,
    })
    const result = (evalSet: 'test' | 'audit', name: string) => {
      const items = outcomes(evalSet, name, evalSet === 'test' ? test : auditParts)
      return { studentModel: candidateOf(name), evalSet, sheet: sheetOf(items), items }
    }
    const audited = ['base', ...trained.filter(({ arm }) => arm === 'final').map(({ name }) => name)]
    const results = [...names.map((name) => result('test', name)), ...audited.map((name) => result('audit', name))]
    greeting(
      'final-eval-results',
      'evaluator',
      {
        finalEvalNumber: options.finalEvalNumber ?? 1,
        testHash: hash('test'),
        auditSeed: 'f00dfeed',
        ...packResults(results),
        trivial: trivialOf(results, fixed, hasCollapsed),
      },
      190_000,
    )
  }
  if (finished) {
    greeting('run-finished', 'planner', {
      stopReason: 'attempts-used',
      chosenAttempt,
      dataset: object(`dataset attempt-${chosenAttempt}`),
      datasetHash: hash(`dataset attempt-${chosenAttempt}`),
      controlDatasetHash: hash('dataset control'),
      attempts,
      validAttempts: attempts,
      seeds: { search: Array.from({ length: attempts }, (_, index) => 101 + index), replay: 4242, replays: [4242] },
    })
    greeting('status-changed', 'planner', { status: 'finished', reason: 'all attempts were used' })
  }
  return log.entries()
}

/** The log with other results of its final evaluation, item by item; `change` gives new ones, or alters those that it is given. */
export const changeResults = (
  log: readonly StoredEntry[],
  change: (results: SealedResult[]) => SealedResult[] | undefined,
): StoredEntry[] =>
  log.map((entry) => {
    if (entry.name !== 'final-eval-results') return entry
    const payload = entry.payload as PayloadOf<Registry['final-eval-results']>
    const results = unpackResults(payload)
    return { ...entry, payload: { ...payload, ...packResults(change(results) ?? results) } }
  })

/** The results of a log's final evaluation, item by item. */
export const resultsOf = (log: readonly StoredEntry[]): SealedResult[] =>
  unpackResults(
    log.find(({ name }) => name === 'final-eval-results')!.payload as PayloadOf<Registry['final-eval-results']>,
  )
