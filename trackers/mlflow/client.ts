import { z } from 'zod'
import { jsonOrNull } from '../../schemas/bounded-json.ts'

/** A request that MLflow did not take. `passing`: it may later. */
export class MlflowFault extends Error {
  readonly passing: boolean
  constructor(message: string, passing: boolean) {
    super(message)
    this.name = 'MlflowFault'
    this.passing = passing
  }
}

export type MlflowClient = {
  /** Asks one endpoint of MLflow's REST API. @throws MlflowFault */
  ask<S extends z.ZodType>(method: 'GET' | 'POST', path: string, body: object, schema: S): Promise<z.infer<S>>
  /** Puts a file of a run, whose `artifact_uri` this is; false where the server keeps its artefacts elsewhere. @throws MlflowFault */
  put(artifactUri: string, path: string, text: string): Promise<boolean>
}

/** The statuses of requests that are wrong in themselves. */
const refusals: ReadonlySet<number> = new Set([400, 404, 409, 413, 422])

const Answered = z.looseObject({ error_code: z.string().optional(), message: z.string().optional() })

/** The server of MLFLOW_TRACKING_URI, with MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. */
export function mlflowClient(env: NodeJS.ProcessEnv, timeoutMs: number, signal: AbortSignal): MlflowClient {
  const address = new URL(env.MLFLOW_TRACKING_URI!)
  const { MLFLOW_TRACKING_TOKEN: token } = env
  const user = env.MLFLOW_TRACKING_USERNAME ?? decodeURIComponent(address.username)
  const password = env.MLFLOW_TRACKING_PASSWORD ?? decodeURIComponent(address.password)
  address.username = ''
  address.password = ''
  const base = address.href.replace(/\/+$/, '')
  const basic = user ? `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` : null
  const authorization = token ? `Bearer ${token}` : basic

  async function request(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, {
        ...init,
        // A key goes to the address that was named, and to no other.
        redirect: 'error',
        headers: { ...init.headers, ...(authorization && { authorization }) },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
    } catch (error) {
      const { message, cause } = error as Error
      throw new MlflowFault(cause instanceof Error ? cause.message : message, true)
    }
  }

  async function faultOf(response: Response): Promise<MlflowFault> {
    const text = await response.text().catch(() => '')
    const { error_code: code, message } = Answered.safeParse(jsonOrNull(text)).data ?? {}
    const reason = [`HTTP ${response.status}`, code, message?.slice(0, 200)].filter(Boolean).join(' ')
    return new MlflowFault(reason, !refusals.has(response.status))
  }

  return {
    async ask(method, path, body, schema) {
      const query = method === 'GET' ? `?${new URLSearchParams(Object.entries(body))}` : ''
      const response = await request(`${base}/api/2.0/mlflow/${path}${query}`, {
        method,
        ...(method === 'POST' && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      if (!response.ok) throw await faultOf(response)
      const answer = schema.safeParse(jsonOrNull(await response.text()))
      if (!answer.success) throw new MlflowFault(`${path} is answered by something that is no MLflow`, true)
      return answer.data
    },
    async put(artifactUri, path, text) {
      const own = /^mlflow-artifacts:\/(?:\/[^/]*)?(.*)$/.exec(artifactUri)?.[1]
      if (own === undefined) return false
      const where = `${own.replace(/^\/+/, '')}/${path}`.split('/').map(encodeURIComponent).join('/')
      const response = await request(`${base}/api/2.0/mlflow-artifacts/artifacts/${where}`, {
        method: 'PUT',
        body: text,
      })
      if (!response.ok) throw await faultOf(response)
      return true
    },
  }
}
