import { once } from 'node:events'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import type { Place } from '../api/mod.ts'
import { stopSignal } from '../launcher/console/stop-signal.ts'
import { readTopology } from '../launcher/topology/topology-file.ts'
import { addReadTools } from './read-tools.ts'
import { addStartTools } from './start-tools.ts'

const instructions =
  'Syllabus makes training data for a small language model, fine-tunes it, and measures whether that helped. Look at runs with list_runs, run_status, run_report, run_rows and explain_row. To start one: estimate, show the user what it says, and only once they agree give its token to start.'

/** Serves the tools on standard input and output until the client leaves or the process is interrupted. */
export async function serveMcp({ topology: file, version }: { topology: string; version: string }): Promise<void> {
  const { mcp: limits } = await readTopology(file)
  const server = new McpServer({ name: 'syllabus', version }, { instructions })
  const place: Place = {}
  addReadTools(server, place, limits)
  addStartTools(server, place, limits)
  const stop = stopSignal()
  const transport = new StdioServerTransport()
  const closed = new Promise<void>((resolve) => {
    server.server.onclose = resolve
    process.stdin.once('end', resolve)
  })
  await server.connect(transport)
  await Promise.race([closed, stop.aborted ? null : once(stop, 'abort')])
  await server.close()
}
