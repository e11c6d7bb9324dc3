import { type Command, InvalidArgumentError } from 'commander'
import { stringify } from 'yaml'
import { describeLog, logFacts } from '../../experiments/task-import-log.ts'
import { printableJson } from '../../schemas/printable.ts'
import { type RecordPlan, splitRecords } from '../../tasks/importers/split-records.ts'
import { decimal, wholeNumber } from '../options/option-parsers.ts'

export function registerTaskSplit(task: Command): void {
  task
    .command('split')
    .description('divide records into validation, test and audit: by group, stratified, the same for the same seed')
    .argument('<files...>', 'JSON Lines, a JSON array, CSV or Parquet')
    .requiredOption('--out <dir>', 'the new folder')
    .option('--validation <share>', 'parts of what the audit leaves', share, 1)
    .option('--test <share>', 'parts of what the audit leaves', share, 3)
    .option('--audit <n>', 'records set aside for after the search', wholeNumber, 0)
    .option('--seed <n>', 'seed of the division', wholeNumber, 1)
    .option('--group <field>', 'field whose equal values stay in one split')
    .option('--stratify <field>', 'field of which every split gets its share')
    .option('--json', 'JSON instead of text', false)
    .action(async (files: string[], { out, json, ...plan }: RecordPlan & { out: string; json: boolean }) => {
      const { log, splits } = await splitRecords(files, out, plan)
      if (json) return console.log(printableJson({ log: logFacts(log), splits }))
      for (const line of describeLog(log)) console.log(line)
      console.log(`\nFor task.yaml, with the files of ${out} beside it:\n${stringify({ splits }).trimEnd()}`)
    })
}

function share(text: string): number {
  const value = decimal(0, 1_000_000_000)(text)
  if (value === 0) throw new InvalidArgumentError('write a number above 0.')
  return value
}
