import {
  type Block,
  type Blocks,
  code,
  type DefinitionEntry,
  definitions,
  figures,
  heading,
  list,
  note,
  paragraph,
} from '../../evidence/report/document/document.ts'
import { codeBlock, escapeMarkdown, frontMatterOf, markdownOfBlocks } from '../../evidence/report/document/markdown.ts'
import type { ReportData } from '../../evidence/report/report-data.ts'
import { headlines } from '../../evidence/report/sections/headlines.ts'
import { retention } from '../../evidence/report/sections/retention.ts'
import { scoringOf } from '../../evidence/report/sections/scores.ts'
import { duration, numberText, percent, percentNumber, rangeText } from '../../evidence/report/text/format.ts'
import { labelOf } from '../../evidence/report/text/names.ts'
import { plural } from '../../schemas/number-text.ts'
import { withoutControlCharacters } from '../../schemas/printable.ts'
import type { Base } from './base.ts'
import type { MergedType } from './merged.ts'
import { cardMark } from './part-folder.ts'

/** What the folder holds that a card is about. */
export type CardOf = 'adapter' | 'merged' | 'gguf'

export type CardRequest = {
  /** `final`, `control`, `attempt-2` … */
  model: string
  base: Base
  of: CardOf
  /** Names of the files, the first of them the one to load. */
  files: readonly string[]
  /** The folder of the model, from the card's. */
  at: string
  /** Of merged weights. */
  type?: MergedType
}

/**
 * The card of a model as the hub reads it: YAML front matter, then what the report says of it. Every number is the report's.
 */
export function modelCard(data: ReportData, request: CardRequest): string {
  const { model, base } = request
  const { task, sealed } = data
  const title = `${task?.title ?? 'A task'}: ${base.name}, ${labelOf(model).toLowerCase()}`
  const facts = data.studentModels.find(({ studentModel }) => studentModel === model)
  const body: Blocks = [
    headlines(data),
    note(
      model === 'final'
        ? 'The model of this card is the final.'
        : `The model of this card is “${model}” (${labelOf(model)}). The sentences above are about the final, which the search chose.`,
    ),
    heading(2, 'This model'),
    definitions(aboutModel(data, model, base)),
    resultTable(data, model),
    heading(2, 'What was forgotten'),
    sealed ? retention(sealed) : paragraph('Not measured: the sealed test was not evaluated.'),
    heading(2, 'Data'),
    dataBlocks(data, facts?.training?.datasetHash ?? null),
    heading(2, 'Recipe'),
    named(task?.recipe ?? {}),
  ]
  return [
    frontMatterOf(frontMatter(data, request)),
    `# ${escapeMarkdown(title)}`,
    escapeMarkdown(task?.goal ?? ''),
    markdownOfBlocks(body),
    '## Use',
    usage(data, request),
    markdownOfBlocks([
      heading(2, 'Limits'),
      limits(data, request),
      heading(2, 'Licence'),
      paragraph(licenceText(base)),
    ]),
    '## Check it',
    checking(data),
    cardMark,
    '',
  ].join('\n\n')
}

const relations = { adapter: 'adapter', merged: 'finetune', gguf: 'quantized' } as const
const libraries = { adapter: 'peft', merged: 'transformers', gguf: 'gguf' } as const

function frontMatter(data: ReportData, { model, base, of }: CardRequest): object {
  const { task, sealed } = data
  const { headline, primary } = scoringOf(data)
  const rate = sealed?.test.find(({ studentModel }) => studentModel === model)?.parts[headline]?.[primary]
  const name = withoutControlCharacters(`${task?.title ?? 'Task'}, ${model}`)
  return {
    ...(base.hubName && { base_model: base.hubName, base_model_relation: relations[of] }),
    library_name: libraries[of],
    pipeline_tag: 'text-generation',
    ...(base.licence && { license: base.licence }),
    tags: ['syllabus', 'synthetic-data', ...(of === 'gguf' ? ['gguf'] : ['lora']), ...(task ? [task.id] : [])],
    ...(rate?.share != null && {
      'model-index': [
        {
          name,
          results: [
            {
              task: { type: 'text-generation' },
              dataset: {
                name: withoutControlCharacters(`${task?.title ?? 'Task'}, sealed test, ${headline}`),
                type: task?.id ?? 'task',
              },
              metrics: [{ type: 'accuracy', name: `share right, ${primary} scoring`, value: rate.share }],
            },
          ],
        },
      ],
    }),
  }
}

