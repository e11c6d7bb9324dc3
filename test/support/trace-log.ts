import type { StoredEntry } from '../../bus/mod.ts'
import { armSeedOf } from '../../schemas/arm.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Registry } from '../../schemas/registry.ts'
import type { Role } from '../../schemas/role.ts'
import type { RejectionReason } from '../../schemas/row.ts'
import { Evidence } from '../../schemas/run.ts'
import { packResults } from '../../schemas/sealed-results.ts'
import { firstVariants, makeLog } from './made-log.ts'
import { runLimits } from './run-limits.ts'
import { candidateOf, hash, object, skills } from './run-log-data.ts'
import { parts, randomOf, sealedTrivial, sheetOf } from './trace-log-parts.ts'

/** Shape of a made-up run; every payload is parsed by its schema, so the page is shown nothing that the bus would refuse. */
export type TraceLogOptions = {
  runId?: string
  seed?: number
  attempts?: number
  rows?: number
  shardSize?: number
  generators?: number
  /** Training seeds of final and control. */
  seeds?: number
  /** The final gives one answer to nearly every item. */
  collapsed?: boolean
  /** Steps between two progress events of a training. */
  progressEvery?: number
  startedAt?: number
}

/** The whole log of a made-up run, in order of time: base, attempts, control, final, opening. */
export function traceLog(options: TraceLogOptions = {}): StoredEntry[] {
  const { runId = 'demo-run', seed = 7, attempts = 3, rows = 300, shardSize = 25 } = options
  const {
    generators = 2,
    seeds = 1,
    collapsed = false,
    progressEvery = 2,
    startedAt = Date.UTC(2026, 10, 23, 9, 30),
  } = options
  const random = randomOf(seed)
  const log = makeLog(runId)
  const variants = firstVariants()
  const task = { publicTask: object('public-task'), sealedTask: object('sealed-task', 60_000), variants }
  const contamination = object('contamination-index')
  const seconds = (from: number, to: number) => (from + random() * (to - from)) * 1000
  let clock = startedAt

  const emit = log.greeting

  const started = emit('run-started', ['operator', 1], null, clock, {
    config: {
      runId,
      seed,
      attempts,
      rows,
      minimumRows: Math.ceil(rows / 2),
      models: {},
      prices: {},
      limits: { ...runLimits, shardSize, maxHours: 2 },
      taskHash: hash('task'),
      ...task,
      primary: 'strict',
      setting: 'scratch',
      sealing: { enforced: true, note: 'three accounts; agents of this machine share an OS user' },
      evidence: Evidence.parse({}),
      startedAt: new Date(startedAt).toISOString(),
    },
  })
  clock += 80
  emit('status-changed', ['planner', 1], started, clock, { status: 'running', reason: 'started' })

  /** job -> (training) -> inference -> predictions -> report; gives the report's id. */
  function measure(name: string, cause: string, accuracy: number, datasetOf: number | null): string {
    clock += 60
    const training =
      datasetOf === null
        ? null
        : { dataset: object(`dataset-${datasetOf}`, 90_000), datasetHash: hash(`dataset ${datasetOf}`), seed: 11 }
    const examples = name === 'base-examples'
    const job = emit('job', ['planner', 1], cause, clock, { studentModel: name, training, examples, ...task })
    const bridge: [Role, number] = ['trainer-bridge', 1]
    const progress = { role: 'trainer-bridge' as const, instance: 'trainer-bridge-1', studentModel: name }
    const lossCurve: [number, number][] = []
    const steps = Math.max(8, Math.round(rows / 8))
    const secondsAStep = 2.4
    if (training) {
      for (let step = 0; step <= steps; step += progressEvery) {
        clock += secondsAStep * progressEvery * 1000
        const loss = 0.28 + 1.5 * Math.exp((-3.4 * step) / steps) * (0.9 + 0.2 * random()) + 0.05 * random()
        lossCurve.push([step, loss])
        const tokensPerSecond = 245 + 20 * random()
        const etaSeconds = (steps - step) * secondsAStep
        emit('progress', bridge, job, clock, {
          ...progress,
          phase: 'train',
          done: step,
          total: steps,
          loss,
          tokensPerSecond,
          etaSeconds,
        })
      }
    }
    for (const done of [24, 48, 72, 96, 120]) {
      clock += seconds(3, 5)
      emit('progress', bridge, job, clock, { ...progress, phase: 'infer', done, total: 120 })
    }
    const studentModel = candidateOf(name)
    const summary = training && {
      rows,
      steps,
      tokens: rows * 84,
      seconds: steps * secondsAStep,
      tokensPerSecond: 255,
      leftOut: 0,
      lossCurve,
      device: 'cpu',
      versions: { torch: '2.15.0', transformers: '5.23.0', peft: '0.21.0' },
    }
    clock += 300
    const carried = { studentModel, training: summary, reusedTraining: false }
    const predictions = emit('predictions', bridge, job, clock, {
      ...carried,
      predictions: object(`predictions-${name}`, 30_000),
      ...task,
    })
    clock += 700
    const validation = sheetOf(random, accuracy, 20, parts)
    const items = Array.from({ length: 120 }, (_, index) => ({
      id: `validation-${index}`,
      part: parts[index % 3]!,
      skill: skills[index % 6]!,
      strict: random() < accuracy,
      lenient: random() < accuracy,
      truncated: false,
    }))
    const badCases = skills.map((skill, index) => ({
      id: `validation-${index}`,
      skill,
      part: 'heldout-phrasing',
      input: 'Northwind bills 14 crates at 12.50 each and takes 8 % off. What does the customer pay?',
      expected: '161.00',
      reply: '14 x 12.50 = 175.00. The answer is therefore \\boxed{175.00}.',
      reason: 'the discount was left out',
    }))
    return emit('report', ['evaluator', 1], predictions, clock, {
      ...carried,
      validation,
      items,
      trivial: [],
      badCases,
      contamination,
    })
  }

  /** shards -> batches -> verdict, twice: the second round refills what the first one lacked. Gives the last verdict's id. */
  function makeData(attempt: number, cause: string, perSource: number): string {
    const free = Array.from({ length: generators }, () => clock)
    const reasons: RejectionReason[] = ['near-duplicate', 'exact-duplicate', 'format', 'contaminated-validation']
    let last = cause
    let have = 0
    for (const round of [1, 2]) {
      const wanted = round === 1 ? perSource : Math.ceil(perSource * 0.16)
      const shards = skills.flatMap((skill) =>
        Array.from({ length: Math.ceil(wanted / shardSize) }, (_, n) => ({
          skill,
          from: n * shardSize,
          count: Math.min(shardSize, wanted - n * shardSize),
        })),
      )
      const header = { attempt, round, object: object(`round-${attempt}-${round}`) }
      const bySource: PayloadOf<Registry['verdict']>['bySource'] = {}
      let done = clock
      let lastBatch = last
      shards.forEach(({ skill, from, count }, shard) => {
        clock += 12
        const sent = emit('shard', ['planner', 1], last, clock, {
          round: header,
          shard,
          source: skill,
          from,
          count,
          seed: `${seed}/${attempt}`,
        })
        const worker = free.indexOf(Math.min(...free))
        free[worker] = Math.max(free[worker]!, clock) + seconds(0.25, 0.9)
        done = Math.max(done, free[worker]!)
        const failed = random() < 0.12 ? 1 : 0
        const candidates = Array.from({ length: count - failed }, (_, index) => ({
          id: `a${attempt}.r${round}.${skill}.${from + index}.0`,
          skill,
          source: skill,
          instruction: 'Solve the problem and end with: The answer is therefore \\boxed{X.XX}.',
          input: `Order ${1000 + Math.floor(random() * 9000)}: 12 boxes at 4.75 each, 3 pallets at 61.20 each, freight 18.00. What is the total?`,
          output:
            '12 x 4.75 = 57.00 and 3 x 61.20 = 183.60. With freight: 258.60. The answer is therefore \\boxed{258.60}.',
          origin: { generator: 'procedural', phrasing: 'ledger-3', range: 'narrow', difficulty: 2 },
        }))
        const failures = failed
          ? [{ index: from + count - 1, reason: 'the sampled problem has no positive answer' }]
          : []
        lastBatch = emit('batch', ['generator', worker + 1], sent, free[worker]!, {
          round: header,
          shard,
          source: skill,
          candidates,
          failures,
          spent: { calls: 0, inputTokens: 0, outputTokens: 0 },
        })
        bySource[skill] ??= { asked: 0, generated: 0, admitted: 0, rejected: {} }
        const row = bySource[skill]
        const rejectedHere = Math.floor(candidates.length * (0.05 + 0.12 * random()))
        row.asked += count
        row.generated += candidates.length
        row.admitted += candidates.length - rejectedHere
        for (let n = 0; n < rejectedHere; n++) {
          const reason = reasons[Math.floor(random() ** 2 * reasons.length)]!
          row.rejected[reason] = (row.rejected[reason] ?? 0) + 1
        }
      })
      clock = done + seconds(0.4, 0.9)
      have = Math.min(rows, have + Object.values(bySource).reduce((sum, y) => sum + y.admitted, 0))
      last = emit('verdict', ['critic', 1], lastBatch, clock, {
        attempt,
        round,
        bySource,
        rows: round === 2 ? rows : have,
        dataset: object(`dataset-${attempt}`, 90_000),
        datasetHash: hash(`dataset ${attempt}`),
        templateOverlap: 0,
        spent: { calls: 0, inputTokens: 0, outputTokens: 0 },
      })
    }
    return last
  }

  let report = measure('base', started, 0.15, null)
  report = measure('base-examples', report, 0.19, null)
  const diagnoses = [
    'No data yet: an even start over the six skills, with four phrasings each and mostly narrow numbers.',
    'unit-convert and date-gap stay low (5 of 20): more rows there and all eight phrasings; held-out ranges lag, so the wide share rises to 0.6.',
    'Phrasing variety paid (+9 points on held-out phrasings): keep the best 180 rows, spend the rest on order-total with harder numbers.',
  ]
  for (let attempt = 1; attempt <= attempts; attempt++) {
    clock += 900
    const weights = skills.map((_, index) => 1 + (attempt - 1) * (index % 2 ? 0.5 : -0.1) * (index === 1 ? 1.6 : 1))
    const sum = weights.reduce((a, b) => a + b, 0)
    const carried =
      attempt === 3
        ? { attempt: 2, rows: Object.fromEntries(skills.map((skill) => [skill, Math.round(rows / 10)])) }
        : null
    const fresh = carried ? rows - skills.length * Math.round(rows / 10) : rows
    const decision = emit('decision', ['planner', 1], report, clock, {
      attempt,
      operation: attempt === 1 ? 'draft' : 'improve',
      diagnosis: diagnoses[(attempt - 1) % diagnoses.length]!,
      program: {
        version: 1,
        sources: skills.map((skill, index) => ({
          id: skill,
          kind: 'procedure',
          skill,
          rows: Math.round((fresh * weights[index]!) / sum),
          phrasings: attempt === 1 ? 4 : 8,
          wideShare: attempt === 1 ? 0.3 : 0.6,
          difficulty: [2, 2, attempt],
        })),
        contract: { maxInputChars: 600, maxOutputChars: 600 },
        filters: { nearDuplicateJaccard: 0.8, contaminationShare: 0.5 },
        verification: 'execute',
        judge: null,
        carryOver: carried,
      },
      programHash: hash(`program ${attempt}`),
      model: null,
    })
    const verdict = makeData(attempt, decision, Math.ceil(fresh / skills.length))
    report = measure(`attempt-${attempt}`, verdict, [0.34, 0.43, 0.48, 0.46, 0.5][(attempt - 1) % 5]!, attempt)
  }
  const controlData = makeData(0, report, Math.ceil(rows / skills.length))
  const seedsOf = (arm: 'control' | 'final') =>
    Array.from({ length: seeds }, (_, n) => (n === 0 ? arm : `${arm}-s${n + 1}`))
  for (const name of seedsOf('final')) measure(name, report, 0.47, attempts)
  let control = controlData
  for (const name of seedsOf('control')) control = measure(name, controlData, 0.4, 0)
  clock += 500
  const names = ['base', 'base-examples', ...seedsOf('control'), ...seedsOf('final')]
  emit('final-eval-request', ['planner', 1], control, clock, {
    studentModels: names.map(candidateOf),
    arms: [],
    primary: { arm: 'final', against: 'control', part: 'heldout-phrasing', mode: 'strict', seedIndex: 1 },
    datasets: [object(`dataset-${attempts}`), object('dataset-0')],
    ...task,
  })
  clock += seconds(120, 150)
  const sealedParts = [...parts, 'handwritten']
  const accuracies: Record<string, number> = { base: 0.16, 'base-examples': 0.2, control: 0.38, final: 0.46 }
  const accuracyOf = (name: string) => accuracies[armSeedOf(name).arm]!
  const finalEval = emit('final-eval-results', ['evaluator', 1], `${runId}.answers:final:test`, clock, {
    finalEvalNumber: 1,
    testHash: hash('test'),
    auditSeed: 'audit-5d1c',
    trivial: sealedTrivial(sealedParts, collapsed),
    ...packResults(
      (['test', 'audit'] as const).flatMap((evalSet) =>
        names.map((name) => ({
          studentModel: candidateOf(name),
          evalSet,
          sheet: {
            ...sheetOf(
              random,
              accuracyOf(name),
              evalSet === 'test' ? 45 : 20,
              evalSet === 'test' ? sealedParts : parts,
            ),
            ...(collapsed && armSeedOf(name).arm === 'final' && { modal: evalSet === 'test' ? 268 : 118 }),
          },
          items: Array.from({ length: evalSet === 'test' ? 270 : 120 }, (_, index) => ({
            id: `${evalSet}-${index}`,
            part: sealedParts[index % 4]!,
            skill: skills[index % 6]!,
            strict: random() < accuracyOf(name),
            lenient: random() < accuracyOf(name),
            truncated: false,
          })),
        })),
      ),
    ),
  })
  clock += 400
  const finished = emit('run-finished', ['planner', 1], finalEval, clock, {
    stopReason: 'attempts-used',
    chosenAttempt: attempts,
    dataset: object(`dataset-${attempts}`),
    datasetHash: hash(`dataset ${attempts}`),
    controlDatasetHash: hash('dataset 0'),
    attempts,
    validAttempts: attempts,
    seeds: { search: [11], replay: 12, replays: [12] },
  })
  emit('status-changed', ['planner', 1], finished, clock + 40, { status: 'finished', reason: 'attempts used' })
  return log.entries()
}
