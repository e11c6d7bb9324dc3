import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentContext, AgentModule, StartedAgent } from '../agents/kit/agent.ts'
import { cachedJson } from '../agents/kit/cache.ts'
import { type Cause, TerminalError } from '../bus/mod.ts'
import { gpuPackagesFault, provisionRuntime } from '../provision/mod.ts'
import { armSeedOf } from '../schemas/arm.ts'
import type { PayloadOf } from '../schemas/message.ts'
import { Answers, type Job, Predictions, SealedContext, type SealedEvalJob } from '../schemas/messages/evaluation.ts'
import { Progress } from '../schemas/messages/run.ts'
import { ownRuntime, type Runtimes, recordedRuntimes } from '../schemas/runtime-identity.ts'
import { runtimeRevision } from '../schemas/runtime-protocol.ts'
import { PublicTask, Question } from '../schemas/task.ts'
import type { StudentModel } from '../schemas/training.ts'
import { claimDevices } from './devices/claim.ts'
import { ensureEmbedder, openEmbedder } from './embedder/open.ts'
import { chatOf, requireRuntimes, requireStudent, studentLabel, templateOf } from './job.ts'
import { doJob, type JobStages } from './job-graph.ts'
import { memoryFault, memoryNeeded, memoryThere } from './memory.ts'
import { BridgeOptions } from './options.ts'
import { createReplies } from './replies.ts'
import { processLimits, startRuntime } from './runtime.ts'
import { RuntimeRequestError } from './runtime-errors.ts'
import { requireRecipe } from './runtimes/check-recipe.ts'
import { answerers, chosenRuntimes, trainers } from './runtimes/table.ts'
import { checkStudent, prepareStudent } from './student.ts'
import { createTokenLimits } from './token-limit.ts'
import { createTrainings, type TrainedJob } from './trainings.ts'

/** What the same input would meet again becomes a dead letter; a runtime that died or ran out of memory is tried again. */
async function asBusErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const again =
      !(error instanceof RuntimeRequestError) || ['cancelled', 'out_of_memory', 'internal'].includes(error.kind)
    throw again ? error : new TerminalError(`${error.kind}: ${error.message}`, { cause: error })
  }
}

type HandlerContext = { runId: string; id: string; cause: Cause; signal: AbortSignal }