function aboutModel(data: ReportData, model: string, base: Base): DefinitionEntry[] {
  const facts = data.studentModels.find(({ studentModel }) => studentModel === model)
  const { primary } = scoringOf(data)
  const { training, validation } = facts ?? {}
  const score = validation?.overall[primary]
  const hash = (name: string, value: string | null | undefined): DefinitionEntry[] =>
    value ? [[name, code(value)]] : []
  return [
    ['Model', `${labelOf(model)} of run ${data.run.runId ?? 'unknown'}`],
    ['Base', `${base.hubName ?? base.name}${base.note ? `: ${base.note}` : ''}`],
    ...hash('Base as it was trained on', facts?.student),
    ...(score
      ? ([
          [
            'Right on validation',
            `${percent(score.share)}${rangeText(score.interval, percentNumber)}, ${numberText(score.total)} ${plural(score.total, 'item')}`,
          ],
        ] as DefinitionEntry[])
      : []),
    ...(training
      ? ([
          [
            'Trained on',
            `${numberText(training.rows)} ${plural(training.rows, 'row')}, ${numberText(training.steps)} ${plural(training.steps, 'step')}, ${numberText(training.tokens)} tokens`,
          ],
          ['Training took', `${duration(training.seconds)} on ${training.device}`],
        ] as DefinitionEntry[])
      : []),
    ...hash('Adapter (SHA-256)', training?.adapterHash),
    ...hash('Training job', training?.jobHash),
    ...hash('Dataset', training?.datasetHash),
  ]
}

/** This model on the sealed test, part by part, beside the base. */
function resultTable(data: ReportData, model: string): Blocks {
  const { sealed } = data
  const scoring = scoringOf(data)
  const rows = [...new Set(['base', 'base-examples', 'control', model])].flatMap((name) => {
    const result = sealed?.test.find(({ studentModel }) => studentModel === name)
    return result ? [{ name, result }] : []
  })
  if (!sealed || !rows.some(({ name }) => name === model)) {
    return note(
      'This model was not evaluated on the sealed test: what is known of it is its score on validation, which steered the search.',
    )
  }
  return figures(
    ['Student model', ...sealed.parts.map(labelOf)],
    rows.map(({ name, result }) => [
      labelOf(name),
      ...sealed.parts.map((part) => {
        const rate = result.parts[part]?.[scoring.primary]
        return rate
          ? `${percent(rate.share)}${rangeText(rate.interval, percentNumber)}; ${numberText(rate.total)} ${plural(rate.total, 'item')}`
          : '–'
      }),
    ]),
    `Share right on the sealed test, ${scoring.primary} scoring, one adapter each, with 95 % intervals.`,
  )
}

function dataBlocks(data: ReportData, datasetHash: string | null): Blocks {
  const dataset = data.datasets.find((each) => each.datasetHash !== null && each.datasetHash === datasetHash)
  return [
    paragraph(data.models.sentence),
    dataset
      ? [
          paragraph(
            `${numberText(dataset.rows)} ${plural(dataset.rows, 'row')} of attempt ${dataset.attempt}: ${numberText(dataset.admitted)} admitted of ${numberText(dataset.generated)} ${plural(dataset.generated, 'candidate')}${dataset.carriedOver > 0 ? `, ${numberText(dataset.carriedOver)} from the attempts before` : ''}. Rows that copy a validation or test item are refused.`,
          ),
          figures(
            ['Skill', 'Rows'],
            Object.entries(dataset.mix).map(([skill, rows]) => [skill, numberText(rows)]),
          ),
        ]
      : paragraph('Its dataset is another arm’s; the report says how it was made.'),
  ]
}

