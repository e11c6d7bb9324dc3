import { basename, dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { endpointOf } from '../../../agents/kit/teacher/options.ts'
import { SetupError } from '../../../provision/mod.ts'
import { RuntimeDiedError, RuntimeRequestError } from '../../runtime-errors.ts'
import { type AskServer, answerPrompts } from '../answer-prompts.ts'
import { askChat, askCompletions, openAnswerClient } from '../completions.ts'
import type { Answerer, RuntimeDeclaration, RuntimeParts } from '../runtime.ts'
import { serverFacts } from '../server-facts.ts'

const name = 'endpoint'
const at = 'agents.trainer-bridge.options.endpoint'

/** Any OpenAI-compatible server that already serves the student, and each adapter as a model. */
export const endpoint: RuntimeDeclaration<Answerer> = { name, start }

async function start({ settings, own, signal: ending }: RuntimeParts): Promise<Answerer> {
  const options = settings.endpoint
  if (options === undefined) {
    throw new SetupError('infer is endpoint, and no endpoint is named.', `Name its baseUrl and the model in ${at}.`)
  }
  const { model, ask, concurrency, mostLosses, adapterModel } = options
  const reached = endpointOf(options, process.env, at)
  const found = await serverFacts(reached, model, ending)
  const client = openAnswerClient(reached, concurrency)
  let losses = 0
  return {
    facts: async () => ({ name, version: found.version, device: 'server', versions: found.versions }),
    infer: (request, call = {}) =>
      answerPrompts(
        {
          concurrency,
          mostLosses,
          lossOf: (lost) => new RuntimeDiedError(lost.message),
          async ready({ adapter, inference }, asking, signal) {
            // After a loss it is given time, more each time.
            if (losses++ > 0) await delay(Math.min(1000 * 2 ** losses, 30_000), undefined, { signal })
            const served = adapter === null ? model : adapterModel.replaceAll('{hash}', hashOfTraining(adapter))
            if (ask === 'chat' && inference.max_thinking_tokens !== undefined) {
              throw new RuntimeRequestError('bad_request', `max_thinking_tokens needs ${at}.ask: tokens`)
            }
            const { enable_thinking, chat_template_kwargs } = inference
            const variables = { ...chat_template_kwargs, ...(enable_thinking !== undefined && { enable_thinking }) }
            const more = Object.keys(variables).length > 0 ? { chat_template_kwargs: variables } : {}
            const asked =
              ask === 'chat'
                ? askChat(client, served, more, reached.baseUrl)
                : askCompletions(client, served, asking.end_ids, reached.baseUrl)
            return explained(asked, adapter, served)
          },
        },
        own,
        request,
        call,
      ).finally(() => {
        losses = 0
      }),
    [Symbol.asyncDispose]: async () => {},
  }
}

const hashOfTraining = (folder: string): string => basename(dirname(folder)).slice(0, 16)

/** A refusal, with what a person does about it. */
const explained =
  (ask: AskServer, adapter: string | null, served: string): AskServer =>
  (prompt, room, signal) =>
    ask(prompt, room, signal).catch((error: unknown) => {
      if (!(error instanceof RuntimeRequestError) || error.kind !== 'bad_request') throw error
      const fix = /prompt|token/i.test(error.message)
        ? `where it takes no prompts in tokens, set ${at}.ask: chat`
        : adapter !== null
          ? `serve the adapter ${adapter} there as ${served}, or name it otherwise in ${at}.adapterModel`
          : `correct ${at}`
      throw new RuntimeRequestError('bad_request', `${error.message}; ${fix}`)
    })
