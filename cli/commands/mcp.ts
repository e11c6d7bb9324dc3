import type { Command } from 'commander'
import { topologyOption } from '../options/shared-options.ts'

export function registerMcp(program: Command): void {
  program
    .command('mcp')
    .description('a server of the Model Context Protocol on standard input and output, for assistants (docs/mcp.md)')
    .addOption(topologyOption('limits'))
    .action(async ({ topology }: { topology: string }) => {
      const { serveMcp } = await import('../../mcp/serve.ts')
      await serveMcp({ topology, version: program.version() ?? '' })
    })
}