async function startPeft({
  bus,
  identity,
  options,
  home,
  log,
  signal,
}: AgentContext): Promise<StartedAgent<'trainer-bridge'>> {
  const settings = BridgeOptions.parse(options)
  const note = (line: string) => log.info({ step: line }, 'setup')
  const { python } = await provisionRuntime({ home, onProgress: note, signal })
  for (const { provision } of chosenRuntimes(settings)) await provision?.({ home, settings, onProgress: note, signal })
  const student = await prepareStudent(settings.student, { home, python, onProgress: note, signal })
  await using stack = new AsyncDisposableStack()
  const devices = stack.use(await claimDevices({ gpus: settings.gpus, waitMs: settings.deviceWaitMs, signal }))
  const [gpu] = devices.devices
  const lacking = gpu ? await gpuPackagesFault(home, gpu.maker) : null
  if (lacking && devices.isAsked) throw lacking
  if (lacking) log.warn({ fix: lacking.fix }, `computes on the processor, not on ${gpu!.name}: ${lacking.message}`)
  const runtime = stack.use(startRuntime({ python, log, signal, env: devices.env, ...processLimits(settings) }))
  const checked = { student, chat: templateOf(chatOf({}, settings.inference)), home }
  await checkStudent(checked, runtime, signal)
  const scratch = join(home, 'trainer')
  await mkdir(scratch, { recursive: true })
  const started = { home, settings, student, own: runtime, devices, log, signal }
  const trainer = stack.use(await trainers[settings.train].start(started))
  if (settings.train !== ownRuntime) await checkStudent({ ...checked, by: settings.train }, trainer, signal)
  const answerer = stack.use(await answerers[settings.infer].start(started))
  const parts = { bus, runtime, trainer, answerer, student, scratch }
  /** Of this bridge, as a run records them. The project's own runtime is not asked for what is not recorded of it. */
  async function runtimesHere(signal: AbortSignal): Promise<Runtimes | undefined> {
    if (settings.train === ownRuntime && settings.infer === ownRuntime) return undefined
    return recordedRuntimes(await trainer.facts({ signal }), await answerer.facts({ signal }))
  }
  const { embedder: choice, perplexityRows, embeddedRows } = settings
  await ensureEmbedder(choice, { home, python, onProgress: note, signal })
  const embedder = openEmbedder(choice, home, parts)
  const trainings = createTrainings(parts, { perplexityRows, embedder, embeddedRows })
  const replies = createReplies(parts)
  const tokenLimits = createTokenLimits(parts, log)
  const task = cachedJson(bus, PublicTask)

  /** Progress as events of the run, a few a minute; losing one is no fault. */
  function reporter({ runId, id, cause }: HandlerContext, studentModel: string) {
    let last = Number.NEGATIVE_INFINITY
    return (
      phase: 'train' | 'infer',
      done: number,
      total: number,
      more: { loss?: number; tokensPerSecond?: number; etaSeconds?: number },
    ) => {
      if (performance.now() - last < settings.progressEveryMs && done < total) return
      last = performance.now()
      const payload = { role: identity.role, instance: identity.instance, phase, studentModel, done, total, ...more }
      bus
        .publish(Progress, { runId, id: `${id}:${phase}:${done}`, cause }, payload)
        .catch((error: unknown) => log.warn({ error }, 'progress lost'))
    }
  }

  async function onJob(job: PayloadOf<typeof Job>, context: HandlerContext): Promise<void> {
    const { runId, cause } = context
    requireStudent(student, job.student)
    const runtimes = await runtimesHere(context.signal)
    if (job.student !== undefined) requireRuntimes(runtimes, job.runtimes)
    const rules = await task(job.publicTask)
    requireRecipe(settings, rules.recipe)
    const onProgress = reporter(context, job.studentModel)
    const { signal } = context
    const chat = chatOf(rules.inference, settings.inference)
    const inference = { ...rules.inference, ...chat }
    const questions = rules.validation.map((item) => Question.strip().parse(item))
    const { training } = job
    const studentModelOf = (trained: TrainedJob | null): StudentModel => ({
      name: job.studentModel,
      ...armSeedOf(job.studentModel),
      student: studentLabel(student),
      studentHash: student.sha256,
      chat,
      runtime: runtimeRevision,
      ...(runtimes && { runtimes }),
      jobHash: trained?.jobHash ?? null,
      adapter: trained?.adapter ?? null,
      examples: job.examples,
    })
    const askedOf = (trained: TrainedJob | null) => {
      const studentModel = studentModelOf(trained)
      return { studentModel, task: rules, onProgress, signal, questions, inference }
    }
    const stages: JobStages = {
      async prepare() {
        if (!training) return 'none'
        return (await trainings.find(training, rules.recipe, { chat, runtimes })) ?? 'to be trained'
      },
      async memoryFault() {
        if (!settings.memoryCheck) return null
        const there = await memoryThere(runtime, signal)
        const need = await memoryNeeded(student.path, rules.recipe, there)
        return need && memoryFault(need, there, rules.recipe)
      },
      train: (halvings) => trainings.train(training!, rules.recipe, { chat, runtimes, halvings, onProgress, signal }),
      // A runtime that died has nothing left.
      cleanUp: () => runtime.release({ signal }).catch(() => {}),
      infer: (trained) => replies.answer(askedOf(trained)),
      async publish(trained, answered) {
        const base = training
          ? {}
          : {
              ...(await tokenLimits.publish(rules.recipe, templateOf(chat), runId, signal)),
              ...(await replies.examplesFit(askedOf(null))),
            }
        await bus.publish(
          Predictions,
          { runId, variant: job.variants.evaluator, id: `predictions:${job.studentModel}`, cause },
          {
            studentModel: studentModelOf(trained),
            predictions: await bus.objects.put('LAB', `${runId}/predictions`, await readFile(answered)),
            training: trained?.summary ?? null,
            reusedTraining: trained?.reused ?? false,
            guidance: job.guidance,
            ...base,
            ...SealedContext.parse(job),
          },
        )
      },
      onRecovery: (halvings, why) =>
        log.warn({ halvings, why }, 'memory ran out in a training; the rows of a pass are halved'),
    }
    await doJob(stages, settings.mostHalvings, signal)
  }

  /** Sealed questions come by EXAM and their replies go back by EXAM. */
  async function onSealedEvalJob(
    sealedEvalJob: PayloadOf<typeof SealedEvalJob>,
    context: HandlerContext,
  ): Promise<void> {
    const { studentModel, evalSet, publicTask, maxNewTokens } = sealedEvalJob
    const { runId, cause, signal: stop } = context
    requireStudent(student, studentModel.student)
    requireRuntimes(await runtimesHere(stop), studentModel.runtimes)
    const rules = await task(publicTask)
    const inference = {
      ...rules.inference,
      // As it was trained and scored in the search.
      ...(studentModel.chat ?? chatOf(rules.inference, settings.inference)),
      ...(maxNewTokens && { max_new_tokens: maxNewTokens }),
      leave_unfit: true,
    }
    const questions = await bus.objects.getLines(sealedEvalJob.questions, Question)
    const onProgress = reporter(context, `${studentModel.name} (${evalSet})`)
    const answered = await replies.answer({
      studentModel,
      questions,
      task: rules,
      inference,
      onProgress,
      signal: stop,
    })
    await bus.publish(
      Answers,
      { runId, variant: sealedEvalJob.variants.evaluator, id: `answers:${studentModel.name}:${evalSet}`, cause },
      {
        studentModel: studentModel.name,
        evalSet,
        predictions: await bus.objects.put('EXAM', `${runId}/predictions`, await readFile(answered)),
        publicTask,
      },
    )
  }

  const running = stack.move()
  return {
    handlers: {
      job: (job, context) => asBusErrors(onJob(job, context)),
      'sealed-eval-job': (sealedEvalJob, context) => asBusErrors(onSealedEvalJob(sealedEvalJob, context)),
    },
    release: () => running.disposeAsync(),
  }
}

/** trainer-bridge: the process beside the GPU (or on this CPU); drives the fine-tuning runtime. */
export const trainerBridge: AgentModule<'trainer-bridge'> = { role: 'trainer-bridge', variants: { peft: startPeft } }
