import { z } from 'zod'
import { runtimeEnvironment } from './environment.ts'
import { SetupError } from './errors.ts'
import { CommandError, runCommand } from './run-command.ts'
import type { StudentRequest } from './student.ts'

/** A large model over a slow line. */
const longestMs = 24 * 3600_000

/**
 * The folder of a model of the hub at one commit, fetched if it was not; without a network, what was fetched before. Errors: SetupError.
 */
export async function fetchHubStudent(
  { name, revision }: { name: string; revision: string | null },
  { python, onProgress, signal, env = process.env }: StudentRequest,
): Promise<string> {
  const label = revision === null ? name : `${name}@${revision}`
  onProgress?.(`student: ${label} of the model hub`)
  const args = ['-m', 'syllabus_runtime.fetch_student', name, ...(revision === null ? [] : [revision])]
  try {
    const output = await runCommand(python, args, { env: runtimeEnvironment(env), signal, timeoutMs: longestMs })
    return z.object({ path: z.string() }).parse(JSON.parse(output.trim().split('\n').at(-1)!)).path
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new SetupError(
      `The student ${label} cannot be fetched from the model hub: ${error.tail.split('\n').at(-1)}`,
      'Check the name and the revision; accept its licence and set HF_TOKEN; or set HF_ENDPOINT to a hub that has it. A folder that is meant as one: write ./<folder>.',
      { cause: error },
    )
  }
}
