import { isObject } from '../../../schemas/is-object.ts'
import type { JsonObject } from './json-values.ts'

/** A model of an endpoint's list, by whatever it is called there. */
export type ListedModel = { names: readonly string[]; contextTokens: number | null }

const listNames = ['data', 'models', 'model_list', 'items', 'results', 'result', 'body']
const modelNames = ['id', 'name', 'model', 'slug', 'key']
/** Names under which endpoints give the size of a model's context: OpenRouter, vLLM, LM Studio, Groq, llama.cpp. */
const contextNames = ['context_length', 'max_model_len', 'max_context_length', 'context_window', 'n_ctx', 'n_ctx_train']
const deepest = 2

/**
 * The models in the values of a body: OpenAI's form, the list alone (Together), names alone, `models` (Ollama, Gemini), null where there is no
 * model yet. Null where there is no list.
 */
export function modelsIn(values: readonly unknown[], depth = 0): ListedModel[] | null {
  for (const value of values) {
    if (Array.isArray(value)) {
      const models = value.map(listedModel)
      if (models.every((model) => model !== null)) return models
    }
    if (!isObject(value)) continue
    const lists = listNames.filter((name) => name in value).map((name) => value[name] ?? [])
    const found = depth < deepest ? modelsIn(lists, depth + 1) : null
    if (found) return found
  }
  return null
}

function listedModel(entry: unknown): ListedModel | null {
  if (typeof entry === 'string') return { names: [entry], contextTokens: null }
  if (!isObject(entry)) return null
  const names = modelNames.map((name) => entry[name]).filter((name) => typeof name === 'string')
  return names.length > 0 ? { names, contextTokens: contextOf(entry) } : null
}

function contextOf(model: JsonObject): number | null {
  const given: JsonObject = { ...(isObject(model.meta) && model.meta), ...model }
  const found = contextNames.map((name) => given[name]).find((value) => typeof value === 'number' && value > 0)
  return typeof found === 'number' ? found : null
}
