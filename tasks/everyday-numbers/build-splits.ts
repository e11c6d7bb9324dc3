import { writeFileSync } from 'node:fs'
import { sha256 } from '../../schemas/hash.ts'
import { buildSplits, toJson, toJsonLines } from './splits.ts'

// Writes the splits again and prints what task.yaml has to say of them: node tasks/everyday-numbers/build-splits.ts
const write = (file: string, text: string) => writeFileSync(new URL(file, import.meta.url), text)
const { validation, test, fewShot, sampleSubmission } = buildSplits()

for (const [name, items] of Object.entries({ validation, test })) {
  const text = toJsonLines(items)
  write(`./${name}.jsonl`, text)
  process.stdout.write(`${name}: { file: ${name}.jsonl, sha256: ${sha256(text)}, count: ${items.length} }\n`)
}
write('./few-shot.json', toJson(fewShot))
write('./sample_submission.json', toJson(sampleSubmission))