const named = (values: Readonly<Record<string, string | number | boolean>>): Block =>
  definitions(Object.entries(values).map(([name, value]) => [name, code(String(value))]))

/** A program, in a fence longer than any in it. */
const program = (language: string, text: string): string => codeBlock(text).replace(/text$/m, language)

function usage({ task }: ReportData, { base, of, files, at }: CardRequest): string {
  const system = task?.recipe.system
  const messages = `[${system ? `{"role": "system", "content": ${JSON.stringify(system)}}, ` : ''}{"role": "user", "content": "…"}]`
  const tokens = task?.inference.max_new_tokens
  const limit = tokens === undefined ? '' : `, max_new_tokens=${tokens}`
  const greedy = `Replies were decoded greedily${system ? ', with the system turn that the model was trained with' : ''}.`
  if (of === 'gguf') {
    return `${escapeMarkdown(greedy)} For example, with llama.cpp:\n\n${program('sh', `llama-server --model ${files[0] ?? 'model.gguf'}`)}\n\nMessages to send:\n\n${program('json', messages)}`
  }
  const reference = base.reference.base_model_name_or_path
  const isFolder = base.hubName === null && !reference.includes('/')
  const load =
    of === 'adapter'
      ? `from peft import PeftModel\n\nbase = ${JSON.stringify(reference)}${isFolder ? '  # write the folder that has it' : ''}\nmodel = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), ${JSON.stringify(at)})\ntokenizer = AutoTokenizer.from_pretrained(base)`
      : '\nmodel = AutoModelForCausalLM.from_pretrained(".")\ntokenizer = AutoTokenizer.from_pretrained(".")'
  return `${escapeMarkdown(greedy)}\n\n${program(
    'python',
    `from transformers import AutoModelForCausalLM, AutoTokenizer\n${load}\nmessages = ${messages}\nprompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)\nreply = model.generate(**prompt, do_sample=False${limit})\nprint(tokenizer.decode(reply[0][prompt["input_ids"].shape[1]:], skip_special_tokens=True))`,
  )}`
}

function limits({ task, conclusion }: ReportData, { of, type = 'base' }: CardRequest): Blocks {
  return list([
    'It was trained for one task, and measured on that task and on what it forgot alone.',
    ...(of === 'gguf' ? ['The scores are those of the weights before they were converted.'] : []),
    ...(of === 'merged' && type !== 'float32'
      ? [
          `The weights are rounded to ${type === 'base' ? 'the type that the base’s have' : type}, so some replies differ from those of the adapter on its base. An export with --type float32 keeps them.`,
        ]
      : []),
    ...conclusion.caveats,
    ...(task?.departures ?? []),
  ])
}

const licenceText = ({ name, hubName, licence }: Base): string =>
  `${licence ? `The base, ${hubName ?? name}, has the licence ${licence}.` : `The licence of the base, ${hubName ?? name}, is not known here: look where the base comes from.`} A fine-tuned model is a work based on it. The rows may carry conditions of the model that wrote them.`

function checking({ run, provenance: { hashes } }: ReportData): string {
  const id = run.runId ?? 'RUN'
  return [
    'Every number above is in the run’s `report.json`. The first command archives all that the report rests on; the second checks each number of the report, anywhere:',
    program('sh', `npx syllabus bundle ${id} --out bundle.tar.gz\nnpx syllabus verify bundle.tar.gz`),
    markdownOfBlocks(definitions(hashes.map(({ name, sha256 }) => [name, code(sha256)]))),
  ].join('\n\n')
}
