import { createForbidden } from '../../kit/teacher/breaker.ts'
import type { CallBudget, CallResult } from '../../kit/teacher/call.ts'
import { createCapabilities, type EndpointCapabilities } from '../../kit/teacher/capabilities.ts'
import { type Endpoint, TeacherOptions } from '../../kit/teacher/options.ts'
import type { ChatRequest } from '../../kit/teacher/request.ts'
import { createTeacher, TeacherRefused } from '../../kit/teacher/teacher.ts'
import { clientLimits, type LlmPlannerOptions } from './options.ts'
import { oneLine } from './shorten.ts'

/** The planner's language model; asked as a teacher is, by the same client. */
export type PlannerModel = {
  readonly model: string
  /** Of its endpoint. */
  readonly host: string
  /** @throws ModelFailed, and TeacherRefused; a call that ends without a reply for another reason is an answer */
  ask(request: ChatRequest, callBudget: CallBudget, signal: AbortSignal): Promise<CallResult>
  /** No request is sent any more; one under way is answered. */
  close(): void
}

/** The model gave no reply. `lasting`: it would give none to the same request again. */
export class ModelFailed extends Error {
  readonly lasting: boolean

  constructor(reason: string, lasting: boolean) {
    super(reason)
    this.name = 'ModelFailed'
    this.lasting = lasting
  }
}

/** Decisions are few and wait for each other: what fails ends after its tries, and nothing keeps others from theirs. */
const alone = { concurrency: 16, breakerShare: 1, breakerRequests: 10_000, refusedPauseMs: 0 }
/** A 403 right after an answer costs its own call: it may be of that prompt. A second one in a row is taken for a refused key. */
const ownForbidden = { breakerRequests: 2, breakerShare: 1 }

/** The options of a teacher's client, as the planner's have them. */
function clientOptions(options: LlmPlannerOptions): TeacherOptions {
  const { model, maxRetries, timeoutMs } = options
  const times = { maxTries: maxRetries + 1, minTimeoutMs: timeoutMs, maxTimeoutMs: timeoutMs }
  return TeacherOptions.parse({ model, ...clientLimits.parse(options), ...times, ...alone })
}

/**
 * A model behind an OpenAI-compatible endpoint. Each HTTP request, repetitions too, is taken from the budget before it is sent. A call that
 * fails for a reason that may pass is no answer: it is not kept, so that the decision asks again.
 */
export function createPlannerModel(
  endpoint: Endpoint,
  options: LlmPlannerOptions,
  capabilities: EndpointCapabilities = createCapabilities(),
): PlannerModel {
  const forbidden = createForbidden(false, ownForbidden)
  const { model, host, ask, close } = createTeacher(endpoint, clientOptions(options), () => {}, capabilities, forbidden)
  return {
    model,
    host,
    close,
    async ask(request, callBudget, signal) {
      const answer = await ask(request, callBudget, signal)
      if (answer.ok || answer.why === 'budget' || answer.why === 'forbidden') return answer
      const shorter = answer.why === 'context' ? ' Lower agents.planner.options.contextChars or maxTokens.' : ''
      throw new ModelFailed(`${answer.reason}${shorter}`, answer.lasting ?? false)
    },
  }
}

/** Whether a fault of the model stays until a person does something about it. */
export const isLasting = (error: unknown): boolean =>
  error instanceof TeacherRefused || (error instanceof ModelFailed && error.lasting)

/** What a fault of the model says, on one line. */
export const faultText = (error: unknown, maxChars: number): string =>
  oneLine(error instanceof Error ? error.message : String(error), maxChars)
