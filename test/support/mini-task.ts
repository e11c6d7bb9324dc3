import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { sha256 } from '../../schemas/hash.ts'
import { type Item, TaskFile } from '../../schemas/task.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import * as procedure from '../../tasks/everyday-numbers/procedure/mod.ts'
import { loadTask } from '../../tasks/load.ts'
import { bundledRetention } from '../../tasks/read-retention.ts'

/** A small edition of the bundled task, for runs that end in a minute: `items` of each of three parts a split, 24 rows, short replies. */
export async function writeMiniTask(dir: string, items = 6): Promise<string> {
  const loaded = await loadTask(bundledTask)
  const { fewShot, sampleSubmission } = loaded
  const whole = TaskFile.strip().parse(loaded)
  const counts = { 'in-template': items, 'heldout-phrasing': items, 'heldout-range': items }
  const taken = new Set<string>()
  const draw = (seed: string) =>
    procedure.drawAudit({ seed, counts, taken }).map((item) => ({ ...item, id: `${seed}-${item.id}` }))
  await mkdir(dir, { recursive: true })
  const put = async (file: string, split: Item[]) => {
    const text = split.map((item) => `${JSON.stringify(item)}\n`).join('')
    await writeFile(join(dir, file), text)
    return { file, sha256: sha256(text), count: split.length }
  }
  const splits = {
    validation: await put('validation.jsonl', draw('validation')),
    test: await put('test.jsonl', draw('test')),
  }
  const { scorer, max_new_tokens, items: known } = await bundledRetention()
  const retention = { ...(await put('retention.jsonl', known.slice(0, 8))), scorer, max_new_tokens }
  await cp(join(bundledTask, 'procedure'), join(dir, 'procedure'), { recursive: true })
  await writeFile(join(dir, 'few-shot.json'), JSON.stringify(fewShot))
  await writeFile(join(dir, 'sample.json'), JSON.stringify(sampleSubmission))
  const file = {
    ...whole,
    splits,
    retention,
    few_shot: 'few-shot.json',
    sample_submission: 'sample.json',
    rows: { target: 24, minimum: 12 },
    inference: { ...whole.inference, max_new_tokens: 32 },
  }
  await writeFile(join(dir, 'task.yaml'), stringify(file))
  return dir
}
