import { createHash } from 'node:crypto'
import { armSeedOf } from '../../schemas/arm.ts'
import type { Row } from '../../schemas/row.ts'
import type { ItemOutcome, ScoreSheet } from '../../schemas/score.ts'
import { PublicTask } from '../../schemas/task.ts'
import type { StudentModel } from '../../schemas/training.ts'

export const hash = (text: string) => createHash('sha256').update(text).digest('hex')
export const object = (name: string, bytes = 4096) => ({ account: 'LAB' as const, name, sha256: hash(name), bytes })
export const skills = ['invoice-field', 'unit-convert', 'order-total', 'percentage', 'date-gap', 'compare-offers']

/** The public part of a made-up task. */
export function publicTask(): PublicTask {
  return PublicTask.parse({
    id: 'everyday-numbers',
    title: 'Everyday numbers',
    description: 'Small sums as they come up in a day.',
    goal: 'Read a short everyday text and give the one number it asks for.',
    instruction: 'Solve the problem. End with \\boxed{}.',
    scorer: { name: 'boxed-number', primary: 'strict', options: {} },
    recipe: {
      lora_rank: 8,
      lora_alpha: 16,
      lora_dropout: 0,
      lora_target: 'all',
      learning_rate: 1e-3,
      lr_scheduler_type: 'cosine',
      warmup_ratio: 0.1,
      num_train_epochs: 1,
      per_device_train_batch_size: 1,
      gradient_accumulation_steps: 8,
      cutoff_len: 256,
      bf16: true,
      max_grad_norm: 1,
      system: 'You solve small problems.',
    },
    inference: { max_new_tokens: 96, batch_size: 16, do_sample: false },
    rows: { target: 300, minimum: 200 },
    skills: skills.map((name) => ({ name, description: `Problems of the kind ${name}.` })),
    splits: {
      validation: { file: 'validation.jsonl', sha256: hash('validation'), count: 120 },
      test: { file: 'test.jsonl', sha256: hash('test'), count: 280 },
    },
    headline: 'heldout-phrasing',
    departures: [
      '300 rows an attempt and one epoch, where the paper trains on 1,000 to 2,000 rows for three.',
      'Learning rate 1e-3, where the paper has 1e-4.',
    ],
    sha256: hash('task'),
    validation: [],
    fewShot: [],
    sampleSubmission: [],
  })
}

/** Rows of a made-up dataset; those of attempts after the first carry some over. */
export function datasetRows(attempt: number, count = 300): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const skill = skills[(index % (6 + attempt)) % skills.length]!
    return {
      id: `a${attempt}.r1.${skill}.${index}.0`,
      skill,
      source: skill,
      instruction: 'Solve the problem.',
      input: `A parcel weighs ${index + 2} kg. How many grams is that?`,
      output: `${index + 2} x 1000 = ${(index + 2) * 1000}. The answer is therefore \\boxed{${(index + 2) * 1000}.00}.`,
      origin: {
        generator: 'procedural',
        phrasing: 'train-3',
        range: 'narrow',
        difficulty: (index % 3) + 1,
        seed: `s${index}`,
      },
    }
  })
}

/** A made-up candidate: a base as it is, all others trained. */
export const candidateOf = (name: string): StudentModel => ({
  name,
  student: 'SmolLM2-135M-Instruct',
  ...armSeedOf(name),
  jobHash: name.startsWith('base') ? null : hash(`job ${name}`),
  adapter: name.startsWith('base')
    ? null
    : {
        sha256: hash(`adapter ${name}`),
        files: [{ name: 'adapter_model.safetensors', object: object(`adapter ${name}`, 9_800_000) }],
      },
  examples: name === 'base-examples',
})

/** The score sheet that follows from item outcomes. */
export function sheetOf(items: readonly ItemOutcome[]): ScoreSheet {
  const tally = (own: readonly ItemOutcome[]) => ({
    strict: { correct: own.filter((item) => item.strict).length, total: own.length },
    lenient: { correct: own.filter((item) => item.lenient).length, total: own.length },
  })
  const by = (key: 'part' | 'skill') =>
    Object.fromEntries([...Map.groupBy(items, (item) => item[key])].map(([name, own]) => [name, tally(own)]))
  return {
    overall: tally(items),
    byPart: by('part'),
    bySkill: by('skill'),
    truncated: items.filter((item) => item.truncated).length,
  }
}
