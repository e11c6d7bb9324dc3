import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install } from '../../provision/installer.ts'
import { findPython } from '../../provision/python.ts'
import { runCommand } from '../../provision/run-command.ts'

/** The package that Python agents use. */
export const sdkPackage = fileURLToPath(new URL('../../sdk/python', import.meta.url))

/** A folder outside the repository with the example, and an environment that has what the SDK and its tests need. */
export type AgentFolder = AsyncDisposable & { path: string; python: string }

export async function openAgentFolder(): Promise<AgentFolder> {
  const path = await mkdtemp(join(tmpdir(), 'syllabus-agent-'))
  await cp(join(sdkPackage, 'examples/percent'), path, { recursive: true })
  const { command } = await findPython()
  await runCommand(command, ['-m', 'venv', join(path, '.venv')], { timeoutMs: 120_000 })
  const python = join(path, '.venv/bin/python')
  const args = ['--require-hashes', '-r', join(sdkPackage, 'requirements-test.txt')]
  await install({ python: { command: python, version: '' }, args })
  return { path, python, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A generator in Python that asks a model for each row, as the built-in one does. */
export const askingGenerator = `
import json
from syllabus_agent import NoRow, RowText, generator

@generator(name="asking", version="1.0.0", sources=["prompt"], asks_model=True)
async def make(request):
    reply = await request.ask(request.source.template.replace("{{index}}", str(request.index)))
    try:
        row = json.loads(reply.text)
    except ValueError as error:
        raise NoRow("the reply is no JSON") from error
    return RowText(input=row["input"], output=row["output"], reply=reply)
`
