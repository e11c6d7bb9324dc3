import type { Command } from 'commander'
import { checkProgram } from '../../agents/planner/program-faults.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { Program, Source } from '../../schemas/program.ts'
import { loadTask } from '../../tasks/load.ts'
import { UsageError } from '../errors.ts'
import { readProgramFile } from '../read-program.ts'

export function registerProgram(program: Command): void {
  program
    .command('program')
    .description('curation programs')
    .command('check')
    .description('check a program and say what it asks for; nothing is called')
    .argument('<file>', 'curation program, JSON or YAML')
    .option('--task <dir>', 'check its skills against this task folder too')
    .action(async (file: string, { task }: { task?: string }) => {
      const skills = task ? (await loadTask(task)).skills.map(({ name }) => name) : undefined
      const checked = checkProgram(await readProgramFile(file), { ...(skills && { skills }) })
      if (!checked.ok) {
        throw new UsageError(
          `The program ${file} does not hold:\n${checked.faults.map((fault) => `  ${fault}`).join('\n')}`,
          'Correct what is named; docs/program.md describes every field.',
        )
      }
      for (const line of describe(checked.program)) console.log(line)
    })
}

function describe(program: Program): string[] {
  const { sources, verification, carryOver } = program
  const rows = sources.reduce((sum, source) => sum + source.rows, 0)
  const carried = Object.values(carryOver?.rows ?? {}).reduce((sum, count) => sum + count, 0)
  const votes = typeof verification === 'string' ? 0 : verification.k
  const prompted = sources.reduce((sum, source) => sum + (source.kind === 'prompt' ? source.rows : 0), 0)
  return [
    `The program holds: ${rows} rows from ${sources.length} sources${carried > 0 ? `, and ${carried} carried over` : ''}.`,
    ...sources.map((source) => `  ${source.id}: ${source.rows} rows of ${source.skill}, ${manner(source)}`),
    `verification: ${votes > 0 ? `a vote of ${votes}` : verification}`,
    ...(prompted > 0 ? [`teacher calls if every reply is admitted: ${prompted * (1 + votes)}`] : []),
    `program hash: ${hashOf(program)}`,
  ]
}

function manner(source: Source): string {
  if (source.kind === 'procedure') return `${source.phrasings} phrasings`
  const parameters = Object.keys(source.parameters)
  return `prompted (${source.mode}${parameters.length > 0 ? `; parameters ${parameters.join(', ')}` : ''})`
}
