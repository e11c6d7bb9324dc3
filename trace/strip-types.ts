import { stripTypeScriptTypes } from 'node:module'
import { parentPort, Worker, workerData } from 'node:worker_threads'

/*
 * Types of the page's scripts are stripped by Node itself, in a thread that ends with that: what it takes of memory is given back, and the
 * gateway answers others meanwhile. Node still calls the function experimental; a warning of that would be news to nobody.
 */

type Job = { scripts: readonly string[] }

const job = workerData as Partial<Job> | null
if (job?.scripts) parentPort?.postMessage(job.scripts.map((script) => stripTypeScriptTypes(script)))

/** The scripts without their types, as a browser reads them; lines and columns stay. Rejects with a syntax error in one of them. */
export function stripTypes(scripts: readonly string[]): Promise<string[]> {
  const execArgv = ['--disable-warning=ExperimentalWarning']
  const worker = new Worker(new URL(import.meta.url), { workerData: { scripts } satisfies Job, execArgv })
  worker.unref()
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
}
