import type { Command } from 'commander'
import { exportTrace } from '../../experiments/export/export-trace.ts'
import { anyRun, runId } from '../options/option-parsers.ts'

export function registerTrace(program: Command): void {
  const trace = program.command('trace').description('the messages of a run as spans of one trace')
  trace
    .command('export')
    .description('send the trace of a run to the receiver that OTEL_EXPORTER_OTLP_ENDPOINT names')
    .argument('[run]', anyRun, runId)
    .option('--json', 'JSON instead of text', false)
    .action((named: string | undefined, { json }: { json: boolean }) => exportTrace(named, json))
}
